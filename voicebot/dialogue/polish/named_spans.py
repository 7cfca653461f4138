"""Finds weeks, months, their parts, weekends and feasts: "w połowie kwietnia"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from voicebot.dialogue.polish import calendar_spans, feasts
from voicebot.dialogue.polish.calendar_spans import Part, Unit
from voicebot.dialogue.polish.date_expressions import Direction, Match
from voicebot.dialogue.polish.date_sentence import DateSentence
from voicebot.dialogue.polish.date_words import LAST, PARTS, UNITS
from voicebot.dialogue.polish.numerals import ORDINALS, read_ordinal
from voicebot.dialogue.polish.words import MONTH_FORMS, WEEKDAY_FORMS, word_set

_HOLIDAYS = word_set("swieta swiat swietach swietami")
_FEASTS_BEGIN = _HOLIDAYS | {words[0] for words in feasts.FEASTS}


class NamedSpans:
    """Each public method is a rule: it answers with the span that begins at a token, or None."""

    def __init__(self, said: DateSentence) -> None:
        self._said = said

    def _span(
        self, at: int, direction: Direction
    ) -> tuple[calendar_spans.Span, Unit, int, int] | None:
        """A week, month, quarter or year, pointed to or named: span, unit, offset, index after."""
        offset, end = self._said.which(at)
        if self._said.word(end) in ("calego", "calym"):
            end += 1
        month = MONTH_FORMS.get(self._said.word(end))
        if month is not None and end == at:
            year, end = self._said.year_after(end + 1)
            resolved = year or self._said.year_of_month(month, direction)
            first = dt.date(resolved, month, 1)
            return (first, calendar_spans.last_of_month(resolved, month)), "month", 0, end
        ordinal = read_ordinal(self._said.tokens, end)
        if (
            ordinal is not None
            and self._said.word(ordinal.end).startswith("kwartal")
            and ordinal.value < 5
        ):
            year, after = self._said.year_after(ordinal.end + 1)
            month = ordinal.value * 3
            resolved = year or self._said.year_of_month(month, direction)
            return (
                calendar_spans.span_of(dt.date(resolved, month, 1), "quarter"),
                "quarter",
                0,
                after,
            )
        if (
            ordinal is not None
            and self._said.word(ordinal.end).startswith("polrocz")
            and ordinal.value in (1, 2)
        ):
            year, after = self._said.year_after(ordinal.end + 1)
            resolved = year or self._said.year_of_month(ordinal.value * 6, direction)
            half_year = calendar_spans.span_of(dt.date(resolved, ordinal.value * 6, 1), "half_year")
            return half_year, "half_year", 0, after
        unit = UNITS.get(self._said.word(end))
        if unit is None or unit == "day":
            return None
        if end == at and self._said.word(end) in (
            "tydzien",
            "miesiac",
            "rok",
            "lata",
            "lat",
            "tygodnie",
        ):
            return None
        moved = calendar_spans.shift(self._said.today, offset, unit)
        if unit != "week":
            moved = calendar_spans.shift(
                calendar_spans.span_of(self._said.today, unit)[0], offset, unit
            )
        return calendar_spans.span_of(moved, unit), unit, offset, end + 1

    def part(self, at: int) -> Match | None:
        """ "w połowie kwietnia", "do końca tygodnia", "w drugiej połowie miesiąca"."""
        start = at
        half = 0
        ordinal = ORDINALS.get(self._said.word(at))
        if (
            ordinal is not None
            and ordinal[0] in (1, 2)
            and self._said.word(at + 1) in ("polowie", "polowy")
        ):
            half, at = ordinal[0], at + 1
        part = PARTS.get(self._said.word(at))
        if part is None:
            return None
        op = self._said.op_before(start)
        end = at + 1
        if self._said.word(end) in ("dnia", "dzisiejszego") and part == "end" and op == "by":
            return Match(start, end + 1, self._said.today, op="by")
        if self._said.word(end) in ("weekendu", "weekend"):
            sunday = calendar_spans.week_of(self._said.today)[1]
            return Match(start, end + 1, sunday, op="by" if op == "by" else "on")
        direction = self._said.direction_at(start)
        found = self._span(end, direction)
        if found is None:
            feast = self.feast(end)
            if feast is None or part != "end" or op not in ("by", "before"):
                return None
            return Match(start, feast.end, feast.last, op="by", direction=direction)
        span, unit, offset, end = found
        if op in ("by", "before") and part == "end":
            return Match(start, end, span[1], op="by", direction=direction)
        if offset < 0:
            direction = "past"
        is_relative = offset == 0 and self._said.word(end - 1) in UNITS
        first, last = self._days_of_part(span, unit, part, half)
        today = self._said.today
        # "na początku miesiąca", said on the 11th, is the next month's beginning.
        if is_relative and direction == "future" and last < today:
            span = calendar_spans.span_of(span[1] + dt.timedelta(days=1), unit)
            first, last = self._days_of_part(span, unit, part, half)
        elif is_relative and direction == "past" and first > today:
            span = calendar_spans.span_of(span[0] - dt.timedelta(days=1), unit)
            first, last = self._days_of_part(span, unit, part, half)
        if op == "by":
            day = first if part == "start" else first + (last - first) // 2
            return Match(start, end, day, op="by", is_approximate=True, needs_confirmation=True)
        if direction == "future" and last >= today:
            first = max(first, today)
        return Match(start, end, first, last, direction=direction, is_approximate=True)

    def _days_of_part(
        self, span: calendar_spans.Span, unit: Unit, part: Part, half: int
    ) -> calendar_spans.Span:
        """half: 1 or 2 for "pierwsza połowa", "druga połowa"; 0 for the middle third."""
        if not half:
            return calendar_spans.part_of(span, unit, part)
        first, last = span
        middle = first.replace(day=15) if unit == "month" else first + (last - first) // 2
        return (first, middle) if half == 1 else (middle + dt.timedelta(days=1), last)

    def numbered_week(self, at: int) -> Match | None:
        """ "w pierwszym tygodniu kwietnia", "ostatniego dnia miesiąca"."""
        word = self._said.word(at)
        is_last = word in ("ostatni", "ostatnia", "ostatniego", "ostatnim", "ostatnich")
        ordinal = ORDINALS.get(word)
        following = self._said.word(at + 1)
        if word == "ostatniego" and following in MONTH_FORMS:
            found = self._span(at + 1, self._said.direction_at(at))
            if found is not None:
                return Match(at, found[3], found[0][1], role="day", is_month_named=True)
        if word == "ostatniego" and not following and at < 2:
            last = calendar_spans.span_of(self._said.today, "month")[1]
            return Match(at, at + 1, last, role="day", is_month_named=True)
        if following in ("dzien", "dniu", "dniach") and ordinal and ordinal[0] == 1:
            return self._first_days(at)
        if following in WEEKDAY_FORMS and (is_last or (ordinal and ordinal[1][0] in "mf")):
            return self._weekday_of_month(at, 5 if ordinal is None else ordinal[0])
        if is_last and following in ("dzien", "dnia", "dniem", "dniu", "dniach"):
            found = self._span(at + 2, self._said.direction_at(at))
            if found is None:
                return None
            (first, last), _, _, end = found
            if following == "dniach":
                return Match(at, end, last - dt.timedelta(days=4), last, is_approximate=True)
            return Match(at, end, last, role="day", is_month_named=True)
        if following != "tygodniu" or not (is_last or (ordinal and 1 <= ordinal[0] <= 4)):
            return None
        found = self._span(at + 2, self._said.direction_at(at))
        if found is None or found[1] != "month":
            return None
        (first, last), _, _, end = found
        if is_last:
            days = (last - dt.timedelta(days=6), last)
        else:
            from_day = first + dt.timedelta(weeks=(ordinal[0] if ordinal else 1) - 1)
            days = (from_day, from_day + dt.timedelta(days=6))
        return Match(at, end, *days, is_approximate=True)

    def _first_days(self, at: int) -> Match | None:
        """ "w pierwszy dzień miesiąca", "w pierwszych dniach kwietnia"."""
        found = self._span(at + 2, self._said.direction_at(at))
        if found is None or found[1] == "week":
            return None
        (first, last), _, offset, end = found
        if first < self._said.today and self._said.word(end - 1) in UNITS and not offset:
            first = last + dt.timedelta(days=1)
        if self._said.word(at + 1) != "dniach":
            return Match(at, end, first, role="day", is_month_named=True)
        return Match(at, end, first, first + dt.timedelta(days=4), is_approximate=True)

    def _weekday_of_month(self, at: int, n: int) -> Match | None:
        """ "w trzeci piątek kwietnia", "w ostatni piątek miesiąca"; n is 5 for the last."""
        found = self._span(at + 2, self._said.direction_at(at))
        if found is None or found[1] != "month":
            # "w trzeci piątek" of what? "w ostatni piątek" alone is the one before.
            return None if n == 5 else Match(at, at + 2, None, ask="date", anchor="vague")
        (first, last), _, offset, end = found
        weekday = WEEKDAY_FORMS[self._said.word(at + 1)]
        day = self._nth_weekday(first, last, weekday, n)
        is_gone = day < self._said.today and self._said.direction_at(at) == "future"
        if is_gone and not offset and self._said.word(end - 1) in UNITS:
            # "w pierwszy piątek miesiąca", said on the 11th
            first, last = calendar_spans.span_of(last + dt.timedelta(days=1), "month")
            day = self._nth_weekday(first, last, weekday, n)
        if n > 5 or day > last:
            return Match(at, end, None, ask="date", problem="no_such_day")
        return Match(at, end, day, role="day", needs_confirmation=True, is_month_named=True)

    @staticmethod
    def _nth_weekday(first: dt.date, last: dt.date, weekday: int, n: int) -> dt.date:
        if n == 5:
            return last - dt.timedelta(days=(last.weekday() - weekday) % 7)
        return first + dt.timedelta(days=(weekday - first.weekday()) % 7, weeks=n - 1)

    def turn_of_months(self, at: int) -> Match | None:
        """ "na przełomie marca i kwietnia": from the 21st to the 10th."""
        if self._said.word(at) not in ("przelomie", "przelom"):
            return None
        direction = self._said.direction_at(at)
        found = self._span(at + 1, direction)
        if found is None:
            return None
        (_, last), unit, _, end = found
        if (
            unit == "month"
            and self._said.word(end) == "i"
            and self._said.word(end + 1) in MONTH_FORMS
        ):
            end += 2
        first = calendar_spans.part_of((last.replace(day=1), last), "month", "end")[0]
        until = last + dt.timedelta(days=10)
        return Match(at, end, first, until, direction=direction, is_approximate=True)

    def named_span(self, at: int) -> Match | None:
        """ "w przyszłym tygodniu", "w tym miesiącu", "przyszłego roku"."""
        offset, end = self._said.which(at)
        if end == at:
            return self._numbered_span(at)
        unit = UNITS.get(self._said.word(end))
        if unit is None or unit == "day":
            return None
        direction = self._said.direction_at(at)
        found = self._span(at, direction)
        if found is None:
            return None
        (first, last), unit, offset, end = found
        if offset < 0:
            direction = "past"
        elif offset > 0:
            direction = "future"
        if offset == 0 and direction == "future":
            first = max(first, self._said.today)
        elif offset == 0:
            last = min(last, self._said.today)
        role = "week" if unit == "week" else "month" if unit == "month" else "other"
        return Match(at, end, first, last, role, direction=direction)

    def _numbered_span(self, at: int) -> Match | None:
        """ "w drugim kwartale", "w pierwszym półroczu"."""
        if ORDINALS.get(self._said.word(at)) is None:
            return None
        found = self._span(at, self._said.direction_at(at))
        if found is None:
            return None
        (first, last), _, _, end = found
        if first <= self._said.today <= last and self._said.direction_at(at) == "future":
            first = self._said.today
        return Match(at, end, first, last, direction=self._said.direction_at(at))

    def month(self, at: int) -> Match | None:
        """ "w kwietniu"; only where a preposition or the form shows that it is a month."""
        month = MONTH_FORMS.get(self._said.word(at))
        if month is None or (
            self._said.word(at) in ("maj", "maja") and self._said.op_before(at) is None
        ):
            return None
        direction = self._said.direction_at(at)
        year, end = self._said.year_after(at + 1)
        resolved = year or self._said.year_of_month(month, direction)
        first, last = dt.date(resolved, month, 1), calendar_spans.last_of_month(resolved, month)
        if first <= self._said.today <= last:
            if direction == "future":
                first = self._said.today
            else:
                last = self._said.today
        return Match(at, end, first, last, "month", direction=direction)

    def weekend(self, at: int) -> Match | None:
        offset, end = self._said.which(at)
        if not self._said.word(end).startswith("weekend") and self._said.word(end) != "lykend":
            return None
        saturday = calendar_spans.week_of(self._said.today)[0] + dt.timedelta(days=5)
        direction = self._said.direction_at(at)
        if offset < 0 or (offset == 0 and direction == "past"):
            saturday -= dt.timedelta(weeks=1)
            direction = "past"
        elif offset > 0:
            saturday += dt.timedelta(weeks=1)
        sunday = saturday + dt.timedelta(days=1)
        first = max(saturday, self._said.today) if direction == "future" else saturday
        return Match(
            at, end + 1, first, sunday, "weekend", direction=direction,
            needs_confirmation=offset > 0,
        )  # fmt: skip

    def feast(self, at: int) -> Match | None:
        if self._said.word(at) not in _FEASTS_BEGIN:
            return None
        for length in range(feasts.LONGEST_NAME, 0, -1):
            words = tuple(self._said.word(at + offset) for offset in range(length))
            span_in = feasts.FEASTS.get(words)
            if span_in is not None:
                return self._feast_match(at, at + length, span_in)
        which = {"pierwszy": 0, "drugi": 1}.get(self._said.word(at))
        if which is not None and self._said.phrase_ends(at + 1, ("dzien", "swiat")):
            return Match(at, at + 3, feasts.next_feast_days(self._said.today)[which])
        if self._said.word(at) in _HOLIDAYS:
            direction = self._said.direction_at(at)
            if self._said.word(at - 1) in LAST:
                direction = "past"
            past = direction == "past"
            days = (feasts.last_feast_days if past else feasts.next_feast_days)(self._said.today)
            return Match(at, at + 1, *days, direction=direction)
        return None

    def _feast_match(
        self, at: int, end: int, span_in: Callable[[int], tuple[dt.date, dt.date]]
    ) -> Match:
        direction = self._said.direction_at(at)
        year, end = self._said.year_after(end)
        if year is None:
            year = self._said.today.year
            first, last = span_in(year)
            if direction == "past" and first > self._said.today:
                year -= 1
            elif direction == "future" and last < self._said.today:
                year += 1
        first, last = span_in(year)
        return Match(at, end, first, last, direction=direction)
