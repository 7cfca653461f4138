"""The sockets of SIP: UDP and TCP on one port, TLS on another where there is a certificate."""

from __future__ import annotations

import asyncio
import itertools
import logging
import socket
from collections.abc import Callable
from dataclasses import replace

from voicebot.clock import Clock
from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import SipMessage
from voicebot.gateway.sip.messages.peer import OutgoingMessage, Peer
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.network.connection import ConnectionLimits, plain_host
from voicebot.gateway.sip.network.connection_pool import ConnectionPool
from voicebot.gateway.sip.network.keep_alive import DATAGRAM_INTERVAL_S, INTERVAL_S, PING
from voicebot.gateway.sip.network.resolver import AddressFamily, NameServers, Resolver
from voicebot.gateway.sip.network.server_location import default_port, is_address
from voicebot.gateway.sip.network.tls import TlsContexts
from voicebot.settings import SipSettings

__all__ = ["ConnectionLimits", "SipTransport"]

log = logging.getLogger(__name__)

Receive = Callable[[bytes | SipMessage | SipParseError, Peer], None]
CannotSend = Callable[[OutgoingMessage], None]

_ANY_HOSTS = frozenset({"0.0.0.0", "::"})
_RECEIVE_BUFFER_BYTES = 1 << 20
_PORT_ATTEMPTS = 20
_BACKLOG = 256


class SipTransport:
    """Carries SIP messages in and out. Its ports are the real ones after `start()`."""

    def __init__(
        self,
        settings: SipSettings,
        clock: Clock,
        receive: Receive,
        cannot_send: CannotSend,
        limits: ConnectionLimits | None = None,
        name_servers: NameServers | None = None,
    ) -> None:
        """receive: called at once for each message; must be quick and never raise.

        cannot_send: called for each message given to `send` that can't go out.
        name_servers: None: the machine's own. Raises SettingsError for unusable TLS files.
        """
        self.host = settings.host
        self.port = settings.port
        self.tls_port = settings.tls_port
        self._receive = receive
        self._cannot_send = cannot_send
        self._is_ipv6 = ":" in self.host
        self._tls = TlsContexts(settings)
        self._connections = ConnectionPool(
            clock, limits or ConnectionLimits(), self._tls, receive, cannot_send, self._wire_host
        )
        family: AddressFamily = "ipv6" if self._is_ipv6 else "ipv4"
        self._resolver = Resolver(clock, "both" if self.host == "::" else family, name_servers)
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._tls_listener: socket.socket | None = None
        self._kept_datagrams: dict[Peer, asyncio.Task[None]] = {}

    @property
    def serves_tls(self) -> bool:
        """Whether others may connect to us over TLS."""
        return self._tls.server is not None

    async def start(self) -> None:
        """Listen. Raises OSError where the address is taken."""
        loop = asyncio.get_running_loop()
        udp_socket, tcp_socket = self._bind()
        self.port = udp_socket.getsockname()[1]
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), sock=udp_socket
        )
        self._server = await loop.create_server(
            self._connections.accepted_over_tcp, sock=tcp_socket, backlog=_BACKLOG
        )
        if self._tls.server is not None:
            self._tls_listener = self._bind_tls()
            self.tls_port = self._tls_listener.getsockname()[1]
            self._connections.spawn(
                self._connections.accept_tls(self._tls_listener, self._tls.server)
            )
        self._connections.spawn(self._connections.sweep())

    async def stop(self) -> None:
        """Close everything; what was sent before still leaves."""
        if self._server is not None:
            self._server.close()
        await self._connections.close()
        if self._tls_listener is not None:
            self._tls_listener.close()
        if self._udp is not None:
            self._udp.close()
        # Closing takes effect in the loop's next rounds.
        await asyncio.sleep(0)

    def send(self, message: OutgoingMessage) -> None:
        """Send now, or as soon as a name is resolved or a connection made."""
        peer = message.peer
        if peer.transport != "UDP" and (connection := self._connections.find(peer)) is not None:
            connection.write(message)
        elif not is_address(peer.host):
            self._connections.spawn(self._resolve_and_send(message))
        elif peer.transport == "UDP":
            self._send_datagram(message)
        elif self._can_reach(peer.host):
            self._connections.send(message)
        else:
            self._cannot_send(message)

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

    async def resolve_targets(self, uri: SipUri) -> list[Peer]:
        """Where requests for this URI may go, best first (RFC 3263).

        On a timeout, a transport failure or 503 try the next one (4.3). Empty: nobody is found.
        """
        return [peer for peer in await self._resolver.targets(uri) if self._can_reach(peer.host)]

    async def resolve(self, peer: Peer) -> Peer:
        """With an address in place of a name, by SRV where it has no port. Raises OSError."""
        if is_address(peer.host):
            return peer if peer.port else replace(peer, port=default_port(peer.transport))
        params = (("transport", peer.transport.lower()),)
        uri = SipUri("sip", host=peer.host, port=peer.port or None, params=params)
        targets = await self.resolve_targets(uri)
        if not targets:
            raise OSError("the name can't be found")
        found = targets[0]
        return replace(found, connection_id=peer.connection_id, domain=peer.domain or found.domain)

    def keep_connected(
        self, peer: Peer, on_lost: Callable[[], None], interval_s: float | None = None
    ) -> None:
        """Keep the way to this peer open with pings (RFC 5626), until `release`.

        TCP and TLS: connect, connect again when it is lost, and tell `on_lost` each time. UDP:
        only keeps NAT's memory fresh. The peer's host is an address.
        """
        if peer.transport != "UDP":
            self._connections.keep(peer, on_lost, interval_s or INTERVAL_S)
        elif peer not in self._kept_datagrams:
            self._kept_datagrams[peer] = self._connections.spawn(
                self._ping_datagrams(peer, interval_s or DATAGRAM_INTERVAL_S)
            )

    def release(self, peer: Peer) -> None:
        """Undo `keep_connected`. A connection stays open until it has been idle for long."""
        task = self._kept_datagrams.pop(peer, None)
        if task is not None:
            task.cancel()
        self._connections.release(peer)

    # Called by the protocol below

    def datagram_received(self, data: bytes, host: str, port: int) -> None:
        # Keep-alives of NATed phones are blank or start with a NUL (STUN is not served here).
        if data.strip(b"\r\n\0"):
            self._receive(data, Peer("UDP", plain_host(host), port))

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

    def _bind_tls(self) -> socket.socket:
        listener = self._socket(socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.host, self.tls_port))
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener

    def _socket(self, kind: socket.SocketKind) -> socket.socket:
        opened = socket.socket(socket.AF_INET6 if self._is_ipv6 else socket.AF_INET, kind)
        if self._is_ipv6:
            # `::` alone means both families; another address is one family anyway.
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, self.host != "::")
        opened.setblocking(False)
        return opened

    def _send_datagram(self, message: OutgoingMessage) -> None:
        if self._udp is None or self._udp.is_closing():
            return
        if not self._can_reach(message.peer.host):
            self._cannot_send(message)
            return
        port = message.peer.port or default_port("UDP")
        self._udp.sendto(message.data, (self._wire_host(message.peer.host), port))

    async def _ping_datagrams(self, peer: Peer, interval_s: float) -> None:
        while True:
            self._send_datagram(OutgoingMessage(PING, peer))
            await asyncio.sleep(interval_s)

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


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, owner: SipTransport) -> None:
        self._owner = owner

    def datagram_received(self, data: bytes, addr: tuple[str, int] | tuple[object, ...]) -> None:
        self._owner.datagram_received(data, str(addr[0]), int(str(addr[1])))

    def error_received(self, exc: Exception) -> None:
        # ICMP on an unconnected socket does not say which message it was; timers will.
        log.debug("SIP datagram bounced", extra={"error": type(exc).__name__})
