"""Finds moments counted from now: "za pół godziny", "za godzinę, dwie"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from voicebot.dialogue.polish.clock_readings import hour_word, word_at
from voicebot.dialogue.polish.date_expressions import DateExpression
from voicebot.dialogue.polish.numerals import read_cardinal
from voicebot.dialogue.polish.words import Token, word_set

_ROUGHLY = word_set("jakies jakas okolo mniej wiecej gdzies kolo moze z niecala niecale")
_OR_ELSE = word_set(", - – do albo lub czy moze gora")
_UNIT_MINUTES = {
    "minute": 1, "minuty": 1, "minut": 1, "minutke": 1, "minutek": 1, "minuta": 1, "godzine": 60,
    "godziny": 60, "godzin": 60,
    "godzinek": 60, "godzinke": 60, "godzina": 60, "kwadrans": 15, "kwadranse": 15,
    "kwadransow": 15, "godzinki": 60,
}  # fmt: skip


def moment_ahead(tokens: Sequence[Token], now: dt.datetime) -> DateExpression | None:
    """ "za pół godziny", "za dziesięć minut", "za godzinę, dwie"."""
    for at, token in enumerate(tokens):
        if token.text != "za":
            continue
        start = at + 1
        while word_at(tokens, start) in _ROUGHLY:
            start += 1
        minutes = _minutes_ahead(tokens, start)
        if not minutes or minutes[-1] > 72 * 60:
            continue
        moments = [
            (now + dt.timedelta(minutes=ahead)).replace(second=0, microsecond=0)
            for ahead in minutes
        ]
        return DateExpression(
            kind="datetime" if len(moments) == 1 else "datetime_range",
            date=moments[0].date(),
            start_at=moments[0],
            end_at=moments[1] if len(moments) > 1 else None,
            is_approximate=start > at + 1,
        )
    return None


def _minutes_ahead(tokens: Sequence[Token], at: int) -> list[float]:
    """Minutes of "dwie godziny", "godzinę i piętnaście minut"; two of "dwie, trzy godziny"."""
    numbers, end = _numbers(tokens, at)
    unit = _UNIT_MINUTES.get(word_at(tokens, end))
    if unit is None or hour_word(tokens, end + 1) is not None:
        return []
    if numbers:
        minutes = [number * unit / 100 for number in numbers]
    else:
        minutes = [float(unit)]
        other, _ = _numbers(tokens, end + 1 + (word_at(tokens, end + 1) in _OR_ELSE))
        if other and unit == 60 and 200 <= other[0] <= 300:
            minutes.append(other[0] * unit / 100)
    if unit == 60 and len(minutes) == 1:
        more = read_cardinal(tokens, end + 1 + (word_at(tokens, end + 1) == "i"))
        if more is not None and _UNIT_MINUTES.get(word_at(tokens, more.end)) == 1:
            minutes[0] += more.hundredths / 100
        elif word_at(tokens, end + 1) == "i" and word_at(tokens, end + 2) == "kwadrans":
            minutes[0] += 15
    return minutes


def _numbers(tokens: Sequence[Token], at: int) -> tuple[list[int], int]:
    """Hundredths of one number, or of two of which the second is larger, and the index after."""
    first = read_cardinal(tokens, at)
    if first is None or word_at(tokens, at) in _UNIT_MINUTES:
        return [], at
    link = first.end + (word_at(tokens, first.end) in _OR_ELSE)
    second = read_cardinal(tokens, link)
    if second is not None and second.hundredths > first.hundredths:
        return [first.hundredths, second.hundredths], second.end
    return [first.hundredths], first.end
