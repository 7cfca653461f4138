"""Finds hours of the day and moments in what a caller said, for calling back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from voicebot.dialogue.polish.clock_readings import (
    ClockReading,
    clock_at,
    hour_word,
    minutes_after,
    word_at,
)
from voicebot.dialogue.polish.corrections import without_corrected
from voicebot.dialogue.polish.date_expressions import DateExpression, Direction
from voicebot.dialogue.polish.dates import parse_date
from voicebot.dialogue.polish.moments_ahead import moment_ahead
from voicebot.dialogue.polish.words import Token, tokenize, word_set

OPENS = dt.time(8)
CLOSES = dt.time(20)
"""The hours in which people are called; an hour said the 12-hour way is taken to be in them."""

TimeOp = Literal["at", "after", "by"]


@dataclass(frozen=True, slots=True)
class TimeExpression:
    """An hour that was said. end: the other end of a span. op: "after" or "by" it.

    is_approximate: "koło szesnastej". needs_confirmation: both halves of the day were possible.
    """

    time: dt.time
    end: dt.time | None = None
    op: TimeOp = "at"
    is_approximate: bool = False
    needs_confirmation: bool = False


_PARTS_OF_DAY = (
    ("przed poludniem", 6, 12), ("po poludniu", 12, 18), ("popoludniu", 12, 18),
    ("popoludniem", 12, 18), ("w poludnie", 12, 12), ("z rana", 6, 12), ("nad ranem", 6, 12),
    ("rano", 6, 12), ("rankiem", 6, 12), ("z samego rana", 6, 10), ("wieczorem", 18, 22),
    ("pod wieczor", 17, 22), ("wieczor", 18, 22), ("wieczorkiem", 18, 22), ("w ciagu dnia", 6, 22),
    ("do poludnia", 6, 12),
    ("godzinach popoludniowych", 12, 18), ("godzinach porannych", 6, 12),
    ("godzinach wieczornych", 18, 22), ("godzinach przedpoludniowych", 6, 12),
    ("godziny popoludniowe", 12, 18), ("godziny poranne", 6, 12),
    ("godziny wieczorne", 18, 22),
    ("za dnia", 6, 22), ("z wieczora", 18, 22), ("na wieczor", 18, 22), ("w samo poludnie", 12, 12),
    ("poznym popoludniem", 15, 18),
    ("poznym wieczorem", 19, 22), ("wczesnym popoludniem", 12, 15), ("kolo poludnia", 11, 13),
    ("okolo poludnia", 11, 13), ("wczesnym wieczorem", 18, 20),
)  # fmt: skip
_ABOUT = word_set("okolo kolo gdzies mniej wiecej jakos okolicach circa")
_EARLIEST, _LATEST = word_set("najwczesniej"), word_set("najpozniej najdalej maksymalnie")
_SAME_HOUR = re.compile(r"\bo (?:tej|tej samej) (?:samej )?(?:porze|godzinie)\b")


def parse_time(
    text: str, opens: dt.time = OPENS, closes: dt.time = CLOSES
) -> TimeExpression | None:
    """The hour that was said; None without one. An hour from 1 to 12 is put where people are
    called unless "rano" or "wieczorem" tells."""
    tokens = tokenize(text)
    kept = without_corrected(tokens, lambda part: _find(part, opens, closes) is not None)
    found = _find(kept, opens, closes)
    if found is None and kept is not tokens:
        found = _find(tokens, opens, closes)
    return found


def parse_datetime(
    text: str,
    now: dt.datetime,
    opens: dt.time = OPENS,
    closes: dt.time = CLOSES,
    direction: Direction = "future",
) -> DateExpression | None:
    """The moment or span of time that was said; only a day where no hour was; None without both.

    now: aware, in the caller's zone. Without a day it is today, or tomorrow where the hour is
    over (then to be confirmed).
    """
    relative = moment_ahead(tokenize(text), now)
    if relative is not None:
        return relative
    day = parse_date(text, now, direction)
    if day is not None and (day.ask or day.problem) and day.date is None:
        return day
    if day is not None and day.date is not None and _SAME_HOUR.search(text.lower()):
        return replace(
            day,
            kind="datetime",
            start_at=_at(day.date, now.time().replace(second=0, microsecond=0), now),
        )
    hour = parse_time(text, opens, closes)
    part = _part_of_day(tokenize(text))
    if hour is not None:
        return _at_hour(hour, day, now, opens, closes)
    if part is not None:
        return _in_part(part, day, now, opens, closes)
    return day


def _find(tokens: Sequence[Token], opens: dt.time, closes: dt.time) -> TimeExpression | None:
    words = " ".join(token.text for token in tokens)
    found: list[tuple[int, ClockReading]] = []
    at = 0
    while at < len(tokens) and len(found) < 2:
        clock = clock_at(tokens, at) or (found and _second_hour(tokens, at, found[0][1])) or None
        if clock is None:
            at += 1
            continue
        found.append((at, clock))
        at = max(clock.end, at + 1)
    if not found:
        return None
    at, clock = found[0]
    first, confirm = _resolve(clock, words, opens, closes)
    before = {word_at(tokens, i) for i in range(max(at - 2, 0), at)}
    expression = TimeExpression(
        first, is_approximate=bool(before & _ABOUT), needs_confirmation=confirm
    )
    nearest = _preposition(tokens, at)
    if len(found) == 2:
        between = [word_at(tokens, i) for i in range(clock.end, found[1][0])]
        is_span = nearest in ("od", "miedzy", "pomiedzy") or between in (["-"], ["–"], ["do"])
        is_choice = [word for word in between if word not in (",", "o")] in _EITHER
        end, _ = _resolve(found[1][1], words, opens, closes)
        if end <= first and end.hour < 12 <= first.hour:
            # "między dwunastą a pierwszą"
            end = end.replace(hour=end.hour + 12)
        if (is_span or is_choice) and end > first:
            confirm = confirm or is_choice
            return replace(expression, end=end, needs_confirmation=confirm)
    if before & _EARLIEST:
        return replace(expression, op="after")
    if before & _LATEST:
        return replace(expression, op="by")
    if nearest in ("po", "od") and word_at(tokens, at) != "kwadrans":
        return replace(expression, op="after")
    if nearest in ("do", "przed"):
        return replace(expression, op="by")
    return expression


_EITHER: tuple[list[str], ...] = ([], ["albo"], ["lub"], ["czy"], ["ewentualnie"])


def _second_hour(tokens: Sequence[Token], at: int, first: ClockReading) -> ClockReading | None:
    """The other hour of "o szesnastej albo siedemnastej"."""
    if at != first.end + 1 or word_at(tokens, first.end) not in ("albo", "lub", "czy", ",", "-"):
        return None
    hour = hour_word(tokens, at)
    if hour is None:
        return None
    minute, end = minutes_after(tokens, hour[1])
    return ClockReading(hour[0], minute, end)


def _preposition(tokens: Sequence[Token], at: int) -> str:
    before = word_at(tokens, at - 1)
    return (
        word_at(tokens, at - 2) if before in ("godzinie", "godziny", "godzina", "godz") else before
    )


def _resolve(
    clock: ClockReading, words: str, opens: dt.time, closes: dt.time
) -> tuple[dt.time, bool]:
    """The time of day, and whether it had to be guessed from when people are called."""
    hour = clock.hour
    if hour > 12 or hour == 0:
        return dt.time(hour, clock.minute), False
    is_morning = re.search(r"\b(?:rano|rana|ranem|rankiem|przed poludniem)\b", words)
    is_later = re.search(r"\b(?:wieczor\w*|po poludniu|popoludni\w+)\b", words)
    if is_morning:
        return dt.time(hour % 12 if hour == 12 else hour, clock.minute), False
    if is_later:
        return dt.time(hour % 12 + 12, clock.minute), False
    early = dt.time(hour, clock.minute)
    late = dt.time(hour % 12 + 12, clock.minute)
    if hour == 12:
        return early, False
    if opens <= early <= closes:
        return early, opens <= late <= closes
    return late, False


# ---- a moment --------------------------------------------------------------------------------


def _part_of_day(tokens: Sequence[Token]) -> tuple[dt.time, dt.time] | None:
    words = f" {' '.join(token.text for token in tokens if not token.is_mark)} "
    found = [
        (len(phrase), dt.time(first), dt.time(last))
        for phrase, first, last in _PARTS_OF_DAY
        if f" {phrase} " in words
    ]
    if not found:
        return None
    _, first, last = max(found)
    return first, last


def _at(day: dt.date, time: dt.time, now: dt.datetime) -> dt.datetime:
    return dt.datetime.combine(day, time, tzinfo=now.tzinfo)


def _at_hour(
    hour: TimeExpression,
    day: DateExpression | None,
    now: dt.datetime,
    opens: dt.time,
    closes: dt.time,
) -> DateExpression:
    confirm = hour.needs_confirmation or bool(day and day.needs_confirmation)
    approximate = hour.is_approximate or bool(day and day.is_approximate)
    on = day.date or day.start if day is not None else None
    last = hour.end or (closes if hour.op == "after" else hour.time)
    if on is None:
        on = now.date()
        if _at(on, last, now) <= now:
            # Half past eight, said at ten: this evening if people are called then, else tomorrow.
            evening = (
                dt.time(hour.time.hour + 12, hour.time.minute) if hour.time.hour < 12 else None
            )
            if hour.op == "at" and evening is not None and evening < closes and confirm:
                return _moment(on, evening, now, approximate)
            on += dt.timedelta(days=1)
            confirm = True
    base = DateExpression(
        kind="datetime_range", date=on, is_approximate=approximate, needs_confirmation=confirm,
        problem=day.problem if day is not None else "",
    )  # fmt: skip
    if hour.end is not None:
        return replace(base, start_at=_at(on, hour.time, now), end_at=_at(on, hour.end, now))
    if hour.op == "after":
        end = max(closes, hour.time)
        return replace(base, start_at=_at(on, hour.time, now), end_at=_at(on, end, now), op="after")
    if hour.op == "by":
        start = max(_at(on, min(opens, hour.time), now), now.replace(second=0, microsecond=0))
        return replace(base, start_at=start, end_at=_at(on, hour.time, now), op="by")
    return replace(base, kind="datetime", start_at=_at(on, hour.time, now))


def _moment(day: dt.date, time: dt.time, now: dt.datetime, is_approximate: bool) -> DateExpression:
    return DateExpression(
        kind="datetime", date=day, start_at=_at(day, time, now), needs_confirmation=True,
        is_approximate=is_approximate,
    )  # fmt: skip


def _in_part(
    part: tuple[dt.time, dt.time],
    day: DateExpression | None,
    now: dt.datetime,
    opens: dt.time,
    closes: dt.time,
) -> DateExpression:
    first = max(part[0], opens)
    last = max(min(part[1], closes), first)
    on = day.date or day.start if day is not None else None
    confirm = bool(day and day.needs_confirmation)
    if on is None:
        on = now.date()
        if _at(on, last, now) <= now or (part[0] < OPENS and now.time() >= dt.time(9)):
            # "rano", said during the morning, is tomorrow's.
            on += dt.timedelta(days=1)
    start = _at(on, first, now)
    is_past = day is not None and day.direction == "past"
    if on == now.date() and start < now and not is_past:
        start = now.replace(second=0, microsecond=0)
    base = DateExpression(date=on, needs_confirmation=confirm)
    if first == last:
        return replace(base, kind="datetime", start_at=start)
    return replace(base, kind="datetime_range", start_at=start, end_at=_at(on, last, now))
