"""The queue between a leg and its call: bounded, and what matters is never dropped."""

from __future__ import annotations

import asyncio
from collections import deque

from voicebot.audio import AudioFrame
from voicebot.media.events import LegEvent

MAX_WAITING_FRAMES = 250
"""5 s of audio. A call that is further behind has lost touch with the caller anyway."""


class LegEventQueue(asyncio.Queue[LegEvent]):
    """Drops the oldest audio when its reader stalls, but never keys, playout or end events.

    Put with `put_nowait`: it never raises QueueFull. `get` and `put_nowait` are written anew
    without what only bounded and joined queues need: each frame of each call passes here, and
    asyncio's own took a fifth of the CPU time of moving audio.
    """

    def __init__(self, max_waiting_frames: int = MAX_WAITING_FRAMES) -> None:
        super().__init__()
        self._events: deque[LegEvent] = deque()
        self._readers: deque[asyncio.Future[None]] = deque()
        self._max_waiting_frames = max_waiting_frames
        self._dropped_frames = 0

    @property
    def dropped_frames(self) -> int:
        return self._dropped_frames

    def qsize(self) -> int:
        return len(self._events)

    def empty(self) -> bool:
        return not self._events

    def put_nowait(self, item: LegEvent) -> None:
        events = self._events
        # The cheap test first: other events are few, so the length bounds the frames.
        if len(events) >= self._max_waiting_frames and isinstance(item, AudioFrame):
            self._make_room()
        events.append(item)
        readers = self._readers
        while readers:
            # All of them: one that was cancelled meanwhile then takes nothing from another.
            reader = readers.popleft()
            if not reader.done():
                reader.set_result(None)

    async def put(self, item: LegEvent) -> None:
        self.put_nowait(item)

    def get_nowait(self) -> LegEvent:
        if not self._events:
            raise asyncio.QueueEmpty
        return self._events.popleft()

    async def get(self) -> LegEvent:
        events = self._events
        while not events:
            reader: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._readers.append(reader)
            await reader
        return events.popleft()

    def _make_room(self) -> None:
        """Take out the oldest frame; rare, so it may cost a pass over the queue."""
        n_frames = sum(isinstance(event, AudioFrame) for event in self._events)
        if n_frames < self._max_waiting_frames:
            return
        for position, event in enumerate(self._events):
            if isinstance(event, AudioFrame):
                del self._events[position]
                self._dropped_frames += 1
                return
