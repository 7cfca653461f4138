"""The four transaction machines of RFC 3261 section 17, as corrected by RFC 6026.

A transaction makes one hop reliable: it repeats what may have been lost and absorbs what
arrives twice. It is told the time and never waits. After any call, send what
`messages_to_send()` returns and wake it at `next_timeout()`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, auto

from voicebot.gateway.sip.agent.large_request import set_via_transport
from voicebot.gateway.sip.messages.message import Headers, SipRequest, SipResponse
from voicebot.gateway.sip.messages.peer import Peer

TransactionKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timers:
    """Round trip estimate and its bounds (RFC 3261 table 4); tests shorten them together."""

    t1_s: float = 0.5
    t2_s: float = 4.0
    t4_s: float = 5.0
    session_second_s: float = 1.0
    """How long a second of a session timer lasts (RFC 4028 allows none below 90)."""

    @property
    def give_up_s(self) -> float:
        """64*T1: timers B, F, H, J, L and M, and D over UDP (32 s, as D must last at least)."""
        return 64 * self.t1_s


class State(Enum):
    CALLING = auto()
    TRYING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    TERMINATED = auto()


class Resender:
    """When to repeat a message: after `first_s`, then twice as long each time, up to `cap_s`."""

    def __init__(self, first_s: float, cap_s: float, now: float) -> None:
        self._interval_s = first_s
        self._cap_s = cap_s
        self.due = now + first_s

    def repeated(self, now: float) -> None:
        self._interval_s = min(2 * self._interval_s, self._cap_s)
        self.due = now + self._interval_s

    def slow_down(self) -> None:
        """Timer E in Proceeding: from the next time on every T2 (17.1.2.2)."""
        self._interval_s = self._cap_s


class Transaction(ABC):
    """What all four have: a request, the hop it is on, an outbox and two timers."""

    def __init__(
        self, key: TransactionKey, request: SipRequest, peer: Peer, timers: Timers, state: State
    ) -> None:
        self.key = key
        self.request = request
        self.peer = peer
        self.state = state
        self._timers = timers
        self._outbox: list[bytes] = []
        self._resender: Resender | None = None
        self._deadline: float | None = None

    @property
    def is_terminated(self) -> bool:
        return self.state is State.TERMINATED

    def messages_to_send(self) -> list[bytes]:
        messages, self._outbox = self._outbox, []
        return messages

    def next_timeout(self) -> float | None:
        times = (self._resender.due if self._resender else None, self._deadline)
        return min((time for time in times if time is not None), default=None)

    @abstractmethod
    def handle_timeout(self, now: float) -> bool:
        """True: the other side never answered, and the user agent has to know."""

    def transport_failed(self) -> bool:
        """Nothing can be sent to the peer. True: the user agent has to know."""
        was_waiting = self.state in (State.CALLING, State.TRYING, State.PROCEEDING)
        self._terminate()
        return was_waiting

    def _linger(self, state: State, duration_s: float, now: float) -> None:
        """Stay for a while to absorb repetitions; nothing is sent by the clock any more."""
        self._resender = None
        if duration_s <= 0:
            self._terminate()
            return
        self.state = state
        self._deadline = now + duration_s

    def _deadline_passed(self, now: float) -> bool:
        return self._deadline is not None and now >= self._deadline

    def _resend_if_due(self, message: bytes, now: float) -> None:
        if self._resender is not None and now >= self._resender.due:
            self._outbox.append(message)
            self._resender.repeated(now)

    def _terminate(self) -> None:
        self.state = State.TERMINATED
        self._resender = None
        self._deadline = None


class ClientTransaction(Transaction):
    """A request of ours on its way to one peer."""

    def __init__(
        self,
        key: TransactionKey,
        request: SipRequest,
        peer: Peer,
        timers: Timers,
        state: State,
        longest_interval_s: float,
        now: float,
    ) -> None:
        """longest_interval_s: between repetitions over UDP."""
        super().__init__(key, request, peer, timers, state)
        self._longest_interval_s = longest_interval_s
        self._send(now)

    @abstractmethod
    def receive_response(self, response: SipResponse, now: float) -> bool:
        """Take in a response that matched; True: the user agent has to see it."""

    def send_anew(self, peer: Peer, now: float) -> bool:
        """Send the request another way, as if for the first time; False: it is too late."""
        if self.state not in (State.CALLING, State.TRYING):
            return False
        self.peer = peer
        set_via_transport(self.request, peer.transport)
        self._send(now)
        return True

    def _send(self, now: float) -> None:
        self._data = self.request.to_bytes()
        self._outbox.append(self._data)
        if not self.peer.is_reliable:
            self._resender = Resender(self._timers.t1_s, self._longest_interval_s, now)
        self._deadline = now + self._timers.give_up_s


class InviteClientTransaction(ClientTransaction):
    """17.1.1 with the Accepted state of RFC 6026 8.4."""

    def __init__(
        self, key: TransactionKey, request: SipRequest, peer: Peer, timers: Timers, now: float
    ) -> None:
        # Timer A has no upper bound; timer B ends it (17.1.1.2).
        super().__init__(key, request, peer, timers, State.CALLING, timers.give_up_s, now)
        # Nobody has to be asked about a change of a call that is up: a re-INVITE may not stay
        # unanswered for as long as a phone may ring.
        self._may_ring = request.to.tag is None
        self._ack: bytes = b""

    def receive_response(self, response: SipResponse, now: float) -> bool:
        if self.state in (State.CALLING, State.PROCEEDING):
            if response.status < 200:
                # Once the other side is at work there is no limit here: ringing may be long,
                # and the caller of this transaction cancels when it has waited enough.
                self.state = State.PROCEEDING
                self._resender = None
                if self._may_ring:
                    self._deadline = None
            elif response.status < 300:
                self._linger(State.ACCEPTED, self._timers.give_up_s, now)
            else:
                self._ack = acknowledge_failure(self.request, response).to_bytes()
                self._outbox.append(self._ack)
                stay_s = 0.0 if self.peer.is_reliable else self._timers.give_up_s
                self._linger(State.COMPLETED, stay_s, now)
            return True
        if self.state is State.ACCEPTED:
            # Repeated and forked 2xx: the user agent acknowledges each (RFC 6026 7.2).
            return 200 <= response.status < 300
        if self.state is State.COMPLETED and response.status >= 300:
            self._outbox.append(self._ack)
        return False

    def cancelled(self, now: float) -> None:
        """A CANCEL was sent: without an answer in 64*T1 it counts as done (9.1)."""
        if self.state is State.PROCEEDING:
            self._may_ring = False
            self._deadline = now + self._timers.give_up_s

    def handle_timeout(self, now: float) -> bool:
        if self._deadline_passed(now):
            timed_out = self.state in (State.CALLING, State.PROCEEDING)
            self._terminate()
            return timed_out
        self._resend_if_due(self._data, now)
        return False


class NonInviteClientTransaction(ClientTransaction):
    """17.1.2."""

    def __init__(
        self, key: TransactionKey, request: SipRequest, peer: Peer, timers: Timers, now: float
    ) -> None:
        super().__init__(key, request, peer, timers, State.TRYING, timers.t2_s, now)

    def receive_response(self, response: SipResponse, now: float) -> bool:
        if self.state not in (State.TRYING, State.PROCEEDING):
            return False
        if response.status < 200:
            self.state = State.PROCEEDING
            if self._resender is not None:
                self._resender.slow_down()
        else:
            self._linger(State.COMPLETED, 0.0 if self.peer.is_reliable else self._timers.t4_s, now)
        return True

    def handle_timeout(self, now: float) -> bool:
        if self._deadline_passed(now):
            timed_out = self.state in (State.TRYING, State.PROCEEDING)
            self._terminate()
            return timed_out
        self._resend_if_due(self._data, now)
        return False


class ServerTransaction(Transaction):
    """A request of somebody else's that we answer. `peer` is where answers go."""

    def __init__(
        self, key: TransactionKey, request: SipRequest, peer: Peer, timers: Timers, state: State
    ) -> None:
        super().__init__(key, request, peer, timers, state)
        self._last_response: bytes = b""
        self.to_tag = ""

    @property
    def has_final_response(self) -> bool:
        return self.state not in (State.TRYING, State.PROCEEDING)

    @abstractmethod
    def receive_repetition(self) -> None:
        """The same request came again."""

    @abstractmethod
    def respond(self, response: SipResponse, now: float) -> None:
        """Send a response of the user agent. A second final one is dropped, except 2xx again."""


class InviteServerTransaction(ServerTransaction):
    """17.2.1 with the Accepted state of RFC 6026 8.5."""

    def __init__(
        self, key: TransactionKey, request: SipRequest, peer: Peer, timers: Timers
    ) -> None:
        super().__init__(key, request, peer, timers, State.PROCEEDING)

    def receive_repetition(self) -> None:
        # In Accepted the user agent repeats the 2xx itself (RFC 6026 7.1).
        if self.state in (State.PROCEEDING, State.COMPLETED) and self._last_response:
            self._outbox.append(self._last_response)

    def receive_ack(self, now: float) -> bool:
        """True: it acknowledges a 2xx (RFC 2543 peers send that with the INVITE's branch)."""
        if self.state is State.COMPLETED:
            stay_s = 0.0 if self.peer.is_reliable else self._timers.t4_s
            self._linger(State.CONFIRMED, stay_s, now)
            return False
        return self.state is State.ACCEPTED

    def respond(self, response: SipResponse, now: float) -> None:
        data = response.to_bytes()
        if self.state is State.ACCEPTED and 200 <= response.status < 300:
            self._outbox.append(data)
        if self.state is not State.PROCEEDING:
            return
        self._outbox.append(data)
        self._last_response = data
        self.to_tag = response.to.tag or ""
        if 200 <= response.status < 300:
            self._linger(State.ACCEPTED, self._timers.give_up_s, now)
        elif response.status >= 300:
            self.state = State.COMPLETED
            self._deadline = now + self._timers.give_up_s
            if not self.peer.is_reliable:
                self._resender = Resender(self._timers.t1_s, self._timers.t2_s, now)

    def handle_timeout(self, now: float) -> bool:
        if self._deadline_passed(now):
            # Timer H: a failure response that nobody acknowledged changes nothing for us.
            self._terminate()
            return False
        self._resend_if_due(self._last_response, now)
        return False


class NonInviteServerTransaction(ServerTransaction):
    """17.2.2."""

    def __init__(
        self, key: TransactionKey, request: SipRequest, peer: Peer, timers: Timers
    ) -> None:
        super().__init__(key, request, peer, timers, State.TRYING)

    def receive_repetition(self) -> None:
        if self._last_response:
            self._outbox.append(self._last_response)

    def respond(self, response: SipResponse, now: float) -> None:
        if self.has_final_response:
            return
        self._last_response = response.to_bytes()
        self._outbox.append(self._last_response)
        if response.status < 200:
            self.state = State.PROCEEDING
        else:
            stay_s = 0.0 if self.peer.is_reliable else self._timers.give_up_s
            self._linger(State.COMPLETED, stay_s, now)

    def handle_timeout(self, now: float) -> bool:
        if self._deadline_passed(now):
            self._terminate()
        return False


def acknowledge_failure(invite: SipRequest, response: SipResponse) -> SipRequest:
    """The ACK of a 3xx-6xx answer: same hop, same branch, the answer's To (17.1.1.3)."""
    headers = Headers()
    headers.add("Via", str(invite.via))
    headers.add("Max-Forwards", "70")
    for route in invite.headers.get_all("Route"):
        headers.add("Route", route)
    headers.add("From", str(invite.from_))
    headers.add("To", str(response.to))
    headers.add("Call-ID", invite.call_id)
    headers.add("CSeq", f"{invite.cseq.number} ACK")
    return SipRequest("ACK", invite.uri, headers, b"")
