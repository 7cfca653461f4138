"""Models that are made here from another one, in place of being fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from voicebot.errors import ModelError, ModelSourceError
from voicebot.speech.emotion.encoder_recipe import ENCODER_FILE, build_encoder

Recipe = Literal["emotion-encoder"]

_WHISPER_FILE = "model.bin"


def write_derived(recipe: Recipe, base: Path, staged: Path) -> None:
    """Make the files of a derived model in `staged`. Blocking (a few seconds).

    base: the folder of the model it is made from. Raises ModelSourceError.
    """
    if not (base / _WHISPER_FILE).is_file():
        raise ModelSourceError(
            f"it is made from {base.name}, which is not installed: voicebot models pull {base.name}"
        )
    try:
        match recipe:
            case "emotion-encoder":
                (staged / ENCODER_FILE).write_bytes(build_encoder(base / _WHISPER_FILE))
    except ModelError as error:
        raise ModelSourceError(str(error)) from None
