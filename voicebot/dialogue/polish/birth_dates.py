"""Reads a date of birth, the way people say theirs to prove who they are."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from voicebot.dialogue.polish.misheard import join_years
from voicebot.dialogue.polish.numerals import (
    CARDINALS,
    ORDINALS,
    Ordinal,
    read_cardinal,
    read_ordinal,
)
from voicebot.dialogue.polish.words import MONTH_FORMS, Token, tokenize
from voicebot.dialogue.polish.years import read_year_words

_EARLIEST_YEAR = 1900
_PIVOT = 15
"""Two digits up to this are of this century: nobody born later owes anything by himself."""

_TWO_YEARS = re.compile(r"(19\d\d) [-–—] (\d{1,4})\b")
_TORN_TENS = re.compile(
    r"([5-9])[-–., ]{1,3}10(?:[-–., ]{1,3}([01]?[1-9]|([1-9])\3|[a-z]+))?(?= ?\.|$)"
)
_UNITS = {word: value for word, (value, _) in ORDINALS.items() if 0 < value < 10}
_UNITS["dlugiego"] = 2  # "drugiego", as it is heard
_LONG_YEAR = re.compile(r"190([5-9]\d)\b")


def parse_birth_date(text: str) -> dt.date | None:
    """A whole date of birth; None where part of it is missing, impossible or ambiguous."""
    tokens = [token for token in tokenize(text) if token.text not in (",", "roku", "rok", "r")]
    tokens = [
        token
        for at, token in enumerate(tokens)
        # "dwunasty zero trzeci"
        if not (token.text == "zero" and at + 1 < len(tokens) and tokens[at + 1].text in _UNITS)
    ]
    named = [at for at, token in enumerate(tokens) if token.text in MONTH_FORMS]
    for at in named:
        found = _with_named_month(tokens, at)
        if found is not None:
            return found
    if named:
        # What is not understood beside a month is no date of its own: "9-10-09" after
        # "października" is a torn 99.
        return None
    for at, token in enumerate(tokens):
        written = _written(token.text)
        if written is not None:
            return written
        found = _with_ordinals(tokens, at)
        if found is not None:
            return found
    return _from_numbers(tokens)


def _date(day: int, month: int, year: int) -> dt.date | None:
    if year < 100:
        year += 2000 if year <= _PIVOT else 1900
    if not _EARLIEST_YEAR <= year <= 2100:
        return None
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _written(text: str) -> dt.date | None:
    """ "08.05.75", "1975-05-08", "08051975"."""
    if re.fullmatch(r"[0-9]{8}", text):
        return _date(int(text[:2]), int(text[2:4]), int(text[4:]))
    if re.fullmatch(r"[0-9]{6}", text):
        return _date(int(text[:2]), int(text[2:4]), int(text[4:]))
    parts = re.split(r"[./-]", text)
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    if len(parts[0]) == 4:
        parts.reverse()
    return _date(int(parts[0]), int(parts[1]), int(parts[2]))


def _with_named_month(tokens: Sequence[Token], at: int) -> dt.date | None:
    before = at - 1
    while before >= 0 and tokens[before].is_mark:
        before -= 1
    day = _day_ending_at(tokens, before)
    year_at = at + 1
    while year_at < len(tokens) and tokens[year_at].is_mark:
        year_at += 1
    year = _year_at(tokens, year_at)
    if day is None or year is None:
        return None
    return _date(day, MONTH_FORMS[tokens[at].text], year)


def _day_ending_at(tokens: Sequence[Token], last: int) -> int | None:
    """The day whose last word is at `last`."""
    if last >= 0 and tokens[last].text == "dnia":
        last -= 1
    for start in range(max(last - 2, 0), last + 1):
        ordinal = read_ordinal(tokens, start)
        if ordinal is not None and ordinal.end == last + 1 and ordinal.form.startswith("m"):
            return ordinal.value
        number = read_cardinal(tokens, start)
        if number is not None and number.end == last + 1 and number.whole:
            return number.whole
    return None


def _year_at(tokens: Sequence[Token], at: int) -> int | None:
    rest = " ".join(token.text for token in tokens[at : at + 7])
    twice = _TWO_YEARS.match(rest)
    if twice:
        return join_years(twice[1], twice[2])
    torn = _torn_tens(rest)
    if torn is not None:
        return torn
    found = read_year_words(tokens, at) or _without_hundreds(tokens, at)
    if found is not None:
        return found[0]
    ordinal = read_ordinal(tokens, at)
    if ordinal is not None and ordinal.form.startswith("m") and ordinal.value < 100:
        return ordinal.value
    numbers = _numbers(tokens[at:])
    years = _years(numbers) if numbers is not None else set()
    return years.pop() if len(years) == 1 else None


def _torn_tens(rest: str) -> int | None:
    """ "9-10-4", "9-10 czwartego" and "19094": nothing but a year can follow a month."""
    match = _TORN_TENS.match(rest)
    if match:
        unit = match[2] or "0"
        value = int(unit[-1]) if unit.isdigit() else _UNITS.get(unit, 10)
        return int(match[1]) * 10 + value if value < 10 else None
    match = _LONG_YEAR.match(rest)
    return int(match[1]) if match else None


def _without_hundreds(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """ "tysiąc osiemdziesiątego", "dziewięćset osiemdziesiątego": the other half was not heard."""
    word = tokens[at].text if at < len(tokens) else ""
    if word != "tysiac" and CARDINALS.get(word) != 900:
        return None
    ordinal = read_ordinal(tokens, at + 1)
    if ordinal is not None and 50 <= ordinal.value < 100 and ordinal.form.startswith("m"):
        return 1900 + ordinal.value, ordinal.end
    number = read_cardinal(tokens, at + 1)
    if number is not None and number.whole is not None and 50 <= number.whole < 100:
        return 1900 + number.whole, number.end
    return None


def _with_ordinals(tokens: Sequence[Token], at: int) -> dt.date | None:
    """ "ósmy piąty siedemdziesiąty piąty", "8 piąty 75"."""
    day = read_ordinal(tokens, at)
    if day is None and tokens[at].text.isdecimal() and len(tokens[at].text) <= 2:
        day = Ordinal(int(tokens[at].text), at + 1, "m.nom")
    if day is None or not day.form.startswith("m"):
        return None
    month = read_ordinal(tokens, day.end)
    if month is None or not month.form.startswith("m"):
        return None
    year = _year_at(tokens, month.end)
    return None if year is None else _date(day.value, month.value, year)


def _numbers(tokens: Sequence[Token]) -> list[tuple[int, int]] | None:
    """The numbers in a row with how many digits each has; None where a word is in between."""
    numbers: list[tuple[int, int]] = []
    at = 0
    while at < len(tokens):
        word = tokens[at].text
        if tokens[at].is_mark or word in ("i", "potem", "kropka", "kreska", "myslnik"):
            at += 1
            continue
        if tokens[at].is_digits:
            digits = re.sub(r"[^0-9]", "", word)
            numbers.append((int(digits[:9]), len(digits)))
            at += 1
            continue
        if word in ("zero", "zera") or word in CARDINALS:
            number, at = _spoken_number(tokens, at)
            numbers.append((number, len(str(number))))
            continue
        number_read = read_cardinal(tokens, at)
        if number_read is None or number_read.whole is None:
            return numbers or None
        numbers.append((number_read.whole, len(str(number_read.whole))))
        at = number_read.end
    return numbers


def _spoken_number(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """One number in words; "dwa pięćset" is two here."""
    if at + 1 < len(tokens) and tokens[at + 1].text == "tysiace":
        number = read_cardinal(tokens, at)
        if number is not None and number.whole is not None:
            return number.whole, number.end
    total, room = 0, 1000
    while at < len(tokens):
        value = CARDINALS.get(tokens[at].text)
        if value is None or value >= room or (value == 0 and total):
            break
        total += value
        room = 100 if value >= 100 else 10 if 20 <= value <= 90 else 0
        at += 1
    return total, at


def _from_numbers(tokens: Sequence[Token]) -> dt.date | None:
    """The one date that fits the numbers said in a row: "osiem zero pięć siedemdziesiąt pięć"."""
    start = 0
    while start < len(tokens) and not (
        tokens[start].is_digits or tokens[start].text in CARDINALS or tokens[start].text == "tysiac"
    ):
        start += 1
    numbers = _numbers(tokens[start:])
    if not numbers or not 3 <= len(numbers) <= 8:
        return None
    dates: set[dt.date] = set()
    for day, after_day in _two_digit_fields(numbers, 0):
        for month, after_month in _two_digit_fields(numbers, after_day):
            for year in _years(numbers[after_month:]):
                found = _date(day, month, year)
                if found is not None:
                    dates.add(found)
    return dates.pop() if len(dates) == 1 else None


def _two_digit_fields(numbers: Sequence[tuple[int, int]], at: int) -> list[tuple[int, int]]:
    """A day or month at `at`: one number, or two single digits; each with the index after it."""
    fields: list[tuple[int, int]] = []
    if at < len(numbers) and numbers[at][0] > 0:
        fields.append((numbers[at][0], at + 1))
    if at + 1 < len(numbers) and numbers[at][1] == 1 and numbers[at + 1][1] == 1:
        fields.append((numbers[at][0] * 10 + numbers[at + 1][0], at + 2))
    return fields


def _years(numbers: Sequence[tuple[int, int]]) -> set[int]:
    """The years that the rest of the numbers may be: 75, 1975, 19 75, 7 5, 1 9 7 5."""
    if len(numbers) == 1:
        value, n_digits = numbers[0]
        return {value} if n_digits in (2, 4) or (n_digits == 1 and value == 0) else set()
    joined = "".join(str(value) for value, _ in numbers)
    if len(joined) in (2, 4) and all(value < 100 for value, _ in numbers):
        return {int(joined)}
    return set()
