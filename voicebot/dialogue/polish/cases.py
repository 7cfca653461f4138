"""The seven cases of Polish, by the short names that scripts and tables use."""

from __future__ import annotations

from typing import Literal, get_args

Case = Literal["nom", "gen", "dat", "acc", "ins", "loc", "voc"]
Sex = Literal["m", "f"]

CASES: tuple[Case, ...] = get_args(Case)


def spelled(words: str) -> frozenset[str]:
    """The words of a list as they are spelled, with their capitals and accents."""
    return frozenset(words.split())
