"""Finds the day a caller names and works it out from the day of the call."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from voicebot.dialogue.polish import calendar_spans, feasts
from voicebot.dialogue.polish.birth_dates import parse_birth_date
from voicebot.dialogue.polish.calendar_spans import Part, Unit
from voicebot.dialogue.polish.corrections import without_corrected
from voicebot.dialogue.polish.numerals import (
    ORDINALS,
    Ordinal,
    read_cardinal,
    read_ordinal,
)
from voicebot.dialogue.polish.words import (
    MONTH_FORMS,
    WEEKDAY_FORMS,
    Token,
    tokenize,
    word_set,
)
from voicebot.dialogue.polish.years import read_year

__all__ = ["DateExpression", "parse_birth_date", "parse_date", "parse_dates"]

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
    gone by less than a month ago, said as if to come). is_negated: said with "nie".
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


@dataclass(frozen=True, slots=True)
class Match:
    """Some tokens that name a day or a span, before their preposition is looked at.

    role: what it may be combined with: "weekday", "day" (with its month or not), "week", "other".
    modifier: the weekday's "next", "this", "last" or "nearest".
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

    @property
    def is_range(self) -> bool:
        """More than one day."""
        return self.last is not None and self.last != self.first


# ---- words -----------------------------------------------------------------------------------

_DAYS_FROM_TODAY = {
    "dzisiaj": 0, "dzis": 0, "dzisiejszy": 0, "dzisiejszym": 0, "dzisiejszego": 0, "jutro": 1,
    "jutra": 1, "jutrzejszy": 1, "jutrzejszym": 1, "jutrzejszego": 1, "pojutrze": 2,
    "pojutrza": 2, "popojutrze": 3, "wczoraj": -1, "wczorajszy": -1, "wczorajszym": -1,
    "wczorajszego": -1, "przedwczoraj": -2, "przedwczorajszym": -2,
}  # fmt: skip
_AT_ONCE = (
    ("teraz",), ("zaraz",), ("natychmiast",), ("od", "razu"), ("od", "reki"),
    ("w", "tej", "chwili"), ("w", "tym", "momencie"), ("juz", "teraz"), ("na", "biezaco"),
)  # fmt: skip
_UNITS: dict[str, Unit] = {
    **dict.fromkeys(["dzien", "dnia", "dni", "dniach", "dniami", "dniem", "doba", "dobe"], "day"),
    **dict.fromkeys(
        ["tydzien", "tygodnia", "tygodnie", "tygodni", "tygodniu", "tygodniem", "tygodniami"],
        "week",
    ),
    **dict.fromkeys(
        ["miesiac", "miesiaca", "miesiace", "miesiecy", "miesiacu", "miesiacem", "miesiacami"],
        "month",
    ),
    **dict.fromkeys(["kwartal", "kwartalu", "kwartaly", "kwartale", "kwartalem"], "quarter"),
    **dict.fromkeys(["polrocze", "polrocza", "polroczu"], "half_year"),
    **dict.fromkeys(["rok", "roku", "lata", "lat", "rokiem", "roczek"], "year"),
}
_THIS = word_set("ten ta te tego tej tym biezacy biezacym biezacego biezacej")
_NEXT = word_set(
    "przyszly przyszla przyszle przyszlym przyszlego przyszlej nastepny nastepna nastepne "
    "nastepnym nastepnego nastepnej kolejny kolejna kolejnym kolejnego kolejnej"
)
_NEAREST = word_set("najblizszy najblizsza najblizszym najblizszego najblizszej najblizsze")
_LAST = word_set(
    "zeszly zeszla zeszlym zeszlego zeszlej ubiegly ubiegla ubieglym ubieglego ubieglej miniony "
    "miniona minionym minionego minionej poprzedni poprzednia poprzednim poprzedniego poprzedniej"
)
_PARTS: dict[str, Part] = {
    **dict.fromkeys(["poczatek", "poczatku", "poczatkiem"], "start"),
    **dict.fromkeys(
        ["polowa", "polowie", "polowy", "polowe", "srodku", "srodka", "srodek"], "middle"
    ),
    **dict.fromkeys(
        ["koniec", "konca", "koncu", "koncem", "koncowka", "koncowke", "koncowce"], "end"
    ),
}
_PREPOSITIONS: dict[str, Op] = {
    "do": "by", "po": "after", "przed": "before", "od": "from", "w": "on", "we": "on", "na": "on",
    "dnia": "on", "z": "on", "za": "on",
}  # fmt: skip
_NO_LATER = word_set("najpozniej najdalej maksymalnie")
_ABOUT = word_set("okolo kolo gdzies jakos okolicach okolice mniej_wiecej plus_minus mniej")
_SMALL_WORDS = word_set(
    "tak to jeszcze tego tam gdzies jakos juz chyba moze dopiero wlasnie samego az gdzie okolo kolo "
    "jakis jakies tym bede jakims mniej wiecej plus minus najblizszego ten dnia"
)
_VAGUE_COUNTS = word_set("pare kilka kilku kilkanascie iles jakies paru")
_MANY = {"day": "dni", "week": "tygodnie"}
_SEASONS = word_set(
    "wiosny wiosna wiosne wiosnie lata_ latem jesieni jesienia jesien zimy zima zimie wakacji "
    "wakacjach wakacjami ferii feriach feriami"
)
_VAGUE = (
    "na dniach", "w najblizszym czasie", "w najblizszych dniach", "wkrotce", "niedlugo",
    "niebawem", "kiedys", "za jakis czas", "za niedlugo", "w swoim czasie", "jak najszybciej",
    "lada dzien",
)  # fmt: skip
# After an ordinal without a month these show that it counts something else than days.
_NOT_DAYS = word_set(
    "raz razu razem razie numer numeru konto konta telefon telefonu kredyt kredytu dlug dlugu "
    "etap etapu punkt punktu lepszego lepszy rachunek rachunku tydzien tygodnia tygodniu miesiac "
    "kwartal kwartalu kwartale rok roku adres adresu stopnia wniosku wniosek pismo syn syna maz meza "
    "czlowieka osoba polowie polowa pietro pietrze czesc wezwanie wezwania pozyczki umowy"
)
_PAYING = word_set(
    "zaplace zaplacimy place przeleje przelejemy wplace wplacimy ureguluje uregulujemy splace "
    "splacimy oddam oddamy pokryje zrobie zrobimy wysle puszcze dam rzuce dac zaplacic wplacic "
    "przelac splacic moge mozemy bede bedzie dostane mam zaplacone_bedzie ureguluje_to postaram "
    "sprobuje obiecuje zalatwie zadzwonie oddzwonie dzwonic zadzwonic oddzwoncie zapisac"
)
_FUTURE_VERBS = _PAYING | word_set("beda zostanie chce chcialbym chcialabym planuje zamierzam")
_PAST_VERB = re.compile(
    r"(?:za|w|s|o|do|prze|wy|u|na)?(?:placi|placa|la|sla|pusci|regulowa|rzuci|robi|zrobi|syla|da)"
    r"(?:lem|lam|lismy|lysmy|l|la|li|ly|lo)"
    r"|(?:za|w|s|o)?placon[eyao]|przelan[eyao]|uregulowan[eyao]|wyslan[eyao]|zrobion[eya]"
    r"|posz(?:edl|ed|lo|la|ly)|wyszedl|wyszlo|wyszla|poslal[ae]m|przyszedl|dotar\w+"
    r"|zmarl[aoy]?|zmar|odesz(?:la|lo|li)|odszed\w*|dostal[aei]m|rozmawial[aei]m|dzwonil[aei]\w*"
)
_NOT_PAST = word_set("la l da dala slali robila wyslali dala. za")
_INCOME = re.compile(
    r"\b(?:po|przy|do|z|od|przed|w dniu|dniu) (?:\w+ )?(?:wyplac(?:ie|y)|wyplat[aey]|pensj[iae]|"
    r"emerytur(?:ze|y|a)|renci?e|renty|zasilk(?:u|iem|ow)|premi[iae]|zusu?|becikow\w+|"
    r"alimentach|diecie|zwrocie|dniowce|tygodniowce|wynagrodzeni\w+|stypendium)\b"
    r"|\b(?:800|500|osiemset|piecset|1000)(?: plus\b| ?\+)"
    r"|\b(?:jak|gdy|kiedy|skoro|az|dopiero|zanim)\b(?: \w+){0,5}? (?:dostane|dostaniemy|otrzymam|"
    r"otrzymamy|przyjdzie|przyjda|wplynie|wplyna|zaplaci|zaplaca|przeleje|przeleja|wyplaci|"
    r"wyplaca|zarobie|splynie|splyna|odzyskam|oddadza|odda|zwroci|zwroca|bede mial|bede miala|"
    r"bedziemy mieli|beda pieniadze|bedzie wyplata|dadza|przysla)\b"
    r"|\bczekam(?:y)?(?: \w+){0,2} na (?:\w+ )?(?:przelew|pieniadze|wyplat\w+|emerytur\w+|kase|"
    r"zwrot|pensje|zasilek|rente|premie)\b"
)
_OTHER_EVENT = re.compile(
    r"\b(?:jak|gdy|kiedy|dopiero jak)\b(?: \w+){0,3}? (?:wroce|wrocimy|sprzedam|znajde|wyjde|"
    r"skoncze|zalatwie|podpisze|wezme|pozycze|dogadam|porozmawiam|wyzdrowieje|bede w)\b"
    r"|\bpo (?:urlopie|powrocie|operacji|rozmowie|sprzedazy|szpitalu|sprawie)\b"
)


def parse_date(text: str, now: dt.datetime) -> DateExpression | None:
    """The day that was said; None where none was, or none that was not refused.

    now: aware, in the caller's zone. Of several days this is the first; "nie zapłacę w piątek"
    gives none, a correction ("nie w piątek, tylko w poniedziałek") gives what was meant in the end.
    """
    found = parse_dates(text, now)
    return next((e for e in found if not e.is_negated), None)


def parse_dates(text: str, now: dt.datetime) -> list[DateExpression]:
    """Every day that was said, in order."""
    tokens = tokenize(text)
    today = now.date()
    whole = DateReader(tokens, today)
    kept = without_corrected(tokens, lambda part: bool(DateReader(part, today).matches()))
    reader = whole if kept is tokens else DateReader(kept, today, whole.default_direction)
    found = [reader.express(match) for match in reader.matches()]
    joined = " ".join(token.text for token in tokens)
    anchor = find_anchor(joined)
    if anchor and not found:
        return [DateExpression(ask="date", anchor=anchor)]
    if anchor:
        found = [e if e.anchor else replace(e, anchor=anchor) for e in found]
    return found


def find_anchor(joined: str) -> str:
    """The kind of event, in folded words, that a payment is to wait for; "" without one."""
    if _INCOME.search(joined):
        return "income_event"
    return "other_event" if _OTHER_EVENT.search(joined) else ""


class DateReader:
    """Reads the days out of one text's tokens, for one day of the call."""

    def __init__(
        self, tokens: Sequence[Token], today: dt.date, default_direction: Direction = "future"
    ) -> None:
        self._tokens = tokens
        self._today = today
        self._verbs = self._find_verbs()
        self.default_direction: Direction = default_direction
        if self._verbs:
            self.default_direction = self._verbs[0][1]

    # ---- the text ----

    def _word(self, at: int) -> str:
        return self._tokens[at].text if 0 <= at < len(self._tokens) else ""

    def _phrase_ends(self, at: int, words: Sequence[str]) -> int:
        """Where the words end if they stand at `at`; 0 otherwise."""
        for offset, word in enumerate(words):
            if self._word(at + offset) != word:
                return 0
        return at + len(words)

    def _find_verbs(self) -> list[tuple[int, Direction]]:
        words = [token.text for token in self._tokens]
        is_to_be = "bedzie" in words or "beda" in words
        verbs: list[tuple[int, Direction]] = []
        for at, word in enumerate(words):
            if word in _FUTURE_VERBS:
                verbs.append((at, "future"))
            elif word == "temu" or (
                not is_to_be and word not in _NOT_PAST and _PAST_VERB.fullmatch(word)
            ):
                verbs.append((at, "past"))
        return verbs

    def _direction_at(self, at: int) -> Direction:
        """Whether the verb nearest to a place tells what was or what will be."""
        if not self._verbs:
            return self.default_direction
        return min(self._verbs, key=lambda verb: (abs(verb[0] - at), verb[0] > at))[1]

    # ---- finding ----

    def matches(self) -> list[Match]:
        """Every day or span in the text, in order, neighbours that belong together joined."""
        found: list[Match] = []
        at = 0
        while at < len(self._tokens):
            match = self._match_at(at)
            if match is None:
                at = self._after_time(at)
                continue
            found.append(match)
            at = max(match.end, at + 1)
        return self._join(found)

    def _after_time(self, at: int) -> int:
        """Past an hour ("o szesnastej trzydzieści") or a year, or one word on."""
        ordinal = read_ordinal(self._tokens, at)
        if ordinal is not None and ordinal.form.startswith("f"):
            return ordinal.end
        year = read_year(self._tokens, at)
        return at + 1 if year is None else year[1]

    def _match_at(self, at: int) -> Match | None:
        rules: tuple[Callable[[int], Match | None], ...] = (
            self._relative_word,
            self._feast,
            self._ahead,
            self._ago,
            self._within,
            self._part,
            self._numbered_week,
            self._named_span,
            self._weekday,
            self._written_date,
            self._day_of_month,
            self._month,
            self._weekend,
            self._vague,
        )
        for rule in rules:
            match = rule(at)
            if match is not None:
                return match
        return None

    def _relative_word(self, at: int) -> Match | None:
        days = _DAYS_FROM_TODAY.get(self._word(at))
        if days is not None:
            day = self._today + dt.timedelta(days=days)
            return Match(at, at + 1, day, direction="past" if days < 0 else self._direction_at(at))
        for phrase in _AT_ONCE:
            end = self._phrase_ends(at, phrase)
            if end and self._is_paid_at_once(at):
                return Match(at, end, self._today, role="now")
        return None

    def _is_paid_at_once(self, at: int) -> bool:
        words = [token.text for token in self._tokens]
        if "nie" in words[max(at - 3, 0) : at + 4]:
            return False
        return any(word in _PAYING for word in words) or len(words) == 1

    def _quantity(self, at: int) -> tuple[list[int], int, bool] | None:
        """Hundredths of one number or of two ("dwa trzy", "2-3"), the index after, and whether
        it was vague."""
        if self._word(at) in _VAGUE_COUNTS:
            end = at + 1
            if self._word(at) == "jakies" and (more := self._quantity(end)) is not None:
                return more
            return [], end, True
        first = read_cardinal(self._tokens, at)
        if first is None:
            return None
        end = first.end
        numbers = [first.hundredths]
        link = end + 1 if self._word(end) in ("do", "-", "–", ",", "albo", "lub", "czy") else end
        second = read_cardinal(self._tokens, link)
        if second is not None and second.hundredths > first.hundredths:
            numbers.append(second.hundredths)
            end = second.end
        return numbers, end, False

    def _unit(self, at: int) -> tuple[Unit, int] | None:
        unit = _UNITS.get(self._word(at))
        if unit is None:
            is_business = self._word(at) in ("robocze", "roboczych", "roboczy")
            if is_business and self._word(at + 1) in ("dni", "dzien"):
                return "business_day", at + 2
            return None
        if unit == "day" and self._word(at + 1) in ("robocze", "roboczych", "roboczy"):
            return "business_day", at + 2
        return unit, at + 1

    def _moved(self, hundredths: int, unit: Unit, sign: int = 1) -> tuple[dt.date, bool] | None:
        """Today moved by a number of units, and whether a fraction made that a rough guess."""
        n, fraction = divmod(hundredths, 100)
        if not calendar_spans.is_plausible(n, unit):
            return None
        if unit == "business_day" and sign > 0:
            return feasts.add_business_days(self._today, n), False
        day = calendar_spans.shift(self._today, sign * n, unit)
        if not fraction:
            return day, False
        if unit == "year":
            return calendar_spans.add_months(day, sign * fraction * 12 // 100), False
        days = {"day": 1, "week": 7, "month": 30, "quarter": 90}.get(unit, 0) * fraction // 100
        return day + dt.timedelta(days=sign * days), True

    def _ahead(self, at: int) -> Match | None:
        """ "za tydzień", "za dwa trzy dni", "za dwa do trzech tygodni", "za tydzień dwa"."""
        if self._word(at) != "za":
            return None
        start, at = at, at + 1
        is_rough = False
        while self._word(at) in (
            "okolo",
            "jakies",
            "jakis",
            "gdzies",
            "mniej",
            "wiecej",
            "moze",
            "z",
        ):
            is_rough = True
            at += 1
        unit = self._unit(at)
        if unit is not None:
            return self._after_bare_unit(start, *unit, is_rough)
        quantity = self._quantity(at)
        if quantity is None:
            return None
        numbers, end, is_vague = quantity
        unit = self._unit(end)
        if unit is None:
            return None
        if is_vague:
            return Match(start, unit[1], None, ask="date", anchor="vague", is_approximate=True)
        return self._moved_match(start, numbers, *unit, is_rough)

    def _after_bare_unit(self, start: int, unit: Unit, end: int, is_rough: bool) -> Match | None:
        numbers = [100]
        link = end
        while self._word(link) in ("lub", "albo", "do", "gora", "czy", "moze", ",", "-"):
            link += 1
        second = read_cardinal(self._tokens, link)
        if (
            second is not None
            and 200 <= second.hundredths <= 300
            and _UNITS.get(self._word(second.end)) in (None, unit)
            and self._word(second.end) not in MONTH_FORMS
            and not self._is_money(second.end)
        ):
            numbers.append(second.hundredths)
            end = second.end + (self._word(second.end) in _UNITS)
        return self._moved_match(start, numbers, unit, end, is_rough)

    def _is_money(self, at: int) -> bool:
        return self._word(at).startswith(("zlot", "stow", "tysi", "grosz", "kola"))

    def _moved_match(
        self, start: int, numbers: Sequence[int], unit: Unit, end: int, is_rough: bool
    ) -> Match | None:
        moved = [self._moved(number, unit) for number in numbers]
        if not moved or any(day is None for day in moved):
            return None
        days = [day for day in moved if day is not None]
        is_rough = is_rough or any(rough for _, rough in days)
        last = days[-1][0] if len(days) > 1 else None
        role = "week" if unit == "week" and last is None else "other"
        modifier = "ahead" if role == "week" else ""
        return Match(start, end, days[0][0], last, role, modifier, is_approximate=is_rough)

    def _ago(self, at: int) -> Match | None:
        """ "tydzień temu", "dwa dni temu", "przed tygodniem"."""
        start = at
        is_rough = self._word(at) in ("z", "ze", "okolo", "jakies", "jakis", "gdzies")
        if is_rough:
            at += 1
        is_before = self._word(at) == "przed"
        if is_before:
            at += 1
        numbers, end = [100], at
        unit = self._unit(at)
        if unit is None:
            quantity = self._quantity(at)
            if quantity is None:
                return None
            numbers, end, is_vague = quantity
            unit = self._unit(end)
            if unit is None or (is_before and not self._word(unit[1] - 1).endswith("mi")):
                return None
            if is_vague and (is_before or self._word(unit[1]) == "temu"):
                end = unit[1] + (not is_before)
                return Match(start, end, None, ask="date", anchor="vague", direction="past")
        elif is_before and not self._word(at).endswith("em"):
            return None
        if not is_before and self._word(unit[1]) != "temu":
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
        return Match(start, end, moved[0], op="on", direction="past", is_approximate=rough)

    def _within(self, at: int) -> Match | None:
        """ "w ciągu tygodnia", "do trzech dni", "dajcie mi dwa miesiące"."""
        start = at
        for phrase in (
            ("w", "ciagu"), ("w", "przeciagu"), ("w", "terminie"), ("przez",), ("do",),
            ("dajcie", "mi"), ("daj", "mi"), ("dac", "mi"), ("dajcie",), ("niech", "pan", "da", "mi"),
            ("potrzebuje", "jeszcze"), ("potrzebuje",), ("potrzeba", "mi"),
        ):  # fmt: skip
            end = self._phrase_ends(at, phrase)
            if not end:
                continue
            numbers = [100]
            if self._word(end) in ("najblizszego", "najblizszych", "okolo"):
                end += 1
            unit = self._unit(end)
            if unit is None:
                quantity = self._quantity(end)
                if quantity is None:
                    continue
                numbers, end, is_vague = quantity
                unit = self._unit(end)
                if unit is None:
                    continue
                if is_vague:
                    return Match(start, unit[1], None, ask="date", anchor="vague")
            elif phrase == ("do",) and self._word(end) != "tygodnia":
                # "do dnia ...", "do roku 2027" begin something else; "do miesiąca" is said too.
                if self._word(end) != "miesiaca":
                    continue
            elif phrase == ("w", "ciagu") and self._word(end) == "dnia":
                continue
            if phrase == ("przez",) and "po" in [self._word(i) for i in range(len(self._tokens))]:
                continue
            moved = self._moved(numbers[-1], unit[0])
            if moved is None:
                continue
            return Match(start, unit[1], moved[0], op="by", is_approximate=moved[1])
        return None

    # ---- spans ----

    def _which(self, at: int) -> tuple[int, int]:
        """How many units from now a word points to ("przyszły" 1), and the index after it."""
        word = self._word(at)
        if word in _NEXT:
            return 1, at + 1
        if word in _LAST:
            return -1, at + 1
        if word in _THIS or word in _NEAREST:
            return 0, at + 1
        return 0, at

    def _span(
        self, at: int, direction: Direction
    ) -> tuple[calendar_spans.Span, Unit, int, int] | None:
        """A week, month, quarter or year, pointed to or named: span, unit, offset, index after."""
        offset, end = self._which(at)
        if self._word(end) in ("calego", "calym"):
            end += 1
        month = MONTH_FORMS.get(self._word(end))
        if month is not None and end == at:
            year, end = self._year_after(end + 1)
            resolved = year or self._year_of_month(month, direction)
            first = dt.date(resolved, month, 1)
            return (first, calendar_spans.last_of_month(resolved, month)), "month", 0, end
        ordinal = read_ordinal(self._tokens, end)
        if (
            ordinal is not None
            and self._word(ordinal.end).startswith("kwartal")
            and ordinal.value < 5
        ):
            year, after = self._year_after(ordinal.end + 1)
            month = ordinal.value * 3
            resolved = year or self._year_of_month(month, direction)
            return (
                calendar_spans.span_of(dt.date(resolved, month, 1), "quarter"),
                "quarter",
                0,
                after,
            )
        unit = _UNITS.get(self._word(end))
        if unit is None or unit == "day":
            return None
        if end == at and self._word(end) in (
            "tydzien",
            "miesiac",
            "rok",
            "lata",
            "lat",
            "tygodnie",
        ):
            return None
        moved = calendar_spans.shift(self._today, offset, unit)
        if unit != "week":
            moved = calendar_spans.shift(calendar_spans.span_of(self._today, unit)[0], offset, unit)
        return calendar_spans.span_of(moved, unit), unit, offset, end + 1

    def _part(self, at: int) -> Match | None:
        """ "w połowie kwietnia", "do końca tygodnia", "w drugiej połowie miesiąca"."""
        start = at
        half = 0
        ordinal = ORDINALS.get(self._word(at))
        if (
            ordinal is not None
            and ordinal[0] in (1, 2)
            and self._word(at + 1) in ("polowie", "polowy")
        ):
            half, at = ordinal[0], at + 1
        part = _PARTS.get(self._word(at))
        if part is None:
            return None
        op = self._op_before(start)
        end = at + 1
        if self._word(end) in ("dnia", "dzisiejszego") and part == "end" and op == "by":
            return Match(start, end + 1, self._today, op="by")
        if self._word(end) in ("weekendu", "weekend"):
            sunday = calendar_spans.week_of(self._today)[1]
            return Match(start, end + 1, sunday, op="by" if op == "by" else "on")
        direction = self._direction_at(start)
        found = self._span(end, direction)
        if found is None:
            return None
        span, unit, offset, end = found
        if direction == "past" and offset == 0 and unit != "month" and part == "start":
            pass
        if half:
            middle = span[0] + dt.timedelta(days=(span[1] - span[0]).days // 2)
            if unit == "month":
                middle = span[0].replace(day=15)
            days = (span[0], middle) if half == 1 else (middle + dt.timedelta(days=1), span[1])
        else:
            days = calendar_spans.part_of(span, unit, part)
        is_relative = offset == 0 and self._word(end - 1) in _UNITS
        if op == "by" and part == "end":
            return Match(start, end, span[1], op="by", direction=direction)
        if direction == "future" and is_relative and days[1] < self._today:
            span = calendar_spans.span_of(span[1] + dt.timedelta(days=1), unit)
            days = calendar_spans.part_of(span, unit, part)
        elif direction == "past" and is_relative and days[0] > self._today:
            span = calendar_spans.span_of(span[0] - dt.timedelta(days=1), unit)
            days = calendar_spans.part_of(span, unit, part)
        if op == "by":
            last = days[0] if part == "start" else days[0] + (days[1] - days[0]) // 2
            return Match(start, end, last, op="by", is_approximate=True, needs_confirmation=True)
        first = (
            max(days[0], self._today)
            if direction == "future" and days[1] >= self._today
            else days[0]
        )
        if first != days[0] and days[1].month == days[0].month and unit == "month":
            first = max(days[0], self._today)
        return Match(start, end, first, days[1], direction=direction, is_approximate=True)

    def _numbered_week(self, at: int) -> Match | None:
        """ "w pierwszym tygodniu kwietnia", "ostatniego dnia miesiąca"."""
        word = self._word(at)
        is_last = word in ("ostatni", "ostatniego", "ostatnim", "ostatnich")
        ordinal = ORDINALS.get(word)
        following = self._word(at + 1)
        if word == "ostatniego" and following in MONTH_FORMS:
            found = self._span(at + 1, self._direction_at(at))
            if found is not None:
                return Match(at, found[3], found[0][1], role="day", is_month_named=True)
        if is_last and following in ("dzien", "dnia", "dniem", "dniu", "dniach"):
            found = self._span(at + 2, self._direction_at(at))
            if found is None:
                return None
            (first, last), _, _, end = found
            if following == "dniach":
                return Match(at, end, last - dt.timedelta(days=4), last, is_approximate=True)
            return Match(at, end, last, role="day", is_month_named=True)
        if following != "tygodniu" or not (is_last or (ordinal and 1 <= ordinal[0] <= 4)):
            return None
        found = self._span(at + 2, self._direction_at(at))
        if found is None or found[1] != "month":
            return None
        (first, last), _, _, end = found
        if is_last:
            days = (last - dt.timedelta(days=6), last)
        else:
            from_day = first + dt.timedelta(weeks=(ordinal[0] if ordinal else 1) - 1)
            days = (from_day, from_day + dt.timedelta(days=6))
        return Match(at, end, *days, is_approximate=True)

    def _named_span(self, at: int) -> Match | None:
        """ "w przyszłym tygodniu", "w tym miesiącu", "przyszłego roku"."""
        offset, end = self._which(at)
        if end == at:
            return None
        unit = _UNITS.get(self._word(end))
        if unit is None or unit == "day":
            return None
        direction = self._direction_at(at)
        found = self._span(at, direction)
        if found is None:
            return None
        (first, last), unit, offset, end = found
        if offset < 0:
            direction = "past"
        elif offset > 0:
            direction = "future"
        if offset == 0 and direction == "future":
            first = max(first, self._today)
        elif offset == 0:
            last = min(last, self._today)
        role = "week" if unit == "week" else "month" if unit == "month" else "other"
        return Match(at, end, first, last, role, direction=direction)

    def _month(self, at: int) -> Match | None:
        """ "w kwietniu"; only where a preposition or the form shows that it is a month."""
        month = MONTH_FORMS.get(self._word(at))
        if month is None or (self._word(at) in ("maj", "maja") and self._op_before(at) is None):
            return None
        direction = self._direction_at(at)
        year, end = self._year_after(at + 1)
        resolved = year or self._year_of_month(month, direction)
        first, last = dt.date(resolved, month, 1), calendar_spans.last_of_month(resolved, month)
        if first <= self._today <= last:
            if direction == "future":
                first = self._today
            else:
                last = self._today
        return Match(at, end, first, last, direction=direction)

    def _year_of_month(self, month: int, direction: Direction) -> int:
        if direction == "past":
            return self._today.year - (month > self._today.month)
        return self._today.year + (month < self._today.month)

    def _year_after(self, at: int) -> tuple[int | None, int]:
        """The year that is said at `at`, and the index after it."""
        start = at
        if self._word(at) in (
            "tego",
            "biezacego",
            "przyszlego",
            "nastepnego",
            "zeszlego",
            "ubieglego",
        ):
            offset, end = self._which(at)
            if self._word(end) == "roku":
                return self._today.year + offset, end + 1
            return None, start
        found = read_year(self._tokens, at)
        if found is None:
            return None, start
        year, end = found
        if not 1900 <= year <= 2099:
            return None, start
        return year, end

    def _weekend(self, at: int) -> Match | None:
        offset, end = self._which(at)
        if not self._word(end).startswith("weekend") and self._word(end) != "lykend":
            return None
        saturday = calendar_spans.week_of(self._today)[0] + dt.timedelta(days=5)
        direction = self._direction_at(at)
        if offset < 0 or (offset == 0 and direction == "past"):
            saturday -= dt.timedelta(weeks=1)
            direction = "past"
        elif offset > 0:
            saturday += dt.timedelta(weeks=1)
        sunday = saturday + dt.timedelta(days=1)
        first = max(saturday, self._today) if direction == "future" else saturday
        return Match(at, end + 1, first, sunday, direction=direction, needs_confirmation=offset > 0)

    def _feast(self, at: int) -> Match | None:
        for length in (3, 2, 1):
            words = tuple(self._word(at + offset) for offset in range(length))
            span_in = feasts.FEASTS.get(words)
            if span_in is not None:
                return self._feast_match(at, at + length, span_in)
        if self._word(at) in ("swieta", "swiat", "swietach", "swietami"):
            direction = self._direction_at(at)
            past = direction == "past"
            days = (feasts.last_feast_days if past else feasts.next_feast_days)(self._today)
            return Match(at, at + 1, *days, direction=direction)
        return None

    def _feast_match(
        self, at: int, end: int, span_in: Callable[[int], tuple[dt.date, dt.date]]
    ) -> Match:
        direction = self._direction_at(at)
        year, end = self._year_after(end)
        if year is None:
            year = self._today.year
            first, last = span_in(year)
            if direction == "past" and first > self._today:
                year -= 1
            elif direction == "future" and last < self._today:
                year += 1
        first, last = span_in(year)
        return Match(at, end, first, last, direction=direction)

    # ---- weekdays ----

    def _weekday(self, at: int) -> Match | None:
        start = at
        word = self._word(at)
        modifier = ""
        if word in _NEXT:
            modifier = "next"
        elif word in _LAST or word in ("ostatni", "ostatnia"):
            modifier = "last"
        elif word in _NEAREST:
            modifier = "nearest"
        elif word in _THIS:
            modifier = "this"
        if modifier:
            at += 1
        number = WEEKDAY_FORMS.get(self._word(at))
        if number is None or self._word(start - 1) in ("co", "kazda", "kazdy", "co drugi"):
            return None
        end = at + 1
        if not modifier and self._word(end) in _NEXT | _LAST and self._word(end + 1) not in _UNITS:
            modifier = "next" if self._word(end) in _NEXT else "last"
            end += 1
        direction: Direction = self._direction_at(start)
        if modifier == "last":
            direction = "past"
        elif modifier in ("next", "nearest"):
            direction = "future"
        monday = calendar_spans.week_of(self._today)[0]
        confirm = False
        ahead = (number - self._today.weekday()) % 7 or 7
        if modifier == "next":
            day = monday + dt.timedelta(days=7 + number)
            confirm = True
        elif modifier == "last":
            day = monday + dt.timedelta(days=number - 7)
            confirm = True
        elif modifier == "this":
            day = monday + dt.timedelta(days=number)
            if day < self._today and direction == "future":
                day += dt.timedelta(weeks=1)
                confirm = True
        elif direction == "past":
            day = self._today - dt.timedelta(days=(self._today.weekday() - number) % 7 or 7)
        else:
            day = self._today + dt.timedelta(days=ahead)
        return Match(
            start, end, day, role="weekday", modifier=modifier, direction=direction,
            needs_confirmation=confirm,
        )  # fmt: skip

    # ---- numbered days ----

    def _written_date(self, at: int) -> Match | None:
        """ "15.03.2026", "2026-03-15", "15.03"."""
        text = self._word(at)
        if not text[:1].isdigit() or text.isdigit():
            return None
        if self._is_money(at + 1) or self._word(at - 1) in ("o", "godzina", "godzinie"):
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
        year_found, end = self._year_after(at + 1)
        return self._day_match(at, end, day, month, year_found)

    def _day_of_month(self, at: int) -> Match | None:
        found = self._day_number(at)
        if found is None:
            return None
        day, end, form = found
        start = at
        if self._word(end) == "." and MONTH_FORMS.get(self._word(end + 1)):
            end += 1
        if self._word(end) == "dnia" and MONTH_FORMS.get(self._word(end + 1)):
            end += 1
        month = MONTH_FORMS.get(self._word(end))
        if month is not None:
            year, end = self._year_after(end + 1)
            return self._day_match(start, end, day, month, year)
        if form == "number":
            return None
        numbered = self._month_by_number(end, form)
        if numbered is not None:
            month, end = numbered
            year, end = self._year_after(end)
            match = self._day_match(start, end, day, month, year)
            # "piątego szóstego" is 5 June, or the fifth or the sixth.
            return replace(match, needs_confirmation=True) if month == day + 1 else match
        return self._bare_day(start, end, day, form)

    def _day_number(self, at: int) -> tuple[int, int, str] | None:
        """A number from 1 to 31 that may be a day, the index after it, and its form."""
        ordinal = read_ordinal(self._tokens, at)
        if ordinal is not None:
            if not ordinal.form.startswith("m") or not 1 <= ordinal.value <= 99:
                return None
            if ordinal.value > 31 and self._word(ordinal.end) not in MONTH_FORMS:
                return None
            return ordinal.value, ordinal.end, ordinal.form
        number = read_cardinal(self._tokens, at)
        if number is None or number.whole is None or not 1 <= number.whole <= 99:
            return None
        form = "number"
        if not number.is_spoken and self._is_written_day(at, number.end):
            form = "written"
        return number.whole, number.end, form

    def _is_written_day(self, at: int, end: int) -> bool:
        """Whether digits after a preposition are a day: "do 15"."""
        before, following = self._word(at - 1), self._word(end)
        if int(re.sub(r"\D", "", self._word(at)) or 0) > 31 or len(self._word(at)) > 2:
            return False
        if (
            following in _UNITS
            or self._is_money(end)
            or following in ("rat", "raty", "procent", "%")
        ):
            return False
        if following in ("godzin", "godziny", "minut", "zl") or self._word(end)[:1].isdigit():
            return False
        joined = " ".join(token.text for token in self._tokens)
        if "dzwon" in joined or "godzin" in joined:
            return False
        if before in ("do", "dnia"):
            return True
        return before in ("po", "przed", "od", "na") and int(self._word(at)) > 24

    def _month_by_number(self, at: int, form: str) -> tuple[int, int] | None:
        """The month of "dwudziesty trzeci trzeci" and "piętnastego czwartego"."""
        if form not in ("m.nom", "m.gen"):
            return None
        ordinal: Ordinal | None = read_ordinal(self._tokens, at)
        if ordinal is None or ordinal.form != form or not 1 <= ordinal.value <= 12:
            return None
        if self._word(ordinal.end) in MONTH_FORMS or self._word(ordinal.end) in _NOT_DAYS:
            return None
        return ordinal.value, ordinal.end

    def _bare_day(self, start: int, end: int, day: int, form: str) -> Match | None:
        """A day without a month: this month's if it is still to come, else the next month's."""
        if day > 31:
            return None
        following = self._word(end)
        if following in _NOT_DAYS and following != "miesiac":
            return None
        before = self._word(start - 1)
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
        direction = self._direction_at(start)
        offset: int | None = None
        after = end
        if self._word(after) == "dnia":
            after += 1
        if self._word(after) == "kazdego":
            # "dziesiątego każdego miesiąca" is a rhythm, not a day.
            return None
        if self._word(after) in ("w", "we") and self._word(after + 1) in _NEXT | _THIS | _LAST:
            after += 1
        which, after = self._which(after)
        if self._word(after) in ("miesiaca", "miesiacu"):
            end = after + 1
            pointed = self._word(after - 1) in _NEXT | _THIS | _LAST
            offset = which if pointed else None
        confirm = form == "written"
        if offset is not None:
            first = calendar_spans.add_months(self._today.replace(day=1), offset)
            if offset < 0:
                direction = "past"
        elif direction == "past":
            first = self._today.replace(day=1)
            if day > self._today.day:
                first = calendar_spans.add_months(first, -1)
        else:
            first = self._today.replace(day=1)
            if day <= self._today.day:
                first = calendar_spans.add_months(first, 1)
        if day > calendar.monthrange(first.year, first.month)[1]:
            return self._no_such_day(start, end, direction)
        return Match(
            start, end, first.replace(day=day), role="day", direction=direction,
            needs_confirmation=confirm, is_month_named=offset is not None,
        )  # fmt: skip

    def _stands_alone(self, start: int, end: int) -> bool:
        """Whether nothing but small words is said besides: "piętnasty" as an answer."""
        small = (
            _SMALL_WORDS | _PREPOSITIONS.keys() | word_set("prosze pasuje no tak dobrze moze byc")
        )
        rest = [*self._tokens[:start], *self._tokens[end:]]
        return all(token.is_mark or token.text in small for token in rest)

    def _no_such_day(self, start: int, end: int, direction: Direction) -> Match:
        return Match(
            start, end, None, role="day", direction=direction, needs_confirmation=True,
            ask="date", problem="no_such_day",
        )  # fmt: skip

    def _day_match(self, start: int, end: int, day: int, month: int, year: int | None) -> Match:
        direction = self._direction_at(start)
        if not 1 <= month <= 12 or not 1 <= day <= 31:
            return self._no_such_day(start, end, direction)
        is_year_said = year is not None
        problem: Problem = ""
        if year is None:
            year = self._today.year
            order = (month, day), (self._today.month, self._today.day)
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
            direction = "past" if found < self._today else direction
        return Match(
            start, end, found, role="day", direction=direction, problem=problem,
            needs_confirmation=bool(problem), is_month_named=True,
        )  # fmt: skip

    def _days_since(self, day: int, month: int) -> int | None:
        if day > calendar.monthrange(self._today.year, month)[1]:
            return None
        return (self._today - dt.date(self._today.year, month, day)).days

    def _vague(self, at: int) -> Match | None:
        for phrase in _VAGUE:
            end = self._phrase_ends(at, phrase.split())
            if end:
                return Match(at, end, None, ask="date", anchor="vague", is_approximate=True)
        word = self._word(at)
        if word in _SEASONS or (word == "lata" and self._word(at - 1) == "do"):
            return Match(at, at + 1, None, ask="date", anchor="season", is_approximate=True)
        return None

    # ---- joining ----

    def _gap(self, first: Match, second: Match) -> list[str]:
        words = [self._word(at) for at in range(first.end, second.start)]
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
        if not gap and first.role == "day" and second.role == "month" and not first.is_month_named:
            return None
        if first.first is None or second.first is None or first.is_range or second.is_range:
            return None
        return self._range(first, second, gap)

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
            weeks = (week.first - self._today).days // 7
            ahead = (weekday.first.weekday() - self._today.weekday()) % 7
            other = self._today + dt.timedelta(days=ahead, weeks=weeks)
            confirm = day != other
            if weekday.start < week.start:
                day = other
        return replace(
            weekday, start=first.start, end=second.end, first=day, direction=week.direction,
            needs_confirmation=confirm, role="day", is_month_named=True,
        )  # fmt: skip

    def _range(self, first: Match, second: Match, gap: Sequence[str]) -> Match | None:
        before = self._word(first.start - 1)
        if first.first is None or second.first is None:
            return None
        is_span = (before == "od" and list(gap) == ["do"]) or (
            before in ("miedzy", "pomiedzy") and list(gap) in (["a"], ["i"])
        )
        is_dashed = (
            not gap and first.role == second.role and first.role in ("day", "weekday", "other")
        )
        is_choice = not is_span and list(gap) in (
            ["albo"],
            ["lub"],
            ["czy"],
            ["ewentualnie"],
            ["do"],
        )
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
            role="other", needs_confirmation=is_choice,
        )  # fmt: skip

    def _inherit_month(self, day: int, other: dt.date) -> dt.date | None:
        if day > calendar.monthrange(other.year, other.month)[1]:
            return None
        found = other.replace(day=day)
        if found > other:
            found = calendar_spans.add_months(found, -1)
        return found

    # ---- expressing ----

    def _op_before(self, at: int) -> Op | None:
        """What the preposition before `at` says, small words between them skipped."""
        steps = 0
        while at > 0 and steps < 4:
            word = self._word(at - 1)
            if word in _PREPOSITIONS and not (
                word == "dnia" and self._word(at - 2) in _PREPOSITIONS
            ):
                return _PREPOSITIONS[word]
            if word not in _SMALL_WORDS:
                return None
            at -= 1
            steps += 1
        return None

    def _op(self, match: Match) -> Op:
        if match.op is not None:
            return match.op
        if match.ask and match.first is None:
            return "on"
        words = [self._word(at) for at in range(max(match.start - 4, 0), match.start + 1)]
        is_limit = bool(_NO_LATER & set(words)) or words[-3:-1] == ["pozniej", "niz"]
        is_limit = is_limit or "pozniej niz" in " ".join(words)
        if "wczesniej niz" in " ".join(words) or "najwczesniej" in words:
            return "from"
        op = self._op_before(match.start) or "on"
        if is_limit and op in ("on", "by"):
            return "by"
        return op

    def _is_negated(self, match: Match) -> bool:
        at = match.start - 1
        while at >= 0:
            word = self._word(at)
            if self._tokens[at].is_mark or word in ("ale", "tylko", "wiec", "bo", "lecz", "a"):
                return False
            if word == "nie":
                return self._word(at + 1) not in ("pozniej", "wczesniej")
            if word in _PAYING and self._word(at - 1) != "nie" and word != "mam":
                return False
            at -= 1
        return self._word(match.end) == "nie" and self._word(match.end + 1) != "pozniej"

    def express(self, match: Match) -> DateExpression:
        """The match with its preposition, as what is handed out."""
        op = self._op(match)
        near = {self._word(at) for at in range(max(match.start - 3, 0), match.start)}
        is_approximate = match.is_approximate or bool(_ABOUT & near)
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
            return replace(base, kind="date_range", start=match.first, end=match.last)
        if op == "after":
            return replace(base, date=match.last)
        # Until, before or from a span is until its first day; "do maja" is asked again.
        return replace(
            base, date=match.first, needs_confirmation=op == "by" or base.needs_confirmation
        )
