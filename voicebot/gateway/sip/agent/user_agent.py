"""The SIP user agent: every call of one endpoint, without sockets and clocks.

Told what arrived and when, it answers through `datagrams_to_send()` and `next_event()`, and
wants to be woken at `next_timeout()`. Nothing that a stranger sends raises an error here.
What is done with a request or an answer is in the parts: incoming_calls, outgoing_calls,
dialog_requests; agent_core is what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from voicebot.errors import SipParseError
from voicebot.gateway.sip.agent.agent_core import (
    ACCEPT,
    ALLOW,
    OVERLOAD_RETRY_AFTER_S,
    SUPPORTED,
    AgentCore,
    Profile,
    random_token,
    retry_after,
)
from voicebot.gateway.sip.agent.authentication import Authentication
from voicebot.gateway.sip.agent.dialog_requests import DialogRequests
from voicebot.gateway.sip.agent.early_dialogs import EarlyDialogs
from voicebot.gateway.sip.agent.incoming_calls import IncomingCalls
from voicebot.gateway.sip.agent.info_requests import InfoRequests
from voicebot.gateway.sip.agent.outgoing_calls import OutgoingCalls
from voicebot.gateway.sip.agent.outside_requests import OutsideRequests
from voicebot.gateway.sip.agent.provisional_answers import ProvisionalAnswers
from voicebot.gateway.sip.agent.referrals import Referrals
from voicebot.gateway.sip.agent.request_check import check_request
from voicebot.gateway.sip.agent.routing import note_source
from voicebot.gateway.sip.agent.session_changes import SessionChanges
from voicebot.gateway.sip.agent.session_requests import SessionRequests
from voicebot.gateway.sip.agent.sip_call import CallState, SipCall, UserAgentEvent
from voicebot.gateway.sip.agent.sips import refuse_unprotected, uri_schemes
from voicebot.gateway.sip.agent.transaction import ServerTransaction, Timers
from voicebot.gateway.sip.messages.message import (
    MalformedRequest,
    SipRequest,
    SipResponse,
    parse_datagram,
)
from voicebot.gateway.sip.messages.peer import OutgoingMessage, Peer
from voicebot.gateway.sip.messages.reason_header import NORMAL_CLEARING, Reason
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia
from voicebot.gateway.sip.sdp.offer_answer import NegotiatedMedia
from voicebot.gateway.sip.trunks.trunk_terms import TrunkTerms

__all__ = ["Profile", "UserAgent"]

OutsideHandler = Callable[[ServerTransaction, Peer, float], None]


class UserAgent:
    """Answers and places calls. One instance serves all transports of an endpoint."""

    def __init__(
        self,
        profile: Profile,
        timers: Timers | None = None,
        max_server_transactions: int = 10_000,
        token: Callable[[], str] = random_token,
    ) -> None:
        self.core = AgentCore(profile, timers or Timers(), max_server_transactions, token)
        provisionals = ProvisionalAnswers(self.core)
        Authentication(self.core)
        self.outside = OutsideRequests(self.core)
        self._incoming = IncomingCalls(self.core, provisionals)
        self._outgoing = OutgoingCalls(self.core, EarlyDialogs(self.core))
        self._changes = SessionChanges(self.core)
        self._in_dialog = DialogRequests(self.core)
        requests = SessionRequests(self.core, self._incoming)
        self._in_dialog.handlers["INVITE"] = requests.receive_reinvite
        self._in_dialog.handlers["UPDATE"] = requests.receive_update
        self._in_dialog.handlers["PRACK"] = provisionals.receive_prack
        self.referrals = Referrals(self.core, self._in_dialog)
        self._in_dialog.handlers["INFO"] = InfoRequests(self.core).receive
        # Requests outside any dialog, by method.
        self._outside: dict[str, OutsideHandler] = {
            "INVITE": self._incoming.receive_invite,
            "OPTIONS": self._receive_options,
            "BYE": self._receive_stray,
            "INFO": self._receive_stray,
            "NOTIFY": self._receive_stray,
            "PRACK": self._receive_stray,
            "UPDATE": self._receive_stray,
            "REFER": self.referrals.refuse_outside,
        }

    # What the shell drains

    def datagrams_to_send(self) -> list[OutgoingMessage]:
        return self.core.layer.datagrams_to_send()

    def next_event(self) -> UserAgentEvent | None:
        return self.core.events.popleft() if self.core.events else None

    def next_timeout(self) -> float | None:
        times = [self.core.layer.next_timeout()]
        times += [call.next_timeout() for call in self.core.calls.values()]
        times.append(self.referrals.next_timeout())
        return min((time for time in times if time is not None), default=None)

    @property
    def is_draining(self) -> bool:
        """True: running calls go on, new ones get 503."""
        return self.core.is_draining

    @is_draining.setter
    def is_draining(self, is_draining: bool) -> None:
        self.core.is_draining = is_draining

    @property
    def n_calls(self) -> int:
        """Calls that are coming in, going out or up."""
        return self.core.n_calls

    @property
    def n_transactions(self) -> int:
        return len(self.core.layer)

    # Time and failures

    def handle_timeout(self, now: float) -> None:
        """Do everything that is due at `now`."""
        self.core.handle_timeout(now)
        for call in list(self.core.calls.values()):
            self._incoming.handle_timeout(call, now)
            self._changes.handle_timeout(call, now)
        self.referrals.handle_timeout(now)

    def transport_failed(self, message: OutgoingMessage, now: float) -> None:
        """The shell could not send `message`: its transaction ends as if answered 503 (8.1.3.1)."""
        self.core.transport_failed(message, now)

    # Messages in

    def receive(self, message: bytes | SipRequest | SipResponse, source: Peer, now: float) -> None:
        """Take in one message that arrived at `now` (monotonic seconds)."""
        if isinstance(message, bytes):
            try:
                message = parse_datagram(message)
            except SipParseError as error:
                self.receive_malformed(error, source)
                return
        try:
            if isinstance(message, SipRequest):
                self._receive_request(message, source, now)
            else:
                self.core.receive_response(message, now)
        except SipParseError as error:
            # Fields that only some methods have are read when they are needed.
            if isinstance(message, SipRequest) and message.method != "ACK":
                self.core.refuse_stateless(message, source, error.status_hint)
        self.referrals.calls_changed(now)

    def receive_malformed(self, error: SipParseError, source: Peer) -> None:
        """Answer what is no SIP message where it says whom to answer; else stay silent."""
        if isinstance(error, MalformedRequest):
            note_source(error.request, source)
            self.core.refuse_stateless(error.request, source, error.status_hint)

    def _receive_request(self, request: SipRequest, source: Peer, now: float) -> None:
        layer = self.core.layer
        note_source(request, source)
        if request.method == "ACK":
            call = self._incoming.receive_ack(request, now)
            if call is not None:
                self._changes.pursue(call, now)
            return
        known = layer.find_server(request)
        if known is not None:
            layer.receive_repetition(known)
            return
        if layer.is_full:
            self.core.refuse_stateless(request, source, 503)
            return
        is_merged = layer.is_merged(request)
        transaction = layer.create_server(request, source, now)
        try:
            self._serve(transaction, request, source, is_merged, now)
        except SipParseError as error:
            self.core.respond(transaction, error.status_hint, now)

    def _serve(
        self,
        transaction: ServerTransaction,
        request: SipRequest,
        source: Peer,
        is_merged: bool,
        now: float,
    ) -> None:
        if request.method == "CANCEL":
            self._incoming.receive_cancel(transaction, request, now)
            return
        if is_merged:
            self.core.respond(transaction, 482, now)
            return
        schemes = uri_schemes(self.core.profile.serves_tls)
        refusal = check_request(request, uri_schemes=schemes)
        if refusal is None:
            local_host = self.core.profile.local_host_for(source.host)
            refusal = refuse_unprotected(request, source, local_host)
        if refusal:
            status, headers = refusal
            self.core.respond(transaction, status, now, headers)
        elif request.to.tag is not None:
            self._in_dialog.receive(transaction, request, now)
        else:
            self._serve_outside(transaction, request, source, now)

    def _serve_outside(
        self, transaction: ServerTransaction, request: SipRequest, source: Peer, now: float
    ) -> None:
        for admit in self.core.admissions:
            if refusal := admit(request, source, now):
                status, headers = refusal
                self.core.respond(transaction, status, now, headers)
                return
        handler = self._outside.get(request.method)
        if handler is None:
            self.core.respond(transaction, 405, now, [ALLOW])
        else:
            handler(transaction, source, now)

    def _receive_options(self, transaction: ServerTransaction, source: Peer, now: float) -> None:
        # 11.2: the status an INVITE would get, so that dispatchers see a full or closing node.
        if self.core.is_busy:
            self.core.respond(transaction, 503, now, [retry_after(OVERLOAD_RETRY_AFTER_S)])
        else:
            self.core.respond(transaction, 200, now, [ALLOW, ACCEPT, SUPPORTED])

    def _receive_stray(self, transaction: ServerTransaction, source: Peer, now: float) -> None:
        """What makes sense only inside a dialog (15.1.2, RFC 6665 4.1.3)."""
        self.core.respond(transaction, 481, now)

    # Calls that come in

    def ring(self, call: SipCall, now: float) -> None:
        """Tell the caller that it rings."""
        self._incoming.ring(call, now)

    def answer(self, call: SipCall, media: LocalMedia, now: float) -> NegotiatedMedia | None:
        """Take the call. None: the caller's answer to our offer comes later (MediaChanged).

        Raises SdpError where the offer has no answer; the call then is still to be rejected.
        """
        return self._incoming.answer(call, media, now)

    def answer_early(self, call: SipCall, media: LocalMedia, now: float) -> NegotiatedMedia | None:
        """Let the caller hear us before the call is taken; None: the answer to our offer comes
        later (MediaChanged).

        Raises SdpError where that can't be done; the call may still be answered or rejected.
        """
        return self._incoming.answer_early(call, media, now)

    def reject(self, call: SipCall, status: int, now: float) -> None:
        """Do not take the call. `status`: 300 to 699."""
        self._incoming.reject(call, status, now)

    # Calls that go out

    def place_call(
        self,
        uri: SipUri,
        caller: str,
        media: LocalMedia,
        next_hop: Peer,
        now: float,
        headers: Iterable[tuple[str, str]] = (),
        expires_s: int | None = None,
        terms: TrunkTerms | None = None,
    ) -> SipCall:
        """Send an INVITE with our offer; CallAnswered or CallRefused follows.

        caller: user part of our own address. next_hop: where `uri` was found to be. headers:
        more fields, which replace ours of the same name. expires_s: told to the other side as
        the time it has to answer. terms: of the trunk that it goes through.
        """
        return self._outgoing.place_call(
            uri, caller, media, next_hop, now, headers, expires_s, terms
        )

    # While a call is up

    def change_session(
        self,
        call: SipCall,
        now: float,
        direction: str | None = None,
        media: LocalMedia | None = None,
    ) -> None:
        """Hold (`sendonly`), resume (`sendrecv`) or move our audio; SessionChangeEnded follows."""
        self._changes.change(call, now, direction, media)

    # Hanging up

    def hang_up(self, call: SipCall, now: float, reason: Reason | None = None) -> None:
        """End the call in the way its state asks for; HangUpCompleted or CallRefused follows.

        reason: told to the other side; None: nothing out of the ordinary.
        """
        if call.state is CallState.INVITED:
            self.reject(call, 480, now)
        elif call.state is CallState.CALLING:
            self._outgoing.cancel(call, now, reason)
        elif call.state is CallState.UP:
            call.bye_is_wanted = True
            call.end_reason = reason
            # 15: whoever answered waits for the ACK (or for its loss) with his BYE.
            if not call.unacknowledged and not call.invite_is_open:
                self.core.send_bye(call, now, reason or NORMAL_CLEARING)
