"""Text as the voices may be given it."""

from __future__ import annotations

import unicodedata


def speakable(text: str) -> str:
    """Without what some engine takes for something else than words.

    Control characters end the text or break the engine; [[ starts phoneme codes in espeak-ng
    and Piper. Empty where nothing is left to say.
    """
    spaced = "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in text)
    return " ".join(spaced.replace("[[", "[ [").split())
