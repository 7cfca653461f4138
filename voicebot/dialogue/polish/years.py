"""Reads a year out of tokens, in digits, cardinals or ordinals of any case."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.dialogue.polish.numerals import CARDINALS, ORDINALS, read_cardinal, read_ordinal
from voicebot.dialogue.polish.words import Token


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


def read_year(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """The year that begins at `at` and the index after it, "roku" included.

    Two digits ("dwudziestego szóstego roku") are of this century and need the word "roku".
    """
    found = read_year_words(tokens, at)
    if found is not None:
        year, end = found
        return year, end + (_word(tokens, end) in ("roku", "rok", "r"))
    ordinal = read_ordinal(tokens, at)
    if ordinal is not None and ordinal.value < 100 and ordinal.form.startswith("m"):
        if _word(tokens, ordinal.end) == "roku":
            return 2000 + ordinal.value, ordinal.end + 1
        return None
    text = _word(tokens, at)
    if text.isdigit() and len(text) == 2 and _word(tokens, at + 1) == "roku":
        return 2000 + int(text), at + 2
    return None


def read_year_words(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """A year said or written in full: "dwa tysiące dwudziestego szóstego", "1975"."""
    text = _word(tokens, at)
    if text.isdigit() and len(text) == 4:
        return (int(text), at + 1) if 1900 <= int(text) <= 2099 else None
    named = ORDINALS.get(text)
    if named is not None and named[0] in (1000, 2000):
        return named[0], at + 1
    base, end = _century(tokens, at)
    if not base:
        return None
    ordinal = read_ordinal(tokens, end)
    if ordinal is not None and ordinal.value < 100 and ordinal.form.startswith("m"):
        return base + ordinal.value, ordinal.end
    number = read_cardinal(tokens, end)
    if number is not None and number.whole is not None and 0 < number.whole < 100:
        return base + number.whole, number.end
    return (base, end) if base == 2000 else None


def _century(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """The thousands and hundreds of a year, and the index after them; 0 without."""
    if _word(tokens, at) in ("dwa", "dwu") and _word(tokens, at + 1) in ("tysiace", "tysiac"):
        return 2000, at + 2
    if _word(tokens, at) == "tysiac" and CARDINALS.get(_word(tokens, at + 1), 0) == 900:
        return 1900, at + 2
    # "dziewiętnaście siedemdziesiąt pięć" is left to those who know that a year must come.
    return 0, at
