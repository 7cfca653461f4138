"""Tells voiced sound (a vowel, a hum) from breath, coughs, traffic and clicks by its period."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples

_N = FRAME_SAMPLES // 2
"""A frame at 4 kHz: a voice's period is well seen there, and half as dear to look for."""

_MIN_LAG, _MAX_LAG = 9, 58
"""444 Hz (a frightened woman) to 69 Hz, in samples at 4 kHz."""

_WINDOW = 2 * _N - _MAX_LAG
"""25 ms are compared with what was a period before."""


class Pitch(NamedTuple):
    """strength: how much like itself one period before, 0 to 1. hz: 0 where there is none."""

    strength: float
    hz: float


NO_PITCH = Pitch(0.0, 0.0)


class PitchFinder(Protocol):
    """Told of every frame of one leg."""

    def receive_frame(self, frame: Samples) -> None: ...

    def pitch(self) -> Pitch:
        """Of the last 40 ms."""


class Voicing:
    """Looks for a period in the last 40 ms. Tell it of every frame; `pitch` costs 10 us."""

    __slots__ = ("_last", "_previous")

    def __init__(self) -> None:
        self._previous: Samples = SILENCE
        self._last: Samples = SILENCE

    def receive_frame(self, frame: Samples) -> None:
        self._previous, self._last = self._last, frame

    def pitch(self) -> Pitch:
        """Of the last two frames."""
        wave = np.empty(2 * _N, dtype=np.float32)
        np.add(self._previous[::2], self._previous[1::2], out=wave[:_N], dtype=np.float32)
        np.add(self._last[::2], self._last[1::2], out=wave[_N:], dtype=np.float32)
        wave -= float(wave.sum()) / (2 * _N)
        return _pitch(wave)


def _pitch(wave: npt.NDArray[np.float32]) -> Pitch:
    now = wave[_MAX_LAG:]
    power = float(np.dot(now, now))
    if power < 1.0:
        return NO_PITCH
    # Element k: the likeness at a lag of _MAX_LAG - k.
    products = np.correlate(wave[: 2 * _N - _MIN_LAG], now, "valid")
    running = np.cumsum(np.square(wave))
    before = running[_WINDOW - 1 : 2 * _N - _MIN_LAG] - np.concatenate(
        (_ZERO, running[: _MAX_LAG - _MIN_LAG])
    )
    likeness = products / np.sqrt(np.maximum(before, 1.0) * power)
    best = int(likeness.argmax())
    # The edge is no peak: there low noise is merely like itself a moment ago.
    if best == 0 or best == len(likeness) - 1:
        return NO_PITCH
    return Pitch(max(float(likeness[best]), 0.0), 4000.0 / (_MAX_LAG - best))


_ZERO = np.zeros(1, dtype=np.float32)
