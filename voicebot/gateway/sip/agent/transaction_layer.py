"""All transactions of one endpoint: which message belongs to which, and when to wake them."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter

from voicebot.gateway.sip.agent.large_request import LargeRequests, set_via_transport
from voicebot.gateway.sip.agent.routing import response_peer
from voicebot.gateway.sip.agent.transaction import (
    ClientTransaction,
    InviteClientTransaction,
    InviteServerTransaction,
    NonInviteClientTransaction,
    NonInviteServerTransaction,
    ServerTransaction,
    Timers,
    Transaction,
    TransactionKey,
)
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse
from voicebot.gateway.sip.messages.peer import OutgoingMessage, Peer


def server_key(request: SipRequest, method: str | None = None) -> TransactionKey:
    """What two copies of one request have in common (17.2.3).

    method: look for the transaction of another one (CANCEL asks for its INVITE). Call-ID and
    CSeq are in it though RFC 3261 does without: strangers that choose the same branch by
    accident or on purpose then stay apart, and honest repetitions still match.
    """
    method = method or request.method
    if method == "ACK":
        method = "INVITE"
    via = request.via
    number = str(request.cseq.number)
    if via.has_unique_branch:
        host, port = via.sent_by
        sent_by = f"{host.lower()}:{port}"
        return ("3261", via.branch or "", sent_by, method, request.call_id, number)
    from_tag = request.from_.tag or ""
    return ("2543", str(request.uri), from_tag, request.call_id, number, str(via), method)


def merge_key(request: SipRequest) -> TransactionKey:
    """What two forks of one request have in common (8.2.2.2)."""
    return (request.from_.tag or "", request.call_id, str(request.cseq.number), request.method)


class TransactionLayer:
    """Matches messages to transactions, keeps their timers, collects what they send."""

    def __init__(self, timers: Timers, max_server_transactions: int = 10_000) -> None:
        self._timers = timers
        self._max_server_transactions = max_server_transactions
        self._servers: dict[TransactionKey, ServerTransaction] = {}
        self._clients: dict[TransactionKey, ClientTransaction] = {}
        self._merges: Counter[TransactionKey] = Counter()
        self._large = LargeRequests()
        # Client transactions that went over TCP by their size, and where they came from.
        self._switched: dict[TransactionKey, Peer] = {}
        self._outbox: list[OutgoingMessage] = []
        # Entries are never taken out of the middle: one that is no longer its transaction's
        # next timeout is passed over when it comes up.
        self._wake_ups: list[tuple[float, int, Transaction]] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._servers) + len(self._clients)

    @property
    def is_full(self) -> bool:
        return len(self._servers) >= self._max_server_transactions

    def datagrams_to_send(self) -> list[OutgoingMessage]:
        messages, self._outbox = self._outbox, []
        return messages

    def send_stateless(self, data: bytes, peer: Peer) -> None:
        self._outbox.append(OutgoingMessage(data, peer))

    # As server

    def find_server(
        self, request: SipRequest, method: str | None = None
    ) -> ServerTransaction | None:
        transaction = self._servers.get(server_key(request, method))
        if (
            transaction is not None
            and request.method == "ACK"
            and not request.via.has_unique_branch
            and (request.to.tag or "") != transaction.to_tag
        ):
            # RFC 2543: an ACK belongs to the answer whose tag it has (17.2.3).
            return None
        return transaction

    def is_merged(self, request: SipRequest) -> bool:
        """Another fork of this request is being handled already."""
        return request.to.tag is None and self._merges[merge_key(request)] > 0

    def create_server(self, request: SipRequest, source: Peer, now: float) -> ServerTransaction:
        key = server_key(request)
        peer = response_peer(request, source)
        transaction: ServerTransaction
        if request.method == "INVITE":
            transaction = InviteServerTransaction(key, request, peer, self._timers)
        else:
            transaction = NonInviteServerTransaction(key, request, peer, self._timers)
        self._servers[key] = transaction
        self._merges[merge_key(request)] += 1
        return transaction

    def receive_repetition(self, transaction: ServerTransaction) -> None:
        transaction.receive_repetition()
        self._settle(transaction)

    def receive_ack(self, transaction: InviteServerTransaction, now: float) -> bool:
        """True: the user agent has to see it (it acknowledges a 2xx)."""
        is_for_2xx = transaction.receive_ack(now)
        self._settle(transaction)
        return is_for_2xx

    def respond(self, transaction: ServerTransaction, response: SipResponse, now: float) -> None:
        transaction.respond(response, now)
        self._settle(transaction)

    # As client

    def send_request(self, request: SipRequest, peer: Peer, now: float) -> ClientTransaction:
        """Start a transaction; the request's top Via has a branch of ours."""
        key = (request.via.branch or "", request.method)
        invite = self._clients.get((key[0], "INVITE"))
        if request.method == "CANCEL" and invite is not None:
            # 9.1: where its INVITE went.
            peer = invite.peer
            set_via_transport(request, peer.transport)
        way = self._large.way_of(request, peer, now)
        if way != peer:
            self._switched[key] = peer
            peer = way
        transaction: ClientTransaction
        if request.method == "INVITE":
            transaction = InviteClientTransaction(key, request, peer, self._timers, now)
        else:
            transaction = NonInviteClientTransaction(key, request, peer, self._timers, now)
        self._clients[key] = transaction
        self._settle(transaction)
        return transaction

    def cancelled(self, invite: SipRequest, now: float) -> None:
        """Our CANCEL of this INVITE is on its way."""
        transaction = self._clients.get((invite.via.branch or "", "INVITE"))
        if isinstance(transaction, InviteClientTransaction):
            transaction.cancelled(now)
            self._settle(transaction)

    def receive_response(self, response: SipResponse, now: float) -> ClientTransaction | None:
        """The transaction whose user agent has to see it; None: absorbed, or a stray."""
        transaction = self._clients.get((response.via.branch or "", response.cseq.method))
        if transaction is None or response.call_id != transaction.request.call_id:
            return None
        is_news = transaction.receive_response(response, now)
        self._settle(transaction)
        return transaction if is_news else None

    def transport_failed(self, key: object, now: float) -> ClientTransaction | None:
        """A message of this client transaction could not be sent; None: nobody needs to know."""
        transaction = self._clients.get(key) if isinstance(key, tuple) else None
        if transaction is None:
            return None
        datagram_peer = self._switched.pop(transaction.key, None)
        if datagram_peer is not None and transaction.send_anew(datagram_peer, now):
            self._large.tcp_failed(datagram_peer, now)
            self._settle(transaction)
            return None
        is_news = transaction.transport_failed()
        self._settle(transaction)
        return transaction if is_news else None

    # Time

    def next_timeout(self) -> float | None:
        while self._wake_ups:
            due, _, transaction = self._wake_ups[0]
            if transaction.next_timeout() == due:
                return due
            heapq.heappop(self._wake_ups)
        return None

    def handle_timeout(self, now: float) -> list[ClientTransaction]:
        """Wake what is due; returns the client transactions that nobody answered."""
        timed_out: list[ClientTransaction] = []
        while (due := self.next_timeout()) is not None and due <= now:
            _, _, transaction = heapq.heappop(self._wake_ups)
            if transaction.handle_timeout(now) and isinstance(transaction, ClientTransaction):
                timed_out.append(transaction)
            self._settle(transaction)
        return timed_out

    def _settle(self, transaction: Transaction) -> None:
        """After any event: collect messages, note the next timeout, forget the dead."""
        key = transaction.key if isinstance(transaction, ClientTransaction) else None
        self._outbox += [
            OutgoingMessage(data, transaction.peer, key) for data in transaction.messages_to_send()
        ]
        if transaction.is_terminated:
            self._forget(transaction)
        elif (due := transaction.next_timeout()) is not None:
            heapq.heappush(self._wake_ups, (due, next(self._order), transaction))

    def _forget(self, transaction: Transaction) -> None:
        if isinstance(transaction, ClientTransaction):
            self._clients.pop(transaction.key, None)
            self._switched.pop(transaction.key, None)
        elif self._servers.pop(transaction.key, None) is not None:
            key = merge_key(transaction.request)
            self._merges[key] -= 1
            if self._merges[key] <= 0:
                del self._merges[key]
