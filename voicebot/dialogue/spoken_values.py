"""Turns what was said into plain data: days, moments, amounts, plans and digits by kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from voicebot.dialogue.polish.amount_bounds import parse_bounded_amount
from voicebot.dialogue.polish.birth_dates import parse_birth_date
from voicebot.dialogue.polish.calendar_spans import last_of_month
from voicebot.dialogue.polish.counts import (
    is_about_installments,
    parse_installments,
    plan_frequency,
)
from voicebot.dialogue.polish.date_expressions import DateExpression, Direction
from voicebot.dialogue.polish.dates import parse_date, parse_dates
from voicebot.dialogue.polish.digits import is_only_digits, parse_digits
from voicebot.dialogue.polish.times import CLOSES, OPENS, parse_datetime

Kind = Literal["date", "date_range", "datetime", "datetime_range", "amount", "plan", "digits"]
KINDS: tuple[str, ...] = get_args(Kind)
Value = dict[str, object]
"""Ready for JSON: texts, whole numbers, flags and None."""

_BY_TELLING: tuple[Kind, ...] = (
    "plan", "datetime_range", "datetime", "amount", "date_range", "date", "digits",
)  # fmt: skip
_YOUNGEST = 15
"""Years since a date of birth; a day less far back is one of payment."""
_FEWEST_DIGITS = 4
"""Fewer, with words beside them, are a count ("dwa razy dzwoniliście")."""
_PHONE_DIGITS = 9
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ValueContext:
    """What is known of the case, to work out what was said relative to it.

    now: aware, in the caller's zone. balance_gr: all that is owed; principal_gr: less interest;
    paid_gr: what of the balance is offered or paid already, for "resztę". opens, closes: when
    people are called, for "o piątej". direction: of a sentence without a verb. payday: the day of
    the month on which the caller's income comes. length: how many digits there must be.
    """

    now: dt.datetime
    balance_gr: int | None = None
    principal_gr: int | None = None
    paid_gr: int | None = None
    opens: dt.time = OPENS
    closes: dt.time = CLOSES
    direction: Direction = "future"
    payday: int | None = None
    length: int | None = None


def read_value(kind: Kind, text: str, context: ValueContext) -> Value | None:
    """What was said of a kind; None where nothing was.

    "ask" names what must be asked because it can't be known; nothing is guessed.
    """
    match kind:
        case "date" | "date_range":
            return _days(text, context)
        case "datetime" | "datetime_range":
            return _moments(text, context)
        case "amount":
            return _amount(text, context)
        case "plan":
            return _plan(text, context)
        case "digits":
            return _digits(text, context)


def read_any(text: str, context: ValueContext, likely: Sequence[Kind] = ()) -> Value | None:
    """What was said, of whatever kind: "kind" tells the main one, the keys of the others follow.

    likely: kinds to be the main one if they were said, as the intent tells.
    """
    found = _found_kinds(text, context)
    if not found:
        return None
    order = [kind for kind in (*likely, *_BY_TELLING) if kind in found]
    value: Value = {"kind": order[0]}
    for kind in order:
        for key, item in found[kind].items():
            value.setdefault(key, item)
    return value


def _found_kinds(text: str, context: ValueContext) -> dict[Kind, Value]:
    found: dict[Kind, Value] = {}
    born = parse_birth_date(text)
    if born is not None and born.year < context.now.year - _YOUNGEST:
        return {"date": {"date": born.isoformat(), "op": "on", "direction": "past"}}
    plan = _plan(text, context)
    amount = _amount(text, context) if plan is None else None
    if plan is not None:
        found["plan"] = plan
    elif amount is not None:
        found["amount"] = amount
    moment = parse_datetime(text, context.now, context.opens, context.closes, context.direction)
    if moment is not None and moment.start_at is not None:
        is_span = moment.kind == "datetime_range"
        found["datetime_range" if is_span else "datetime"] = _moment_value(moment, context)
    else:
        days = _days(text, context)
        if days is not None:
            found["date_range" if "from" in days and "date" not in days else "date"] = days
    digits = _digits(text, context)
    said = str(digits["digits"] or "") if digits is not None else ""
    is_only = is_only_digits(text)
    if digits is None or (len(said) < _FEWEST_DIGITS and not is_only):
        return found
    # "zero zero dziewięćset pięćdziesiąt" is no amount, nor are nine digits of a telephone.
    is_number = said.startswith("0") or (is_only and len(said) >= _PHONE_DIGITS)
    if not found or (is_number and found.keys() <= {"amount"}):
        return {"digits": digits}
    if is_only:
        found["digits"] = digits
    return found


# ---- days --------------------------------------------------------------------------------------


def _days(text: str, context: ValueContext) -> Value | None:
    found = parse_date(text, context.now, context.direction)
    if found is not None:
        return _day_value(found, context)
    refused = [
        day.date.isoformat()
        for day in parse_dates(text, context.now, context.direction)
        if day.is_negated and day.date is not None
    ]
    return {"date": None, "ask": "date", "refused": refused} if refused else None


def _day_value(found: DateExpression, context: ValueContext) -> Value:
    value: Value = {
        "op": found.op,
        "direction": found.direction,
        "approx": found.is_approximate,
        "confirm": found.needs_confirmation,
    }
    if found.anchor:
        value["anchor"] = found.anchor
    if found.problem:
        value["problem"] = found.problem
    if found.kind == "date_range" and found.start is not None and found.end is not None:
        value |= {"from": found.start.isoformat(), "to": found.end.isoformat()}
        if found.is_choice:
            value |= {"date": None, "ask": "date", "confirm": True}
        return value
    day = found.date
    if day is None and found.anchor == "income_event" and context.payday:
        return value | _payday(context, context.payday)
    if day is None or found.problem in ("weekday_mismatch", "no_such_day"):
        # Never the one or the other day: what contradicts itself is asked again.
        return value | {"date": None, "ask": "date"}
    value["date"] = day.isoformat()
    if found.problem == "past":
        value |= {"ask": "date", "confirm": True}
    return value | _limits(found, day, context.now.date())


def _payday(context: ValueContext, day_of_month: int) -> Value:
    """The next day on which the income comes; it is the caller who must confirm it."""
    today = context.now.date()
    for ahead in (0, 31):
        month = today.replace(day=1) + dt.timedelta(days=ahead)
        last = last_of_month(month.year, month.month)
        day = last.replace(day=min(day_of_month, last.day))
        if day >= today:
            break
    return {"date": day.isoformat(), "op": "after", "confirm": True}


def _limits(found: DateExpression, day: dt.date, today: dt.date) -> Value:
    """First and last day that agree with what was said; None for an open end."""
    start: dt.date | None = day
    end: dt.date | None = day
    if found.op in ("by", "before"):
        start = None if found.direction == "past" else min(today, day)
        end = day - _DAY if found.op == "before" else day
    elif found.op in ("after", "from"):
        start, end = day + _DAY if found.op == "after" else day, None
    return {
        "from": start.isoformat() if start is not None else None,
        "to": end.isoformat() if end is not None else None,
    }


# ---- moments -----------------------------------------------------------------------------------


def _moments(text: str, context: ValueContext) -> Value | None:
    found = parse_datetime(text, context.now, context.opens, context.closes, context.direction)
    if found is None:
        return None
    if found.start_at is None:
        return _day_value(found, context) | {"datetime": None, "ask": found.ask or "time"}
    return _moment_value(found, context)


def _moment_value(found: DateExpression, context: ValueContext) -> Value:
    assert found.start_at is not None
    minute = context.now.replace(second=0, microsecond=0)
    value: Value = {
        "op": found.op,
        "direction": "past" if (found.end_at or found.start_at) < minute else "future",
        "approx": found.is_approximate,
        "confirm": found.needs_confirmation,
    }
    if found.problem:
        return value | {"datetime": None, "problem": found.problem, "ask": "date"}
    start = _minute(found.start_at)
    end = _minute(found.end_at or found.start_at)
    value["date"] = start[:10]
    if found.kind == "datetime":
        return value | {"datetime": start, "from": start, "to": start}
    limit = {"after": start, "from": start, "by": end, "before": end}.get(found.op)
    return value | {"from": start, "to": end} | ({"datetime": limit} if limit else {})


def _minute(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


# ---- amounts, plans, digits --------------------------------------------------------------------


def _amount(text: str, context: ValueContext) -> Value | None:
    found = parse_bounded_amount(text, context.balance_gr)
    if found is None:
        return None
    if found.to_gr:
        span: Value = {"from_gr": found.amount.amount_gr, "to_gr": found.to_gr}
        value: Value = {"amount_gr": None, "ask": "amount", "approx": True, "confirm": True}
        return span | value
    amount = found.amount
    amount_gr: int | None = amount.amount_gr
    if amount.reference == "principal":
        amount_gr = context.principal_gr
    elif amount.reference == "rest" and context.balance_gr and context.paid_gr is not None:
        amount_gr = context.balance_gr - context.paid_gr
    value = {"amount_gr": amount_gr or None, "approx": amount.is_approximate}
    if found.op != "exactly":
        value["op"] = found.op
    if amount.reference:
        value["ref"] = amount.reference
    if not amount_gr:
        value["ask"] = "amount"
    return value


def _plan(text: str, context: ValueContext) -> Value | None:
    found = parse_installments(text, context.balance_gr)
    if found is None:
        if not is_about_installments(text):
            return None
        return {
            "installments": None,
            "amount_gr": None,
            "frequency": plan_frequency(text),
            "ask": "installments",
        }
    value: Value = {
        "installments": found.installments or None,
        "amount_gr": found.amount_gr or None,
        "frequency": found.frequency,
        "approx": found.is_approximate,
    }
    if found.day_of_month:
        value["day_of_month"] = found.day_of_month
    first = parse_date(text, context.now)
    if first is not None and first.op in ("on", "from") and not first.problem:
        day = first.date or first.start
        if day is not None and first.direction == "future":
            value["first_date"] = day.isoformat()
    return value


def _digits(text: str, context: ValueContext) -> Value | None:
    digits = parse_digits(text, context.length)
    born = parse_birth_date(text)
    if digits is None and born is None:
        return None
    value: Value = {"digits": digits}
    if digits is not None and len(digits) == 5:
        value["postcode"] = f"{digits[:2]}-{digits[2:]}"
    if born is not None:
        value["date"] = born.isoformat()
    return value
