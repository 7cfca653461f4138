"""What the parts of the user agent share: transactions, calls, dialogs, events and messages."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from voicebot.errors import SdpError
from voicebot.gateway.sip.agent.request_check import ALLOWED_METHODS, SUPPORTED_EXTENSIONS
from voicebot.gateway.sip.agent.routing import dialog_peer, response_peer
from voicebot.gateway.sip.agent.session_timer import SessionTimerPolicy
from voicebot.gateway.sip.agent.sip_call import (
    CallEnded,
    CallState,
    HangUpCompleted,
    SipCall,
    UserAgentEvent,
)
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.agent.sips import contact_uri, needs_sips
from voicebot.gateway.sip.agent.transaction import ClientTransaction, ServerTransaction, Timers
from voicebot.gateway.sip.agent.transaction_layer import TransactionLayer
from voicebot.gateway.sip.messages.dialog_key import DialogKey
from voicebot.gateway.sip.messages.message import Refusal, SipRequest, SipResponse, make_response
from voicebot.gateway.sip.messages.peer import OutgoingMessage, Peer, Transport
from voicebot.gateway.sip.messages.reason_header import NORMAL_CLEARING, Reason
from voicebot.gateway.sip.messages.uri import MAGIC_COOKIE, NameAddr, Via
from voicebot.gateway.sip.sdp.media_negotiation import MediaNegotiation, MediaPolicy
from voicebot.gateway.sip.sdp.sdp_body import SDP_TYPE, find_sdp
from voicebot.gateway.sip.trunks.trunk_terms import TrunkTerms
from voicebot.records import Direction

ALLOW = ("Allow", ", ".join(ALLOWED_METHODS))
ACCEPT = ("Accept", SDP_TYPE)
SUPPORTED = ("Supported", ", ".join(sorted(SUPPORTED_EXTENSIONS)))
OVERLOAD_RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Profile:
    """Who we are on the network.

    local_host_for: our address as a peer at the given address should see it.
    tls_port: told to peers on TLS. serves_tls: others may connect to it.
    count_other_calls: those that count for `max_calls` and are not SIP's.
    """

    user: str
    port: int
    media_policy: MediaPolicy
    max_calls: int
    local_host_for: Callable[[str], str]
    tls_port: int = 5061
    serves_tls: bool = False
    session_timer: SessionTimerPolicy = field(default_factory=SessionTimerPolicy)
    count_other_calls: Callable[[], int] = int


@dataclass(frozen=True, eq=False)
class SentRequest:
    """A request of ours on its way, and who wants its answers.

    call: the call it belongs to, if any. dialog: the one it was sent inside, if any.
    on_response: told every answer, provisional ones and repeated 2xx to INVITE too. A request
    that nobody answers counts as answered 408, one that can't be sent as 503 (8.1.3.1).
    """

    request: SipRequest
    peer: Peer
    on_response: ResponseHandler
    call: SipCall | None = None
    dialog: SipDialog | None = None
    n_tries: int = 0
    """How often it was sent again before."""


ResponseHandler = Callable[[SentRequest, SipResponse, float], None]
ResponseTaker = Callable[[SentRequest, SipResponse, float], bool]
"""Sees each answer of 300 and more first. True: it has dealt with it (sent the request again)."""

Admission = Callable[[SipRequest, Peer, float], Refusal | None]
"""Whether a request outside any dialog is let in; None: yes."""

TermsOf = Callable[[SipRequest, Peer], TrunkTerms | None]
"""The trunk's terms for a call that comes in; None: it is no trunk's."""


def no_terms(request: SipRequest, source: Peer) -> TrunkTerms | None:
    """For an endpoint without trunks."""
    return None


def random_token() -> str:
    """For tags, branches and Call-IDs: 64 bits nobody can guess (RFC 3261 19.3)."""
    return secrets.token_hex(8)


class AgentCore:
    """Keeps the calls and builds the messages; decides nothing about them.

    response_takers: asked in order before the handler of a refused request, whatever its
    method: digest answers its challenges here (`send_again`).
    admissions: asked in order about requests outside any dialog.
    """

    def __init__(
        self,
        profile: Profile,
        timers: Timers,
        max_server_transactions: int,
        token: Callable[[], str],
    ) -> None:
        self.profile = profile
        self.timers = timers
        self.token = token
        self.layer = TransactionLayer(timers, max_server_transactions)
        self.events: deque[UserAgentEvent] = deque()
        self.calls: dict[str, SipCall] = {}
        self.dialogs: dict[DialogKey, SipCall] = {}
        self.response_takers: list[ResponseTaker] = []
        self.admissions: list[Admission] = []
        self.terms_of: TermsOf = no_terms
        self.is_draining = False
        self.is_overloaded = False
        self.call_ids: Counter[str] = Counter()
        """How many calls have this Call-ID: such messages are no stranger's."""
        self._tag_key = secrets.token_bytes(32)
        # A call that is over is still owed to repeated 2xx, as long as its transaction lives.
        self._sent: WeakKeyDictionary[ClientTransaction, SentRequest] = WeakKeyDictionary()

    @property
    def n_calls(self) -> int:
        """Calls that are coming in, going out or up."""
        over = (CallState.ENDING, CallState.ENDED)
        return sum(call.state not in over for call in self.calls.values())

    @property
    def is_busy(self) -> bool:
        """No new call is taken."""
        return self.is_draining or self.is_overloaded or self.is_full

    @property
    def is_full(self) -> bool:
        return self.n_calls + self.profile.count_other_calls() >= self.profile.max_calls

    # Requests of ours and their answers

    def send_request(
        self,
        request: SipRequest,
        peer: Peer,
        now: float,
        on_response: ResponseHandler,
        call: SipCall | None = None,
        dialog: SipDialog | None = None,
        n_tries: int = 0,
    ) -> None:
        """Send what has a Via of ours already."""
        transaction = self.layer.send_request(request, peer, now)
        self._sent[transaction] = SentRequest(request, peer, on_response, call, dialog, n_tries)

    def send_in_dialog(
        self,
        call: SipCall,
        dialog: SipDialog,
        request: SipRequest,
        now: float,
        on_response: ResponseHandler,
    ) -> None:
        """Send what `dialog.create_request` made, along the dialog's route."""
        peer = self.add_via(call, dialog, request)
        if call.digest is not None:
            call.digest.authorize(request)
        self.send_request(request, peer, now, on_response, call, dialog)

    def add_via(self, call: SipCall, dialog: SipDialog, request: SipRequest) -> Peer:
        """Prepare a request inside a dialog; returns where it goes."""
        peer = dialog_peer(dialog, call.peer, call.is_behind_nat)
        request.headers.prepend("Via", str(self.via(peer.transport, call.local_host)))
        return peer

    def send_again(
        self, sent: SentRequest, headers: Iterable[tuple[str, str]], now: float
    ) -> SipRequest:
        """Send a refused request once more as a new one, with these fields set (22.2).

        Same Call-ID, From and To; CSeq one higher, own branch. A call's first INVITE becomes
        its `invite`.
        """
        call = sent.call
        old = sent.request
        again = SipRequest(old.method, old.uri, old.headers.copy(), old.body)
        if sent.dialog is not None:
            sent.dialog.local_cseq += 1
            number = sent.dialog.local_cseq
        else:
            number = old.cseq.number + 1
        local_host = call.local_host if call else self.profile.local_host_for(sent.peer.host)
        again.headers.set("Via", str(self.via(sent.peer.transport, local_host)))
        again.headers.set("CSeq", f"{number} {old.method}")
        for name, value in headers:
            again.headers.set(name, value)
        if call is not None and call.digest is not None:
            # A nonce count is good for one request.
            call.digest.authorize(again)
        if call is not None and call.invite is old:
            call.invite = again
            call.has_provisional = False
        n_tries = sent.n_tries + 1
        self.send_request(again, sent.peer, now, sent.on_response, call, sent.dialog, n_tries)
        return again

    def receive_response(self, response: SipResponse, now: float) -> None:
        transaction = self.layer.receive_response(response, now)
        # Strays are dropped (18.1.2, RFC 6026 8.1).
        if transaction is not None:
            self._hand_over(transaction, response, now)

    def handle_timeout(self, now: float) -> None:
        for transaction in self.layer.handle_timeout(now):
            self._hand_over(transaction, make_response(transaction.request, 408), now)

    def transport_failed(self, message: OutgoingMessage, now: float) -> None:
        transaction = self.layer.transport_failed(message.key, now)
        if transaction is not None:
            self._hand_over(transaction, make_response(transaction.request, 503), now)

    def _hand_over(self, transaction: ClientTransaction, response: SipResponse, now: float) -> None:
        sent = self._sent.get(transaction)
        if sent is None:
            return
        if response.status >= 300 and any(
            take(sent, response, now) for take in self.response_takers
        ):
            return
        sent.on_response(sent, response, now)

    # Answers of ours

    def respond(
        self,
        transaction: ServerTransaction,
        status: int,
        now: float,
        headers: Iterable[tuple[str, str]] = (),
        to_tag: str | None = None,
    ) -> None:
        response = make_response(
            transaction.request, status, to_tag=to_tag or self.token(), headers=headers
        )
        self.layer.respond(transaction, response, now)

    def refuse_stateless(self, request: SipRequest, source: Peer, status: int) -> None:
        headers = [retry_after(OVERLOAD_RETRY_AFTER_S)] if status == 503 else []
        response = make_response(
            request, status, to_tag=self._stateless_tag(request), headers=headers
        )
        self.layer.send_stateless(response.to_bytes(), response_peer(request, source))

    def _stateless_tag(self, request: SipRequest) -> str:
        """The same for each repetition of a request, and not to be foretold (8.2.7)."""
        identity = "\n".join(request.headers.get(name) or "" for name in ("Via", "Call-ID", "CSeq"))
        data = identity.encode(errors="surrogateescape")
        return hashlib.blake2b(data, digest_size=8, key=self._tag_key).hexdigest()

    # Hanging up

    def send_bye(self, call: SipCall, now: float, reason: Reason = NORMAL_CLEARING) -> None:
        """End a call that is up; HangUpCompleted follows. reason: told to the other side."""
        call.state = CallState.ENDING
        if call.dialog is not None:
            bye = call.dialog.create_request("BYE")
            bye.headers.add(*reason.field)
            self.send_in_dialog(call, call.dialog, bye, now, self._receive_bye_response)

    def end_fork(self, call: SipCall, dialog: SipDialog, now: float) -> None:
        """BYE in a dialog that is not, or no longer, the call's."""
        bye = dialog.create_request("BYE")
        self.send_in_dialog(call, dialog, bye, now, ignore_response)

    def _receive_bye_response(self, sent: SentRequest, response: SipResponse, now: float) -> None:
        # Whatever the answer says, the call is over for the other side (15.1.1).
        call = sent.call
        if response.status >= 200 and call is not None and call.state is CallState.ENDING:
            self.forget(call)
            self.events.append(HangUpCompleted(call))

    # Calls kept and forgotten

    def keep(self, call: SipCall) -> None:
        if call.call_ref not in self.calls:
            self.call_ids[call.invite.call_id] += 1
        self.calls[call.call_ref] = call
        if call.dialog is not None:
            self.dialogs[call.dialog.key] = call

    def forget(self, call: SipCall) -> None:
        call.state = CallState.ENDED
        call.unacknowledged.clear()
        if self.calls.pop(call.call_ref, None) is not None:
            self.call_ids -= Counter([call.invite.call_id])
        call.provisional = None
        self.drop_early(call)
        if call.dialog is not None:
            self.dialogs.pop(call.dialog.key, None)

    def drop_early(self, call: SipCall) -> None:
        """Of its forks a call has one left, or none."""
        for early in call.early.values():
            self.dialogs.pop(early.dialog.key, None)
        call.early.clear()

    def end(self, call: SipCall, reason: str, cause: Reason | None = None) -> None:
        """The call is over without a BYE of ours. cause: what the other side says about it."""
        self.forget(call)
        self.report_end(call, reason, cause)

    def report_end(self, call: SipCall, reason: str, cause: Reason | None = None) -> None:
        self.events.append(CallEnded(call, reason, cause))

    def accept_answer(self, call: SipCall, message: SipRequest | SipResponse) -> bool:
        """Take the answer to our offer; False: there is none that we can use."""
        try:
            call.media = call.negotiation.accept(find_sdp(message))
        except SdpError:
            return False
        return True

    # Parts of messages

    def via(self, transport: Transport, local_host: str) -> Via:
        branch = MAGIC_COOKIE + self.token()
        params: dict[str, str | None] = {"branch": branch, "rport": None}
        if transport != "TLS":
            return Via(transport, local_host, self.profile.port, params)
        if self.profile.serves_tls:
            # RFC 5923 5: our certificate came along, so requests may come back this way.
            params["alias"] = None
        return Via(transport, local_host, self.profile.tls_port, params)

    def contact(self, call: SipCall) -> tuple[str, str]:
        profile = self.profile
        is_sips = needs_sips(call.invite, call.direction is Direction.INBOUND)
        user = call.terms.contact_user if call.terms else profile.user
        uri = contact_uri(user, call.local_host, call.peer, profile.port, profile.tls_port, is_sips)
        return ("Contact", str(NameAddr("", uri)))

    def media_policy(self, terms: TrunkTerms | None) -> MediaPolicy:
        return terms.media_policy if terms else self.profile.media_policy

    def negotiation(self, terms: TrunkTerms | None = None) -> MediaNegotiation:
        return MediaNegotiation(secrets.randbelow(2**53), self.media_policy(terms))


def ignore_response(sent: SentRequest, response: SipResponse, now: float) -> None:
    """For requests whose answers change nothing."""


def supported(without: str) -> tuple[str, str]:
    """The Supported field where one of our extensions makes no sense."""
    return ("Supported", ", ".join(sorted(SUPPORTED_EXTENSIONS - {without})))


def first_cseq() -> int:
    return secrets.randbelow(2**16) + 1


def retry_after(delay_s: int) -> tuple[str, str]:
    return ("Retry-After", str(delay_s))
