"""The WebSocket of the browser phone, joined to a call (aiohttp)."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web

from voicebot.audio import FRAME_SAMPLES, SILENCE, AudioFrame
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.browser_phone import (
    BrowserPhone,
    DigitMessage,
    HangUpMessage,
    answered_message,
    audio_message,
    clear_message,
    ended_message,
)
from voicebot.media.events import DigitPressed, LegEnded, LegEvent
from voicebot.media.leg_events import LegEventQueue
from voicebot.media.pacer import Pacer
from voicebot.media.playout import Interrupted, Playout
from voicebot.media.recorder import Recorder
from voicebot.records import Direction

log = logging.getLogger(__name__)

MAX_UNSENT = 100
"""2 s of frames: a browser that is further behind has lost the call."""


class _ClearingPlayout(Playout):
    """Tells the browser, which buffers too, that it was interrupted."""

    def __init__(self, on_interrupt: Callable[[], None]) -> None:
        super().__init__()
        self._on_interrupt = on_interrupt

    def interrupt(self) -> Interrupted | None:
        interrupted = super().interrupt()
        if interrupted is not None:
            self._on_interrupt()
        return interrupted


class WebSocketLeg:
    """A browser's connection as a CallLeg; the pacer moves its audio like any other's."""

    kind = "web"
    direction = Direction.INBOUND

    def __init__(self, phone: BrowserPhone, pacer: Pacer, called: str) -> None:
        self.leg_id = uuid.uuid4().hex
        self.remote_party = "web"
        self.local_party = called
        self.events: asyncio.Queue[LegEvent] = LegEventQueue()
        self.playout: Playout = _ClearingPlayout(lambda: self._send(clear_message()))
        self.recorder: Recorder | None = None
        self.outbox: asyncio.Queue[bytes | str | None] = asyncio.Queue()
        self._phone = phone
        self._pacer = pacer
        self._position = 0
        self._is_over = False
        self._send(answered_message(self.leg_id))
        pacer.add(self, on_failure=lambda: self.end("error"))

    def tick(self, now: float) -> None:
        """Move one frame each way; the pacer calls it every 20 ms."""
        heard = self._phone.next_frame()
        inbound = SILENCE if heard is None else heard
        self.events.put_nowait(AudioFrame(inbound, self._position, is_concealed=heard is None))
        self._position += FRAME_SAMPLES
        outbound = self.playout.pull(now)
        if self.recorder is not None:
            self.recorder.write(inbound, outbound)
        while (event := self.playout.next_event()) is not None:
            self.events.put_nowait(event)
        if self.outbox.qsize() > MAX_UNSENT:
            self.end("error")
        else:
            self._send(audio_message(outbound))

    def press(self, digit: str) -> None:
        self.events.put_nowait(DigitPressed(digit))

    def send_digits(self, digits: str) -> None:
        """A browser has no use for keys."""

    async def hang_up(self, reason: str) -> None:
        self.end(reason)

    def end(self, reason: str) -> None:
        """Over, by either side; safe to call twice."""
        if self._is_over:
            return
        self._is_over = True
        self._pacer.remove(self)
        self.events.put_nowait(LegEnded(reason))
        self._send(ended_message(reason))
        self.outbox.put_nowait(None)

    def media_stats(self) -> dict[str, float]:
        return {
            "frames_received": float(self._phone.n_received_frames),
            "frames_dropped": float(self._phone.n_dropped_frames),
            "frames_missing": float(self._phone.n_missing_frames),
            "underrun_frames": float(self.playout.underrun_frames),
        }

    def _send(self, message: bytes | str) -> None:
        self.outbox.put_nowait(message)


class BrowserPhoneHandler:
    """Serves the browser phone's WebSocket: each connection is one call."""

    def __init__(
        self, pacer: Pacer, take_call: Callable[[WebSocketLeg], Awaitable[object]], called: str
    ) -> None:
        self._pacer = pacer
        self._take_call = take_call
        self._called = called
        self._legs: set[WebSocketLeg] = set()

    @property
    def n_calls(self) -> int:
        return len(self._legs)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One connection from its opening to its end."""
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=64 * 1024)
        await socket.prepare(request)
        phone = BrowserPhone()
        leg = WebSocketLeg(phone, self._pacer, self._called)
        self._legs.add(leg)
        writer = asyncio.create_task(self._write(socket, leg), name="web phone writer")
        call = asyncio.create_task(self._run_call(leg), name="web phone call")
        try:
            await self._read(socket, phone, leg)
        finally:
            leg.end("hangup")
            await asyncio.gather(writer, call, return_exceptions=True)
            self._legs.discard(leg)
        return socket

    async def stop(self) -> None:
        """End the running calls."""
        for leg in list(self._legs):
            leg.end("shutdown")

    async def _run_call(self, leg: WebSocketLeg) -> None:
        try:
            await self._take_call(leg)
        except Exception:  # the top of a call: other calls go on
            log.exception("call failed", extra={"call_id": leg.leg_id})
            leg.end("error")

    async def _read(
        self, socket: web.WebSocketResponse, phone: BrowserPhone, leg: WebSocketLeg
    ) -> None:
        async for message in socket:
            try:
                if message.type is aiohttp.WSMsgType.BINARY:
                    phone.receive_audio(message.data)
                elif message.type is aiohttp.WSMsgType.TEXT:
                    control = phone.receive_text(message.data)
                    if isinstance(control, DigitMessage):
                        leg.press(control.digit)
                    elif isinstance(control, HangUpMessage):
                        return
            except WebSocketProtocolError as error:
                log.warning("web phone ended", extra={"call_id": leg.leg_id, "reason": str(error)})
                leg.end("error")
                return

    async def _write(self, socket: web.WebSocketResponse, leg: WebSocketLeg) -> None:
        """Send in order; a connection that breaks ends the leg."""
        try:
            while (message := await leg.outbox.get()) is not None:
                if isinstance(message, bytes):
                    await socket.send_bytes(message)
                else:
                    await socket.send_str(message)
            await socket.close()
        except (ConnectionError, RuntimeError):
            leg.end("error")
