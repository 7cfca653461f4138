"""Fills a state's slots from what was said or keyed. All of Polish is in dialogue/polish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from voicebot.dialogue.nlu import MAX_TEXT_LENGTH
from voicebot.dialogue.polish.amounts import parse_amount
from voicebot.dialogue.polish.birth_dates import parse_birth_date
from voicebot.dialogue.polish.counts import parse_installments
from voicebot.dialogue.polish.date_expressions import DateExpression
from voicebot.dialogue.polish.dates import parse_date
from voicebot.dialogue.polish.digits import parse_digits, parse_postcode
from voicebot.dialogue.polish.times import parse_datetime
from voicebot.dialogue.polish.yes_no import parse_yes_no
from voicebot.dialogue.script import SlotSpec

_KEYED_ANSWERS = {"1": "yes", "2": "no"}
_MAX_AMOUNT_GR = 10**11
_NIP_LENGTH = 10
_NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True)
class FilledSlots:
    """Values by variable. `problem`: why something that was said could not be taken.

    past: the date is over (or the sentence speaks of the past); no_such_date: the 31st of
    April; ask_date: a time without a date ("po wypłacie"); two_dates: one or the other;
    weekday_mismatch: a weekday and a day that is another, `said_day`.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    problem: str = ""
    said_day: date | None = None


def fill_from_text(
    slots: Mapping[str, SlotSpec],
    text: str,
    balances_gr: Mapping[str, int],
    now: datetime,
) -> FilledSlots:
    """Read every slot out of an utterance. now: local time, which "jutro" is relative to.

    balances_gr: by slot of kind amount or plan, what "całość" or "połowa" refers to.
    """
    text = text[:MAX_TEXT_LENGTH]
    values: dict[str, object] = {}
    problem = ""
    said_day: date | None = None
    for name, slot in slots.items():
        value: object = None
        match slot.kind:
            case "amount":
                amount = parse_amount(text, balances_gr.get(name))
                if amount is not None and 0 < amount.amount_gr <= _MAX_AMOUNT_GR:
                    value = amount.amount_gr
            case "date":
                expression = parse_date(text, now)
                if expression is not None:
                    value, problem = _promised_day(expression, now.date())
                    said_day = expression.date if problem == "weekday_mismatch" else None
            case "digits" | "case_number":
                value = parse_digits(text, slot.length)
            case "birth_date":
                value = parse_birth_date(text)
            case "postcode":
                value = parse_postcode(text)
            case "yes_no":
                value = _answer(text)
            case "plan":
                plan = parse_installments(text, balances_gr.get(name))
                if plan is not None and plan.installments > 0 and plan.amount_gr > 0:
                    value = plan.installments
                    values[slot.amount] = plan.amount_gr
            case "nip":
                digits = parse_digits(text, _NIP_LENGTH)
                value = digits if digits is not None and is_nip(digits) else None
            case "time":
                value = text.strip() if parse_datetime(text, now) is not None else None
            case "words":
                value = text.strip() or None
        if value is not None:
            values[name] = value
    return FilledSlots(values, problem, said_day)


def fill_from_keys(slots: Mapping[str, SlotSpec], digits: str, now: datetime) -> FilledSlots:
    """Read the first slot that the pressed keys fit: dates as DDMM or DDMMRRRR, 1 yes, 2 no."""
    keys = digits.rstrip("#")
    if not keys.isdecimal() or not keys.isascii():
        return FilledSlots()
    for name, slot in slots.items():
        value: object = None
        match slot.kind:
            case "digits" | "case_number":
                value = keys if len(keys) == slot.length else None
            case "birth_date":
                value = _keyed_birth_date(keys)
            case "postcode":
                value = keys if len(keys) == 5 else None
            case "nip":
                value = keys if is_nip(keys) else None
            case "yes_no":
                value = _KEYED_ANSWERS.get(keys)
            case "amount":
                value = int(keys) * 100 if len(keys) < 8 and int(keys) > 0 else None
            case "date":
                value = _keyed_day(keys, now.date())
            case _:
                pass
        if value is not None:
            return FilledSlots({name: value})
    return FilledSlots()


def is_nip(digits: str) -> bool:
    """Whether a company's tax number is whole: ten digits, the last a check on the others."""
    if len(digits) != _NIP_LENGTH or not (digits.isdecimal() and digits.isascii()):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_NIP_WEIGHTS, digits, strict=False))
    return total % 11 == int(digits[-1])


def _promised_day(expression: DateExpression, today: date) -> tuple[date | None, str]:
    """The day to read back, or why there is none.

    Of a range the last day: what is to happen "za dwa, trzy dni" has happened by then.
    """
    if expression.is_negated:
        return None, ""
    if expression.direction == "past" or expression.problem == "past":
        return None, "past"
    if expression.problem == "weekday_mismatch":
        return None, "weekday_mismatch"
    if expression.problem:
        return None, "no_such_date"
    if expression.is_choice:
        return None, "two_dates"
    day = expression.end or expression.date or expression.start
    if day is None or expression.ask or expression.op == "after":
        return None, "ask_date"
    if expression.op == "before":
        day -= timedelta(days=1)
    return (day, "") if day >= today else (None, "past")


def _answer(text: str) -> str | None:
    """yes, no; weak_yes, weak_no ("no", "raczej nie"); unsure ("może")."""
    answer = parse_yes_no(text)
    if answer is None:
        return None
    if answer.strength == "uncertain":
        return "unsure"
    word = "yes" if answer.is_yes else "no"
    return word if answer.strength == "clear" else f"weak_{word}"


def _keyed_birth_date(keys: str) -> date | None:
    if len(keys) != 8:
        return None
    return _day(int(keys[4:]), int(keys[2:4]), int(keys[:2]))


def _keyed_day(keys: str, today: date) -> date | None:
    """DDMM: the next such day, today included. DDMMRRRR: that day, unless it is over."""
    if len(keys) == 8:
        day = _keyed_birth_date(keys)
        return day if day is not None and day >= today else None
    if len(keys) != 4:
        return None
    for year in (today.year, today.year + 1):
        day = _day(year, int(keys[2:]), int(keys[:2]))
        if day is not None and day >= today:
            return day
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
