"""The WebSocket of the browser phone, joined to a call (aiohttp)."""

from __future__ import annotations

import math
import sys
from collections.abc import Awaitable, Callable

from aiohttp import web

from voicebot.clock import Clock
from voicebot.gateway.websocket.browser_phone import (
    BrowserPhone,
    answered_message,
    ended_message,
)
from voicebot.gateway.websocket.media_stream import StreamStarted
from voicebot.gateway.websocket.stream_calls import StreamCalls
from voicebot.gateway.websocket.stream_handler import (
    HEARTBEAT_S,
    MAX_MESSAGE_BYTES,
    SocketConnection,
)
from voicebot.gateway.websocket.stream_leg import StreamLeg
from voicebot.media.pacer import Pacer

TakeCall = Callable[[StreamLeg], Awaitable[object]]


class BrowserPhoneHandler:
    """Serves the browser phone's WebSocket: each connection is one call."""

    def __init__(
        self,
        pacer: Pacer,
        take_call: TakeCall,
        called: str,
        clock: Clock,
    ) -> None:
        # Whoever calls `handle` has seen to it that there is room.
        self._calls = StreamCalls(pacer, self._take, clock, sys.maxsize, math.inf)
        self._take_call = take_call
        self._own_ways: dict[str, TakeCall] = {}
        self._pacer = pacer
        self._called = called
        self._clock = clock

    @property
    def n_calls(self) -> int:
        return self._calls.n_calls

    async def handle(
        self, request: web.Request, called: str = "", take_call: TakeCall | None = None
    ) -> web.WebSocketResponse:
        """One connection from its opening to its end.

        called: whom; empty: us, as always. take_call: how this call is run; None: as all are.
        """
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES)
        await socket.prepare(request)
        phone = BrowserPhone()
        leg = StreamLeg(
            phone,
            StreamStarted("", caller="web", called=called or self._called),
            "web",
            self._pacer,
            self._clock.monotonic(),
            # A browser without a microphone still hears, and has keys; its heartbeat tells us.
            no_media_timeout_s=math.inf,
            sends_silence=True,
            farewell=lambda reason: [ended_message(reason)],
        )
        leg.outbox.put_nowait(answered_message(leg.leg_id))
        if take_call is not None:
            self._own_ways[leg.leg_id] = take_call
        try:
            await self._calls.run_leg(SocketConnection(socket, request), phone, leg)
        finally:
            self._own_ways.pop(leg.leg_id, None)
        return socket

    async def _take(self, leg: StreamLeg) -> None:
        await self._own_ways.get(leg.leg_id, self._take_call)(leg)

    async def stop(self) -> None:
        """End the running calls, and return when they have ended."""
        self._calls.stop()
        await self._calls.wait_ended()
