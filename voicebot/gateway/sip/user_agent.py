"""The SIP user agent: every call of one endpoint, without sockets and clocks.

Told what arrived and when, it answers through `datagrams_to_send()` and `next_event()`, and
wants to be woken at `next_timeout()`. Nothing that a stranger sends raises an error here.
Authentication, transfer and session timers have no code yet; they belong where final answers
to our requests arrive (`_receive_final`) and where in-dialog requests are told apart
(`_receive_in_dialog`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from voicebot.errors import SdpError, SipParseError
from voicebot.gateway.sip.media_negotiation import (
    LocalMedia,
    MediaNegotiation,
    MediaPolicy,
    check_offer,
)
from voicebot.gateway.sip.message import (
    Headers,
    MalformedRequest,
    SipRequest,
    SipResponse,
    make_response,
    parse_datagram,
)
from voicebot.gateway.sip.peer import OutgoingMessage, Peer, Transport
from voicebot.gateway.sip.request_check import ALLOWED_METHODS, check_request
from voicebot.gateway.sip.routing import dialog_peer, is_behind_nat, note_source, response_peer
from voicebot.gateway.sip.sdp import NegotiatedMedia
from voicebot.gateway.sip.sdp_body import SDP_TYPE, find_sdp
from voicebot.gateway.sip.sip_call import (
    CallAnswered,
    CallEnded,
    CallOffered,
    CallProgressed,
    CallRefused,
    CallState,
    HangUpCompleted,
    MediaChanged,
    SipCall,
    UnacknowledgedAnswer,
    UserAgentEvent,
)
from voicebot.gateway.sip.sip_dialog import DialogKey, SipDialog, dialog_key
from voicebot.gateway.sip.transaction import (
    ClientTransaction,
    InviteServerTransaction,
    ServerTransaction,
    Timers,
)
from voicebot.gateway.sip.transaction_layer import TransactionLayer
from voicebot.gateway.sip.uri import MAGIC_COOKIE, NameAddr, SipUri, Via
from voicebot.records import Direction

ALLOW = ("Allow", ", ".join(ALLOWED_METHODS))
ACCEPT = ("Accept", SDP_TYPE)
SUPPORTED = ("Supported", "")
OVERLOAD_RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Profile:
    """Who we are on the network.

    local_host_for: our address as a peer at the given address should see it.
    """

    user: str
    port: int
    media_policy: MediaPolicy
    max_calls: int
    local_host_for: Callable[[str], str]


def random_token() -> str:
    """For tags, branches and Call-IDs: 64 bits nobody can guess (RFC 3261 19.3)."""
    return secrets.token_hex(8)


class UserAgent:
    """Answers and places calls. One instance serves all transports of an endpoint."""

    def __init__(
        self,
        profile: Profile,
        timers: Timers | None = None,
        max_server_transactions: int = 10_000,
        token: Callable[[], str] = random_token,
    ) -> None:
        self._profile = profile
        self._timers = timers or Timers()
        self._token = token
        self._tag_key = secrets.token_bytes(32)
        self._layer = TransactionLayer(self._timers, max_server_transactions)
        self._events: deque[UserAgentEvent] = deque()
        self._calls: dict[str, SipCall] = {}
        self._dialogs: dict[DialogKey, SipCall] = {}
        # A call that is over is still owed to repeated 2xx, as long as its transaction lives.
        self._owners: WeakKeyDictionary[ClientTransaction, SipCall] = WeakKeyDictionary()
        self.is_draining = False
        """True: running calls go on, new ones get 503."""

    # What the shell drains

    def datagrams_to_send(self) -> list[OutgoingMessage]:
        return self._layer.datagrams_to_send()

    def next_event(self) -> UserAgentEvent | None:
        return self._events.popleft() if self._events else None

    def next_timeout(self) -> float | None:
        times = [self._layer.next_timeout()]
        times += [call.next_timeout() for call in self._calls.values()]
        return min((time for time in times if time is not None), default=None)

    @property
    def n_calls(self) -> int:
        """Calls that are coming in, going out or up."""
        over = (CallState.ENDING, CallState.ENDED)
        return sum(call.state not in over for call in self._calls.values())

    @property
    def n_transactions(self) -> int:
        return len(self._layer)

    # Time and failures

    def handle_timeout(self, now: float) -> None:
        """Do everything that is due at `now`."""
        for transaction in self._layer.handle_timeout(now):
            self._client_failed(transaction, 408, now)
        for call in list(self._calls.values()):
            self._resend_answers(call, now)
            if call.cancel_deadline is not None and now >= call.cancel_deadline:
                # 9.1: a cancelled INVITE that is not answered in 64*T1 counts as cancelled.
                self._refused(call, 487)

    def transport_failed(self, message: OutgoingMessage, now: float) -> None:
        """The shell could not send `message`: its transaction ends as if answered 503 (8.1.3.1)."""
        transaction = self._layer.transport_failed(message.key)
        if transaction is not None:
            self._client_failed(transaction, 503, now)

    def _resend_answers(self, call: SipCall, now: float) -> None:
        for answer in list(call.unacknowledged.values()):
            if answer.is_lost(now):
                # 13.3.1.4: without ACK there is no session, and a BYE says so.
                call.unacknowledged.clear()
                self._send_bye(call, now)
                self._report_end(call, "lost_ack")
                return
            if answer.is_due(now):
                self._layer.respond(answer.transaction, answer.response, now)

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
                self._receive_response(message, source, now)
        except SipParseError as error:
            # Fields that only some methods have are read when they are needed.
            if isinstance(message, SipRequest) and message.method != "ACK":
                self._refuse_stateless(message, source, error.status_hint)

    def receive_malformed(self, error: SipParseError, source: Peer) -> None:
        """Answer what is no SIP message where it says whom to answer; else stay silent."""
        if isinstance(error, MalformedRequest):
            note_source(error.request, source)
            self._refuse_stateless(error.request, source, error.status_hint)

    def _receive_request(self, request: SipRequest, source: Peer, now: float) -> None:
        note_source(request, source)
        if request.method == "ACK":
            self._receive_ack(request, now)
            return
        known = self._layer.find_server(request)
        if known is not None:
            self._layer.receive_repetition(known)
            return
        if self._layer.is_full:
            self._refuse_stateless(request, source, 503)
            return
        is_merged = self._layer.is_merged(request)
        transaction = self._layer.create_server(request, source, now)
        try:
            self._serve(transaction, request, source, is_merged, now)
        except SipParseError as error:
            self._respond(transaction, error.status_hint, now)

    def _serve(
        self,
        transaction: ServerTransaction,
        request: SipRequest,
        source: Peer,
        is_merged: bool,
        now: float,
    ) -> None:
        if request.method == "CANCEL":
            self._receive_cancel(transaction, request, now)
            return
        if is_merged:
            self._respond(transaction, 482, now)
            return
        if refusal := check_request(request):
            status, headers = refusal
            self._respond(transaction, status, now, headers)
        elif request.to.tag is not None:
            self._receive_in_dialog(transaction, request, source, now)
        elif isinstance(transaction, InviteServerTransaction):
            self._receive_invite(transaction, request, source, now)
        elif request.method == "OPTIONS":
            self._answer_options(transaction, now)
        else:
            self._respond(transaction, 481 if request.method == "BYE" else 405, now, [ALLOW])

    def _receive_ack(self, request: SipRequest, now: float) -> None:
        transaction = self._layer.find_server(request)
        if isinstance(transaction, InviteServerTransaction) and not self._layer.receive_ack(
            transaction, now
        ):
            return
        call = self._dialogs.get(dialog_key(request))
        if call is None:
            return
        answer = call.unacknowledged.pop(request.cseq.number, None)
        if answer is None:
            return
        if answer.awaits_sdp and not self._accept_answer(call, request):
            self._send_bye(call, now)
            self._report_end(call, "error")
        elif answer.awaits_sdp and call.media is not None:
            self._events.append(MediaChanged(call, call.media))
        if call.bye_is_wanted and call.state is CallState.UP and not call.unacknowledged:
            self._send_bye(call, now)

    def _receive_cancel(
        self, transaction: ServerTransaction, request: SipRequest, now: float
    ) -> None:
        invite = self._layer.find_server(request, "INVITE")
        if invite is None:
            self._respond(transaction, 481, now)
            return
        call = next((c for c in self._calls.values() if c.server_transaction is invite), None)
        # 9.2: the same To tag as in the answer to the INVITE.
        self._respond(transaction, 200, now, to_tag=call.local_tag if call else invite.to_tag)
        if call is not None and call.state is CallState.INVITED:
            self._respond(invite, 487, now, to_tag=call.local_tag)
            self._end(call, "cancelled")

    # Calls that come in

    def _receive_invite(
        self, transaction: InviteServerTransaction, request: SipRequest, source: Peer, now: float
    ) -> None:
        if self.is_draining or self.n_calls >= self._profile.max_calls:
            self._respond(transaction, 503, now, [_retry_after(OVERLOAD_RETRY_AFTER_S)])
            return
        local_host = self._profile.local_host_for(source.host)
        offer = find_sdp(request)
        if offer is not None:
            try:
                check_offer(offer, local_host, self._profile.media_policy)
            except SdpError as error:
                self._respond(transaction, error.status_hint, now)
                return
        local_tag = self._token()
        call = SipCall(
            call_ref=self._token(),
            direction=Direction.INBOUND,
            state=CallState.INVITED,
            invite=request,
            peer=source,
            local_host=local_host,
            local_tag=local_tag,
            dialog=SipDialog.as_server(request, local_tag, _first_cseq()),
            negotiation=self._negotiation(),
            is_behind_nat=is_behind_nat(request, source),
            server_transaction=transaction,
        )
        self._keep(call)
        self._layer.respond(transaction, make_response(request, 100), now)
        self._events.append(CallOffered(call))

    def ring(self, call: SipCall, now: float) -> None:
        """Tell the caller that it rings."""
        if call.state is CallState.INVITED and call.server_transaction is not None:
            self._respond(
                call.server_transaction, 180, now, [self._contact(call)], to_tag=call.local_tag
            )

    def answer(self, call: SipCall, media: LocalMedia, now: float) -> NegotiatedMedia | None:
        """Take the call. None: the caller's answer to our offer comes later (MediaChanged).

        Raises SdpError where the offer has no answer; the call then is still to be rejected.
        """
        if call.state is not CallState.INVITED or call.server_transaction is None:
            return None
        call.local_media = media
        agreed = self._send_session(call, media, call.server_transaction, call.invite, now)
        call.state = CallState.UP
        return agreed

    def reject(self, call: SipCall, status: int, now: float) -> None:
        """Do not take the call. `status`: 300 to 699."""
        if call.state is CallState.INVITED and call.server_transaction is not None:
            self._respond(call.server_transaction, status, now, to_tag=call.local_tag)
            self._forget(call)

    def _send_session(
        self,
        call: SipCall,
        local: LocalMedia,
        transaction: InviteServerTransaction,
        invite: SipRequest,
        now: float,
    ) -> NegotiatedMedia | None:
        """Answer a first or later INVITE with 2xx. Raises SdpError."""
        media = None
        offer = find_sdp(invite)
        if offer is not None:
            body, media = call.negotiation.answer(offer, local)
        else:
            body = call.negotiation.offer(local)
        response = make_response(
            invite,
            200,
            to_tag=call.local_tag,
            headers=[self._contact(call), ALLOW, SUPPORTED],
            body=body,
            content_type=SDP_TYPE,
        )
        call.unacknowledged[invite.cseq.number] = UnacknowledgedAnswer(
            transaction, response, awaits_sdp=media is None, timers=self._timers, now=now
        )
        self._layer.respond(transaction, response, now)
        if media is not None:
            call.media = media
        return media

    # Requests inside a dialog

    def _receive_in_dialog(
        self, transaction: ServerTransaction, request: SipRequest, source: Peer, now: float
    ) -> None:
        call = self._dialogs.get(dialog_key(request))
        if call is None or call.dialog is None:
            self._respond(transaction, 481, now)
            return
        if not call.dialog.is_in_order(request):
            self._respond(transaction, 500, now)
        elif isinstance(transaction, InviteServerTransaction):
            self._receive_reinvite(call, call.dialog, transaction, request, now)
        elif request.method == "BYE":
            self._receive_bye(call, transaction, now)
        elif request.method == "OPTIONS":
            self._answer_options(transaction, now)
        else:
            self._respond(transaction, 405, now, [ALLOW])

    def _receive_bye(self, call: SipCall, transaction: ServerTransaction, now: float) -> None:
        self._respond(transaction, 200, now)
        if call.state is CallState.INVITED and call.server_transaction is not None:
            # 15.1.2: pending requests of the dialog are answered 487.
            self._respond(call.server_transaction, 487, now, to_tag=call.local_tag)
            self._end(call, "cancelled")
        elif call.state is CallState.UP:
            self._end(call, "hangup")
        # ENDING: both hung up at once; our own BYE still awaits its answer.

    def _receive_reinvite(
        self,
        call: SipCall,
        dialog: SipDialog,
        transaction: InviteServerTransaction,
        request: SipRequest,
        now: float,
    ) -> None:
        if call.state is CallState.INVITED:
            # 14.2: a second INVITE before the first is answered.
            self._respond(transaction, 500, now, [_retry_after(secrets.randbelow(11))])
        elif call.state is not CallState.UP:
            self._respond(transaction, 481, now)
        elif call.local_media is None or any(
            answer.awaits_sdp for answer in call.unacknowledged.values()
        ):
            # RFC 6337 2.3: an offer of ours is not answered yet.
            self._respond(transaction, 491, now)
        else:
            before = call.media
            try:
                media = self._send_session(call, call.local_media, transaction, request, now)
            except SdpError as error:
                # The session goes on as it was (14.2).
                self._respond(transaction, error.status_hint, now)
                return
            dialog.refresh_target(request)
            if media is not None and media != before:
                self._events.append(MediaChanged(call, media))

    def _answer_options(self, transaction: ServerTransaction, now: float) -> None:
        # 11.2: the status an INVITE would get, so that dispatchers see a full or closing node.
        is_outside = transaction.request.to.tag is None
        is_busy = self.is_draining or self.n_calls >= self._profile.max_calls
        if is_outside and is_busy:
            self._respond(transaction, 503, now, [_retry_after(OVERLOAD_RETRY_AFTER_S)])
        else:
            self._respond(transaction, 200, now, [ALLOW, ACCEPT, SUPPORTED])

    # Calls that go out

    def place_call(
        self, uri: SipUri, caller: str, media: LocalMedia, next_hop: Peer, now: float
    ) -> SipCall:
        """Send an INVITE with our offer; CallAnswered or CallRefused follows.

        caller: user part of our own address. next_hop: where `uri` was found to be.
        """
        local_host = self._profile.local_host_for(next_hop.host)
        local_tag = self._token()
        own_uri = SipUri("sip", caller, local_host, self._profile.port)
        headers = Headers()
        headers.add("Via", str(self._via(next_hop.transport, local_host)))
        headers.add("Max-Forwards", "70")
        headers.add("From", str(NameAddr("", own_uri).with_tag(local_tag)))
        headers.add("To", str(NameAddr("", uri.without_headers())))
        headers.add("Call-ID", self._token() + self._token())
        headers.add("CSeq", f"{_first_cseq()} INVITE")
        invite = SipRequest("INVITE", uri.without_headers(), headers)
        call = SipCall(
            call_ref=self._token(),
            direction=Direction.OUTBOUND,
            state=CallState.CALLING,
            invite=invite,
            peer=next_hop,
            local_host=local_host,
            local_tag=local_tag,
            local_media=media,
            negotiation=self._negotiation(),
        )
        for name, value in (self._contact(call), ALLOW, ACCEPT, SUPPORTED):
            headers.add(name, value)
        headers.add("Content-Type", SDP_TYPE)
        invite.body = call.negotiation.offer(media)
        self._keep(call)
        self._send_request(call, invite, next_hop, now)
        return call

    def _receive_response(self, response: SipResponse, source: Peer, now: float) -> None:
        transaction = self._layer.receive_response(response, now)
        call = self._owners.get(transaction) if transaction else None
        if transaction is None or call is None:
            # Strays are dropped (18.1.2, RFC 6026 8.1).
            return
        method = transaction.request.method
        if method == "INVITE":
            self._receive_invite_response(call, response, now)
        elif method == "BYE" and response.status >= 200:
            # Whatever the answer says, the call is over for the other side (15.1.1).
            self._complete_hang_up(call)

    def _receive_invite_response(self, call: SipCall, response: SipResponse, now: float) -> None:
        if response.status >= 300:
            self._refused(call, 487 if call.cancel_is_wanted else response.status)
        elif response.status >= 200:
            self._receive_2xx(call, response, now)
        elif call.state is CallState.CALLING:
            call.has_provisional = True
            if call.cancel_is_wanted:
                self._send_cancel(call, now)
            elif response.status > 100:
                self._events.append(CallProgressed(call, response.status))

    def _receive_2xx(self, call: SipCall, response: SipResponse, now: float) -> None:
        tag = response.to.tag or ""
        sent = call.acks.get(tag)
        if sent is not None:
            # The 2xx came again, so the ACK was lost (13.2.2.4).
            self._layer.send_stateless(*sent)
            return
        try:
            dialog = SipDialog.as_client(call.invite, response)
        except SipParseError:
            dialog = SipDialog.as_client(call.invite, _without_routing(response))
        self._send_ack(call, dialog, now)
        if call.state is not CallState.CALLING:
            # Another fork answered too, or the call was given up meanwhile.
            self._send_bye_in(call, dialog, now, is_owned=False)
            return
        call.dialog = dialog
        self._dialogs[dialog.key] = call
        call.cancel_deadline = None
        if call.cancel_is_wanted:
            # CANCEL and 2xx crossed.
            self._send_bye(call, now)
            self._events.append(CallRefused(call, 487))
            return
        call.state = CallState.UP
        if self._accept_answer(call, response) and call.media is not None:
            self._events.append(CallAnswered(call, call.media))
            return
        self._send_bye(call, now)
        self._events.append(CallRefused(call, 488))

    def _send_ack(self, call: SipCall, dialog: SipDialog, now: float) -> None:
        ack = dialog.create_ack(call.invite.cseq.number)
        peer = dialog_peer(dialog, call.peer, call.is_behind_nat)
        ack.headers.prepend("Via", str(self._via(peer.transport, call.local_host)))
        message = (ack.to_bytes(), peer)
        call.acks[dialog.remote.tag or ""] = message
        self._layer.send_stateless(*message)

    def _refused(self, call: SipCall, status: int) -> None:
        if call.state is CallState.CALLING:
            self._forget(call)
            self._events.append(CallRefused(call, status))

    def _client_failed(self, transaction: ClientTransaction, status: int, now: float) -> None:
        call = self._owners.get(transaction)
        if call is None:
            return
        if transaction.request.method == "INVITE":
            self._refused(call, 487 if call.cancel_is_wanted else status)
        elif transaction.request.method == "BYE":
            self._complete_hang_up(call)

    # Hanging up

    def hang_up(self, call: SipCall, now: float) -> None:
        """End the call in the way its state asks for; HangUpCompleted or CallRefused follows."""
        if call.state is CallState.INVITED:
            self.reject(call, 480, now)
        elif call.state is CallState.CALLING and not call.cancel_is_wanted:
            call.cancel_is_wanted = True
            # 9.1: not before a provisional answer; there may be nothing to cancel yet.
            if call.has_provisional:
                self._send_cancel(call, now)
        elif call.state is CallState.UP:
            call.bye_is_wanted = True
            # 15: whoever answered waits for the ACK (or for its loss) with his BYE.
            if not call.unacknowledged:
                self._send_bye(call, now)

    def _send_cancel(self, call: SipCall, now: float) -> None:
        invite = call.invite
        headers = Headers()
        # 9.1: all this as in the INVITE, so that each hop finds its transaction.
        headers.add("Via", str(invite.via))
        headers.add("Max-Forwards", "70")
        for name in ("Route", "From", "To", "Call-ID"):
            for value in invite.headers.get_all(name):
                headers.add(name, value)
        headers.add("CSeq", f"{invite.cseq.number} CANCEL")
        self._send_request(call, SipRequest("CANCEL", invite.uri, headers), call.peer, now)
        call.cancel_deadline = now + self._timers.give_up_s

    def _send_bye(self, call: SipCall, now: float) -> None:
        call.state = CallState.ENDING
        if call.dialog is not None:
            self._send_bye_in(call, call.dialog, now, is_owned=True)

    def _send_bye_in(self, call: SipCall, dialog: SipDialog, now: float, is_owned: bool) -> None:
        """is_owned: the call ends with it. Otherwise it ends a second fork's dialog."""
        bye = dialog.create_request("BYE")
        peer = dialog_peer(dialog, call.peer, call.is_behind_nat)
        bye.headers.prepend("Via", str(self._via(peer.transport, call.local_host)))
        transaction = self._layer.send_request(bye, peer, now)
        if is_owned:
            self._owners[transaction] = call

    def _complete_hang_up(self, call: SipCall) -> None:
        if call.state is CallState.ENDING:
            self._forget(call)
            self._events.append(HangUpCompleted(call))

    # Calls kept and forgotten

    def _keep(self, call: SipCall) -> None:
        self._calls[call.call_ref] = call
        if call.dialog is not None:
            self._dialogs[call.dialog.key] = call

    def _forget(self, call: SipCall) -> None:
        call.state = CallState.ENDED
        call.unacknowledged.clear()
        call.cancel_deadline = None
        self._calls.pop(call.call_ref, None)
        if call.dialog is not None:
            self._dialogs.pop(call.dialog.key, None)

    def _end(self, call: SipCall, reason: str) -> None:
        self._forget(call)
        self._report_end(call, reason)

    def _report_end(self, call: SipCall, reason: str) -> None:
        self._events.append(CallEnded(call, reason))

    def _accept_answer(self, call: SipCall, message: SipRequest | SipResponse) -> bool:
        """Take the answer to our offer; False: there is none that we can use."""
        try:
            call.media = call.negotiation.accept(find_sdp(message))
        except SdpError:
            return False
        return True

    # Building messages

    def _send_request(
        self, call: SipCall, request: SipRequest, peer: Peer, now: float
    ) -> ClientTransaction:
        transaction = self._layer.send_request(request, peer, now)
        self._owners[transaction] = call
        return transaction

    def _respond(
        self,
        transaction: ServerTransaction,
        status: int,
        now: float,
        headers: Iterable[tuple[str, str]] = (),
        to_tag: str | None = None,
    ) -> None:
        response = make_response(
            transaction.request, status, to_tag=to_tag or self._token(), headers=headers
        )
        self._layer.respond(transaction, response, now)

    def _refuse_stateless(self, request: SipRequest, source: Peer, status: int) -> None:
        headers = [_retry_after(OVERLOAD_RETRY_AFTER_S)] if status == 503 else []
        response = make_response(
            request, status, to_tag=self._stateless_tag(request), headers=headers
        )
        self._layer.send_stateless(response.to_bytes(), response_peer(request, source))

    def _stateless_tag(self, request: SipRequest) -> str:
        """The same for each repetition of a request, and not to be foretold (8.2.7)."""
        identity = "\n".join(request.headers.get(name) or "" for name in ("Via", "Call-ID", "CSeq"))
        data = identity.encode(errors="surrogateescape")
        return hashlib.blake2b(data, digest_size=8, key=self._tag_key).hexdigest()

    def _via(self, transport: Transport, local_host: str) -> Via:
        branch = MAGIC_COOKIE + self._token()
        return Via(transport, local_host, self._profile.port, {"branch": branch, "rport": None})

    def _contact(self, call: SipCall) -> tuple[str, str]:
        params = (("transport", "tcp"),) if call.peer.transport == "TCP" else ()
        uri = SipUri("sip", self._profile.user, call.local_host, self._profile.port, params)
        return ("Contact", str(NameAddr("", uri)))

    def _negotiation(self) -> MediaNegotiation:
        return MediaNegotiation(secrets.randbelow(2**53), self._profile.media_policy)


def _first_cseq() -> int:
    return secrets.randbelow(2**16) + 1


def _without_routing(response: SipResponse) -> SipResponse:
    headers = response.headers.copy()
    headers.remove("Contact")
    headers.remove("Record-Route")
    return SipResponse(response.status, response.reason, headers, response.body)


def _retry_after(delay_s: int) -> tuple[str, str]:
    return ("Retry-After", str(delay_s))
