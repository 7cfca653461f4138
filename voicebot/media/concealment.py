"""Makes up the frames that the network lost."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples

MIN_PITCH_SAMPLES = 40
MAX_PITCH_SAMPLES = 120
"""200 Hz to 66 Hz, as G.711 Appendix I searches."""

OVERLAP_SAMPLES = 32
"""4 ms of cross-fade where made-up and real audio meet."""

TEMPLATE_SAMPLES = 160
HISTORY_FRAMES = 3

FADE_PER_FRAME = 0.4
"""Appendix I: 20 % each 10 ms, from the second 10 ms on; silent after 60 ms."""

_RAMP = np.linspace(0.0, 1.0, OVERLAP_SAMPLES, dtype=np.float32)


class Concealment:
    """Repeats the last pitch period, fading, until real audio comes back.

    After the spirit of G.711 Appendix I, without its added delay. Costs next to nothing
    while no frame is missing. Call exactly one of the two methods per tick.
    """

    __slots__ = ("_gain", "_history", "_period", "_phase")

    def __init__(self) -> None:
        self._history: deque[Samples] = deque(maxlen=HISTORY_FRAMES)
        self._period: npt.NDArray[np.float32] | None = None
        self._phase = 0
        self._gain = 1.0

    def accept(self, samples: Samples) -> Samples:
        """Hand on a frame that arrived; the first one after a gap is cross-faded."""
        if self._period is not None:
            samples = self._join(samples)
        self._history.append(samples)
        return samples

    def conceal(self) -> Samples:
        """A frame in place of one that is missing; silence where there is nothing to repeat."""
        if self._period is None:
            if len(self._history) < HISTORY_FRAMES:
                return SILENCE
            self._begin()
        if self._gain <= 0.0:
            return SILENCE
        # Full loudness for the first 10 ms, then down.
        end = max(self._gain - FADE_PER_FRAME, 0.0)
        fade = np.linspace(self._gain, end, FRAME_SAMPLES, dtype=np.float32)
        if self._gain == 1.0:
            half = FRAME_SAMPLES // 2
            end = 1.0 - FADE_PER_FRAME / 2
            fade[:half] = 1.0
            fade[half:] = np.linspace(1.0, end, half, dtype=np.float32)
        frame = (self._take(FRAME_SAMPLES) * fade).astype(np.int16)
        self._gain = end
        return frame

    def _begin(self) -> None:
        history = np.concatenate(self._history).astype(np.float32)
        lag = _pitch_lag(history)
        period = history[-lag:].copy()
        # Make its end run into its start: blend with what came one period earlier.
        n_blend = min(OVERLAP_SAMPLES, lag // 4)
        ramp = np.linspace(0.0, 1.0, n_blend, dtype=np.float32)
        earlier = history[-lag - n_blend : -lag]
        period[-n_blend:] = period[-n_blend:] * (1.0 - ramp) + earlier * ramp
        self._period = period
        self._phase = 0
        self._gain = 1.0

    def _take(self, count: int) -> npt.NDArray[np.float32]:
        if self._period is None:
            return np.zeros(count, dtype=np.float32)
        positions = (np.arange(count) + self._phase) % len(self._period)
        self._phase = (self._phase + count) % len(self._period)
        return self._period[positions]

    def _join(self, samples: Samples) -> Samples:
        made_up = self._take(OVERLAP_SAMPLES) * self._gain
        self._period = None
        joined = samples.copy()
        head = samples[:OVERLAP_SAMPLES].astype(np.float32)
        joined[:OVERLAP_SAMPLES] = (head * _RAMP + made_up * (1.0 - _RAMP)).astype(np.int16)
        return joined


def _pitch_lag(history: npt.NDArray[np.float32]) -> int:
    """Lag at which the newest samples look most like earlier ones (normalised correlation)."""
    template = history[-TEMPLATE_SAMPLES:]
    # Lag L compares the template with the stretch L samples earlier.
    reach = history[len(history) - TEMPLATE_SAMPLES - MAX_PITCH_SAMPLES : -MIN_PITCH_SAMPLES]
    products = np.correlate(reach, template, mode="valid")
    power = np.cumsum(np.concatenate(([0.0], reach.astype(np.float64) ** 2)))
    energies = power[TEMPLATE_SAMPLES:] - power[:-TEMPLATE_SAMPLES]
    scores = products / np.sqrt(np.maximum(energies, 1.0))
    return MAX_PITCH_SAMPLES - int(np.argmax(scores))
