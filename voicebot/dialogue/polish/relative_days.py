"""Finds days counted from today: "jutro", "za dwa tygodnie", "trzy dni temu"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from voicebot.dialogue.polish import calendar_spans, feasts
from voicebot.dialogue.polish.calendar_spans import Unit
from voicebot.dialogue.polish.date_expressions import Match
from voicebot.dialogue.polish.date_sentence import DateSentence
from voicebot.dialogue.polish.date_words import (
    AT_ONCE,
    DAYS_FROM_TODAY,
    PAYS_AT_ONCE,
    SEASONS,
    UNITS,
    VAGUE,
)
from voicebot.dialogue.polish.numerals import read_cardinal
from voicebot.dialogue.polish.words import MONTH_FORMS

_WITHIN = (
    ("w", "ciagu"), ("w", "przeciagu"), ("w", "terminie"), ("do",), ("dajcie", "mi"),
    ("daj", "mi"), ("dac", "mi"), ("dajcie",), ("da", "mi"), ("potrzebuje", "jeszcze"),
    ("potrzebuje",), ("potrzeba", "mi"), ("prosze", "o"), ("poprosze", "o"), ("w",),
)  # fmt: skip


class RelativeDays:
    """Each public method is a rule: it answers with the day that begins at a token, or None."""

    def __init__(self, said: DateSentence) -> None:
        self._said = said

    def relative_word(self, at: int) -> Match | None:
        days = DAYS_FROM_TODAY.get(self._said.word(at))
        if days == 0 and self._said.word(at - 1) == "od" and self._said.word(at + 1) == "za":
            # "od dziś za tydzień"
            return None
        if days is not None:
            day = self._said.today + dt.timedelta(days=days)
            return Match(
                at, at + 1, day, direction="past" if days < 0 else self._said.direction_at(at)
            )
        for phrase in AT_ONCE:
            end = self._said.phrase_ends(at, phrase)
            if end and self._is_paid_at_once(at):
                direction = self._said.direction_at(at)
                return Match(at, end, self._said.today, role="now", direction=direction)
        return None

    def _is_paid_at_once(self, at: int) -> bool:
        words = [token.text for token in self._said.tokens]
        if "nie" in words[max(at - 3, 0) : at + 4]:
            return False
        return len(words) == 1 or any(PAYS_AT_ONCE.fullmatch(word) for word in words)

    def _moved(self, hundredths: int, unit: Unit, sign: int = 1) -> tuple[dt.date, bool] | None:
        """Today moved by a number of units, and whether a fraction made that a rough guess."""
        n, fraction = divmod(hundredths, 100)
        if not calendar_spans.is_plausible(n, unit):
            return None
        if unit == "business_day" and sign > 0:
            return feasts.add_business_days(self._said.today, n), False
        day = calendar_spans.shift(self._said.today, sign * n, unit)
        if not fraction:
            return day, False
        if unit == "year":
            return calendar_spans.add_months(day, sign * fraction * 12 // 100), False
        days = {"day": 1, "week": 7, "month": 30, "quarter": 90}.get(unit, 0) * fraction // 100
        return day + dt.timedelta(days=sign * days), True

    def ahead(self, at: int) -> Match | None:
        """ "za tydzień", "za dwa trzy dni", "za dwa do trzech tygodni", "za tydzień dwa"."""
        if self._said.word(at) != "za":
            return None
        start, at = at, at + 1
        is_rough = False
        while self._said.word(at) in (
            "okolo",
            "jakies",
            "jakis",
            "gdzies",
            "mniej",
            "wiecej",
            "moze",
            "z",
            "niecaly",
            "niecale",
        ):
            is_rough = True
            at += 1
        if self._said.word(at) in ("dobry", "rowny", "rowne", "caly", "cale", "dokladnie", "rowno"):
            at += 1
        unit = self._said.unit(at)
        if unit is not None:
            return self._after_bare_unit(start, *unit, is_rough)
        quantity = self._said.quantity(at)
        if quantity is None:
            return None
        numbers, end, is_vague = quantity
        unit = self._said.unit(end)
        if unit is None:
            return None
        if is_vague:
            return Match(start, unit[1], None, ask="date", anchor="vague", is_approximate=True)
        return self._moved_match(start, numbers, *unit, is_rough)

    def _after_bare_unit(self, start: int, unit: Unit, end: int, is_rough: bool) -> Match | None:
        numbers = [100]
        link = end
        while self._said.word(link) in ("lub", "albo", "do", "gora", "czy", "moze", ",", "-"):
            link += 1
        second = read_cardinal(self._said.tokens, link)
        if (
            second is not None
            and 200 <= second.hundredths <= 300
            and UNITS.get(self._said.word(second.end)) in (None, unit)
            and self._said.word(second.end) not in MONTH_FORMS
            and not self._said.is_money(second.end)
        ):
            numbers.append(second.hundredths)
            end = second.end + (self._said.word(second.end) in UNITS)
        return self._moved_match(start, numbers, unit, end, is_rough)

    def _moved_match(
        self, start: int, numbers: Sequence[int], unit: Unit, end: int, is_rough: bool
    ) -> Match | None:
        moved = [self._moved(number, unit) for number in numbers]
        if not moved or any(day is None for day in moved):
            return None
        days = [day for day in moved if day is not None]
        is_rough = is_rough or any(rough for _, rough in days)
        last = days[-1][0] if len(days) > 1 else None
        role = unit if unit in ("week", "month") and last is None else "other"
        modifier = "ahead" if role != "other" else ""
        return Match(start, end, days[0][0], last, role, modifier, is_approximate=is_rough)

    def counted_from(self, at: int) -> Match | None:
        """ "dwa tygodnie od dziś", "tydzień od jutra"."""
        numbers, end = [100], at
        if self._said.unit(at) is None:
            quantity = self._said.quantity(at)
            if quantity is None or quantity[2] or len(quantity[0]) > 1:
                return None
            numbers, end, _ = quantity
        unit = self._said.unit(end)
        if unit is None or self._said.word(unit[1]) != "od":
            return None
        start = DAYS_FROM_TODAY.get(self._said.word(unit[1] + 1))
        moved = self._moved(numbers[0], unit[0])
        if start is None or moved is None:
            return None
        day = moved[0] + dt.timedelta(days=start)
        return Match(at, unit[1] + 2, day, op="on", is_approximate=moved[1])

    def ago(self, at: int) -> Match | None:
        """ "tydzień temu", "dwa dni temu", "przed tygodniem"."""
        start = at
        is_rough = self._said.word(at) in ("z", "ze", "okolo", "jakies", "jakis", "gdzies")
        if is_rough:
            at += 1
        is_before = self._said.word(at) == "przed"
        if is_before:
            at += 1
        numbers, end = [100], at
        unit = self._said.unit(at)
        if unit is None:
            quantity = self._said.quantity(at)
            if quantity is None:
                return None
            numbers, end, is_vague = quantity
            unit = self._said.unit(end)
            if unit is None or (is_before and not self._said.word(unit[1] - 1).endswith("mi")):
                return None
            if is_vague and (is_before or self._said.word(unit[1]) == "temu"):
                end = unit[1] + (not is_before)
                return Match(start, end, None, ask="date", anchor="vague", direction="past")
        elif is_before and not self._said.word(at).endswith("em"):
            return None
        if not is_before and self._said.word(unit[1]) != "temu":
            return None
        if not numbers:
            return None
        moved = self._moved(numbers[0], unit[0], -1)
        if moved is None:
            return None
        end = unit[1] + (not is_before)
        earlier = self._moved(numbers[-1], unit[0], -1) if len(numbers) > 1 else None
        if earlier is not None:
            return Match(start, end, earlier[0], moved[0], op="on", direction="past")
        rough = is_rough or moved[1]
        role = "week" if unit[0] == "week" and not rough else "other"
        return Match(start, end, moved[0], None, role, "", "on", "past", is_approximate=rough)

    def within(self, at: int) -> Match | None:
        """ "w ciągu tygodnia", "do trzech dni", "dajcie mi dwa miesiące"."""
        for phrase in _WITHIN:
            end = self._said.phrase_ends(at, phrase)
            match = self._after_within(at, end, phrase) if end else None
            if match is not None:
                return match
        return None

    def _after_within(self, start: int, at: int, phrase: tuple[str, ...]) -> Match | None:
        if self._said.word(at) in ("najblizszego", "najblizszych", "okolo"):
            at += 1
        numbers = [100]
        unit = self._said.unit(at)
        if phrase == ("w",) and not self._is_span_of_time(at):
            return None
        if unit is None:
            quantity = self._said.quantity(at)
            unit = None if quantity is None else self._said.unit(quantity[1])
            if quantity is None or unit is None:
                return None
            numbers, _, is_vague = quantity
            if is_vague:
                return Match(start, unit[1], None, ask="date", anchor="vague")
        elif phrase == ("do",) and self._said.word(at) not in ("tygodnia", "miesiaca"):
            # "do dnia piętnastego" and "do roku 2027" begin something else.
            return None
        elif unit[0] == "day" and phrase != ("do",):
            # "w ciągu dnia" is an hour of the day.
            return None
        moved = self._moved(numbers[-1], unit[0])
        if moved is None:
            return None
        return Match(start, unit[1], moved[0], op="by", is_approximate=moved[1])

    def _is_span_of_time(self, at: int) -> bool:
        """Whether "w" says how long it takes: "w tydzień", "w trzy dni", not "w dni robocze"."""
        if self._said.word(at) in ("tydzien", "miesiac"):
            return True
        number = read_cardinal(self._said.tokens, at)
        return number is not None and self._said.word(number.end) in (
            "dni", "tygodnie", "tygodni", "miesiace", "miesiecy",
        )  # fmt: skip

    def vague(self, at: int) -> Match | None:
        for phrase in VAGUE:
            end = self._said.phrase_ends(at, phrase)
            if end:
                return Match(at, end, None, ask="date", anchor="vague", is_approximate=True)
        word = self._said.word(at)
        if word in SEASONS or (word == "lata" and self._said.word(at - 1) == "do"):
            return Match(at, at + 1, None, ask="date", anchor="season", is_approximate=True)
        return None
