"""Understands one utterance by itself: its intent, and the day, amount, plan or digits in it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from voicebot.dialogue.intent_stages import intents_at
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.polish.times import CLOSES, OPENS
from voicebot.dialogue.spoken_values import Kind, Value, ValueContext, read_any, read_value

POLISH_TIME = ZoneInfo("Europe/Warsaw")

_LIKELY: Mapping[str, tuple[Kind, ...]] = {
    "request_callback": ("datetime", "datetime_range", "date", "date_range"),
    "unsafe_to_talk": ("datetime", "datetime_range", "date", "date_range"),
    "third_party_not_available": ("datetime", "datetime_range", "date", "date_range"),
    "promise_full_date": ("date", "date_range", "amount"),
    "already_paid": ("date", "date_range", "amount"),
    "request_extension": ("date", "date_range"),
    "partial_payment": ("amount", "date"),
    "ask_discount": ("amount",),
    "dispute_amount": ("amount",),
    "hardship_financial": ("amount", "plan"),
    "request_installments": ("plan", "amount"),
}
"""What kind of value each intent carries, the first first."""
_HOURS = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?")


@dataclass(frozen=True, slots=True)
class Understood:
    """One utterance. intent: "" where nothing speaks for any; value: None without one."""

    intent: str
    confidence: float
    value: Value | None

    def as_json(self) -> dict[str, object]:
        """What is printed and stored."""
        return {
            "intent": self.intent or None,
            "confidence": self.confidence,
            "value": self.value,
        }


class Understander:
    """Reads utterances outside a call: the same classifier and parsers as in one."""

    def __init__(self, intents: Iterable[str], classifier: IntentClassifier) -> None:
        self._intents = frozenset(intents)
        self._classifier = classifier

    def understand(
        self,
        text: str,
        now: dt.datetime,
        stage: str = "",
        kind: Kind | None = None,
        context: Mapping[str, str] | None = None,
    ) -> Understood:
        """Read one utterance. now: aware. stage: limits the intents; kind: what to look for,
        else whatever is said. Never raises for a text, however odd."""
        known = context or {}
        meaning = self._classifier.classify(text, intents_at(stage, self._intents))
        intent = meaning.intent if meaning is not None else ""
        told = read_context(known, now, intent=known.get("intent", ""))
        if kind is not None:
            value = read_value(kind, text, told)
        else:
            value = read_any(text, told, _LIKELY.get(known.get("intent") or intent, ()))
        return Understood(intent, meaning.score if meaning is not None else 0.0, value)


def parse_context(text: str) -> dict[str, str]:
    """ "balance_gr=123456;intent=already_paid" as a table; what is no pair is left out."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {key.strip(): value.strip() for key, sign, value in pairs if sign and key.strip()}


def read_context(known: Mapping[str, str], now: dt.datetime, intent: str = "") -> ValueContext:
    """The context as parsers need it; unreadable values are as good as none."""
    moment = _instant(known.get("now", "")) or now
    opens, closes = _hours(known.get("contact_hours", ""))
    is_past = intent == "already_paid" or known.get("tense", known.get("direction")) == "past"
    return ValueContext(
        now=moment.astimezone(POLISH_TIME),
        balance_gr=_number(known, "balance_gr"),
        principal_gr=_number(known, "principal_gr"),
        paid_gr=_number(known, "paid_gr", "offered_gr"),
        opens=opens,
        closes=closes,
        direction="past" if is_past else "future",
        payday=_payday(known.get("payday", "")),
        length=_number(known, "length", "digits"),
    )


def _number(known: Mapping[str, str], *names: str) -> int | None:
    for name in names:
        text = known.get(name, "").replace(" ", "").replace("_", "")
        if text.isdecimal() and text.isascii() and len(text) <= 15:
            return int(text)
    return None


def _instant(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=POLISH_TIME)


def _payday(text: str) -> int | None:
    """A day of the month, told as one or as a date."""
    day = text.rpartition("-")[2]
    return int(day) if day.isdecimal() and day.isascii() and 1 <= int(day[:4]) <= 31 else None


def _hours(text: str) -> tuple[dt.time, dt.time]:
    """ "08:00-20:00", "9-21"; the usual hours where it can't be read."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        return OPENS, CLOSES
    first, first_minute, last, last_minute = (int(part or 0) for part in match.groups())
    last, last_minute = (23, 59) if last == 24 else (last, last_minute)
    if first > 23 or last > 23 or max(first_minute, last_minute) > 59 or first >= last:
        return OPENS, CLOSES
    return dt.time(first, first_minute), dt.time(last, last_minute)
