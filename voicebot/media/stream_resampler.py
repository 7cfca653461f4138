"""Another sample rate for sound that is heard as it comes: late by 3 ms, never by more.

soxr's streams give better sound but gather 30 to 120 ms before they let it out, and keep the
end of what was said until something else is said: good for files, not for a conversation.
"""

from __future__ import annotations

from functools import cache
from math import gcd

import numpy as np
import numpy.typing as npt

from voicebot.audio import SAMPLE_RATE, Samples

_ZERO_CROSSINGS = 24
"""On each side, counted at the lower rate: 3 ms at 8 kHz."""

_KAISER_BETA = 6.8
"""About 70 dB against aliases; flat up to 3.6 kHz where the lower rate is 8 kHz."""


class StreamResampler:
    """A polyphase filter between two rates; every 20 ms in are exactly 20 ms out.

    (For 44.1 kHz 20 ms are 882 samples; other lengths go on where the last one ended.)
    """

    def __init__(self, from_rate: int, to_rate: int = SAMPLE_RATE) -> None:
        self._up, self._down, self._phases = _design(from_rate, to_rate)
        self._n_taps = self._phases.shape[1]
        self._history = np.zeros(self._n_taps - 1, dtype=np.float32)
        self._position = 0

    def process(self, samples: Samples) -> Samples:
        """What these samples (int16, mono) become."""
        signal = np.concatenate((self._history, samples.astype(np.float32)))
        end = len(samples) * self._up
        ticks = np.arange(self._position, end, self._down)
        self._position += len(ticks) * self._down - end
        self._history = signal[len(signal) - self._n_taps + 1 :]
        if not len(ticks):
            return np.zeros(0, dtype=np.int16)
        windows = np.lib.stride_tricks.sliding_window_view(signal, self._n_taps)
        if self._up == 1:
            # Whole ratios are products of matrices, several times as fast.
            out = windows[ticks[0] :: self._down] @ self._phases[0]
        elif self._down == 1:
            out = (windows @ self._phases.T).ravel()
        else:
            taps = self._phases[ticks % self._up]
            out = np.einsum("kt,kt->k", windows[ticks // self._up], taps)
        return np.asarray(np.clip(np.rint(out), -32768, 32767), dtype=np.int16)


@cache
def _design(from_rate: int, to_rate: int) -> tuple[int, int, npt.NDArray[np.float32]]:
    """Up and down factors, and the filter's taps: a row a phase, oldest sample first."""
    divisor = gcd(from_rate, to_rate)
    up, down = to_rate // divisor, from_rate // divisor
    half = _ZERO_CROSSINGS * max(up, down)
    at = np.arange(-half, half + 1) / max(up, down)
    taps = np.sinc(at) * np.kaiser(len(at), _KAISER_BETA) / max(up, down) * up
    n_rows = -(-len(taps) // up)
    padded = np.zeros(n_rows * up)
    padded[: len(taps)] = taps
    phases = np.ascontiguousarray(padded.reshape(n_rows, up).T[:, ::-1], dtype=np.float32)
    # Each phase alone passes a constant unchanged: otherwise the phases' differences whistle.
    phases /= phases.sum(axis=1, keepdims=True)
    return up, down, phases
