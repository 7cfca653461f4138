"""One SIP call as the user agent keeps it, and what it tells the shell about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from voicebot.gateway.sip.agent.early_dialog import EarlyDialog
from voicebot.gateway.sip.agent.provisional_answer import ProvisionalAnswer
from voicebot.gateway.sip.agent.referral import ReceivedRefer, SentReferral
from voicebot.gateway.sip.agent.session_state import SessionState
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.agent.transaction import (
    InviteServerTransaction,
    Resender,
    Timers,
)
from voicebot.gateway.sip.auth.digest_client import DigestClient
from voicebot.gateway.sip.messages.dialog_key import DialogKey
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.reason_header import Reason
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia, MediaNegotiation
from voicebot.gateway.sip.sdp.offer_answer import NegotiatedMedia
from voicebot.gateway.sip.trunks.trunk_terms import TrunkTerms
from voicebot.records import Direction


class CallState(Enum):
    """Where a call is between INVITE and BYE."""

    INVITED = auto()
    """Coming in, not decided."""
    CALLING = auto()
    """Going out, not answered."""
    UP = auto()
    """Answered with 2xx; the ACK may still be missing."""
    ENDING = auto()
    """Our BYE is on its way."""
    ENDED = auto()


class UnacknowledgedAnswer:
    """A 2xx of ours, repeated from T1 up to every T2 until its ACK comes (13.3.1.4)."""

    def __init__(
        self,
        transaction: InviteServerTransaction,
        response: SipResponse,
        awaits_sdp: bool,
        timers: Timers,
        now: float,
    ) -> None:
        self.transaction = transaction
        self.response = response
        self.awaits_sdp = awaits_sdp
        self._timers = timers
        self.restart(now)

    def restart(self, now: float) -> None:
        """It is sent only now."""
        self._resender = Resender(self._timers.t1_s, self._timers.t2_s, now)
        self._deadline = now + self._timers.give_up_s

    def next_timeout(self) -> float:
        return min(self._resender.due, self._deadline)

    def is_lost(self, now: float) -> bool:
        return now >= self._deadline

    def is_due(self, now: float) -> bool:
        """True: send it again now."""
        if now < self._resender.due:
            return False
        self._resender.repeated(now)
        return True


@dataclass(eq=False)
class SipCall:
    """State of one call; the user agent alone changes it.

    call_ref: random, ours: fit for logs and file names, unlike the Call-ID of a stranger.
    peer: where its first message came from, or went to.
    """

    call_ref: str
    direction: Direction
    state: CallState
    invite: SipRequest
    peer: Peer
    local_host: str
    local_tag: str
    negotiation: MediaNegotiation
    is_behind_nat: bool = False
    terms: TrunkTerms | None = None
    """Of the trunk that it goes through, if any."""
    dialog: SipDialog | None = None
    local_media: LocalMedia | None = None
    media: NegotiatedMedia | None = None
    server_transaction: InviteServerTransaction | None = None
    has_provisional: bool = False
    cancel_is_wanted: bool = False
    has_cancelled: bool = False
    bye_is_wanted: bool = False
    end_reason: Reason | None = None
    """What our CANCEL or BYE says, where it is out of the ordinary."""
    unacknowledged: dict[int, UnacknowledgedAnswer] = field(default_factory=dict)
    """By CSeq number: a re-INVITE may be answered before the first ACK has come."""
    acks: dict[tuple[str, int], tuple[bytes, Peer]] = field(default_factory=dict)
    """ACKs of ours by tag and number of the answer, for when that answer comes again."""
    session: SessionState = field(default_factory=SessionState)
    early: dict[str, EarlyDialog] = field(default_factory=dict)
    """Forks of a call of ours that is not answered, by their tag."""
    provisional: ProvisionalAnswer | None = None
    """Ours, not acknowledged; at most one (RFC 3262 3)."""
    waiting_answers: list[SipResponse] = field(default_factory=list)
    """Of ours to the INVITE, until that one is acknowledged."""
    next_rseq: int = 0
    early_sdp: bytes | None = None
    """Early audio is agreed on; what the 2xx has to repeat of it."""
    expires_at: float | None = None
    """Until when an incoming call wants to be answered (Expires)."""
    replaces: SipCall | None = None
    """The call that ends when this one is answered (RFC 3891)."""
    n_refers_received: int = 0

    def __post_init__(self) -> None:
        account = self.terms.account if self.terms else None
        self.digest = DigestClient(account) if account else None

    @property
    def trunk(self) -> str:
        """Its name; "" where the call goes through none."""
        return self.terms.trunk if self.terms else ""

    def next_timeout(self) -> float | None:
        times = [answer.next_timeout() for answer in self.unacknowledged.values()]
        if self.provisional is not None:
            times.append(self.provisional.next_timeout())
        other_times = [self.expires_at]
        if self.state is CallState.UP:
            other_times.append(self.session.next_timeout())
        times += [time for time in other_times if time is not None]
        return min(times, default=None)

    @property
    def invite_is_open(self) -> bool:
        """A call that comes in whose INVITE has no final answer yet."""
        transaction = self.server_transaction
        return (
            transaction is not None
            and not transaction.has_final_response
            and self.state in (CallState.INVITED, CallState.UP)
        )

    def dialog_of(self, key: DialogKey) -> SipDialog | None:
        """The dialog of this call, or of one of its forks, that a request belongs to."""
        if self.dialog is not None and self.dialog.key == key:
            return self.dialog
        dialogs = (early.dialog for early in self.early.values())
        return next((dialog for dialog in dialogs if dialog.key == key), None)


@dataclass(frozen=True, slots=True)
class CallOffered:
    """Somebody calls us: ring, answer or reject."""

    call: SipCall


@dataclass(frozen=True, slots=True)
class CallProgressed:
    """Our call rings or is being forwarded. `status`: 101 to 199.

    media: how to hear what the other side plays meanwhile; None: it said nothing about that.
    """

    call: SipCall
    status: int
    media: NegotiatedMedia | None = None


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """Our call was taken; media flows as negotiated."""

    call: SipCall
    media: NegotiatedMedia


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """The other side's answer to a delayed offer, or its re-INVITE (hold, codec, address)."""

    call: SipCall
    media: NegotiatedMedia


@dataclass(frozen=True, slots=True)
class CallRefused:
    """Our call was not taken. `status`: SIP status; 408 when nobody answered at all.

    targets: of a 3xx answer, where else to call, the preferred one first. cause: what the
    other side says about it. retry_after_s: how long it wants to be left alone.
    """

    call: SipCall
    status: int
    targets: tuple[SipUri, ...] = ()
    cause: Reason | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over. cause: what the other side says about it.

    reason: cancelled or expired (before the answer), hangup, lost_ack, lost_prack,
    session_expired (the other side is gone), error.
    """

    call: SipCall
    reason: str
    cause: Reason | None = None


@dataclass(frozen=True, slots=True)
class SessionChangeEnded:
    """What became of our hold, resume or move. `status`: 200, or that of the refusal."""

    call: SipCall
    status: int


@dataclass(frozen=True, slots=True)
class HangUpCompleted:
    """Our BYE was answered, or nobody is left to answer it."""

    call: SipCall


@dataclass(frozen=True, slots=True)
class KeyReceived:
    """The other side pressed a key and says so in an INFO."""

    call: SipCall
    digit: str


@dataclass(frozen=True, slots=True)
class ReferReceived:
    """The other side of a running call wants us to call somebody else: accept or refuse."""

    call: SipCall
    refer: ReceivedRefer


@dataclass(frozen=True, slots=True)
class ReferralEnded:
    """`referral.outcome` says what became of a REFER of ours."""

    call: SipCall
    referral: SentReferral


UserAgentEvent = (
    CallOffered
    | CallProgressed
    | CallAnswered
    | MediaChanged
    | CallRefused
    | CallEnded
    | HangUpCompleted
    | SessionChangeEnded
    | KeyReceived
    | ReferReceived
    | ReferralEnded
)
