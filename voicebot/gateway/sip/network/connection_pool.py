"""All TCP and TLS connections of an endpoint: found again, made, kept alive, cut off."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from voicebot.clock import Clock
from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import SipMessage
from voicebot.gateway.sip.messages.peer import OutgoingMessage, Peer
from voicebot.gateway.sip.network.connection import ConnectionLimits, StreamConnection, plain_host
from voicebot.gateway.sip.network.keep_alive import (
    INTERVAL_S,
    PONG_WAIT_S,
    KeepAlive,
    reconnect_delay_s,
)
from voicebot.gateway.sip.network.tls import TlsContexts

log = logging.getLogger(__name__)

SWEEP_INTERVAL_S = 1.0
_ACCEPT_PAUSE_S = 0.1

_Flow = tuple[str, str, int, str]
"""Transport, host, port and domain of what is connected to."""


class ConnectionPool:
    """Where a message to a TCP or TLS peer goes. `sweep` runs as long as the pool is in use."""

    def __init__(
        self,
        clock: Clock,
        limits: ConnectionLimits,
        tls: TlsContexts,
        receive: Callable[[SipMessage | SipParseError, Peer], None],
        cannot_send: Callable[[OutgoingMessage], None],
        wire_host: Callable[[str], str],
    ) -> None:
        """wire_host: the form in which our sockets take an address."""
        self._clock = clock
        self._limits = limits
        self._tls = tls
        self._receive = receive
        self._cannot_send = cannot_send
        self._wire_host = wire_host
        self._connections: dict[int, StreamConnection] = {}
        self._connecting: dict[_Flow, list[OutgoingMessage]] = {}
        self._handshakes: Counter[str] = Counter()
        self._kept: dict[_Flow, asyncio.Task[None]] = {}
        self._ids = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    # Coming in

    def accepted_over_tcp(self) -> StreamConnection:
        """For `create_server`."""
        return StreamConnection(self, next(self._ids), "TCP")

    async def accept_tls(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        """Take connections until cancelled.

        Not `create_server`: it tells of a connection only after the handshake, and those who
        never finish theirs could take every file descriptor.
        """
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(listener)
            except OSError:
                # No descriptor left, or reset before it was accepted.
                await asyncio.sleep(_ACCEPT_PAUSE_S)
                continue
            host = plain_host(str(address[0]))
            if self._has_room_for(host):
                self._handshakes[host] += 1
                self.spawn(self._shake_hands(accepted, host, context))
            else:
                accepted.close()

    async def _shake_hands(
        self, accepted: socket.socket, host: str, context: ssl.SSLContext
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                lambda: StreamConnection(self, next(self._ids), "TLS"),
                accepted,
                ssl=context,
                ssl_handshake_timeout=self._limits.handshake_s,
            )
        except OSError as error:
            # TLS errors and timeouts are such, too. Scanners cause them all day.
            log.debug("TLS handshake failed", extra={"kind": type(error).__name__})
            accepted.close()
        finally:
            self._handshakes[host] -= 1
            if self._handshakes[host] <= 0:
                del self._handshakes[host]

    # Going out

    def find(self, peer: Peer) -> StreamConnection | None:
        """An open connection for this peer: the one named by its id, or any that leads there."""
        connection = self._connections.get(peer.connection_id)
        if connection is None:
            connection = next((c for c in self._connections.values() if c.leads_to(peer)), None)
        return connection if connection is not None and connection.is_open else None

    def send(self, message: OutgoingMessage) -> None:
        """Send on a connection that is there, or on a new one; the peer's host is an address."""
        peer = message.peer
        connection = self.find(peer)
        if connection is not None:
            connection.write(message)
            return
        # One attempt to connect at a time; messages wait for it.
        flow = _flow(peer)
        waiting = self._connecting.get(flow)
        if waiting is not None:
            waiting.append(message)
            return
        self._connecting[flow] = [message]
        self.spawn(self._connect_and_send(peer))

    async def _connect_and_send(self, peer: Peer) -> None:
        connection = None
        try:
            connection = await self._connect(peer)
        finally:
            waiting = self._connecting.pop(_flow(peer), [])
        for message in waiting:
            if connection is not None and connection.is_open:
                connection.write(message)
            else:
                self._cannot_send(message)

    async def _connect(self, peer: Peer) -> StreamConnection | None:
        """None: it could not be made, or led to somebody else."""
        loop = asyncio.get_running_loop()
        # Different types for both loops, and none of uvloop's own has stubs.
        options: dict[str, Any] = {}
        if peer.transport == "TLS":
            options = {
                "ssl": self._tls.client,
                "server_hostname": peer.tls_name,
                "ssl_handshake_timeout": self._limits.handshake_s,
            }
        try:
            async with asyncio.timeout(self._limits.connect_s):
                _, connection = await loop.create_connection(
                    lambda: StreamConnection(self, next(self._ids), peer.transport),
                    self._wire_host(peer.host),
                    peer.port,
                    **options,
                )
        except OSError as error:
            # TimeoutError and TLS errors are such, too.
            log.info("SIP connection could not be made", extra={"kind": type(error).__name__})
            return None
        if peer.transport == "TLS" and not connection.names.include(peer.tls_name):
            log.warning("SIP connection refused: the certificate is another domain's")
            connection.abort()
            return None
        return connection

    # Connections that are kept

    def keep(self, peer: Peer, on_lost: Callable[[], None], interval_s: float = INTERVAL_S) -> None:
        """Stay connected with this peer, and ping it (RFC 5626), until `release`.

        on_lost: told each time the connection has gone, to register anew.
        """
        flow = _flow(peer)
        if flow not in self._kept:
            self._kept[flow] = self.spawn(self._stay_connected(peer, on_lost, interval_s))

    def release(self, peer: Peer) -> None:
        task = self._kept.pop(_flow(peer), None)
        if task is not None:
            task.cancel()

    async def _stay_connected(
        self, peer: Peer, on_lost: Callable[[], None], interval_s: float
    ) -> None:
        n_failures = 0
        connection: StreamConnection | None = None
        try:
            while True:
                connection = self.find(peer) or await self._connect(peer)
                if connection is not None:
                    n_failures = 0
                    connection.keep_alive = KeepAlive(
                        self.monotonic(), interval_s, min(PONG_WAIT_S, interval_s)
                    )
                    await connection.closed.wait()
                    log.info("SIP connection that was kept is lost")
                    on_lost()
                # Spread by chance only: nothing secret.
                delay_s = reconnect_delay_s(n_failures, random.random())
                n_failures += 1
                await asyncio.sleep(delay_s)
        finally:
            if connection is not None:
                connection.keep_alive = None

    # All of them

    async def sweep(self) -> None:
        """Cut off the slow and the dead, until cancelled."""
        certificates_at = self.monotonic() + self._limits.certificate_check_s
        while True:
            await asyncio.sleep(SWEEP_INTERVAL_S)
            now = self.monotonic()
            for connection in list(self._connections.values()):
                connection.check(now)
            if now >= certificates_at:
                certificates_at = now + self._limits.certificate_check_s
                await asyncio.to_thread(self._tls.reload_if_changed)

    async def close(self) -> None:
        """What was sent before still leaves."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for connection in list(self._connections.values()):
            connection.close()
        await asyncio.gather(*tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run beside everything else, at most until `close`."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def n_connections(self) -> int:
        return len(self._connections)

    def _has_room_for(self, host: str) -> bool:
        n_of_host = self._handshakes[host] + sum(
            other.peer.host == host for other in self._connections.values()
        )
        n_all = self._handshakes.total() + len(self._connections)
        if n_all < self._limits.max_connections and n_of_host < self._limits.max_per_host:
            return True
        log.warning("SIP connection refused: too many", extra={"n_of_host": n_of_host})
        return False

    # For the connections

    @property
    def limits(self) -> ConnectionLimits:
        return self._limits

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def connection_opened(self, connection: StreamConnection) -> bool:
        # One over TLS was counted while it shook hands.
        is_counted = connection.peer.host in self._handshakes and connection.peer.transport == "TLS"
        if not is_counted and not self._has_room_for(connection.peer.host):
            return False
        self._connections[connection.connection_id] = connection
        return True

    def connection_closed(self, connection: StreamConnection) -> None:
        self._connections.pop(connection.connection_id, None)

    def message_received(self, message: SipMessage | SipParseError, peer: Peer) -> None:
        self._receive(message, peer)

    def cannot_send(self, message: OutgoingMessage) -> None:
        self._cannot_send(message)


def _flow(peer: Peer) -> _Flow:
    return peer.transport, peer.host, peer.port, peer.domain
