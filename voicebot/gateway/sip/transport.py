"""The sockets of SIP: one UDP socket, one TCP listener and its connections, on the same port."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import logging
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import cast

from voicebot.clock import Clock
from voicebot.errors import SipParseError
from voicebot.gateway.sip.message import SipMessage
from voicebot.gateway.sip.peer import OutgoingMessage, Peer
from voicebot.gateway.sip.stream import PONG, KeepAlivePing, StreamParser

log = logging.getLogger(__name__)

Receive = Callable[[bytes | SipMessage | SipParseError, Peer], None]
CannotSend = Callable[[OutgoingMessage], None]

_ANY_HOSTS = frozenset({"0.0.0.0", "::"})
_SWEEP_INTERVAL_S = 1.0
_RECEIVE_BUFFER_BYTES = 1 << 20
_PORT_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a TCP peer may take of us before it is cut off.

    partial_s bounds one message from its first to its last octet, idle_s the pause between
    messages: long, as a call's BYE may come on a connection that was silent since the ACK.
    """

    max_connections: int = 1000
    max_per_host: int = 100
    connect_s: float = 10.0
    partial_s: float = 10.0
    idle_s: float = 3600.0
    first_message_s: float = 30.0
    max_unsent_bytes: int = 256 * 1024


class SipTransport:
    """Carries SIP messages in and out. `port` is the real one after `start()`."""

    def __init__(
        self,
        host: str,
        port: int,
        clock: Clock,
        receive: Receive,
        cannot_send: CannotSend,
        limits: ConnectionLimits | None = None,
    ) -> None:
        """receive: called at once for each message; must be quick and never raise.

        cannot_send: called for each message given to `send` that can't go out.
        """
        self.host = host
        self.port = port
        self.limits = limits or ConnectionLimits()
        self._clock = clock
        self._receive = receive
        self._cannot_send = cannot_send
        self._is_ipv6 = ":" in host
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._connections: dict[int, _Connection] = {}
        self._connecting: dict[tuple[str, int], list[OutgoingMessage]] = {}
        self._ids = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen. Raises OSError where the address is taken."""
        loop = asyncio.get_running_loop()
        udp_socket, tcp_socket = self._bind()
        self.port = udp_socket.getsockname()[1]
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), sock=udp_socket
        )
        self._server = await loop.create_server(
            lambda: _Connection(self, next(self._ids)), sock=tcp_socket, backlog=256
        )
        self._spawn(self._sweep())

    async def stop(self) -> None:
        """Close everything; what was sent before still leaves."""
        for task in list(self._tasks):
            task.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections.values()):
            connection.close()
        if self._udp is not None:
            self._udp.close()
        # Closing takes effect in the loop's next rounds.
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)

    def send(self, message: OutgoingMessage) -> None:
        """Send now, or as soon as a name is resolved or a connection made."""
        peer = message.peer
        connection = self._find_connection(peer)
        if connection is not None:
            connection.write(message)
        elif not _is_address(peer.host):
            self._spawn(self._resolve_and_send(message))
        elif peer.transport == "UDP":
            self._send_datagram(message)
        else:
            self._connect_and_send(message)

    def local_host_towards(self, peer_host: str) -> str:
        """The address of ours that the peer sees, as far as this machine's routes tell."""
        if self.host not in _ANY_HOSTS:
            return self.host
        is_ipv6 = ":" in peer_host
        family = socket.AF_INET6 if is_ipv6 else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                # Connecting a UDP socket sends nothing; it only picks the route.
                probe.connect((peer_host, 9))
            except OSError:
                return "::1" if is_ipv6 else "127.0.0.1"
            return str(probe.getsockname()[0])

    async def resolve(self, peer: Peer) -> Peer:
        """With an address in place of a name. Raises OSError."""
        if _is_address(peer.host):
            return peer
        family = socket.AF_INET6 if self._is_ipv6 else socket.AF_INET
        if self.host == "::":
            family = socket.AF_UNSPEC
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(peer.host, peer.port, family=family, type=socket.SOCK_DGRAM)
        return replace(peer, host=str(found[0][4][0]))

    # Called by the protocols below

    def datagram_received(self, data: bytes, host: str, port: int) -> None:
        # Keep-alives of NATed phones are blank or start with a NUL (STUN is not served here).
        if data.strip(b"\r\n\0"):
            self._receive(data, Peer("UDP", _plain_host(host), port))

    def message_received(self, message: SipMessage | SipParseError, peer: Peer) -> None:
        self._receive(message, peer)

    def connection_opened(self, connection: _Connection) -> bool:
        """Whether it may stay."""
        host = connection.peer.host
        n_of_host = sum(other.peer.host == host for other in self._connections.values())
        if (
            len(self._connections) >= self.limits.max_connections
            or n_of_host >= self.limits.max_per_host
        ):
            log.warning("SIP connection refused: too many", extra={"n_of_host": n_of_host})
            return False
        self._connections[connection.connection_id] = connection
        return True

    def connection_closed(self, connection: _Connection) -> None:
        self._connections.pop(connection.connection_id, None)

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def cannot_send(self, message: OutgoingMessage) -> None:
        self._cannot_send(message)

    # Details

    def _bind(self) -> tuple[socket.socket, socket.socket]:
        """Both sockets on one port; with port 0 on any that is free for both."""
        for attempt in itertools.count(1):
            udp_socket = self._socket(socket.SOCK_DGRAM)
            tcp_socket = self._socket(socket.SOCK_STREAM)
            try:
                tcp_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                udp_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
                udp_socket.bind((self.host, self.port))
                tcp_socket.bind((self.host, udp_socket.getsockname()[1]))
            except OSError:
                udp_socket.close()
                tcp_socket.close()
                if self.port or attempt == _PORT_ATTEMPTS:
                    raise
                continue
            return udp_socket, tcp_socket
        raise AssertionError("the loop above does not end by itself")

    def _socket(self, kind: socket.SocketKind) -> socket.socket:
        opened = socket.socket(socket.AF_INET6 if self._is_ipv6 else socket.AF_INET, kind)
        if self._is_ipv6:
            # `::` alone means both families; another address is one family anyway.
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, self.host != "::")
        opened.setblocking(False)
        return opened

    def _find_connection(self, peer: Peer) -> _Connection | None:
        if peer.transport != "TCP":
            return None
        connection = self._connections.get(peer.connection_id)
        if connection is None:
            wanted = (peer.host, peer.port)
            connection = next(
                (c for c in self._connections.values() if (c.peer.host, c.peer.port) == wanted),
                None,
            )
        return connection if connection is not None and connection.is_open else None

    def _send_datagram(self, message: OutgoingMessage) -> None:
        if self._udp is None or self._udp.is_closing():
            return
        if not self._can_reach(message.peer.host):
            self._cannot_send(message)
            return
        self._udp.sendto(message.data, (self._wire_host(message.peer.host), message.peer.port))

    def _connect_and_send(self, message: OutgoingMessage) -> None:
        """One attempt to connect at a time for each address; messages wait for it."""
        address = (message.peer.host, message.peer.port)
        waiting = self._connecting.get(address)
        if waiting is not None:
            waiting.append(message)
            return
        self._connecting[address] = [message]
        self._spawn(self._connect(address))

    async def _connect(self, address: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        connection: _Connection | None = None
        try:
            async with asyncio.timeout(self.limits.connect_s):
                _, connection = await loop.create_connection(
                    lambda: _Connection(self, next(self._ids)),
                    self._wire_host(address[0]),
                    address[1],
                )
        except OSError:
            # TimeoutError is one too.
            log.info("SIP connection could not be made")
        finally:
            waiting = self._connecting.pop(address, [])
        for message in waiting:
            if connection is not None and connection.is_open:
                connection.write(message)
            else:
                self._cannot_send(message)

    async def _resolve_and_send(self, message: OutgoingMessage) -> None:
        try:
            peer = await self.resolve(message.peer)
        except OSError:
            self._cannot_send(message)
            return
        self.send(replace(message, peer=peer))

    def _can_reach(self, address: str) -> bool:
        """Whether our socket is of that address's family."""
        return self.host == "::" or (":" in address) == self._is_ipv6

    def _wire_host(self, host: str) -> str:
        """The form in which our socket takes it: IPv4 through a dual socket is mapped."""
        return f"::ffff:{host}" if self._is_ipv6 and ":" not in host else host

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_INTERVAL_S)
            now = self.monotonic()
            for connection in list(self._connections.values()):
                if connection.is_overdue(now):
                    connection.abort()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, owner: SipTransport) -> None:
        self._owner = owner

    def datagram_received(self, data: bytes, addr: tuple[str, int] | tuple[object, ...]) -> None:
        self._owner.datagram_received(data, str(addr[0]), int(str(addr[1])))

    def error_received(self, exc: Exception) -> None:
        # ICMP on an unconnected socket does not say which message it was; timers will.
        log.debug("SIP datagram bounced", extra={"error": type(exc).__name__})


class _Connection(asyncio.Protocol):
    """One TCP connection, whoever opened it."""

    def __init__(self, owner: SipTransport, connection_id: int) -> None:
        self.connection_id = connection_id
        self.peer = Peer("TCP", "", 0, connection_id)
        self._owner = owner
        self._parser = StreamParser()
        self._transport: asyncio.Transport | None = None
        self._opened_at = 0.0
        self._heard_at: float | None = None
        self._partial_since: float | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The loop's own classes are not always subclasses of what the protocol promises.
        stream = cast(asyncio.Transport, transport)
        peer_name = stream.get_extra_info("peername")
        if peer_name is None:
            # Reset before it was accepted.
            stream.abort()
            return
        self.peer = Peer("TCP", _plain_host(peer_name[0]), peer_name[1], self.connection_id)
        self._transport = stream
        self._opened_at = self._owner.monotonic()
        if not self._owner.connection_opened(self):
            stream.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._owner.connection_closed(self)

    def data_received(self, data: bytes) -> None:
        for result in self._parser.feed(data):
            if isinstance(result, KeepAlivePing):
                if self._transport is not None:
                    self._transport.write(PONG)
            else:
                self._owner.message_received(result, self.peer)
                self._heard_at = self._owner.monotonic()
                self._partial_since = None
        if self._parser.is_broken:
            self.close()
        elif not self._parser.has_partial:
            self._partial_since = None
        elif self._partial_since is None:
            self._partial_since = self._owner.monotonic()

    def is_overdue(self, now: float) -> bool:
        limits = self._owner.limits
        if self._partial_since is not None and now - self._partial_since > limits.partial_s:
            return True
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


def _is_address(host: str) -> bool:
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    return False


def _plain_host(host: str) -> str:
    """IPv4 as IPv4, though it came in through an IPv6 socket."""
    return host.removeprefix("::ffff:") if "." in host else host
