"""Keeps what was learnt of examples on disk, so that a server or a test starts without learning.

By a hash of the examples and of the code that learns: a changed example is another model.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

from voicebot.dialogue import intent_features, intent_model, recogniser_slips, word_classes
from voicebot.dialogue.intent_model import IntentModel, learn

log = logging.getLogger(__name__)

_CODE = (intent_features, intent_model, recogniser_slips, word_classes)


def default_folder() -> Path | None:
    """`voicebot` in the user's cache directory (XDG); None for a user without a home."""
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(given) if given else Path.home() / ".cache") / "voicebot"
    except RuntimeError:
        return None


def learnt(
    texts: Sequence[str], columns: Sequence[int], n_labels: int, folder: Path | None
) -> IntentModel:
    """The model of these examples, from disk where it is there. folder None: keep nothing."""
    if folder is None:
        return learn(texts, columns, n_labels)
    path = folder / f"intents-{_key(texts, columns, n_labels)}.npz"
    try:
        return IntentModel.read(path)
    except FileNotFoundError:
        pass
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        log.warning("kept intents can't be read", extra={"path": str(path), "error": str(error)})
    model = learn(texts, columns, n_labels)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        model.write(path)
    except OSError as error:
        log.warning("intents can't be kept", extra={"path": str(path), "error": str(error)})
    return model


def _key(texts: Sequence[str], columns: Sequence[int], n_labels: int) -> str:
    whole = hashlib.sha256(json.dumps([n_labels, list(texts), list(columns)]).encode())
    for module in _CODE:
        whole.update(Path(str(module.__file__)).read_bytes())
    return whole.hexdigest()[:32]
