"""Variables of prompts as a reader wants them: digits where a voice needs words.

What is not here is written as it is spoken: names, for one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from voicebot.dialogue.polish import readout

MAX_TEXT_LENGTH = 200

Writer = Callable[[object, Mapping[str, object]], str]

_NO_BREAK = "\u00a0"


def _amount(value: object, _: Mapping[str, object]) -> str:
    """The złoty sign stays the same in every case."""
    if not isinstance(value, int):
        return ""
    zl, gr = divmod(abs(value), 100)
    grouped = f"{zl:,}".replace(",", _NO_BREAK)
    return f"{'-' if value < 0 else ''}{grouped},{gr:02d}{_NO_BREAK}zł"


def _date(value: object, _: Mapping[str, object]) -> str:
    """With its year: a text may be read again much later."""
    if not isinstance(value, date):
        return ""
    return f"{value.day}{_NO_BREAK}{readout.MONTHS_GEN[value.month]} {value.year}"


def _weekday_date(value: object, scope: Mapping[str, object]) -> str:
    if not isinstance(value, date):
        return ""
    return f"{readout.weekday(value)}, {_date(value, scope)}"


def _digits(value: object, _: Mapping[str, object]) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object, _: Mapping[str, object]) -> str:
    return str(value) if isinstance(value, int) else ""


def _days(value: object, _: Mapping[str, object]) -> str:
    if not isinstance(value, int):
        return ""
    return f"{value}{_NO_BREAK}{readout.count(value, 'dzień').rpartition(' ')[2]}"


def _text(value: object, _: Mapping[str, object]) -> str:
    """Text from outside: bounded, and all on its line."""
    if not isinstance(value, str):
        return ""
    return "".join(char for char in value[:MAX_TEXT_LENGTH] if char.isprintable())


WRITTEN_FORMS: Mapping[tuple[str, str], Writer] = {
    **{("amount", case): _amount for case in ("nom", "gen", "acc")},
    ("date", "gen"): _date,
    ("date", "weekday"): _weekday_date,
    ("digits", ""): _digits,
    ("number", ""): _number,
    ("number", "days"): _days,
    ("text", ""): _text,
    ("setting", ""): _text,
}
