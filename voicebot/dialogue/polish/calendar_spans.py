"""Works out days and spans of days on the calendar: weeks, months, their thirds, clamps."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Literal

Unit = Literal["day", "business_day", "week", "month", "quarter", "half_year", "year"]
Part = Literal["start", "middle", "end"]
Span = tuple[dt.date, dt.date]

_MOST = {"day": 1500, "business_day": 400, "week": 210, "month": 60, "quarter": 20, "year": 10}


def last_of_month(year: int, month: int) -> dt.date:
    """The last day of a month."""
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def add_months(day: dt.date, n: int) -> dt.date:
    """The same day n months on; the month's last where it is shorter (31 January, 28 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    return min(
        last_of_month(year, month + 1), dt.date(year, month + 1, 1) + dt.timedelta(day.day - 1)
    )


def is_plausible(n: int, unit: Unit) -> bool:
    """Whether somebody may mean so far a day; larger numbers are misheard."""
    return 0 <= n <= _MOST.get(unit, 20)


def week_of(day: dt.date) -> Span:
    """Monday to Sunday."""
    monday = day - dt.timedelta(days=day.weekday())
    return monday, monday + dt.timedelta(days=6)


def span_of(day: dt.date, unit: Unit) -> Span:
    """The whole week, month, quarter, half-year or year that holds `day`."""
    if unit == "week":
        return week_of(day)
    months = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}.get(unit)
    if months is None:
        return day, day
    first_month = (day.month - 1) // months * months + 1
    return dt.date(day.year, first_month, 1), last_of_month(day.year, first_month + months - 1)


def shift(day: dt.date, n: int, unit: Unit) -> dt.date:
    """`day` moved by whole units, clamped at a month's end."""
    if unit in ("day", "business_day"):
        return day + dt.timedelta(days=n)
    if unit == "week":
        return day + dt.timedelta(weeks=n)
    return add_months(day, n * {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[unit])


def part_of(span: Span, unit: Unit, part: Part) -> Span:
    """Beginning, middle or end: of a month the 1st to 10th, 11th to 20th, 21st to its last."""
    first, last = span
    if unit == "month":
        first_day, last_day = {"start": (1, 10), "middle": (11, 20), "end": (21, 31)}[part]
        return first.replace(day=first_day), min(first.replace(day=min(last_day, last.day)), last)
    if unit == "week":
        from_day, to_day = {"start": (0, 1), "middle": (2, 3), "end": (4, 6)}[part]
        return first + dt.timedelta(days=from_day), first + dt.timedelta(days=to_day)
    if unit == "quarter":
        return span_of(add_months(first, {"start": 0, "middle": 1, "end": 2}[part]), "month")
    if unit == "half_year":
        return span_of(add_months(first, {"start": 0, "middle": 2, "end": 5}[part]), "month")
    if unit == "year":
        from_month, to_month = {"start": (0, 0), "middle": (5, 6), "end": (11, 11)}[part]
        start, end = add_months(first, from_month), add_months(first, to_month)
        return start, last_of_month(end.year, end.month)
    return span
