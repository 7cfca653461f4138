"""Reads hours and minutes as they are said: "wpół do ósmej", "za pięć dwunasta", "o 16"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.dialogue.polish.numerals import read_cardinal, read_ordinal
from voicebot.dialogue.polish.words import MONTH_FORMS, WEEKDAY_FORMS, Token, word_set


@dataclass(frozen=True, slots=True)
class ClockReading:
    """An hour and minute as said, which half of the day not known yet; `end`: index after."""

    hour: int
    minute: int
    end: int


_CALL_WORDS = re.compile(r"dzwon|telefon|kontakt|rozmaw|rozmow|godzin|wolny|wolna|dostepn")
_BEFORE_HOURS = word_set(
    "o po do od przed kolo okolo godzina godzinie godziny godz a miedzy pomiedzy za"
)
_BESIDE_DIGITS = word_set(
    "po od do przed miedzy pomiedzy a - kolo okolo tak to no prosze najlepiej"
)
_DAYS_BESIDE_HOURS = word_set("jutro dzisiaj dzis pojutrze") | WEEKDAY_FORMS.keys()
_BESIDE_HOURS = word_set(
    "to tak no na moze byc jutro dzisiaj dzis pojutrze rano wieczorem w poludnie poludniu prosze "
    "albo lub nie tylko dobrze chyba gdzies jakos"
)
_NOT_HOURS = word_set(
    "rate rata raty rat razy procent osoba osoby czesc polowa polowie polowy sprawa faktura "
    "umowa strona zona kobieta firma linia kwarta trzecia"
)


def word_at(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


def hour_word(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """The hour told by a feminine ordinal ("szesnasta") and the index after it."""
    ordinal = read_ordinal(tokens, at)
    if ordinal is None or not ordinal.form.startswith("f") or ordinal.value > 24:
        return None
    if word_at(tokens, ordinal.end) in _NOT_HOURS:
        return None
    return ordinal.value % 24, ordinal.end


def _is_said_as_hour(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Whether an ordinal is an hour, not "druga sprawa": by what stands before it, or alone."""
    if any(word_at(tokens, at - back) in _BEFORE_HOURS for back in (1, 2)):
        return True
    ordinal = read_ordinal(tokens, at)
    if ordinal is not None and ordinal.form == "f.nom" and ordinal.value > 12:
        return True
    return all(
        token.is_mark or token.text in _BESIDE_HOURS for token in (*tokens[:at], *tokens[end:])
    )


def minutes_after(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """The minutes after an hour ("trzydzieści", "zero pięć"); 0 and the same index without."""
    start = at
    if word_at(tokens, at) == "zero":
        number = read_cardinal(tokens, at + 1)
        if number is not None and number.whole is not None and number.whole < 10:
            return number.whole, number.end
        return 0, start
    number = read_cardinal(tokens, at)
    if number is None or number.whole is None or not 0 < number.whole < 60:
        return 0, start
    following = word_at(tokens, number.end)
    if following in MONTH_FORMS or following.startswith(("zlot", "rat", "dni", "grosz", "tysi")):
        return 0, start
    end = number.end
    if following in ("minut", "minuty"):
        end += 1
    return number.whole, end


def clock_at(tokens: Sequence[Token], at: int) -> ClockReading | None:
    """The hour whose first word is at `at`."""
    for reader in (_half_to, _to_hour, _past_hour, _written, _ordinal_hour, _digit_hour, _noon):
        clock = reader(tokens, at)
        if clock is not None:
            return clock
    return None


def _half_to(tokens: Sequence[Token], at: int) -> ClockReading | None:
    """ "wpół do ósmej" is half past seven."""
    if word_at(tokens, at) in ("wpol", "pol") and word_at(tokens, at + 1) == "do":
        hour = hour_word(tokens, at + 2)
        if hour is not None:
            return ClockReading(_hour_before(hour[0]), 30, hour[1])
    return None


def _hour_before(hour: int) -> int:
    """ "wpół do pierwszej" is half past twelve, not half past midnight."""
    return 12 if hour == 1 else (hour - 1) % 24


def _to_hour(tokens: Sequence[Token], at: int) -> ClockReading | None:
    """ "za pięć dwunasta", "za kwadrans ósma", "kwadrans przed piątą"."""
    start = at
    if word_at(tokens, at) == "za":
        start = at + 1
    minutes, after = _few_minutes(tokens, start)
    if not minutes:
        return None
    if start == at:
        if word_at(tokens, after) != "przed":
            return None
        after += 1
    half = _half_to(tokens, after)
    if half is not None:
        # "za pięć wpół do piątej"
        return ClockReading(half.hour, 30 - minutes, half.end)
    hour = hour_word(tokens, after)
    if hour is None:
        return None
    return ClockReading(_hour_before(hour[0]), 60 - minutes, hour[1])


def _few_minutes(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    if word_at(tokens, at) == "kwadrans":
        return 15, at + 1
    number = read_cardinal(tokens, at)
    if number is None or number.whole is None or not 0 < number.whole < 30:
        return 0, at
    end = number.end
    if word_at(tokens, end) in ("minut", "minuty"):
        end += 1
    return number.whole, end


def _past_hour(tokens: Sequence[Token], at: int) -> ClockReading | None:
    """ "kwadrans po piątej", "dziesięć po ósmej"."""
    minutes, after = _few_minutes(tokens, at)
    if not minutes or word_at(tokens, after) != "po":
        return None
    half = _half_to(tokens, after + 1)
    if half is not None:
        return ClockReading(half.hour, 30 + minutes, half.end)
    hour = hour_word(tokens, after + 1)
    return None if hour is None else ClockReading(hour[0], minutes, hour[1])


def _written(tokens: Sequence[Token], at: int) -> ClockReading | None:
    """ "16:30"; "16.30" only after "o" or "godzina"."""
    match = re.fullmatch(r"([0-9]{1,2})([:.])([0-9]{2})", word_at(tokens, at))
    if match is None or int(match[1]) > 23 or int(match[3]) > 59:
        return None
    if match[2] == "." and word_at(tokens, at - 1) not in ("o", "godzina", "godzinie", "godziny"):
        return None
    return ClockReading(int(match[1]), int(match[3]), at + 1)


def _ordinal_hour(tokens: Sequence[Token], at: int) -> ClockReading | None:
    hour = hour_word(tokens, at)
    if hour is None:
        return None
    minute, end = minutes_after(tokens, hour[1])
    if not minute and end == hour[1] and not _is_said_as_hour(tokens, at, end):
        return None
    return ClockReading(hour[0], minute, end)


def _digit_hour(tokens: Sequence[Token], at: int) -> ClockReading | None:
    """ "o 16", "po 18 proszę dzwonić", "godzina 16"; never digits alone."""
    text = word_at(tokens, at)
    if not text.isdigit() or len(text) > 2 or int(text) > 23:
        return None
    following = word_at(tokens, at + 1)
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
    before = word_at(tokens, at - 1)
    joined = " ".join(token.text for token in tokens)
    is_hour = before in ("o", "godzina", "godzinie", "godziny", "godz", "godzinach") or (
        before in ("po", "do", "od", "przed", "kolo", "okolo", "a", "miedzy", "pomiedzy", "-")
        and (_CALL_WORDS.search(joined) or _is_beside_day(tokens, at))
    )
    if not is_hour:
        return None
    minute, end = 0, at + 1
    if following.isdigit() and len(following) == 2 and int(following) < 60:
        minute, end = int(following), at + 2
    return ClockReading(int(text), minute, end)


def _is_beside_day(tokens: Sequence[Token], at: int) -> bool:
    """Whether digits after a preposition are hours: "jutro od 9 do 12", "po 17" and no more."""
    words = {token.text for token in tokens}
    if words & MONTH_FORMS.keys():
        return False
    if any(token.text.isdigit() and not 6 <= int(token.text[:3]) <= 22 for token in tokens):
        return False
    is_alone = words <= _BESIDE_DIGITS | {token.text for token in tokens if token.is_digits}
    if is_alone and word_at(tokens, at - 1) != "do":
        # "do 15" alone is a day, "od 5 do 10" days as well.
        return "do" not in words
    return bool(words & _DAYS_BESIDE_HOURS)


def _noon(tokens: Sequence[Token], at: int) -> ClockReading | None:
    if word_at(tokens, at) in ("w", "o") and word_at(tokens, at + 1) in ("poludnie", "poludniu"):
        return ClockReading(12, 0, at + 2)
    if word_at(tokens, at) == "o" and word_at(tokens, at + 1) == "polnocy":
        return ClockReading(0, 0, at + 2)
    return None
