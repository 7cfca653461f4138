"""Finds weekdays and days of the month: "w piątek", "do piętnastego", "15.03"."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import replace

from voicebot.dialogue.polish import calendar_spans
from voicebot.dialogue.polish.date_expressions import Direction, Match, Problem
from voicebot.dialogue.polish.date_sentence import DateSentence
from voicebot.dialogue.polish.date_words import (
    LAST,
    NEAREST,
    NEXT,
    NOT_DAYS,
    PREPOSITIONS,
    SMALL_WORDS,
    THIS,
    UNITS,
)
from voicebot.dialogue.polish.numerals import Ordinal, read_cardinal, read_ordinal
from voicebot.dialogue.polish.words import MONTH_FORMS, WEEKDAY_FORMS, word_set


class NamedDays:
    """Each public method is a rule: it answers with the day that begins at a token, or None."""

    def __init__(self, said: DateSentence) -> None:
        self._said = said

    def weekday(self, at: int) -> Match | None:
        start = at
        word = self._said.word(at)
        modifier = ""
        if word in NEXT:
            modifier = "next"
        elif word in LAST or word in ("ostatni", "ostatnia"):
            modifier = "last"
        elif word in NEAREST:
            modifier = "nearest"
        elif word in THIS:
            modifier = "this"
        if modifier:
            at += 1
        number = WEEKDAY_FORMS.get(self._said.word(at))
        if number is None or self._said.word(start - 1) in ("co", "kazda", "kazdy", "co drugi"):
            return None
        end = at + 1
        if (
            not modifier
            and self._said.word(end) in NEXT | LAST
            and self._said.word(end + 1) not in UNITS
        ):
            modifier = "next" if self._said.word(end) in NEXT else "last"
            end += 1
        direction: Direction = self._said.direction_at(start)
        if modifier == "last":
            direction = "past"
        elif modifier in ("next", "nearest"):
            direction = "future"
        monday = calendar_spans.week_of(self._said.today)[0]
        confirm = False
        ahead = (number - self._said.today.weekday()) % 7 or 7
        if modifier == "next":
            day = monday + dt.timedelta(days=7 + number)
            confirm = True
        elif modifier == "last":
            day = monday + dt.timedelta(days=number - 7)
            confirm = True
        elif modifier == "this":
            day = monday + dt.timedelta(days=number)
            if day < self._said.today and direction == "future":
                day += dt.timedelta(weeks=1)
                confirm = True
        elif direction == "past":
            day = self._said.today - dt.timedelta(
                days=(self._said.today.weekday() - number) % 7 or 7
            )
        else:
            day = self._said.today + dt.timedelta(days=ahead)
        return Match(
            start, end, day, role="weekday", modifier=modifier, direction=direction,
            needs_confirmation=confirm,
        )  # fmt: skip

    def written_date(self, at: int) -> Match | None:
        """ "15.03.2026", "2026-03-15", "15.03"."""
        text = self._said.word(at)
        apart = [self._said.word(at + step) for step in range(3)]
        if all(part.isdigit() for part in apart) and [len(part) for part in apart] == [2, 2, 4]:
            # "20 03 2026"
            day, month, year = (int(part) for part in apart)
            if 1900 <= year <= 2099 and 1 <= month <= 12:
                return self._day_match(at, at + 3, day, month, year)
        if not text[:1].isdigit() or text.isdigit():
            return None
        if self._said.is_money(at + 1) or self._said.word(at - 1) in ("o", "godzina", "godzinie"):
            return None
        parts = re.split(r"[./-]", text)
        if "," in text or ":" in text or not 2 <= len(parts) <= 3:
            return None
        if any(not part.isdigit() for part in parts):
            return None
        if len(parts) == 3:
            numbers = [int(part) for part in parts]
            if len(parts[0]) == 4:
                numbers.reverse()
            day, month, year = numbers
            if year < 100:
                year += 2000
            if not 1900 <= year <= 2099:
                return None
            return self._day_match(at, at + 1, day, month, year)
        if len(parts[0]) > 2 or len(parts[1]) > 2:
            return None
        day, month = int(parts[0]), int(parts[1])
        if not 1 <= day <= 31 or not 1 <= month <= 12:
            return None
        year_found, end = self._said.year_after(at + 1)
        return self._day_match(at, end, day, month, year_found)

    def day_of_month(self, at: int) -> Match | None:
        found = self._day_number(at)
        if found is None:
            return None
        day, end, form = found
        start = at
        if self._said.word(end) == "." and MONTH_FORMS.get(self._said.word(end + 1)):
            end += 1
        if self._said.word(end) == "dnia" and MONTH_FORMS.get(self._said.word(end + 1)):
            end += 1
        if self._said.word(end) in ("w", "we") and MONTH_FORMS.get(self._said.word(end + 1)):
            end += 1
        month = MONTH_FORMS.get(self._said.word(end))
        if month is not None:
            year, end = self._said.year_after(end + 1)
            return self._day_match(start, end, day, month, year)
        shared = self._shared_month(end)
        if shared is not None:
            # "10-15 kwietnia"
            match = self._day_match(start, end, day, shared, None)
            return replace(match, is_month_named=False)
        if form == "number":
            return None
        numbered = self._month_by_number(end, form)
        if numbered is not None:
            month, end = numbered
            year, end = self._said.year_after(end)
            match = self._day_match(start, end, day, month, year)
            # "piątego szóstego" is 5 June, or the fifth or the sixth.
            return replace(match, needs_confirmation=True) if month == day + 1 else match
        return self._bare_day(start, end, day, form)

    def _shared_month(self, at: int) -> int | None:
        """The month that is said with the second of two numbers written in digits only."""
        first, link, second = (self._said.word(at + step) for step in (-1, 0, 1))
        if link not in ("do", "-", "–", "a", "albo", "lub") or len(second) > 2:
            return None
        if not first.isdigit() or not second.isdigit() or int(first) >= int(second):
            return None
        return MONTH_FORMS.get(self._said.word(at + 2))

    def _day_number(self, at: int) -> tuple[int, int, str] | None:
        """A number from 1 to 31 that may be a day, the index after it, and its form."""
        ordinal = read_ordinal(self._said.tokens, at)
        if ordinal is not None:
            if not ordinal.form.startswith("m") or not 1 <= ordinal.value <= 99:
                return None
            # "trzydziestego drugiego" is a day that no month has, "osiemdziesiątego" a year.
            is_no_day = ordinal.value > 39 or ordinal.form != "m.gen"
            if ordinal.value > 31 and is_no_day and self._said.word(ordinal.end) not in MONTH_FORMS:
                return None
            return ordinal.value, ordinal.end, ordinal.form
        number = read_cardinal(self._said.tokens, at)
        if number is None or number.whole is None or not 1 <= number.whole <= 99:
            return None
        form = "number"
        if not number.is_spoken and self._is_written_day(at, number.end):
            form = "written"
        return number.whole, number.end, form

    def _is_written_day(self, at: int, end: int) -> bool:
        """Whether digits after a preposition are a day: "do 15"."""
        before, following = self._said.word(at - 1), self._said.word(end)
        if int(re.sub(r"\D", "", self._said.word(at)) or 0) > 31 or len(self._said.word(at)) > 2:
            return False
        if (
            following in UNITS
            or self._said.is_money(end)
            or following in ("rat", "raty", "procent", "%")
        ):
            return False
        if following in ("godzin", "godziny", "minut", "zl") or self._said.word(end)[:1].isdigit():
            return False
        joined = " ".join(token.text for token in self._said.tokens)
        if "dzwon" in joined or "godzin" in joined:
            return False
        if before in ("do", "dnia"):
            return True
        number = int(self._said.word(at))
        # "na 15" is a day, "na 12" may be so many months, "po 18" an hour.
        return number > (12 if before == "na" else 24) and before in ("po", "przed", "od", "na")

    def _month_by_number(self, at: int, form: str) -> tuple[int, int] | None:
        """The month of "dwudziesty trzeci trzeci" and "piętnastego czwartego"."""
        if form not in ("m.nom", "m.gen"):
            return None
        if self._said.word(at) == "zero":
            # "piętnasty zero czwarty"
            at += 1
        ordinal: Ordinal | None = read_ordinal(self._said.tokens, at)
        if ordinal is None or ordinal.form != form or not 1 <= ordinal.value <= 12:
            return None
        if self._said.word(ordinal.end) in MONTH_FORMS or self._said.word(ordinal.end) in NOT_DAYS:
            return None
        return ordinal.value, ordinal.end

    def _bare_day(self, start: int, end: int, day: int, form: str) -> Match | None:
        """A day without a month: this month's if it is still to come, else the next month's."""
        following = self._said.word(end)
        if day > 31:
            is_year = following in ("roku", "rok") or form != "m.gen"
            return None if is_year else self._no_such_day(start, end, "future")
        if following in NOT_DAYS and following != "miesiac":
            return None
        before = self._said.word(start - 1)
        if form == "m.nom" and not self._stands_alone(start, end):
            return None
        if form in ("m.loc", "m.dat") and before not in (
            "po",
            "przed",
            "miedzy",
            "pomiedzy",
            "a",
            "i",
        ):
            return None
        if form == "m.loc" and before == "i":
            return None
        if form == "m.gen" and day <= 3 and before in ("tego", "jednego", "z", "drugiego"):
            return None
        direction = self._said.direction_at(start)
        offset: int | None = None
        after = end
        if self._said.word(after) == "dnia":
            after += 1
        if self._said.word(after) == "kazdego":
            # "dziesiątego każdego miesiąca" is a rhythm, not a day.
            return None
        if (
            self._said.word(after) in ("w", "we")
            and self._said.word(after + 1) in NEXT | THIS | LAST
        ):
            after += 1
        which, after = self._said.which(after)
        if self._said.word(after) in ("miesiaca", "miesiacu"):
            end = after + 1
            pointed = self._said.word(after - 1) in NEXT | THIS | LAST
            offset = which if pointed else None
        confirm = form == "written"
        if offset is not None:
            first = calendar_spans.add_months(self._said.today.replace(day=1), offset)
            if offset < 0:
                direction = "past"
        elif direction == "past":
            first = self._said.today.replace(day=1)
            if day > self._said.today.day:
                first = calendar_spans.add_months(first, -1)
        else:
            first = self._said.today.replace(day=1)
            tomorrow = self._said.today + dt.timedelta(days=1)
            if day <= self._said.today.day or tomorrow.day == 1:
                first = calendar_spans.add_months(first, 1)
        if day > calendar.monthrange(first.year, first.month)[1]:
            return replace(self._no_such_day(start, end, direction), day_number=day)
        return Match(
            start, end, first.replace(day=day), role="day", direction=direction,
            needs_confirmation=confirm, is_month_named=offset is not None, day_number=day,
        )  # fmt: skip

    def _stands_alone(self, start: int, end: int) -> bool:
        """Whether nothing but small words is said besides: "piętnasty" as an answer."""
        small = SMALL_WORDS | PREPOSITIONS.keys() | WEEKDAY_FORMS.keys()
        small = small | word_set("prosze pasuje no tak dobrze moze byc")
        rest = [*self._said.tokens[:start], *self._said.tokens[end:]]
        return all(token.is_mark or token.text in small for token in rest)

    def _no_such_day(self, start: int, end: int, direction: Direction) -> Match:
        return Match(
            start, end, None, role="day", direction=direction, needs_confirmation=True,
            ask="date", problem="no_such_day",
        )  # fmt: skip

    def _day_match(self, start: int, end: int, day: int, month: int, year: int | None) -> Match:
        direction = self._said.direction_at(start)
        if not 1 <= month <= 12 or not 1 <= day <= 31:
            return self._no_such_day(start, end, direction)
        is_year_said = year is not None
        problem: Problem = ""
        if year is None:
            year = self._said.today.year
            order = (month, day), (self._said.today.month, self._said.today.day)
            if direction == "past" and order[0] > order[1]:
                year -= 1
            elif direction == "future" and order[0] < order[1]:
                gone = self._days_since(day, month)
                if gone is not None and gone <= 31:
                    problem = "past"
                else:
                    year += 1
        if day > calendar.monthrange(year, month)[1]:
            return self._no_such_day(start, end, direction)
        found = dt.date(year, month, day)
        if is_year_said:
            direction = "past" if found < self._said.today else direction
        return Match(
            start, end, found, role="day", direction=direction, problem=problem,
            needs_confirmation=bool(problem), is_month_named=True,
        )  # fmt: skip

    def _days_since(self, day: int, month: int) -> int | None:
        if day > calendar.monthrange(self._said.today.year, month)[1]:
            return None
        return (self._said.today - dt.date(self._said.today.year, month, day)).days
