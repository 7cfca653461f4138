"""Remembers which scripts the check has passed, so that a server does not explore them at each
start: by a digest of the script's files and of the code that reads and checks them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from voicebot.dialogue.intent_model_store import default_folder
from voicebot.dialogue.script import Script


def has_passed(script: Script) -> bool:
    """Whether this very script has been found good by this very check."""
    mark = _mark(script)
    return mark is not None and mark.exists()


def note_passed(script: Script) -> None:
    """Remember it. Where nothing can be kept, it is checked again next time."""
    mark = _mark(script)
    if mark is None:
        return
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError:
        return


def _mark(script: Script) -> Path | None:
    folder = default_folder()
    if folder is None or not script.version:
        return None
    key = hashlib.sha256(f"{script.version}\n{_code_version()}".encode()).hexdigest()[:32]
    return folder / f"passed-{key}"


@lru_cache(maxsize=1)
def _code_version() -> str:
    whole = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        whole.update(path.read_bytes())
    return whole.hexdigest()
