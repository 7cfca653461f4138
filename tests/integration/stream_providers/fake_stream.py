"""A caller whose provider streams his call to us: sends 20 ms of sound every 20 ms, plays ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

import aiohttp
import numpy as np

from tests.integration.stream_providers.fake_player import FakePlayer
from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples

Message = str | bytes
TICK_S = 0.02


@dataclass(frozen=True)
class Sound:
    samples: Samples


@dataclass(frozen=True)
class Mark:
    name: str


@dataclass(frozen=True)
class Clear:
    pass


@dataclass(frozen=True)
class HangUp:
    """The bot asks its provider to end the call."""


class Dialect(Protocol):
    """How one provider writes and reads messages."""

    def opening(self) -> list[Message]: ...
    def sound(self, samples: Samples) -> list[Message]:
        """20 ms of the caller; a dialect may keep some back and send them in a burst."""

    def digit(self, digit: str) -> Message: ...
    def marked(self, name: str) -> list[Message]:
        """The mark has been reached, or cleared."""

    def closing(self) -> list[Message]: ...
    def read(self, message: Message) -> list[Sound | Mark | Clear | HangUp]:
        """A message of ours; AssertionError for what the provider would not understand."""


class Connection(Protocol):
    """How messages travel; see `WebSocketConnection`."""

    async def send(self, message: Message) -> None: ...
    async def receive(self) -> Message | None:
        """None: the bot has closed it."""

    async def close(self) -> None: ...


class FakeStream:
    """One call through a provider. `say`, `press` and `hears` are the caller's."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect
        self._spoken: deque[Samples] = deque()
        self._has_spoken = asyncio.Event()
        self._has_played = asyncio.Event()
        self.player = FakePlayer()
        self.is_over = asyncio.Event()
        self.has_hung_up = False
        self.problem: BaseException | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def run(cls, connection: Connection, dialect: Dialect) -> AsyncIterator[FakeStream]:
        """Streams until the block ends; then the caller hangs up. Raises what went wrong."""
        stream = cls(connection, dialect)
        for message in dialect.opening():
            await connection.send(message)
        tasks = [asyncio.create_task(stream._read()), asyncio.create_task(stream._tick_on())]
        try:
            yield stream
        finally:
            if not stream.is_over.is_set():
                with contextlib.suppress(ConnectionError):
                    for message in dialect.closing():
                        await connection.send(message)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await connection.close()
        if stream.problem is not None:
            raise stream.problem

    async def say(self, samples: Samples) -> None:
        """Speak; returns when it has all been sent, in real time."""
        n_frames = -(-len(samples) // FRAME_SAMPLES)
        padded = np.zeros(n_frames * FRAME_SAMPLES, dtype=np.int16)
        padded[: len(samples)] = samples
        self._spoken.extend(padded.reshape(n_frames, FRAME_SAMPLES))
        self._has_spoken.clear()
        await self._has_spoken.wait()

    async def press(self, digits: str) -> None:
        for digit in digits:
            await self._connection.send(self._dialect.digit(digit))
            await asyncio.sleep(0.15)

    async def hears(self, seconds: float, timeout_s: float = 40) -> None:
        """Returns when the bot has been heard for so much longer than now."""
        await self.has_heard(self.player.speech_s + seconds, timeout_s)

    async def has_heard(self, seconds: float, timeout_s: float = 40) -> None:
        """Returns when the bot has been heard for so long since the call's beginning."""
        async with asyncio.timeout(timeout_s):
            while self.player.speech_s < seconds:
                assert not self.is_over.is_set(), "the bot has ended the call"
                self._has_played.clear()
                await self._has_played.wait()

    async def _read(self) -> None:
        try:
            while (message := await self._connection.receive()) is not None:
                for item in self._dialect.read(message):
                    await self._handle(item)
        except AssertionError as error:
            self.problem = error
        finally:
            self.is_over.set()

    async def _handle(self, item: Sound | Mark | Clear | HangUp) -> None:
        match item:
            case Sound():
                self.player.add_sound(item.samples)
            case Mark():
                self.player.add_mark(item.name)
            case Clear():
                await self._echo(self.player.clear())
            case HangUp():
                self.has_hung_up = True

    async def _tick_on(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self.is_over.is_set():
            due += TICK_S
            await asyncio.sleep(max(due - loop.time(), 0))
            frame = self._spoken.popleft() if self._spoken else SILENCE
            if not self._spoken:
                self._has_spoken.set()
            with contextlib.suppress(ConnectionError):
                for message in self._dialect.sound(frame):
                    await self._connection.send(message)
                await self._echo(self.player.tick())
            self._has_played.set()
        # Nobody waits for what cannot come any more.
        self._has_spoken.set()
        self._has_played.set()

    async def _echo(self, marks: list[str]) -> None:
        for name in marks:
            for message in self._dialect.marked(name):
                await self._connection.send(message)


class WebSocketConnection:
    """An aiohttp client's WebSocket as a Connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, message: Message) -> None:
        if isinstance(message, str):
            await self._socket.send_str(message)
        else:
            await self._socket.send_bytes(message)

    async def receive(self) -> Message | None:
        message = await self._socket.receive()
        is_content = message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
        return message.data if is_content else None

    async def close(self) -> None:
        await self._socket.close()
