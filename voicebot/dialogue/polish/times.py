"""Finds hours of the day and moments in what a caller said, for calling back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from voicebot.dialogue.polish.corrections import without_corrected
from voicebot.dialogue.polish.date_expressions import DateExpression, Direction
from voicebot.dialogue.polish.dates import parse_date
from voicebot.dialogue.polish.numerals import read_cardinal, read_ordinal
from voicebot.dialogue.polish.words import MONTH_FORMS, Token, tokenize, word_set

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


@dataclass(frozen=True, slots=True)
class _Clock:
    """An hour and minute as said, which half of the day not known yet; `end`: index after."""

    hour: int
    minute: int
    end: int


_PARTS_OF_DAY = (
    ("przed poludniem", 6, 12), ("po poludniu", 12, 18), ("popoludniu", 12, 18),
    ("popoludniem", 12, 18), ("w poludnie", 12, 12), ("z rana", 6, 12), ("nad ranem", 6, 12),
    ("rano", 6, 12), ("rankiem", 6, 12), ("z samego rana", 6, 10), ("wieczorem", 18, 22),
    ("pod wieczor", 17, 22), ("wieczor", 18, 22), ("wieczorkiem", 18, 22), ("w ciagu dnia", 6, 22),
    ("do poludnia", 6, 12), ("w samo poludnie", 12, 12), ("poznym popoludniem", 15, 18),
    ("poznym wieczorem", 19, 22), ("wczesnym popoludniem", 12, 15), ("kolo poludnia", 11, 13),
    ("okolo poludnia", 11, 13), ("wczesnym wieczorem", 18, 20),
)  # fmt: skip
_ABOUT = word_set("okolo kolo gdzies mniej wiecej jakos okolicach circa")
_UNIT_MINUTES = {
    "minute": 1, "minuty": 1, "minut": 1, "minutke": 1, "minutek": 1, "minuta": 1, "godzine": 60,
    "godziny": 60, "godzin": 60, "godzinke": 60, "godzina": 60, "kwadrans": 15, "kwadranse": 15,
    "kwadransow": 15, "godzinki": 60,
}  # fmt: skip
_CALL_WORDS = re.compile(r"dzwon|telefon|kontakt|rozmaw|rozmow|godzin|wolny|wolna|dostepn")
_SAME_HOUR = re.compile(r"\bo (?:tej|tej samej) (?:samej )?(?:porze|godzinie)\b")
_BEFORE_HOURS = word_set(
    "o po do od przed kolo okolo godzina godzinie godziny godz a miedzy pomiedzy za"
)
_BESIDE_HOURS = word_set(
    "to tak no na moze byc jutro dzisiaj dzis pojutrze rano wieczorem w poludnie poludniu prosze "
    "albo lub nie tylko dobrze chyba gdzies jakos"
)
_NOT_HOURS = word_set(
    "rate rata raty rat razy procent osoba osoby czesc polowa polowie polowy sprawa faktura "
    "umowa strona zona kobieta firma linia kwarta trzecia"
)


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
    relative = _relative(tokenize(text), now)
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


# ---- an hour ---------------------------------------------------------------------------------


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


def _hour_word(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """The hour told by a feminine ordinal ("szesnasta") and the index after it."""
    ordinal = read_ordinal(tokens, at)
    if ordinal is None or not ordinal.form.startswith("f") or ordinal.value > 24:
        return None
    if _word(tokens, ordinal.end) in _NOT_HOURS:
        return None
    return ordinal.value % 24, ordinal.end


def _is_said_as_hour(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Whether an ordinal is an hour, not "druga sprawa": by what stands before it, or alone."""
    if any(_word(tokens, at - back) in _BEFORE_HOURS for back in (1, 2)):
        return True
    ordinal = read_ordinal(tokens, at)
    if ordinal is not None and ordinal.form == "f.nom" and ordinal.value > 12:
        return True
    return all(
        token.is_mark or token.text in _BESIDE_HOURS for token in (*tokens[:at], *tokens[end:])
    )


def _minutes(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """The minutes after an hour ("trzydzieści", "zero pięć"); 0 and the same index without."""
    start = at
    if _word(tokens, at) == "zero":
        number = read_cardinal(tokens, at + 1)
        if number is not None and number.whole is not None and number.whole < 10:
            return number.whole, number.end
        return 0, start
    number = read_cardinal(tokens, at)
    if number is None or number.whole is None or not 0 < number.whole < 60:
        return 0, start
    following = _word(tokens, number.end)
    if following in MONTH_FORMS or following.startswith(("zlot", "rat", "dni", "grosz", "tysi")):
        return 0, start
    end = number.end
    if following in ("minut", "minuty"):
        end += 1
    return number.whole, end


def _clock_at(tokens: Sequence[Token], at: int) -> _Clock | None:
    """The hour whose first word is at `at`."""
    for reader in (_half_to, _to_hour, _past_hour, _written, _ordinal_hour, _digit_hour, _noon):
        clock = reader(tokens, at)
        if clock is not None:
            return clock
    return None


def _half_to(tokens: Sequence[Token], at: int) -> _Clock | None:
    """ "wpół do ósmej" is half past seven."""
    if _word(tokens, at) in ("wpol", "pol") and _word(tokens, at + 1) == "do":
        hour = _hour_word(tokens, at + 2)
        if hour is not None:
            return _Clock((hour[0] - 1) % 24, 30, hour[1])
    return None


def _to_hour(tokens: Sequence[Token], at: int) -> _Clock | None:
    """ "za pięć dwunasta", "za kwadrans ósma", "kwadrans przed piątą"."""
    start = at
    if _word(tokens, at) == "za":
        start = at + 1
    minutes, after = _few_minutes(tokens, start)
    if not minutes:
        return None
    if start == at:
        if _word(tokens, after) != "przed":
            return None
        after += 1
    hour = _hour_word(tokens, after)
    if hour is None:
        return None
    return _Clock((hour[0] - 1) % 24, 60 - minutes, hour[1])


def _few_minutes(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    if _word(tokens, at) == "kwadrans":
        return 15, at + 1
    number = read_cardinal(tokens, at)
    if number is None or number.whole is None or not 0 < number.whole < 30:
        return 0, at
    end = number.end
    if _word(tokens, end) in ("minut", "minuty"):
        end += 1
    return number.whole, end


def _past_hour(tokens: Sequence[Token], at: int) -> _Clock | None:
    """ "kwadrans po piątej", "dziesięć po ósmej"."""
    minutes, after = _few_minutes(tokens, at)
    if not minutes or _word(tokens, after) != "po":
        return None
    hour = _hour_word(tokens, after + 1)
    return None if hour is None else _Clock(hour[0], minutes, hour[1])


def _written(tokens: Sequence[Token], at: int) -> _Clock | None:
    """ "16:30"; "16.30" only after "o" or "godzina"."""
    match = re.fullmatch(r"([0-9]{1,2})([:.])([0-9]{2})", _word(tokens, at))
    if match is None or int(match[1]) > 23 or int(match[3]) > 59:
        return None
    if match[2] == "." and _word(tokens, at - 1) not in ("o", "godzina", "godzinie", "godziny"):
        return None
    return _Clock(int(match[1]), int(match[3]), at + 1)


def _ordinal_hour(tokens: Sequence[Token], at: int) -> _Clock | None:
    hour = _hour_word(tokens, at)
    if hour is None:
        return None
    minute, end = _minutes(tokens, hour[1])
    if not minute and end == hour[1] and not _is_said_as_hour(tokens, at, end):
        return None
    return _Clock(hour[0], minute, end)


def _digit_hour(tokens: Sequence[Token], at: int) -> _Clock | None:
    """ "o 16", "po 18 proszę dzwonić", "godzina 16"; never digits alone."""
    text = _word(tokens, at)
    if not text.isdigit() or len(text) > 2 or int(text) > 23:
        return None
    following = _word(tokens, at + 1)
    if following in MONTH_FORMS or following.startswith(
        (
            "zlot",
            "rat",
            "dni",
            "grosz",
            "tysi",
            "tyg",
            "mies",
            "godzin",
            "minut",
            "proc",
            "raz",
            "lat",
        )
    ):
        return None
    before = _word(tokens, at - 1)
    joined = " ".join(token.text for token in tokens)
    is_hour = before in ("o", "godzina", "godzinie", "godziny", "godz") or (
        before in ("po", "do", "od", "przed", "kolo", "okolo", "a", "miedzy", "-")
        and _CALL_WORDS.search(joined)
    )
    if not is_hour:
        return None
    minute, end = 0, at + 1
    if following.isdigit() and len(following) == 2 and int(following) < 60:
        minute, end = int(following), at + 2
    return _Clock(int(text), minute, end)


def _noon(tokens: Sequence[Token], at: int) -> _Clock | None:
    if _word(tokens, at) in ("w", "o") and _word(tokens, at + 1) in ("poludnie", "poludniu"):
        return _Clock(12, 0, at + 2)
    if _word(tokens, at) == "o" and _word(tokens, at + 1) == "polnocy":
        return _Clock(0, 0, at + 2)
    return None


def _find(tokens: Sequence[Token], opens: dt.time, closes: dt.time) -> TimeExpression | None:
    words = " ".join(token.text for token in tokens)
    found: list[tuple[int, _Clock]] = []
    at = 0
    while at < len(tokens) and len(found) < 2:
        clock = _clock_at(tokens, at)
        if clock is None:
            at += 1
            continue
        found.append((at, clock))
        at = max(clock.end, at + 1)
    if not found:
        return None
    at, clock = found[0]
    first, confirm = _resolve(clock, words, opens, closes)
    before = {_word(tokens, i) for i in range(max(at - 2, 0), at)}
    expression = TimeExpression(
        first, is_approximate=bool(before & _ABOUT), needs_confirmation=confirm
    )
    nearest = _preposition(tokens, at)
    if len(found) == 2 and nearest in ("od", "miedzy", "pomiedzy"):
        end, _ = _resolve(found[1][1], words, opens, closes)
        return replace(expression, end=end)
    if nearest in ("po", "od") and _word(tokens, at) != "kwadrans":
        return replace(expression, op="after")
    if nearest in ("do", "przed"):
        return replace(expression, op="by")
    return expression


def _preposition(tokens: Sequence[Token], at: int) -> str:
    before = _word(tokens, at - 1)
    return _word(tokens, at - 2) if before in ("godzinie", "godziny", "godzina", "godz") else before


def _resolve(clock: _Clock, words: str, opens: dt.time, closes: dt.time) -> tuple[dt.time, bool]:
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


def _relative(tokens: Sequence[Token], now: dt.datetime) -> DateExpression | None:
    """ "za pół godziny", "za dziesięć minut", "za godzinę"."""
    for at, token in enumerate(tokens):
        if token.text != "za":
            continue
        start = at + 1
        is_rough = _word(tokens, start) in ("jakies", "okolo", "mniej", "gdzies", "jakas")
        while _word(tokens, start) in ("jakies", "okolo", "mniej", "wiecej", "gdzies", "jakas"):
            start += 1
        hundredths, end = 100, start
        if _word(tokens, start) not in _UNIT_MINUTES:
            number = read_cardinal(tokens, start)
            if number is None:
                continue
            hundredths, end = number.hundredths, number.end
        unit = _UNIT_MINUTES.get(_word(tokens, end))
        if unit is None or _hour_word(tokens, end + 1) is not None or hundredths > 7200:
            continue
        minutes = hundredths * unit / 100
        if unit == 60 and _word(tokens, end + 1) == "i":
            more = read_cardinal(tokens, end + 2)
            if more is not None and _UNIT_MINUTES.get(_word(tokens, more.end)) == 1:
                minutes += more.hundredths / 100
        moment = now + dt.timedelta(minutes=minutes)
        moment = moment.replace(second=0, microsecond=0)
        return DateExpression(
            kind="datetime", date=moment.date(), start_at=moment, is_approximate=is_rough
        )
    return None


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
    if on == now.date() and start < now:
        start = now.replace(second=0, microsecond=0)
    base = DateExpression(date=on, needs_confirmation=confirm)
    if first == last:
        return replace(base, kind="datetime", start_at=start)
    return replace(base, kind="datetime_range", start_at=start, end_at=_at(on, last, now))
