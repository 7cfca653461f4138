"""A provider's playout buffer: what the caller hears of what we sent, when he hears it."""

from __future__ import annotations

from collections import deque

import numpy as np

from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples

DELAY_TICKS = 8
"""160 ms are gathered before playing starts, as providers do against jitter."""

SPEECH_PEAK = 800


class FakePlayer:
    """Plays 20 ms a tick in the order it came; a mark is reached when all before it was played."""

    def __init__(self) -> None:
        self._queue: deque[Samples | str] = deque()
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._waiting_ticks = 0
        self.heard: list[Samples] = []
        self.n_cleared_frames = 0
        self.n_clears = 0
        self.n_frames = 0

    def add_sound(self, samples: Samples) -> None:
        samples = np.concatenate((self._rest, samples))
        n_frames = len(samples) // FRAME_SAMPLES
        self._rest = samples[n_frames * FRAME_SAMPLES :]
        if not self._queue and n_frames:
            self._waiting_ticks = DELAY_TICKS
        for index in range(n_frames):
            self._queue.append(samples[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES])
        self.n_frames += n_frames

    def add_mark(self, name: str) -> None:
        self._queue.append(name)

    def clear(self) -> list[str]:
        """Names of the marks that waited."""
        marks = [item for item in self._queue if isinstance(item, str)]
        self.n_clears += 1
        self.n_cleared_frames += len(self._queue) - len(marks)
        self._queue.clear()
        self._rest = self._rest[:0]
        return marks

    def tick(self) -> list[str]:
        """Play a frame; the marks that have now been reached."""
        if self._waiting_ticks and self._queue:
            self._waiting_ticks -= 1
            self.heard.append(SILENCE)
            return []
        marks = self._take_marks()
        item = self._queue.popleft() if self._queue else SILENCE
        assert not isinstance(item, str)
        self.heard.append(item)
        return [*marks, *self._take_marks()]

    @property
    def speech_s(self) -> float:
        """How long the bot has been heard so far, pauses left out."""
        loud = [
            frame for frame in self.heard if int(np.abs(frame.astype(np.int32)).max()) > SPEECH_PEAK
        ]
        return len(loud) * 0.02

    def _take_marks(self) -> list[str]:
        marks = []
        while self._queue and isinstance(item := self._queue[0], str):
            self._queue.popleft()
            marks.append(item)
        return marks
