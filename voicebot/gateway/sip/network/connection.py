"""One TCP or TLS connection of SIP, whoever opened it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, replace
from typing import Protocol, cast

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import SipMessage, SipRequest
from voicebot.gateway.sip.messages.peer import OutgoingMessage, Peer, Transport
from voicebot.gateway.sip.messages.stream import PONG, KeepAlivePing, StreamParser
from voicebot.gateway.sip.network.keep_alive import PING, KeepAlive
from voicebot.gateway.sip.network.tls import CertificateNames


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a peer on TCP or TLS may take of us before it is cut off.

    partial_s bounds one message from its first to its last octet, idle_s the pause between
    messages: long, as a call's BYE may come on a connection that was silent since the ACK.
    certificate_check_s: how often a renewed certificate of ours is looked for.
    """

    max_connections: int = 1000
    max_per_host: int = 100
    connect_s: float = 4.0
    handshake_s: float = 10.0
    partial_s: float = 10.0
    idle_s: float = 3600.0
    first_message_s: float = 30.0
    max_unsent_bytes: int = 256 * 1024
    certificate_check_s: float = 60.0


class ConnectionOwner(Protocol):
    """Keeps the connections, and takes what arrives on them."""

    @property
    def limits(self) -> ConnectionLimits: ...

    def monotonic(self) -> float: ...

    def connection_opened(self, connection: StreamConnection) -> bool:
        """Whether it may stay."""

    def connection_closed(self, connection: StreamConnection) -> None: ...

    def message_received(self, message: SipMessage | SipParseError, peer: Peer) -> None: ...

    def cannot_send(self, message: OutgoingMessage) -> None: ...


class StreamConnection(asyncio.Protocol):
    """Cuts what arrives into messages and answers pings; `is_overdue` says when to cut it off."""

    def __init__(self, owner: ConnectionOwner, connection_id: int, transport: Transport) -> None:
        self.connection_id = connection_id
        self.peer = Peer(transport, "", 0, connection_id)
        self.names = CertificateNames()
        """Whom the other end has proved to be; nobody without TLS or a certificate."""
        self.alias_port: int | None = None
        """RFC 5923: requests to this port of the peer may be sent here as well."""
        self.keep_alive: KeepAlive | None = None
        self.closed = asyncio.Event()
        self._owner = owner
        self._parser = StreamParser()
        self._transport: asyncio.Transport | None = None
        self._opened_at = 0.0
        self._heard_at: float | None = None
        self._partial_since: float | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def leads_to(self, peer: Peer) -> bool:
        """Whether a request for this peer may take this connection.

        Over TLS only where the other end has proved to be that domain (RFC 5923 6, 8.1).
        """
        own = self.peer
        if own.transport != peer.transport or own.host != peer.host:
            return False
        if peer.port not in (own.port, self.alias_port):
            return False
        return own.transport != "TLS" or self.names.include(peer.tls_name)

    # For asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own classes are not always subclasses of what the protocol promises.
        stream = cast(asyncio.Transport, transport)
        peer_name = stream.get_extra_info("peername")
        if peer_name is None:
            # Reset before it was accepted.
            stream.abort()
            return
        self.peer = replace(self.peer, host=plain_host(peer_name[0]), port=peer_name[1])
        tls: ssl.SSLObject | None = stream.get_extra_info("ssl_object")
        if tls is not None:
            self.names = CertificateNames.of(tls.getpeercert())
        self._transport = stream
        self._opened_at = self._owner.monotonic()
        if not self._owner.connection_opened(self):
            stream.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._owner.connection_closed(self)
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        now = self._owner.monotonic()
        awaits_pong = False
        if self.keep_alive is not None:
            awaits_pong = self.keep_alive.awaits_pong
            self.keep_alive.heard(now)
        if awaits_pong and data == PONG and not self._parser.has_partial:
            return  # else two of them would look like a ping of the other side
        for result in self._parser.feed(data):
            if isinstance(result, KeepAlivePing):
                if self._transport is not None:
                    self._transport.write(PONG)
            else:
                self._note_alias(result)
                self._owner.message_received(result, self.peer)
                self._heard_at = now
                self._partial_since = None
        if self._parser.is_broken:
            self.close()
        elif not self._parser.has_partial:
            self._partial_since = None
        elif self._partial_since is None:
            self._partial_since = now

    # For the owner

    def check(self, now: float) -> None:
        """Cut off what is overdue, ping what is to be kept. Called about once a second."""
        keep_alive = self.keep_alive
        if self.is_overdue(now) or (keep_alive is not None and keep_alive.is_dead(now)):
            self.abort()
        elif keep_alive is not None and keep_alive.is_ping_due(now) and self._transport:
            self._transport.write(PING)

    def is_overdue(self, now: float) -> bool:
        limits = self._owner.limits
        if self._partial_since is not None and now - self._partial_since > limits.partial_s:
            return True
        if self.keep_alive is not None:
            return False  # it is ours, and its pings tell
        if self._heard_at is None:
            return now - self._opened_at > limits.first_message_s
        return now - self._heard_at > limits.idle_s

    def write(self, message: OutgoingMessage) -> None:
        if self._transport is None:
            self._owner.cannot_send(message)
            return
        self._transport.write(message.data)
        if self._transport.get_write_buffer_size() > self._owner.limits.max_unsent_bytes:
            # It does not read what it asked for.
            self.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _note_alias(self, message: SipMessage | SipParseError) -> None:
        """RFC 5923 5: believed only of who has shown a certificate; anybody could claim a port."""
        if self.names == CertificateNames() or not isinstance(message, SipRequest):
            return
        with contextlib.suppress(SipParseError):  # whoever takes the message answers for that
            if "alias" in message.via.params:
                self.alias_port = message.via.sent_by[1]


def plain_host(host: str) -> str:
    """IPv4 as IPv4, though it came in through an IPv6 socket."""
    return host.removeprefix("::ffff:") if "." in host else host
