"""What the dialogue engine wants done, and what it is told. Plain data, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from voicebot.dialogue.mood import UNKNOWN_MOOD, Mood
from voicebot.records import BlockReason, Disposition

QuestionKind = Literal["open", "yes_no", "choice", "digits", "date", "amount", "none"]
"""What kind of answer is awaited: endpointing and recognition hints depend on it."""


# ---- actions: imperative -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """Speak `text` (numbers in words already).

    is_static: the text has no variables, so its audio is in the prompt cache.
    allow_barge_in: False for disclosures that must be heard whole.
    rate: 1.0 normal; 0.85 when repeating slowly.
    """

    prompt_id: str
    text: str
    is_static: bool
    allow_barge_in: bool = True
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for the caller after what was said.

    no_input_s: silence after the prompt's end before `NoInput` is to be handed in.
    max_digits: keys are collected until this many, '#', or inter-digit silence; 0: single keys
    count at once. phrases: what is likely to be heard.
    """

    kind: QuestionKind
    no_input_s: float = 5.0
    max_digits: int = 0
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """Ask the case directory; the answer comes back as `QueryAnswered` with the same `name`.

    find_case     args: case_number                 -> data: found(bool)
    verify_fact   args: fact (birth_date|postcode|pesel_last4), value(str, ISO date for dates)
                                                    -> data: matches(bool)
    case_details  args: none                        -> data: creditor, title, principal_gr,
                  interest_gr, balance_gr, due_date(date), gender; only after two facts matched
    """

    name: str
    args: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordPromise:
    amount_gr: int
    due_date: date
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class RecordCallback:
    """A human shall call back. wanted: the caller's own words for the time, if any."""

    reason: str
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """The debtor agreed to pay `total_gr` in monthly instalments; the last takes what is left."""

    n_installments: int
    installment_gr: int
    total_gr: int
    first_date: date


@dataclass(frozen=True, slots=True)
class RecordDispute:
    """The debt is contested. kind: debt, amount, quality, limitation or paid."""

    kind: str
    statement: str


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """No more calls about this case until a human has looked at it."""

    reason: BlockReason


@dataclass(frozen=True, slots=True)
class Notify:
    """Send a message after the call. channel: sms or email. data: what its template shows."""

    channel: str
    template: str
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """An audit entry (ai_disclosed, recording_disclosed, verified, recording_objection ...)."""

    name: str
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StopRecording:
    """The caller objected: stop, and drop what was recorded."""


@dataclass(frozen=True, slots=True)
class StopEmotion:
    """The caller refused: read his voice no more in this call, and drop what was read."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand over to a human. Until transfer exists the script records a callback instead."""

    reason: str
    summary: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call after everything said before has been played."""

    reason: str
    disposition: Disposition


Action = (
    Say
    | Listen
    | Query
    | RecordPromise
    | RecordCallback
    | RecordPlan
    | RecordDispute
    | RecordBlock
    | Notify
    | RecordEvent
    | StopRecording
    | StopEmotion
    | Transfer
    | HangUp
)


# ---- events: past tense --------------------------------------------------------------------

SpokenOver = Literal["", "prompt", "disclosure"]
"""What the bot went on saying all the while; empty: it was silent, or stopped for the caller."""


@dataclass(frozen=True, slots=True)
class UserTurn:
    """The caller said `text` (final transcript), or pressed `digits` (then text is empty).

    confidence: the recogniser's, 0..1; below the engine's threshold it asks again.
    has_barged_in: he stopped the bot by speaking. A listening noise ("mhm", a cough) is then no
    turn: the answer is Listen alone and the bot goes on from where it stopped.
    has_heard_question: the bot had put its question whole when he began; only then can a "tak"
    over it be the answer.
    over: he spoke while the bot went on. Then it is dropped unless it is understood; over a
    `disclosure` (Say.allow_barge_in False) only what holds anywhere or fills a slot counts.
    mood: how his voice sounds by now, where that is read.
    hinted_intent: what an adviser takes the text for (calls/intent_adviser.py). Counts only where
    it is one of the intents that make sense now and the classifier is not sure itself.
    """

    text: str = ""
    confidence: float = 1.0
    alternatives: tuple[str, ...] = ()
    digits: str = ""
    has_barged_in: bool = False
    over: SpokenOver = ""
    has_heard_question: bool = True
    mood: Mood = UNKNOWN_MOOD
    hinted_intent: str = ""


@dataclass(frozen=True, slots=True)
class NoInput:
    """Nothing was heard for the `no_input_s` of the last `Listen`."""


@dataclass(frozen=True, slots=True)
class QueryAnswered:
    name: str
    data: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallerLeft:
    """The caller hung up; the engine answers with its last records only."""


@dataclass(frozen=True, slots=True)
class TimeRanOut:
    """The call has lasted as long as a call may; the dialogue ends it politely."""


@dataclass(frozen=True, slots=True)
class SystemFailed:
    """The voice or the database has failed for good: apologise and hand over to a human.

    promise_lost: the last RecordPromise could not be kept; the caller must not be told it was.
    """

    promise_lost: bool = False


DialogueEvent = UserTurn | NoInput | QueryAnswered | CallerLeft | TimeRanOut | SystemFailed
