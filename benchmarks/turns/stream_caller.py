"""Acts as Twilio for one call: sends the caller in real time, plays what the bot sends.

Messages: www.twilio.com/docs/voice/media-streams/websocket-messages
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import numpy as np

from benchmarks.turns.playout import Playout
from benchmarks.turns.voices import LineNoise
from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.media.codecs.g711 import PCMU

TICK_S = 0.02


@dataclass(frozen=True, slots=True)
class Dial:
    """How one call reaches its server."""

    url: str
    call_sid: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(slots=True)
class Spoken:
    """One utterance on the wire. Monotonic s: when the frame with its first, and the one with its
    last sample, was sent."""

    first_at: float = 0.0
    last_at: float = 0.0


class StreamCaller:
    """One call. `say` speaks; `playout` is what has been heard."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, dial: Dial, seed: int) -> None:
        self._socket = socket
        self._dial = dial
        self._stream_sid = "MZ" + uuid.uuid4().hex
        self._noise = LineNoise(seed)
        self._frames: deque[tuple[Samples, Spoken | None]] = deque()
        self._has_spoken = asyncio.Event()
        self._n_sent = 0
        self.began_at = time.monotonic()
        self.playout = Playout(self.began_at)
        self.sent: list[Samples] = []
        self.max_late_s = 0.0
        self.is_over = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def run(
        cls, session: aiohttp.ClientSession, dial: Dial, seed: int
    ) -> AsyncIterator[StreamCaller]:
        """Streams until the block ends; then the caller hangs up."""
        async with session.ws_connect(dial.url, headers=dial.headers, compress=0) as socket:
            caller = cls(socket, dial, seed)
            await caller._open()
            tasks = [asyncio.create_task(caller._read()), asyncio.create_task(caller._tick_on())]
            try:
                yield caller
            finally:
                if not caller.is_over.is_set():
                    with contextlib.suppress(ConnectionError):
                        await socket.send_str(caller._event("stop", {"callSid": dial.call_sid}))
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def say(self, samples: Samples) -> Spoken:
        """Speak, in real time; returns when the last frame has been sent."""
        spoken = Spoken()
        n_frames = -(-len(samples) // FRAME_SAMPLES)
        padded = np.zeros(n_frames * FRAME_SAMPLES, dtype=np.int16)
        padded[: len(samples)] = samples
        for frame in padded.reshape(n_frames, FRAME_SAMPLES):
            self._frames.append((frame, spoken))
        self._has_spoken.clear()
        over = asyncio.ensure_future(self.is_over.wait())
        done = asyncio.ensure_future(self._has_spoken.wait())
        await asyncio.wait([over, done], return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        done.cancel()
        return spoken

    @property
    def now(self) -> float:
        return time.monotonic()

    async def _open(self) -> None:
        connected = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        await self._socket.send_str(json.dumps(connected))
        start = {
            "accountSid": "AC14d6d2a5aa8f4b5e9ef1e7e6fd7f4a1c",
            "streamSid": self._stream_sid,
            "callSid": self._dial.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(self._dial.parameters),
        }
        await self._socket.send_str(self._event("start", start))

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            now = time.monotonic()
            content = json.loads(message.data)
            match content.get("event"):
                case "media":
                    payload = base64.b64decode(content["media"]["payload"])
                    self.playout.receive_audio(PCMU.decode(payload), now)
                case "mark":
                    self.playout.receive_mark(content["mark"]["name"])
                case "clear":
                    await self._echo(self.playout.clear(now))
        self.is_over.set()

    async def _tick_on(self) -> None:
        due = time.monotonic()
        while not self.is_over.is_set():
            due += TICK_S
            await asyncio.sleep(max(due - time.monotonic(), 0))
            self.max_late_s = max(self.max_late_s, time.monotonic() - due)
            samples, spoken = self._frames.popleft() if self._frames else (SILENCE, None)
            with contextlib.suppress(ConnectionError):
                await self._send(self._noise.add(samples))
                await self._echo(self.playout.reached_marks(time.monotonic()))
            now = time.monotonic()
            if spoken is not None:
                spoken.first_at = spoken.first_at or now
                spoken.last_at = now
                if not self._frames:
                    self._has_spoken.set()

    async def _send(self, samples: Samples) -> None:
        self.sent.append(samples)
        self._n_sent += 1
        media = {
            "track": "inbound",
            "chunk": str(self._n_sent),
            "timestamp": str(20 * self._n_sent),
            "payload": base64.b64encode(PCMU.encode(samples)).decode(),
        }
        await self._socket.send_str(self._event("media", media))

    async def _echo(self, marks: list[str]) -> None:
        for name in marks:
            await self._socket.send_str(self._event("mark", {"name": name}))

    def _event(self, event: str, content: Mapping[str, object]) -> str:
        message = {"event": event, event: content, "streamSid": self._stream_sid}
        return json.dumps(message)

    def two_channels(self) -> Samples:
        """The whole call, caller left, bot right: for listening and for other judges."""
        caller = np.concatenate(self.sent) if self.sent else SILENCE
        bot = self.playout.track
        both = np.zeros((max(len(caller), len(bot)), 2), dtype=np.int16)
        both[: len(caller), 0] = caller
        both[: len(bot), 1] = bot
        return both


class Diallable(Protocol):
    """Where a call can go."""

    async def dial(self, session: aiohttp.ClientSession) -> Dial: ...


@contextlib.asynccontextmanager
async def calling(side: Diallable, seed: int) -> AsyncIterator[StreamCaller]:
    """One call to a side."""
    async with aiohttp.ClientSession() as session:
        dial = await side.dial(session)
        async with StreamCaller.run(session, dial, seed) as caller:
            yield caller
