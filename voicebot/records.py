"""Frozen data that crosses layers. Amounts are whole grosze, instants UTC-aware."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Disposition(StrEnum):
    """How a call ended, in the words of domain/intents.yaml."""

    UNKNOWN = "UNKNOWN"
    ABANDONED = "ABANDONED"
    PTP_FULL = "PTP_FULL"
    PTP_PARTIAL = "PTP_PARTIAL"
    CALLBACK = "CALLBACK"
    TRANSFER = "TRANSFER"
    WRONG_NUMBER = "WRONG_NUMBER"
    VERIFICATION_FAILED = "VERIFICATION_FAILED"
    VERIFICATION_REFUSED = "VERIFICATION_REFUSED"
    NO_INPUT = "NO_INPUT"
    NO_MATCH = "NO_MATCH"
    REFUSAL = "REFUSAL"
    CRISIS = "CRISIS"
    CLAIMS_PAID = "CLAIMS_PAID"
    DISPUTE_DEBT = "DISPUTE_DEBT"
    COMPLAINT = "COMPLAINT"
    INFORMED = "INFORMED"
    PAY_NOW = "PAY_NOW"
    PLAN_PROPOSED = "PLAN_PROPOSED"
    EXTENSION_REQUESTED = "EXTENSION_REQUESTED"
    SETTLEMENT_PROPOSED = "SETTLEMENT_PROPOSED"
    HARDSHIP = "HARDSHIP"
    VULNERABLE = "VULNERABLE"
    DISPUTE_AMOUNT = "DISPUTE_AMOUNT"
    DISPUTE_QUALITY = "DISPUTE_QUALITY"
    LIMITATION_CLAIMED = "LIMITATION_CLAIMED"
    DECEASED = "DECEASED"
    BANKRUPTCY = "BANKRUPTCY"
    LEGAL_REP = "LEGAL_REP"
    LEGAL_STAGE = "LEGAL_STAGE"
    OPT_OUT = "OPT_OUT"
    HOSTILE = "HOSTILE"
    GDPR_REQUEST = "GDPR_REQUEST"
    DOCS_REQUESTED = "DOCS_REQUESTED"
    B2B_ADMIN = "B2B_ADMIN"
    B2B_CASHFLOW = "B2B_CASHFLOW"
    LANGUAGE = "LANGUAGE"
    THIRD_PARTY = "THIRD_PARTY"
    VOICEMAIL = "VOICEMAIL"
    ERROR = "ERROR"


class BlockReason(StrEnum):
    """Why nobody may be called about a case, or at a number, until a human has looked at it.

    The list is domain/rules.md's `block_reasons`, less those that policy finds out by itself.
    """

    OPT_OUT_CHANNEL = "OPT_OUT_CHANNEL"
    DISPUTE = "DISPUTE"
    CLAIMS_PAID_PENDING = "CLAIMS_PAID_PENDING"
    TIME_BARRED = "TIME_BARRED"
    BANKRUPTCY = "BANKRUPTCY"
    DECEASED = "DECEASED"
    LEGAL_REP = "LEGAL_REP"
    VULNERABLE = "VULNERABLE"
    CRISIS = "CRISIS"
    WRONG_NUMBER = "WRONG_NUMBER"
    GDPR_OBJECTION = "GDPR_OBJECTION"
    COMPLAINT_OPEN = "COMPLAINT_OPEN"
    DOCS_PENDING = "DOCS_PENDING"
    NO_CONSENT_RECORDING = "NO_CONSENT_RECORDING"


class Speaker(StrEnum):
    BOT = "bot"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or company that owes. `gender`: m, f or empty where unknown.

    A company has its name as `last_name`, no `first_name`, and a `nip`.
    """

    contact_id: int
    first_name: str
    last_name: str
    gender: str
    phone: str
    email: str
    birth_date: date | None
    pesel_last4: str
    postcode: str
    nip: str = ""


@dataclass(frozen=True, slots=True)
class PersonName:
    """Whom a call is about, as he is spoken of. `gender`: m, f or empty where unknown.

    A company has its name as `last_name` and no `first_name`.
    """

    first_name: str
    last_name: str
    gender: str = ""

    @property
    def is_company(self) -> bool:
        return not self.first_name


@dataclass(frozen=True, slots=True)
class Case:
    """One debt of one contact. `case_number` is what the debtor reads from his letter."""

    case_id: int
    contact_id: int
    case_number: str
    creditor: str
    title: str
    principal_gr: int
    interest_gr: int
    balance_gr: int
    due_date: date
    stage: str = "soft"


@dataclass(frozen=True, slots=True)
class TurnMood:
    """What a model made of the voice in one turn: a guess, and often a wrong one.

    group: anger, calm, distress or positive; confidence: of it, 0..1. probabilities: by group,
    together 1. emotion: the likeliest of six. speech_s: how much of the voice was heard.
    """

    group: str
    confidence: float
    probabilities: dict[str, float]
    emotion: str
    speech_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """What one party said. Times are seconds since the call was answered.

    Bot turns: `prompt_id`, and `was_interrupted` where the caller barged in.
    Caller turns: `confidence` 0..1, `intent`, `slots`; `digits` where keys were pressed.
    timings_ms: since the caller's last speech sample on the wire, by calls/turn_times.py. Caller:
    speech_end_to_vad_end, _to_decided, _to_transcript, guess_head_start, discarded_guesses (a
    count). The bot's first prompt after it: speech_end_to_decision, _to_audio, _to_first_packet,
    voice_to_voice, decision_to_first_packet. mood: of the caller, where he was told of it.
    """

    speaker: Speaker
    text: str
    started_s: float
    ended_s: float
    confidence: float | None = None
    intent: str = ""
    slots: dict[str, object] = field(default_factory=dict)
    prompt_id: str = ""
    state: str = ""
    was_interrupted: bool = False
    timings_ms: dict[str, float] = field(default_factory=dict)
    mood: TurnMood | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """A confirmed promise to pay (deklaracja wpłaty)."""

    case_id: int
    call_id: str
    amount_gr: int
    due_date: date
    created_at: datetime
    status: str = "open"


@dataclass(frozen=True, slots=True)
class Callback:
    """Somebody wants to be called back by a human. `case_id` None: not identified.

    wanted: the caller's own words for the time, where `wanted_at` can't hold them.
    """

    call_id: str
    case_id: int | None
    phone: str
    reason: str
    wanted_at: datetime | None
    created_at: datetime
    status: str = "open"
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A repayment plan (ugoda ratalna) that a debtor agreed to: equal instalments by the month.

    The last instalment takes what is left: `total_gr` is paid exactly. `first_date`: of the first.
    """

    case_id: int
    call_id: str
    n_installments: int
    installment_gr: int
    total_gr: int
    first_date: date
    created_at: datetime
    status: str = "open"


@dataclass(frozen=True, slots=True)
class Dispute:
    """A debtor contests what is claimed. kind: debt, amount, quality, limitation or paid.

    `case_id` None: he was not identified. `statement`: what was understood, not his words.
    """

    call_id: str
    case_id: int | None
    kind: str
    statement: str
    created_at: datetime
    status: str = "open"


@dataclass(frozen=True, slots=True)
class Block:
    """A reason not to call: about the case, and at the number where the case is not known."""

    call_id: str
    case_id: int | None
    phone: str
    reason: BlockReason
    created_at: datetime
    status: str = "open"


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that waits to be sent after a call. channel: sms or email; template: its name.

    Nothing secret is in `data`: whoever holds the telephone may read it.
    """

    call_id: str
    case_id: int | None
    channel: str
    template: str
    recipient: str
    data: dict[str, object]
    created_at: datetime
    status: str = "waiting"


@dataclass(frozen=True, slots=True)
class TransferOutcome:
    """How it ended when we asked the other side to call somebody else.

    status: SIP status of that new call, or of the refusal to make it; 202: the other side took
    it on and never told how it went; 408: it did not tell in the time it was given.
    """

    status: int

    @property
    def is_done(self) -> bool:
        """The caller is with somebody else, as far as anybody knows; False: still with us."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call as it is kept. `ended_at` None: still going on.

    node: which server holds the call; after a crash a node closes only its own orphans.
    """

    call_id: str
    direction: Direction
    leg_kind: str
    remote_party: str
    local_party: str
    script: str
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    disposition: Disposition | None = None
    end_reason: str = ""
    case_id: int | None = None
    is_verified: bool = False
    ai_disclosed_at: datetime | None = None
    recording_disclosed_at: datetime | None = None
    emotion_disclosed_at: datetime | None = None
    recording_path: str = ""
    media_stats: dict[str, float] = field(default_factory=dict)
    node: str = ""
    script_version: str = ""
