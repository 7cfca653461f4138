"""Puts right what a telephone recogniser systematically makes of spoken numerals.

Only what can be nothing else: "piętna z tego" is "piętnastego", "5 set" is 500. Where a mending
depends on what was asked (a year, eight digits) it is done there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_HUNDREDS = re.compile(r"\b([5-9])[ -]?set(?=\b|z[lłw]ot)")
_NINE_HUNDRED = re.compile(r"\bnine(?:teen)?[ -]?set,?(?=[ -]|oś)")
_THOUSAND = re.compile(r"\b(?:t[eyi] ?)sz(?:an|on|ą)[szc]\w*(?= z[lłw]| \w+set\b)")
_TORN_ORDINAL = re.compile(r"\b(\w{4,}) z (tego)\b")
_TORN_TEEN = re.compile(r"\b(\w{3,}) (n?a[sś](?:t(?:y|ego|ej|a|ym)|cie|ci[eę]|cia))\b")
_EIGHTH = re.compile(r"\bu ?sm(ego|y|ym)\b")

_TENS = re.compile(
    r"(?<!\d)(?P<tens>[5-9])(?:"
    r"[-., ]{1,2}10(?P<round>(?!\d))(?:[-., ]{1,2}(?P<unit>[1-9])(?P=unit)?(?!\d))?"  # 9-10, 9-10-4
    r"|[-., ]{1,2}1(?P<teen>[1-9])(?!\d)"  # 9-14
    r"|(?P=tens)(?P<twin>[1-9])(?!\d))"  # 667
)
_MAX_TENS = 5


def mend_words(text: str, is_numeral: Callable[[str], bool]) -> str:
    """Lower-case text with torn numerals joined. is_numeral: whether a joined word is one."""

    def joined(word: str, unchanged: str) -> str:
        return word if is_numeral(word) else unchanged

    text = _HUNDREDS.sub(lambda match: f"{match[1]}00 ", text)
    text = _NINE_HUNDRED.sub("dziewięćset ", text)
    text = _THOUSAND.sub("tysiąc", text)
    text = _EIGHTH.sub(r"ósm\1", text)
    text = _TORN_ORDINAL.sub(lambda m: joined(f"{m[1]}s{m[2]}", m[0]), text)
    return _TORN_TEEN.sub(lambda m: joined(f"{m[1]}{m[2]}", m[0]), text)


def with_tens_joined(text: str) -> Iterator[str]:
    """The texts that were meant if "9-10" is 90, "9-10-4" and "9-14" are 94 and "667" is 67: each
    such place joined or not, the text itself among them."""
    return _joined_from(text, 0, _MAX_TENS)


def _joined_from(text: str, at: int, most: int) -> Iterator[str]:
    place = _TENS.search(text, at) if most else None
    if place is None:
        yield text[at:]
        return
    head = text[at : place.start()]
    for rest in _joined_from(text, place.start() + 1, most - 1):
        yield f"{head}{place['tens']}{rest}"
    if place["round"] is not None:
        end = place.start("round")
        for rest in _joined_from(text, end, most - 1):
            yield f"{head} {place['tens']}0 {rest}"
    unit = place["unit"] or place["teen"] or place["twin"]
    if unit:
        for rest in _joined_from(text, place.end(), most - 1):
            yield f"{head} {place['tens']}{unit} {rest}"


def join_years(first: str, second: str) -> int | None:
    """The year that was written as two: "1979-75" is 1975, "1999-04" 1994, "1906-1902" 1962.

    The first has kept the tens, or has them for units; the second has the unit, and perhaps
    the tens. None where they disagree.
    """
    if not re.fullmatch(r"19\d\d", first) or not re.fullmatch(r"(?:19|1)?\d{1,2}", second):
        return None
    tens, unit = int(first[2]), int(first[3])
    if tens == 0:
        tens = unit
    again = int(second[-2:]) // 10
    if tens < 5 or again not in (0, tens):
        return None
    return 1900 + 10 * tens + int(second[-1])
