"""The queue between a leg and its call: bounded, and what matters is never dropped."""

from __future__ import annotations

import asyncio

from voicebot.audio import AudioFrame
from voicebot.media.events import LegEvent

MAX_WAITING_FRAMES = 250
"""5 s of audio. A call that is further behind has lost touch with the caller anyway."""


class LegEventQueue(asyncio.Queue[LegEvent]):
    """Drops the oldest audio when its reader stalls, but never keys, playout or end events.

    Put with `put_nowait`: it never raises QueueFull.
    """

    def __init__(self, max_waiting_frames: int = MAX_WAITING_FRAMES) -> None:
        super().__init__()
        self._max_waiting_frames = max_waiting_frames
        self._dropped_frames = 0

    @property
    def dropped_frames(self) -> int:
        return self._dropped_frames

    def put_nowait(self, item: LegEvent) -> None:
        # The cheap test first: other events are few, so the length bounds the frames.
        if self.qsize() >= self._max_waiting_frames and isinstance(item, AudioFrame):
            self._make_room()
        super().put_nowait(item)

    def _make_room(self) -> None:
        """Rebuild the queue without its oldest frame; rare, so it may cost a pass over it."""
        waiting = [self.get_nowait() for _ in range(self.qsize())]
        n_frames = sum(isinstance(event, AudioFrame) for event in waiting)
        is_oldest = n_frames >= self._max_waiting_frames
        for event in waiting:
            if is_oldest and isinstance(event, AudioFrame):
                is_oldest = False
                self._dropped_frames += 1
                continue
            super().put_nowait(event)
