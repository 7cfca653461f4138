"""Understands how a debt is to be split: "na trzy razy", "po dwieście miesięcznie"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from voicebot.dialogue.polish.amounts import FoundAmount, find_amounts
from voicebot.dialogue.polish.corrections import without_corrected
from voicebot.dialogue.polish.numerals import CARDINALS, read_cardinal, read_ordinal
from voicebot.dialogue.polish.words import Token, tokenize, word_set

Frequency = Literal["weekly", "biweekly", "monthly", "quarterly"]

MOST_INSTALLMENTS = 120


@dataclass(frozen=True, slots=True)
class Installments:
    """A plan as it was said; 0 for what was neither said nor can be worked out.

    amount_gr: of each installment but perhaps the last, rounded up so that `installments` of
    them pay all. day_of_month: on which they are due. is_amount_said: else it is the balance
    divided.
    """

    installments: int
    amount_gr: int
    frequency: Frequency = "monthly"
    day_of_month: int = 0
    is_amount_said: bool = False
    is_approximate: bool = False


_RATA = word_set("rata raty rat ratach ratami rate ratke ratki ratek")
_TIMES = word_set(
    "razy raz razach czesci czesciach transz transze transzach wplaty wplat platnosci x "
    "wplatach wplatami przelewach przelewami przelewow przelewy transzami czesciami"
)
_PERIODS: dict[str, int] = {
    **dict.fromkeys(("miesiac", "miesiaca", "miesiace", "miesiecy", "miesiacach"), 1),
    **dict.fromkeys(("rok", "roku", "lata", "lat"), 12),
}
_EACH_PERIOD = (["na", "miesiac"], ["na", "tydzien"], ["w", "miesiacu"], ["w", "tygodniu"])
_BEFORE_EACH = word_set("ze okolo jakies gdzies do maksymalnie gora kolo wysokosci w moze max")
_SPLITS_UP = word_set(
    "rozlozmy podzielmy podzielic podzielcie "
    "podziele rozlozyc rozlozcie rozlozenie rozbic rozbijcie rozloze"
)
_ONE_PERIOD = {"rok": 12, "kwartal": 3, "polrocze": 6}
_MONTHLY = word_set("miesiecznie miesieczne miesieczna")


def parse_installments(text: str, balance_gr: int | None = None) -> Installments | None:
    """The number of installments or the amount of each that was said; None without both.

    balance_gr: what is to be split, to work out the other one of the two.
    """
    tokens = tokenize(text)
    kept = without_corrected(tokens, lambda part: _parse(part, balance_gr) is not None)
    return _parse(kept, balance_gr)


def is_about_installments(text: str) -> bool:
    """Whether installments were spoken of, though neither how many nor how much."""
    tokens = tokenize(text)
    words = _words(tokens)
    return _is_about_plan(tokens) or "po trochu" in words or "po troche" in words


def plan_frequency(text: str) -> Frequency:
    """How often is to be paid; monthly where nothing else was said."""
    return _frequency(tokenize(text))


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


def _parse(tokens: Sequence[Token], balance_gr: int | None) -> Installments | None:
    count = _count(tokens)
    each = _each(tokens, is_plan=count is not None or _is_about_plan(tokens))
    if count is None and each is None:
        if sum(token.text in ("polowe", "polowke") for token in tokens) < 2:
            return None
        # "połowę teraz, połowę za miesiąc"
        count = 2
    amount_gr = each.amount.amount_gr if each is not None else 0
    if count is None and balance_gr and amount_gr:
        count = -(-balance_gr // amount_gr)
        if count > MOST_INSTALLMENTS:
            count = 0
    elif count and not amount_gr and balance_gr:
        amount_gr = -(-balance_gr // count)
    return Installments(
        installments=count or 0,
        amount_gr=amount_gr,
        frequency=_frequency(tokens),
        day_of_month=_day_of_month(tokens),
        is_amount_said=each is not None,
        is_approximate=each is not None and each.amount.is_approximate,
    )


def _count(tokens: Sequence[Token]) -> int | None:
    """How many: "trzy raty", "na trzy razy", "na pół roku", "rat: 6"."""
    for at in range(len(tokens)):
        number = read_cardinal(tokens, at)
        if number is None:
            if _word(tokens, at) in ("na", "przez") and _word(tokens, at + 1) in _ONE_PERIOD:
                return _ONE_PERIOD[_word(tokens, at + 1)]
            continue
        n = number.whole
        following = _word(tokens, number.end)
        before = _word(tokens, at - 1)
        if (
            following == "roku"
            and before in ("na", "przez", "ciagu")
            and number.hundredths in (50, 150)
        ):
            return number.hundredths * 12 // 100
        if n is None or not 1 <= n <= MOST_INSTALLMENTS or _is_second(tokens, at):
            # Of "dwie, trzy raty" neither is sure.
            continue
        if following in ("rownych", "rowne", "miesiecznych", "miesieczne", "ratalne"):
            following = _word(tokens, number.end + 1)
        if following in _RATA:
            return n
        after = _word(tokens, number.end + 1)
        is_each = following in _TIMES and (after == "po" or after[:1].isdigit())
        if following in _TIMES and (before in ("na", "w") or is_each or following.endswith("ami")):
            return n
        if following in _PERIODS and (
            before in ("na", "przez") or (before == "ciagu" and _is_about_plan(tokens))
        ):
            return n * _PERIODS[following]
        if before == "na" and not following and _SPLITS_UP & {token.text for token in tokens}:
            return n
        back = at - 1
        while _word(tokens, back) in (",", ":", "powiedzmy", "moze"):
            # "w równych ratach, pięciu"
            back -= 1
        before = _word(tokens, back)
        if before in _RATA or (before == "na" and _word(tokens, at - 2) in _RATA):
            return n
    return None


def _is_second(tokens: Sequence[Token], at: int) -> bool:
    """Whether another number stands before, so that it is one or the other."""
    before = _word(tokens, at - 1)
    if before in ("albo", "lub", "czy", ",", "do", "-", "moze"):
        before = _word(tokens, at - 2)
    return before in CARDINALS or before.isdecimal()


def _each(tokens: Sequence[Token], *, is_plan: bool) -> FoundAmount | None:
    """The amount that is paid each time: "po dwieście", "dwieście miesięcznie"."""
    for found in find_amounts(tokens):
        if found.amount.reference or found.amount.amount_gr <= 0:
            continue
        before = _word(tokens, found.start - 1)
        start = found.start
        while before in _BEFORE_EACH:
            start -= 1
            before = _word(tokens, start - 1)
        after = [_word(tokens, found.end), _word(tokens, found.end + 1)]
        is_rhythm = after[0] in _MONTHLY or after[0] in ("tygodniowo", "kwartalnie")
        is_rhythm = is_rhythm or after[0] == "co" or after in _EACH_PERIOD
        is_rhythm = is_rhythm or after[0] == "kazdego" or _is_rhythm_before(tokens, found)
        day = read_ordinal(tokens, found.end)
        is_rhythm = is_rhythm or (day is not None and _word(tokens, day.end) == "kazdego")
        is_rhythm = is_rhythm or before in ("x", "razy")
        if before == "po" or is_rhythm or (is_plan and before in ("rata", "raty", "rate")):
            return found
    return None


def _is_rhythm_before(tokens: Sequence[Token], found: FoundAmount) -> bool:
    before = [_word(tokens, at) for at in range(max(found.start - 3, 0), found.start)]
    if before[-2:-1] == ["co"] and before[-1] in ("miesiac", "tydzien", "kwartal"):
        return True
    if before[:1] == ["co"] and before[-1] in ("miesiace", "tygodnie", "tydzien", "miesiac"):
        # "co drugi tydzień sto", "co dwa miesiące sto"
        return True
    four = _words(tokens[max(found.start - 4, 0) : found.start])
    is_once = re.search(r"\braz (?:w|na) (?:\w+ )?(?:tydzien|tygodni\w|miesiac\w?)$", four)
    return bool(is_once or {"miesiecznie", "tygodniowo", "kwartalnie"} & set(before))


def _words(tokens: Sequence[Token]) -> str:
    return " ".join(token.text for token in tokens if not token.is_mark)


def _is_about_plan(tokens: Sequence[Token]) -> bool:
    words = {token.text for token in tokens}
    return bool(words & (_RATA | _MONTHLY)) or "rozlozyc" in words


def _frequency(tokens: Sequence[Token]) -> Frequency:
    words = " ".join(token.text for token in tokens if not token.is_mark)
    if re.search(
        r"\b(?:co|na) (?:(?:dwa|drugi|2) (?:tydzien|tygodnie)|(?:czternascie|14) dni)", words
    ):
        return "biweekly"
    if re.search(r"\b(?:co|na|w) tydzien\b|tygodniow|\bw tygodniu\b|\bkazdego tygodnia\b", words):
        return "weekly"
    if "kwartaln" in words or "co kwartal" in words or "co trzy miesiace" in words:
        return "quarterly"
    return "monthly"


def _day_of_month(tokens: Sequence[Token]) -> int:
    """The day of "dziesiątego każdego miesiąca", "każdego dziesiątego"; 0 without."""
    for at in range(len(tokens)):
        ordinal = read_ordinal(tokens, at)
        if ordinal is None or ordinal.form != "m.gen" or not 1 <= ordinal.value <= 31:
            continue
        after = _word(tokens, ordinal.end)
        if after == "dnia":
            after = _word(tokens, ordinal.end + 1)
        if after in ("kazdego", "co") or _word(tokens, at - 1) in ("kazdego", "do"):
            return ordinal.value
    return 0
