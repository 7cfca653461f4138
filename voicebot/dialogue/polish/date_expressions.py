"""What a caller says about days, worked out, and where in the text it stood."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

Kind = Literal["date", "date_range", "datetime", "datetime_range"]
Op = Literal["on", "by", "after", "before", "from"]
Direction = Literal["future", "past"]
Problem = Literal["", "no_such_day", "weekday_mismatch", "past"]


@dataclass(frozen=True, slots=True)
class DateExpression:
    """A day or a span of days, or of time, as it was said.

    date: the day where it is one; for `datetime` the day of `start_at`. start, end: first and
    last day of a range. start_at, end_at: aware, in the caller's zone. op: "by" the day and no
    later, "after" it (not on it), "before" it, "from" it on. needs_confirmation: read back and
    ask. ask: "date" where an event or nothing exact was named, so that `date` is None. anchor:
    the event ("income_event", "other_event", "season", "vague"). problem: "no_such_day" (31
    April; `date` is None), "weekday_mismatch" (`date` is the numbered day), "past" (a day
    gone by less than a month ago, said as if to come). is_negated: said with "nie". is_choice:
    the range is one day or another ("w piątek albo w sobotę").
    """

    kind: Kind = "date"
    date: dt.date | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    start_at: dt.datetime | None = None
    end_at: dt.datetime | None = None
    op: Op = "on"
    direction: Direction = "future"
    is_approximate: bool = False
    needs_confirmation: bool = False
    ask: str = ""
    anchor: str = ""
    problem: Problem = ""
    is_negated: bool = False
    is_choice: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Some tokens that name a day or a span, before their preposition is looked at.

    role: what it may be combined with: "weekday", "day" (with its month or not), "week", "month",
    "now", "other". modifier: the weekday's "next", "this", "last" or "nearest"; "ahead" of a week
    or month counted from today. day_number: of a day without its month.
    """

    start: int
    end: int
    first: dt.date | None
    last: dt.date | None = None
    role: str = "other"
    modifier: str = ""
    op: Op | None = None
    direction: Direction = "future"
    is_approximate: bool = False
    needs_confirmation: bool = False
    ask: str = ""
    anchor: str = ""
    problem: Problem = ""
    is_month_named: bool = False
    is_choice: bool = False
    day_number: int = 0

    @property
    def is_range(self) -> bool:
        """More than one day."""
        return self.last is not None and self.last != self.first
