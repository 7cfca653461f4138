"""Sound that arrives in bursts over TCP, cut into the 20 ms frames of a call."""

from __future__ import annotations

from collections import deque

import numpy as np

from voicebot.audio import FRAME_SAMPLES, Samples

START_FRAMES = 3
"""60 ms are gathered after gaps, for senders and TCP come in bursts. But each frame held back makes
every answer 20 ms later: at first none is, and each gap adds one."""

MAX_FRAMES = 25
"""500 ms: more than that is a backlog after a stall, and the oldest of it is dropped."""

WINDOW_TICKS = 100
"""2 s: frames that lay waiting all that time only delay the caller."""

QUIET_PEAK = 400
"""About -38 dBFS: a frame without speech, whose absence nobody hears."""


class FrameBuffer:
    """Smooths what comes in chunks of any length; `next_frame` is called every 20 ms.

    After a gap it gathers one frame more than before, START_FRAMES at most, so it becomes as deep
    as the connection's bursts need; what is deeper than needed for WINDOW_TICKS goes away in
    quiet frames.
    """

    def __init__(self) -> None:
        self._frames: deque[Samples] = deque()
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._is_filling = True
        self._needed = 1
        self._lowest = MAX_FRAMES
        self._ticks = 0
        self._n_excess = 0
        self.n_received_frames = 0
        self.n_dropped_frames = 0
        self.n_missing_frames = 0

    @property
    def n_waiting_samples(self) -> int:
        """What has come and has not been given out."""
        return len(self._frames) * FRAME_SAMPLES + len(self._rest)

    def receive(self, samples: Samples) -> None:
        """Take in samples of any number; frames beyond MAX_FRAMES push the oldest ones out."""
        if len(self._rest):
            samples = np.concatenate((self._rest, samples))
        n_frames = len(samples) // FRAME_SAMPLES
        for index in range(n_frames):
            self._frames.append(samples[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES])
        self._rest = samples[n_frames * FRAME_SAMPLES :]
        self.n_received_frames += n_frames
        while len(self._frames) > MAX_FRAMES:
            self._frames.popleft()
            self.n_dropped_frames += 1

    def next_frame(self) -> Samples | None:
        """The next 160 samples; None while too few have arrived."""
        if self._is_filling and len(self._frames) < self._needed:
            return None
        self._is_filling = False
        if not self._frames:
            self._is_filling = True
            self._needed = min(self._needed + 1, START_FRAMES)
            self._watch_anew()
            if self.n_received_frames:
                self.n_missing_frames += 1
            return None
        self._watch_depth()
        frame = self._frames.popleft()
        if self._n_excess and self._frames and _is_quiet(frame):
            self._n_excess -= 1
            self.n_dropped_frames += 1
            frame = self._frames.popleft()
        return frame

    def _watch_depth(self) -> None:
        self._lowest = min(self._lowest, len(self._frames) - 1)
        self._ticks += 1
        if self._ticks >= WINDOW_TICKS:
            n_excess = max(self._lowest - self._needed, 0)
            self._watch_anew()
            self._n_excess = n_excess

    def _watch_anew(self) -> None:
        self._lowest, self._ticks, self._n_excess = MAX_FRAMES, 0, 0


def _is_quiet(frame: Samples) -> bool:
    return int(np.abs(frame.astype(np.int32)).max()) < QUIET_PEAK
