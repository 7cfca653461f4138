"""A call that a provider streams to us, seen by the rest as a leg."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable

from voicebot.audio import FRAME_SAMPLES, SILENCE, AudioFrame, seconds
from voicebot.gateway.websocket.frame_buffer import FrameBuffer
from voicebot.gateway.websocket.heard_playout import HeardPlayout
from voicebot.gateway.websocket.media_stream import (
    MediaStreamProtocol,
    Message,
    StreamAudio,
    StreamDigit,
    StreamEvent,
    StreamMark,
    StreamStarted,
    StreamStopped,
)
from voicebot.media.events import DigitPressed, LegEnded, LegEvent
from voicebot.media.leg_events import LegEventQueue
from voicebot.media.pacer import Pacer
from voicebot.media.recorder import Recorder
from voicebot.records import Direction

MAX_UNSENT = 200
"""2 s or more of audio: whoever is further behind has lost the call."""

HANG_UP_PATIENCE_S = 4.0
"""So long is waited for the other side to take note of our hanging up."""

Outbox = asyncio.Queue[Message | None]
"""What is to be sent, in order; None: then close the connection."""


class StreamLeg:
    """A MediaStreamProtocol as a CallLeg; the pacer moves its audio like any other's.

    Whoever owns the connection sends what comes out of `outbox`, hands `receive` the events of
    the protocol, and calls `closed` when the connection is gone.
    """

    def __init__(
        self,
        protocol: MediaStreamProtocol,
        started: StreamStarted,
        kind: str,
        pacer: Pacer,
        now: float,
        *,
        no_media_timeout_s: float = 30.0,
        sends_silence: bool = False,
        farewell: Callable[[str], list[Message]] | None = None,
    ) -> None:
        """kind: the provider, as records name it; `now`: monotonic seconds.

        sends_silence: the other side wants a frame every 20 ms, also while nobody speaks.
        farewell: messages that end the stream for a reason; by default the protocol's hang_up.
        """
        is_outbound = started.parameters.get("direction") == Direction.OUTBOUND
        self.leg_id = uuid.uuid4().hex
        self.kind = kind
        self.direction = Direction.OUTBOUND if is_outbound else Direction.INBOUND
        self.stream_ref = started.stream_ref
        self.call_ref = started.parameters.get("call_ref", "")
        """The provider's name of the call, where it differs from the stream's."""
        self.remote_party = (started.called if is_outbound else started.caller) or kind
        self.local_party = (started.caller if is_outbound else started.called) or kind
        self.events: asyncio.Queue[LegEvent] = LegEventQueue()
        self.playout = HeardPlayout(self._clear)
        self.recorder: Recorder | None = None
        self.outbox: Outbox = asyncio.Queue()
        self._protocol = protocol
        self._pacer = pacer
        self._inbound = FrameBuffer()
        self._no_media_timeout_s = no_media_timeout_s
        self._sends_silence = sends_silence
        self._farewell = farewell
        self._media_at = self._wire_end = now
        self._position = 0
        self._is_over = False
        self._over = asyncio.Event()
        self._is_theirs = False
        self._is_closed = asyncio.Event()
        pacer.add(self, on_failure=lambda: self.end("error"))

    @property
    def is_over(self) -> bool:
        return self._is_over

    async def wait_over(self) -> None:
        await self._over.wait()

    @property
    def is_ended_by_us(self) -> bool:
        """The provider's call may have to be ended by other means, too."""
        return self._is_over and not self._is_theirs

    def tick(self, now: float) -> None:
        """Move one frame each way; the pacer calls it every 20 ms."""
        heard = self._inbound.next_frame()
        inbound = SILENCE if heard is None else heard
        waiting = self._inbound.n_waiting_samples + FRAME_SAMPLES
        arrived_at = self._wire_end - seconds(waiting)
        self.events.put_nowait(AudioFrame(inbound, self._position, heard is None, arrived_at))
        self._position += FRAME_SAMPLES
        outbound = self.playout.pull(now)
        if self.recorder is not None:
            self.recorder.write(inbound, outbound)
        if self._sends_silence or not self.playout.is_idle:
            self._send(self._protocol.audio(outbound))
        for name in self.playout.take_marks():
            mark = self._protocol.mark(name)
            if mark is None:
                self.playout.heard(name, now)
            else:
                self._send(mark)
        while (event := self.playout.next_event()) is not None:
            self.events.put_nowait(event)
        if self.outbox.qsize() > MAX_UNSENT:
            self.end("error")
        elif now - self._media_at > self._no_media_timeout_s:
            self.end("no_media")

    def receive(self, event: StreamEvent, now: float) -> None:
        """One event of the protocol, which came at `now` (monotonic seconds)."""
        match event:
            case StreamAudio():
                self._media_at = now
                # As if it were played as it comes: what a capture of the line shows.
                self._wire_end = now + seconds(len(event.samples))
                self._inbound.receive(event.samples)
            case StreamDigit():
                self.events.put_nowait(DigitPressed(event.digit))
            case StreamMark():
                self.playout.heard(event.name, now)
            case StreamStopped():
                self.party_left()
            case StreamStarted():
                """The leg is there already."""

    def send_digits(self, digits: str) -> None:
        if not self._is_over:
            self._send(self._protocol.digits(digits))

    async def hang_up(self, reason: str) -> None:
        self.end(reason)
        try:
            async with asyncio.timeout(HANG_UP_PATIENCE_S):
                await self._is_closed.wait()
        except TimeoutError:
            """It can't be told."""

    def end(self, reason: str) -> None:
        """Over, by either side; safe to call twice."""
        if self._is_over:
            return
        self._is_over = True
        self._over.set()
        self._pacer.remove(self)
        self.events.put_nowait(LegEnded(reason))
        farewell = self._protocol.hang_up() if self._farewell is None else self._farewell(reason)
        self._send(farewell)
        self.outbox.put_nowait(None)

    def party_left(self) -> None:
        """The other side hung up."""
        if not self._is_over:
            self._is_theirs = True
            self.end("hangup")

    def closed(self) -> None:
        """The connection is gone, and nothing more is to be done about the call."""
        self.party_left()
        self._is_closed.set()

    def media_stats(self) -> dict[str, float]:
        return {
            "frames_received": float(self._inbound.n_received_frames),
            "frames_dropped": float(self._inbound.n_dropped_frames),
            "frames_missing": float(self._inbound.n_missing_frames),
            "underrun_frames": float(self.playout.underrun_frames),
            "marks_lost": float(self.playout.n_lost_marks),
        }

    def _clear(self) -> None:
        if not self._is_over:
            self._send(self._protocol.clear())

    def _send(self, messages: list[Message]) -> None:
        for message in messages:
            self.outbox.put_nowait(message)
