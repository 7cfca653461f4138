"""What Whisper does to spoken Polish numbers, and when they are better written in words.

It writes digits, and tears numbers doing so: "pięćset" comes as "5 set", "dziewięćdziesiątego
czwartego" as "9-10-4", "tysiąc dziewięćset osiemdziesiątego trzeciego roku" as "1989 roku". Kept
from writing digits it spells the same sounds out, and mostly rightly. Short numbers and digits
said one by one it hears better as digits, so words are asked for only where digits fail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_TORN = re.compile(
    r"(?<!\d)[5-9]\W{1,2}1\d(?!\d)"  # pięćdziesiąt: 5-10; dziewięćdziesiąt cztery: 9-14
    r"|\d\W?(?:set|nast|naści|dziesi|ści|sta)",  # pięćset: 5 set; siedemnaście: 7 naście
    re.IGNORECASE,
)
_AFTER_WORD = re.compile(r"^(.*[^\W\d]{3,})[\s,–-]+\d", re.DOTALL)
_ROMAN = re.compile(r"[IVXLCDM]+")
_MIN_DIGITS_OF_DATE = 3


def digit_tokens(vocabulary: Mapping[str, int]) -> list[int]:
    """The tokens to forbid so that numbers are written in words: digits, Roman numerals, dashes
    (it fills the gap with them)."""
    ids = []
    for token, number in vocabulary.items():
        if token.startswith("<|"):
            continue
        bare = token.removeprefix("Ġ")  # how a space before the word is written
        is_roman = _ROMAN.fullmatch(bare) is not None and bare != "I"
        has_digit = any(sign.isdigit() for sign in bare)
        if is_roman or has_digit or (bare and not bare.strip("-–—")):
            ids.append(number)
    return sorted(ids)


def needs_words(text: str, kind: str) -> bool:
    """Whether what was written in digits is better written once more, in words.

    kind: of the question. A date with more digits than a day has a year in it, or was run
    together.
    """
    if _TORN.search(text):
        return True
    return kind == "date" and sum(sign.isdigit() for sign in text) >= _MIN_DIGITS_OF_DATE


def trusted_start(text: str) -> str:
    """What comes before the number that is torn: the day and month of "8 maja 1989 roku"."""
    match = _AFTER_WORD.match(text)
    return match[1] if match else ""
