"""Finds the day a caller names and works it out from the day of the call."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from voicebot.dialogue.polish import calendar_spans
from voicebot.dialogue.polish.anchors import find_anchor
from voicebot.dialogue.polish.corrections import without_corrected
from voicebot.dialogue.polish.date_expressions import DateExpression, Direction, Match, Op
from voicebot.dialogue.polish.date_sentence import DateSentence
from voicebot.dialogue.polish.date_words import ABOUT, NO_LATER, PAYING
from voicebot.dialogue.polish.named_days import NamedDays
from voicebot.dialogue.polish.named_spans import NamedSpans
from voicebot.dialogue.polish.numerals import read_ordinal
from voicebot.dialogue.polish.relative_days import RelativeDays
from voicebot.dialogue.polish.words import MONTH_FORMS, Token, tokenize, word_set
from voicebot.dialogue.polish.years import read_year

__all__ = ["DateExpression", "DateReader", "FoundDay", "find_days", "parse_date", "parse_dates"]


_OR = word_set("albo lub czy ewentualnie do")
_PAYDAY_FIRST = re.compile(
    r"\b(?:mam|mamy|dostaje|bede mial|bede miala|jest|przychodzi) "
    r"(?:wyplat|emerytur|pensj|rent|zasil)\w* (?:, )?(?:wiec|to|i|dlatego|no to|a)\b"
)


def parse_date(
    text: str, now: dt.datetime, direction: Direction = "future"
) -> DateExpression | None:
    """The day that was said; None where none was, or none that was not refused.

    now: aware, in the caller's zone. direction: of a sentence without a verb. Of several days
    this is the first; "nie zapłacę w piątek" gives none, a correction ("nie w piątek, tylko w
    poniedziałek") gives what was meant in the end.
    """
    found = [
        expression for expression in parse_dates(text, now, direction) if not expression.is_negated
    ]
    if len(found) > 1 and _PAYDAY_FIRST.search(" ".join(token.text for token in tokenize(text))):
        # "dziesiątego mam wypłatę, więc jedenastego"
        return found[1]
    return found[0] if found else None


def parse_dates(
    text: str, now: dt.datetime, direction: Direction = "future"
) -> list[DateExpression]:
    """Every day that was said, in order."""
    tokens = tokenize(text)
    found = [day.expression for day in _find(tokens, now.date(), direction)]
    joined = " ".join(token.text for token in tokens)
    anchor = find_anchor(joined)
    if anchor and not found:
        return [DateExpression(ask="date", anchor=anchor)]
    if anchor:
        found = [e if e.anchor else replace(e, anchor=anchor) for e in found]
    return found


@dataclass(frozen=True, slots=True)
class FoundDay:
    """A day or span, and where it stands in the tokens (less what was taken back)."""

    expression: DateExpression
    match: Match
    tokens: Sequence[Token]


def find_days(text: str, now: dt.datetime) -> list[FoundDay]:
    """Every day that was said, in order, with its place; days that are told by an event
    ("po wypłacie") are not among them."""
    return list(_find(tokenize(text), now.date()))


# A turn is read for its wholeness and for its slots, and guesses at it are mostly the turn itself.
@lru_cache(maxsize=16)
def _find(
    tokens: tuple[Token, ...], today: dt.date, direction: Direction = "future"
) -> tuple[FoundDay, ...]:
    tokens = _with_last_month(tokens)
    whole = DateSentence(tokens, today, direction)
    kept = without_corrected(
        tokens, lambda part: bool(DateReader(DateSentence(part, today)).matches())
    )
    said = whole if kept is tokens else DateSentence(kept, today, whole.default_direction)
    reader = DateReader(said)
    return tuple(FoundDay(reader.express(match), match, kept) for match in reader.matches())


def _with_last_month(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Without the first month of "piętnastego kwietnia, przepraszam, maja"."""
    spoken = [at for at, token in enumerate(tokens) if not token.is_mark]
    for first, taken_back, second in zip(spoken, spoken[1:], spoken[2:], strict=False):
        months = {tokens[first].text, tokens[second].text} <= MONTH_FORMS.keys()
        if months and tokens[taken_back].text in ("przepraszam", "nie", "znaczy", "raczej"):
            return tokens[:first] + tokens[second:]
    return tokens


def forget_texts() -> None:
    """Drop what was kept of the last texts, to measure what reading one costs."""
    _find.cache_clear()


class DateReader:
    """Reads the days out of one sentence: finds them, joins neighbours, adds prepositions."""

    def __init__(self, said: DateSentence) -> None:
        self._said = said
        relative, spans, days = RelativeDays(said), NamedSpans(said), NamedDays(said)
        self._rules: tuple[Callable[[int], Match | None], ...] = (
            relative.relative_word,
            spans.feast,
            relative.ahead,
            relative.ago,
            relative.counted_from,
            relative.within,
            spans.part,
            spans.numbered_week,
            spans.turn_of_months,
            spans.named_span,
            days.weekday,
            days.written_date,
            days.day_of_month,
            spans.month,
            spans.weekend,
            relative.vague,
        )

    def matches(self) -> list[Match]:
        """Every day or span in the text, in order, neighbours that belong together joined."""
        found: list[Match] = []
        at = 0
        while at < len(self._said.tokens):
            match = self._match_at(at)
            if match is None:
                at = self._after_time(at)
                continue
            found.append(match)
            at = max(match.end, at + 1)
        return self._join(found)

    def _after_time(self, at: int) -> int:
        """Past an hour ("o szesnastej trzydzieści") or a year, or one word on."""
        ordinal = read_ordinal(self._said.tokens, at)
        if ordinal is not None and ordinal.form.startswith("f"):
            return ordinal.end
        year = read_year(self._said.tokens, at)
        return at + 1 if year is None else year[1]

    def _match_at(self, at: int) -> Match | None:
        for rule in self._rules:
            match = rule(at)
            if match is not None:
                return match
        return None

    def _gap(self, first: Match, second: Match) -> list[str]:
        words = [self._said.word(at) for at in range(first.end, second.start)]
        return [
            word
            for word in words
            if word not in (",", "-", "–", ".", "czyli", "to", "jest", "w", "we", "tak")
        ]

    def _join(self, found: list[Match]) -> list[Match]:
        """Puts together "w piątek, dwudziestego", "w środę w przyszłym tygodniu", "od 5 do 10"."""
        joined: list[Match] = []
        for match in found:
            if joined:
                both = self._pair(joined[-1], match)
                if both is not None:
                    joined[-1] = both
                    continue
            joined.append(match)
        return joined

    def _pair(self, first: Match, second: Match) -> Match | None:
        gap = self._gap(first, second)
        if not gap and {first.role, second.role} == {"weekday", "day"}:
            return self._weekday_and_day(first, second)
        if not gap and {first.role, second.role} == {"weekday", "week"}:
            return self._weekday_in_week(first, second)
        if not gap and {first.role, second.role} == {"week", "weekend"}:
            return self._weekend_in_week(first, second)
        if not gap and {first.role, second.role} == {"day", "month"}:
            return self._day_in_month(first, second)
        if gap == ["od"] and first.modifier == "ahead" and first.first and second.first:
            # "za tydzień od piątku"
            day = second.first + (first.first - self._said.today)
            return replace(
                second, start=first.start, first=day, last=None, role="other", op="on",
                needs_confirmation=True,
            )  # fmt: skip
        if first.first is None or second.first is None or first.is_range or second.is_range:
            return None
        return self._range(first, second, gap)

    def _day_in_month(self, first: Match, second: Match) -> Match | None:
        """ "w lipcu piątego", "za dwa miesiące pierwszego"."""
        day, month = (first, second) if first.role == "day" else (second, first)
        if day.is_month_named or not day.day_number or month.first is None:
            return None
        joined = replace(
            day, start=first.start, end=second.end, direction=month.direction, problem="", ask="",
            needs_confirmation=False, is_month_named=True,
        )  # fmt: skip
        if day.day_number > calendar.monthrange(month.first.year, month.first.month)[1]:
            return replace(joined, first=None, problem="no_such_day", ask="date")
        return replace(joined, first=month.first.replace(day=day.day_number))

    def _weekday_and_day(self, first: Match, second: Match) -> Match:
        weekday, day = (first, second) if first.role == "weekday" else (second, first)
        joined = replace(day, start=first.start, end=second.end)
        if (
            day.first is None
            or weekday.first is None
            or day.first.weekday() == weekday.first.weekday()
        ):
            return joined
        return replace(joined, problem="weekday_mismatch", needs_confirmation=True)

    def _weekday_in_week(self, first: Match, second: Match) -> Match | None:
        weekday, week = (first, second) if first.role == "weekday" else (second, first)
        if weekday.first is None or week.first is None:
            return None
        monday = calendar_spans.week_of(week.first)[0]
        day = monday + dt.timedelta(days=weekday.first.weekday())
        confirm = weekday.needs_confirmation
        if week.modifier == "ahead":
            # On a Wednesday, "za tydzień w poniedziałek" may be next week's or the one after.
            weeks = (week.first - self._said.today).days // 7
            ahead = (weekday.first.weekday() - self._said.today.weekday()) % 7
            other = self._said.today + dt.timedelta(days=ahead, weeks=weeks)
            confirm = day != other
            if weekday.start < week.start:
                day = other
        return replace(
            weekday, start=first.start, end=second.end, first=day, direction=week.direction,
            needs_confirmation=confirm, role="day", is_month_named=True,
        )  # fmt: skip

    def _weekend_in_week(self, first: Match, second: Match) -> Match | None:
        """ "za tydzień w weekend"."""
        weekend, week = (first, second) if first.role == "weekend" else (second, first)
        if week.first is None:
            return None
        saturday = calendar_spans.week_of(week.first)[0] + dt.timedelta(days=5)
        return replace(
            weekend, start=first.start, end=second.end, first=saturday,
            last=saturday + dt.timedelta(days=1), direction=week.direction,
        )  # fmt: skip

    def _is_taken_back(self, first: Match, second: Match) -> bool:
        """ "nie mogę w piątek, w poniedziałek mogę": two clauses, not two days."""
        after = [self._said.word(at) for at in range(second.end, second.end + 3)]
        return bool(PAYING & set(after) and "nie" not in after) and self._is_negated(first)

    def _range(self, first: Match, second: Match, gap: list[str]) -> Match | None:
        before = self._said.word(first.start - 1)
        if first.first is None or second.first is None:
            return None
        is_span = (before == "od" and gap == ["do"]) or (
            before in ("miedzy", "pomiedzy") and gap in (["a"], ["i"])
        )
        is_span = is_span or (before == "z" and gap == ["na"] and first.role == "weekday")
        is_dashed = (
            not gap and first.role == second.role and first.role in ("day", "weekday", "other")
        )
        if is_dashed and self._is_taken_back(first, second):
            return None
        is_choice = not is_span and len(gap) == 1 and gap[0] in _OR
        if not is_span and not is_dashed and not is_choice:
            return None
        if first.role == "now" or second.role == "now":
            return None
        start, end = first.first, second.first
        if first.role == "day" and second.role == "day" and not first.is_month_named:
            # The month said once, at the end, holds for both.
            inherited = self._inherit_month(start.day, end)
            if inherited is not None:
                start = inherited
        if start > end and second.role == "weekday":
            end += dt.timedelta(weeks=1)
        if start >= end:
            return None
        return replace(
            second, start=first.start, end=second.end, first=start, last=end, op="on",
            role="other", needs_confirmation=is_choice, is_choice=is_choice and gap != ["do"],
        )  # fmt: skip

    def _inherit_month(self, day: int, other: dt.date) -> dt.date | None:
        if day > calendar.monthrange(other.year, other.month)[1]:
            return None
        found = other.replace(day=day)
        if found > other:
            found = calendar_spans.add_months(found, -1)
        return found

    def _op(self, match: Match) -> Op:
        if match.op is not None:
            return match.op
        if match.ask and match.first is None:
            return "on"
        words = [self._said.word(at) for at in range(max(match.start - 4, 0), match.start + 1)]
        is_limit = bool(NO_LATER & set(words)) or words[-3:-1] == ["pozniej", "niz"]
        is_limit = is_limit or "pozniej niz" in " ".join(words)
        if "wczesniej niz" in " ".join(words) or "najwczesniej" in words:
            return "from"
        after = self._said.word(match.end)
        if after == "najwczesniej":
            return "from"
        is_limit = is_limit or after in ("najpozniej", "najdalej")
        op = self._said.op_before(match.start) or "on"
        if is_limit and op in ("on", "by"):
            return "by"
        return op

    def _is_negated(self, match: Match) -> bool:
        at = match.start - 1
        while at >= 0:
            word = self._said.word(at)
            if self._said.tokens[at].is_mark or word in ("ale", "tylko", "wiec", "bo", "lecz", "a"):
                return False
            if word == "nie":
                return self._said.word(at + 1) not in ("pozniej", "wczesniej")
            if word in PAYING and self._said.word(at - 1) != "nie" and word != "mam":
                return False
            at -= 1
        return self._is_refused_after(match.end)

    def _is_refused_after(self, at: int) -> bool:
        """Whether a refusal follows in the same clause: "w piątek nie dam rady"."""
        while at < len(self._said.tokens):
            word = self._said.word(at)
            if self._said.tokens[at].is_mark or word in ("ale", "tylko", "bo", "lecz", "a", "jak"):
                return False
            if word in PAYING:
                return False
            if word == "krucho":
                return True
            if word == "nie":
                return self._said.word(at + 1) not in ("pozniej", "wczesniej", "wiecej", "ma")
            at += 1
        return False

    def _shifted(self, match: Match) -> DateExpression | None:
        """ "dzień po świętach", "dwa dni przed piętnastym": days counted from the match."""
        at = match.start - 1
        sign = {"po": 1, "przed": -1}.get(self._said.word(at))
        unit = self._said.unit(at - 1)
        if sign is None or match.first is None or unit is None or unit[0] not in ("day", "week"):
            return None
        n = 1
        for start in (at - 3, at - 2):
            quantity = self._said.quantity(start) if start >= 0 else None
            if quantity is not None and quantity[1] == at - 1:
                numbers, _, is_vague = quantity
                if is_vague or len(numbers) != 1 or numbers[0] > 3000:
                    return DateExpression(ask="date", anchor="vague")
                n = numbers[0] // 100
                break
        base = (match.last or match.first) if sign > 0 else match.first
        day = calendar_spans.shift(base, sign * n, unit[0])
        return DateExpression(
            date=day, direction=match.direction, is_negated=self._is_negated(match),
            needs_confirmation=True,
        )  # fmt: skip

    def express(self, match: Match) -> DateExpression:
        """The match with its preposition, as what is handed out."""
        shifted = self._shifted(match)
        if shifted is not None:
            return shifted
        op = self._op(match)
        near = {self._said.word(at) for at in range(max(match.start - 3, 0), match.start)}
        is_approximate = match.is_approximate or bool(ABOUT & near)
        base = DateExpression(
            op=op, direction=match.direction, is_approximate=is_approximate,
            needs_confirmation=match.needs_confirmation, ask=match.ask, anchor=match.anchor,
            problem=match.problem, is_negated=self._is_negated(match),
        )  # fmt: skip
        if match.first is None:
            return base
        if not match.is_range:
            return replace(base, date=match.first)
        assert match.last is not None
        if op == "on":
            return replace(
                base, kind="date_range", start=match.first, end=match.last,
                is_choice=match.is_choice,
            )  # fmt: skip
        if op == "after":
            return replace(base, date=match.last)
        # Until, before or from a span is until its first day; "do maja" is asked again.
        return replace(
            base, date=match.first, needs_confirmation=op == "by" or base.needs_confirmation
        )
