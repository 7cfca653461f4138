"""Decides whether an answer heard so far is whole, so that the turn may end sooner or later.

The parsers that fill slots tell what an answer holds and where it ends; here it is asked whether
the next word could be part of it. Words only: how the voice fell is for the turn detector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from voicebot.dialogue.actions import QuestionKind
from voicebot.dialogue.polish.amounts import FoundAmount, find_amounts
from voicebot.dialogue.polish.answer_words import (
    AFTER_A_VALUE,
    COURTESY,
    OPENING,
    is_hesitation,
    trails_off,
)
from voicebot.dialogue.polish.birth_dates import parse_birth_date
from voicebot.dialogue.polish.dates import FoundDay, find_days
from voicebot.dialogue.polish.digits import parse_digits
from voicebot.dialogue.polish.numerals import CARDINALS, ORDINALS
from voicebot.dialogue.polish.words import MONTH_FORMS, Token, texts, tokenize, word_set
from voicebot.dialogue.polish.yes_no import answered_words, parse_yes_no
from voicebot.dialogue.script import SlotKind


class Completeness(Enum):
    """COMPLETE: nothing is missing, the turn may end early. UNFINISHED: more is coming, so wait
    longer. OPEN: words alone don't tell, the usual silence decides. DOUBTFUL: they can be
    understood, and as often they only begin what is meant ("no", "to może")."""

    COMPLETE = "complete"
    OPEN = "open"
    DOUBTFUL = "doubtful"
    UNFINISHED = "unfinished"


COMPLETE, OPEN, UNFINISHED = Completeness.COMPLETE, Completeness.OPEN, Completeness.UNFINISHED
DOUBTFUL = Completeness.DOUBTFUL


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. slots: the kinds of value that an answer may fill.

    max_digits: how many are awaited; 0: any number. phrases: the choices that were named.
    balance_gr: what "całość" refers to.
    """

    kind: QuestionKind
    max_digits: int = 0
    phrases: tuple[str, ...] = ()
    slots: frozenset[SlotKind] = frozenset()
    balance_gr: int | None = None


_CURRENCY = word_set("zloty zlote zlotych zlotego zlotowek grosz grosze groszy")
_HALVES = word_set("pol cwierc")
# A "yes" or "no" that ends so is often the beginning of a sentence: "nie mogę teraz rozmawiać",
# "na pewno nie", "to ja zapłacę".
_ANSWERS_THAT_GO_ON = word_set(
    "moge chce ja jestem strony odmawiam mozna panstwo skad zle nigdy wcale niestety wlasnie "
    "pewnie pewno absolutnie raczej bardzo trudno prawda"
)
_STAND_ALONE = COURTESY | word_set("tak nie dobrze dobra okej ok")
_BESIDE_AN_ANSWER = COURTESY | word_set("to wszystko")
# Said after a whole number, these may make another one of it.
_MORE_DIGITS = (" trzy", " dwadzieścia", " dwadzieścia trzy", " siedemnaście")
_MORE_OF_A_YEAR = (
    " pięć", " piąty", " piątego", " siedemdziesiąt", " siedemdziesiąty", " siedemdziesiąt pięć",
)  # fmt: skip
_FAREWELLS = (("do", "widzenia"), ("do", "uslyszenia"))


def completeness(text: str, question: Question, now: datetime) -> Completeness:
    """Whether `text`, as recognised so far, is a whole answer. now: local time.

    Never raises, whatever was said.
    """
    tokens = tokenize(text)
    words = texts(tokens)
    if not words:
        return OPEN
    written = text.rstrip()
    is_value_asked = question.kind in ("date", "amount", "digits")
    if not written.endswith("?") and trails_off(words, is_value_asked):
        return UNFINISHED
    found = _of_kind(text, tokens, words, question, now)
    if written.endswith(("...", "…", ",", "-", "–", "—")):
        # The voice stayed up. A recogniser writes so after a drawn-out "tak", too.
        return OPEN if found is COMPLETE else UNFINISHED
    return found


def _of_kind(
    text: str, tokens: Sequence[Token], words: list[str], question: Question, now: datetime
) -> Completeness:
    match question.kind:
        case "yes_no":
            return _yes_no(text, tokens, words, question, now)
        case "digits":
            return _digits(text, words, question.max_digits)
        case "date" if "birth_date" in question.slots:
            return _birth_date(text, words)
        case "date" | "amount":
            return _day_or_amount(text, tokens, question, now)
        case _:
            if _is_choice(words, question) or _takes_leave(words):
                return COMPLETE
            return DOUBTFUL if all(map(_only_opens, words)) else OPEN


# ---- yes and no, choices ---------------------------------------------------------------------


def _yes_no(
    text: str, tokens: Sequence[Token], words: list[str], question: Question, now: datetime
) -> Completeness:
    if words[-1] == "no" and set(words) != {"no"}:
        # "nie no", "tak no": the "no" begins what is meant in the end.
        return UNFINISHED
    if _takes_leave(words):
        return COMPLETE
    answer = parse_yes_no(text)
    rest = [word for word, is_answer in answered_words(text) if not is_answer]
    is_whole = answer is not None and all(word in _BESIDE_AN_ANSWER for word in rest)
    if not is_whole and question.slots & {"date", "amount"}:
        return _day_or_amount(text, tokens, question, now)
    if answer is None or not is_whole:
        return OPEN
    said = [word for word in words if word not in COURTESY - _ANSWERS_THAT_GO_ON] or words
    if words == ["no"]:
        return DOUBTFUL
    # A lone "nie" opens as many sentences as it closes: "nie, w tej chwili niestety nie".
    goes_on = said[-1] in _ANSWERS_THAT_GO_ON or said[-3:] == ["nie", "zgadzam", "sie"]
    is_doubtful = answer.strength == "uncertain" or tokens[-1].text == "?" or words == ["nie"]
    return OPEN if goes_on or is_doubtful else COMPLETE


def _is_choice(words: Sequence[str], question: Question) -> bool:
    """Whether nothing was said but one of the choices that were named."""
    said = [word for word in words if word not in COURTESY]
    return any(said == texts(tokenize(phrase)) for phrase in question.phrases)


def _only_opens(word: str) -> bool:
    return (word in OPENING and word not in _STAND_ALONE) or is_hesitation(word)


def _takes_leave(words: Sequence[str]) -> bool:
    return tuple(words[-2:]) in _FAREWELLS


# ---- days and amounts ------------------------------------------------------------------------


def _day_or_amount(
    text: str, tokens: Sequence[Token], question: Question, now: datetime
) -> Completeness:
    """What was asked must be there, the other may be: "sto złotych w piątek"."""
    days = find_days(text, now)
    tokens = days[0].tokens if days else tokens
    amounts = find_amounts(tokens, question.balance_gr)
    if amounts:
        days = [it for it in days if it.match.role != "now"]
    if not days and not amounts:
        return _without_value(tokens)
    asked = {"date": days, "amount": amounts}.get(question.kind, [*days, *amounts])
    if not asked or len(days) > 1 or len(amounts) > 1:
        return OPEN
    spans = [*((it.match.start, it.match.end) for it in days)]
    spans += [(it.start, it.end) for it in amounts]
    each = [*map(_day, days), *(_amount(tokens, it) for it in amounts)]
    if UNFINISHED in each and max(end for _, end in spans) == _end(tokens):
        return UNFINISHED
    return COMPLETE if set(each) == {COMPLETE} and _is_alone(tokens, spans) else OPEN


def _day(day: FoundDay) -> Completeness:
    """Whether a day is named as exactly as days are named."""
    said, match = day.expression, day.match
    if match.role == "day" and not match.is_month_named:
        # "dwudziestego" is as likely to be followed by its unit as by nothing.
        return UNFINISHED if match.day_number in (20, 30) else OPEN
    is_known = said.date is not None or (said.end is not None and not said.is_choice)
    is_plain = not (said.is_negated or said.problem or said.ask or said.direction == "past")
    if not is_known or not is_plain or said.op in ("from", "after") or match.role == "now":
        # "teraz nie mogę", "od piątku do środy", "po piętnastym"
        return OPEN
    # "za tydzień" and "w przyszłym tygodniu" go on with a weekday, "w grudniu" with a day.
    return OPEN if match.role in ("week", "month") else COMPLETE


def _amount(tokens: Sequence[Token], found: FoundAmount) -> Completeness:
    """Whether an amount has its currency, or is one that needs none ("całość")."""
    last = tokens[found.end - 1].text
    if last in _HALVES:
        return UNFINISHED
    is_named = last in _CURRENCY or (found.amount.reference and last != "wszystko")
    return COMPLETE if is_named else OPEN


def _end(tokens: Sequence[Token]) -> int:
    """The index after the last word."""
    return max(at for at, token in enumerate(tokens, start=1) if not token.is_mark)


def _is_alone(tokens: Sequence[Token], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether nothing is said beside the values but what changes nothing about them."""
    last = max(end for _, end in spans)
    covered = {at for start, end in spans for at in range(start, end)}
    return all(
        token.is_mark
        or at in covered
        or token.text in (OPENING if at < last else AFTER_A_VALUE)
        or (at < last and is_hesitation(token.text))
        for at, token in enumerate(tokens)
    )


def _without_value(tokens: Sequence[Token]) -> Completeness:
    """A number that counts something yet to be named, or nothing but an opening, goes on."""
    words = texts(tokens)
    only_opens = all(word in OPENING for word in words) and words[-1] not in _STAND_ALONE
    return UNFINISHED if only_opens or _is_number(words[-1]) else OPEN


def _is_number(word: str) -> bool:
    return word in CARDINALS or word in ORDINALS or word.startswith("tysi") or word[:1].isdigit()


# ---- digits and proofs of identity -----------------------------------------------------------


def _digits(text: str, words: Sequence[str], max_digits: int) -> Completeness:
    said = [word for word in words if word not in COURTESY]
    if not said or not _is_number(said[-1]):
        return OPEN
    if not max_digits:
        return OPEN
    plain = _without_end_mark(text)
    digits = parse_digits(plain, max_digits)
    if digits is None:
        n_digits = len(parse_digits(plain) or "")
        return UNFINISHED if n_digits < max_digits else OPEN
    # "dwadzieścia" may have been eight digits already, and still become "dwadzieścia trzy".
    return (
        OPEN if _changes(plain, _MORE_DIGITS, lambda it: parse_digits(it, max_digits)) else COMPLETE
    )


def _birth_date(text: str, words: Sequence[str]) -> Completeness:
    said = [word for word in words if word not in COURTESY]
    if not said:
        return OPEN
    if said[-1] == "dziewiecset":
        return UNFINISHED
    ends_in_date = _is_number(said[-1]) or said[-1] in MONTH_FORMS or said[-1] in ("roku", "r")
    plain = _without_end_mark(text)
    if parse_birth_date(plain) is None:
        return UNFINISHED if ends_in_date else OPEN
    if said[-1] in ("roku", "r"):
        return COMPLETE  # the year has been named as one
    if not ends_in_date or _changes(plain, _MORE_OF_A_YEAR, parse_birth_date):
        return OPEN
    return COMPLETE


def _changes(text: str, more: Sequence[str], parse: Callable[[str], object]) -> bool:
    """Whether one of the continuations makes another value of what was said."""
    value = parse(text)
    return any(parse(text + it) not in (None, value) for it in more)


def _without_end_mark(text: str) -> str:
    return text.rstrip(" .,!?…-–—")
