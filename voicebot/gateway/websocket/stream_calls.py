"""The streamed calls that go on: each runs from its connection's first message to its last."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from voicebot.clock import Clock
from voicebot.errors import VoicebotError, WebSocketProtocolError
from voicebot.gateway.websocket.media_stream import (
    MediaStreamProtocol,
    Message,
    StreamEvent,
    StreamStarted,
)
from voicebot.gateway.websocket.stream_leg import StreamLeg
from voicebot.media.pacer import Pacer

log = logging.getLogger(__name__)

START_PATIENCE_S = 10.0
"""A connection that has not begun a call by then is closed: it only takes a line."""

CLOSE_PATIENCE_S = 2.0
"""So long may the last messages take; then the connection is cut."""

RELEASE_PATIENCE_S = 3.0
STOP_PATIENCE_S = 6.0


class StreamConnection(Protocol):
    """One provider's connection, message by message."""

    async def receive(self) -> Message | None:
        """None: it is closed, or broken."""

    async def send(self, message: Message) -> None:
        """Raises ConnectionError."""

    async def close(self) -> None:
        """Politely; raises ConnectionError."""

    def abort(self) -> None:
        """At once; safe to call on a closed one."""


Release = Callable[[StreamLeg], Awaitable[None]]
"""Ends the provider's call, where closing the stream does not; may raise VoicebotError."""


class StreamCalls:
    """Runs calls that come over streams, and knows how many there are."""

    def __init__(
        self,
        pacer: Pacer,
        take_call: Callable[[StreamLeg], Awaitable[object]],
        clock: Clock,
        max_calls: int,
        no_media_timeout_s: float,
        has_node_room: Callable[[], bool] = lambda: True,
    ) -> None:
        """has_node_room: whether the node takes calls at all, of whatever kind."""
        self._pacer = pacer
        self._take_call = take_call
        self._clock = clock
        self._max_calls = max_calls
        self._no_media_timeout_s = no_media_timeout_s
        self._has_node_room = has_node_room
        self._legs: set[StreamLeg] = set()
        self._n_connections = 0
        self._is_draining = False
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    @property
    def n_calls(self) -> int:
        """Connections that have yet to begin a call count, too."""
        return self._n_connections

    @property
    def has_room(self) -> bool:
        """Ask before a connection is accepted; False: refuse it (503)."""
        return (
            not self._is_draining
            and self._n_connections < self._max_calls
            and self._has_node_room()
        )

    def drain(self) -> None:
        """Take no new calls; those that go on may end by themselves."""
        self._is_draining = True

    def stop(self) -> None:
        """Take no new calls and end those that go on."""
        self.drain()
        for leg in list(self._legs):
            leg.end("shutdown")

    async def wait_ended(self, timeout_s: float = STOP_PATIENCE_S) -> None:
        """Returns when the last connection is gone, or after the timeout."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._is_empty.wait()
        except TimeoutError:
            log.warning("streams did not end", extra={"n_calls": self._n_connections})

    async def run(
        self,
        connection: StreamConnection,
        protocol: MediaStreamProtocol,
        kind: str,
        *,
        sends_silence: bool = False,
        farewell: Callable[[str], list[Message]] | None = None,
        release: Release | None = None,
    ) -> None:
        """One accepted connection to its end. See StreamLeg for kind, sends_silence, farewell."""
        with self._counted(connection):
            events = await self._await_start(connection, protocol, kind)
            if events is None:
                await self._say_goodbye(connection)
                return
            started = next(event for event in events if isinstance(event, StreamStarted))
            leg = StreamLeg(
                protocol,
                started,
                kind,
                self._pacer,
                self._clock.monotonic(),
                no_media_timeout_s=self._no_media_timeout_s,
                sends_silence=sends_silence,
                farewell=farewell,
            )
            for event in events:
                leg.receive(event, self._clock.monotonic())
            await self._run_leg(connection, protocol, leg, release)

    async def run_leg(
        self, connection: StreamConnection, protocol: MediaStreamProtocol, leg: StreamLeg
    ) -> None:
        """One accepted connection to its end, where the call begins with the connection."""
        with self._counted(connection):
            await self._run_leg(connection, protocol, leg, release=None)

    @contextlib.contextmanager
    def _counted(self, connection: StreamConnection) -> Iterator[None]:
        self._n_connections += 1
        self._is_empty.clear()
        try:
            yield
        finally:
            connection.abort()
            self._n_connections -= 1
            if not self._n_connections:
                self._is_empty.set()

    async def _await_start(
        self, connection: StreamConnection, protocol: MediaStreamProtocol, kind: str
    ) -> list[StreamEvent] | None:
        """All events up to and including the message that begins the call; None: none did."""
        events: list[StreamEvent] = []
        try:
            async with asyncio.timeout(START_PATIENCE_S):
                while not any(isinstance(event, StreamStarted) for event in events):
                    message = await connection.receive()
                    if message is None:
                        return None
                    events += protocol.receive(message)
        except TimeoutError:
            log.warning("a stream began no call", extra={"provider": kind})
            return None
        except WebSocketProtocolError as error:
            log.warning("stream refused", extra={"provider": kind, "reason": str(error)})
            return None
        return events

    async def _run_leg(
        self,
        connection: StreamConnection,
        protocol: MediaStreamProtocol,
        leg: StreamLeg,
        release: Release | None,
    ) -> None:
        self._legs.add(leg)
        reader = asyncio.create_task(self._read(connection, protocol, leg), name="stream reader")
        writer = asyncio.create_task(self._write(connection, leg), name="stream writer")
        call = asyncio.create_task(self._run_call(leg), name="stream call")
        over = asyncio.create_task(leg.wait_over(), name="stream end")
        if self._is_draining:
            leg.end("shutdown")
        try:
            await asyncio.wait({reader, writer, over}, return_when=asyncio.FIRST_COMPLETED)
            leg.party_left()
            # What we have left to say, by a writer that may be stuck.
            await asyncio.wait({reader, writer}, timeout=CLOSE_PATIENCE_S)
            if release is not None and leg.is_ended_by_us:
                await self._release(leg, release)
        finally:
            connection.abort()
            leg.closed()
            reader.cancel()
            writer.cancel()
            over.cancel()
            await asyncio.gather(reader, writer, over, call, return_exceptions=True)
            self._legs.discard(leg)

    async def _run_call(self, leg: StreamLeg) -> None:
        try:
            await self._take_call(leg)
        except Exception:  # the top of a call: other calls go on
            log.exception("call failed", extra={"call_id": leg.leg_id})
        # A call that is over, however it came to that, leaves no leg behind.
        leg.end("error")

    async def _read(
        self, connection: StreamConnection, protocol: MediaStreamProtocol, leg: StreamLeg
    ) -> None:
        while (message := await connection.receive()) is not None and not leg.is_over:
            try:
                events = protocol.receive(message)
            except WebSocketProtocolError as error:
                log.warning("stream ended", extra={"call_id": leg.leg_id, "reason": str(error)})
                leg.end("error")
                return
            now = self._clock.monotonic()
            for event in events:
                leg.receive(event, now)

    async def _write(self, connection: StreamConnection, leg: StreamLeg) -> None:
        """Send in order; a connection that breaks ends the leg."""
        try:
            while (message := await leg.outbox.get()) is not None:
                await connection.send(message)
            await connection.close()
        except ConnectionError:
            leg.party_left()

    async def _release(self, leg: StreamLeg, release: Release) -> None:
        try:
            async with asyncio.timeout(RELEASE_PATIENCE_S):
                await release(leg)
        except (VoicebotError, TimeoutError) as error:
            extra = {"call_id": leg.leg_id, "provider": leg.kind, "reason": str(error)}
            log.warning("the provider's call could not be ended", extra=extra)

    @staticmethod
    async def _say_goodbye(connection: StreamConnection) -> None:
        try:
            async with asyncio.timeout(CLOSE_PATIENCE_S):
                await connection.close()
        except (ConnectionError, TimeoutError):
            """It is cut instead."""
