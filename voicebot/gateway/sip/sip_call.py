"""One SIP call as the user agent keeps it, and what it tells the shell about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from voicebot.gateway.sip.media_negotiation import LocalMedia, MediaNegotiation
from voicebot.gateway.sip.message import SipRequest, SipResponse
from voicebot.gateway.sip.peer import Peer
from voicebot.gateway.sip.referral import ReceivedRefer, SentReferral
from voicebot.gateway.sip.sdp import NegotiatedMedia
from voicebot.gateway.sip.sip_dialog import SipDialog
from voicebot.gateway.sip.transaction import (
    InviteServerTransaction,
    Resender,
    Timers,
)
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
        self._resender = Resender(timers.t1_s, timers.t2_s, now)
        self._deadline = now + timers.give_up_s

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
    dialog: SipDialog | None = None
    local_media: LocalMedia | None = None
    media: NegotiatedMedia | None = None
    server_transaction: InviteServerTransaction | None = None
    has_provisional: bool = False
    cancel_is_wanted: bool = False
    cancel_deadline: float | None = None
    bye_is_wanted: bool = False
    unacknowledged: dict[int, UnacknowledgedAnswer] = field(default_factory=dict)
    """By CSeq number: a re-INVITE may be answered before the first ACK has come."""
    acks: dict[str, tuple[bytes, Peer]] = field(default_factory=dict)
    """ACKs of ours by the tag of the answer, for when that answer comes again."""
    replaces: SipCall | None = None
    """The call that ends when this one is answered (RFC 3891)."""
    n_refers_received: int = 0

    def next_timeout(self) -> float | None:
        times = [answer.next_timeout() for answer in self.unacknowledged.values()]
        if self.cancel_deadline is not None:
            times.append(self.cancel_deadline)
        return min(times, default=None)


@dataclass(frozen=True, slots=True)
class CallOffered:
    """Somebody calls us: ring, answer or reject."""

    call: SipCall


@dataclass(frozen=True, slots=True)
class CallProgressed:
    """Our call rings or is being forwarded. `status`: 101 to 199."""

    call: SipCall
    status: int


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
    """Our call was not taken. `status`: SIP status; 408 when nobody answered at all."""

    call: SipCall
    status: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over. `reason`: cancelled (before the answer), hangup, lost_ack, error."""

    call: SipCall
    reason: str


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
    | KeyReceived
    | ReferReceived
    | ReferralEnded
)
