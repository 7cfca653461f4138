"""A caller whose provider or PBX streams the call to us."""

from __future__ import annotations

import asyncio
import base64
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np

from voicebot.audio import FRAME_MS, FRAME_SAMPLES, SILENCE, Samples

LOUD = 500
"""Peak of a frame with something in it."""


class StreamPhone(ABC):
    """Speaks, presses keys, and keeps what he hears; `heard` grows by a frame every 20 ms.

    Each subclass is one provider: how a frame goes out, and what of what came in is played.
    """

    def __init__(self) -> None:
        self.heard: list[Samples] = []
        self.is_over = asyncio.Event()
        self._speech: deque[Samples] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._ticked = asyncio.Condition()
        self.n_loud = 0
        """Frames heard so far that had sound in them."""
        self.n_clears = 0

    async def __aenter__(self) -> Self:
        await self._connect()
        self._tasks = [
            asyncio.create_task(self._read_until_the_end()),
            asyncio.create_task(self._talk()),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.hang_up()
        for result in results:
            if error is None and isinstance(result, Exception):
                raise result

    async def say(self, samples: Samples) -> None:
        """Returns when it has been said."""
        for start in range(0, len(samples), FRAME_SAMPLES):
            frame = samples[start : start + FRAME_SAMPLES]
            self._speech.append(np.pad(frame, (0, FRAME_SAMPLES - len(frame))))
        await self._wait(lambda: not self._speech or self.is_over.is_set(), 120)

    async def press(self, keys: str) -> None:
        for key in keys:
            await self._press(key)
            await asyncio.sleep(0.15)

    async def hears(self, duration_s: float, timeout_s: float = 40) -> None:
        """Returns when there has been so much more sound than now."""
        wanted = self.n_loud + int(duration_s * 1000 / FRAME_MS)
        await self._wait(lambda: self.n_loud >= wanted, timeout_s)

    async def hears_silence(self, n_frames: int = 25, timeout_s: float = 20) -> None:
        """Returns when the last `n_frames` were silent."""
        await self._wait(
            lambda: len(self.heard) >= n_frames and not any(map(is_loud, self.heard[-n_frames:])),
            timeout_s,
        )

    @abstractmethod
    async def _press(self, key: str) -> None: ...

    @abstractmethod
    async def hang_up(self) -> None: ...

    @abstractmethod
    async def _connect(self) -> None: ...

    @abstractmethod
    async def _read(self) -> None:
        """Take in what comes, until the connection is closed."""

    @abstractmethod
    async def _send_frame(self, frame: Samples) -> None: ...

    @abstractmethod
    async def _play(self) -> Samples:
        """The next 20 ms for the caller's ear."""

    async def _read_until_the_end(self) -> None:
        try:
            await self._read()
        finally:
            self.is_over.set()

    async def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        try:
            while not self.is_over.is_set():
                await self._send_frame(self._speech.popleft() if self._speech else SILENCE)
                frame = await self._play()
                self.heard.append(frame)
                self.n_loud += is_loud(frame)
                async with self._ticked:
                    self._ticked.notify_all()
                due += FRAME_MS / 1000
                await asyncio.sleep(max(due - loop.time(), 0))
        except ConnectionError:
            """The other end has gone."""
        finally:
            self.is_over.set()
            async with self._ticked:
                self._ticked.notify_all()

    async def _wait(self, condition: Callable[[], bool], timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s), self._ticked:
            await self._ticked.wait_for(condition)


def is_loud(frame: Samples) -> bool:
    return int(np.abs(frame.astype(np.int32)).max(initial=0)) > LOUD


def tone(duration_s: float, frequency: float = 440, level: int = 8000) -> Samples:
    ticks = np.arange(int(8000 * duration_s))
    return (level * np.sin(2 * np.pi * frequency * ticks / 8000)).astype(np.int16)


def basic_auth(user: str, password: str) -> dict[str, str]:
    """The request header."""
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return {"Authorization": f"Basic {credentials}"}
