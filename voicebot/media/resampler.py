"""Changes of sample rate, by soxr."""

from __future__ import annotations

import numpy as np
import soxr

from voicebot.audio import SAMPLE_RATE, Samples


def resample(samples: Samples, from_rate: int, to_rate: int = SAMPLE_RATE) -> Samples:
    """A whole recording at another rate (Hz). Blocking; samples: int16, mono."""
    if from_rate == to_rate or not len(samples):
        return samples
    return np.asarray(soxr.resample(samples, from_rate, to_rate, quality="HQ"), dtype=np.int16)


class Resampler:
    """Changes the rate of audio that comes in pieces, without seams between them.

    Holds back a few milliseconds; `process` with is_last=True gives them out, after which
    the object is used up.
    """

    def __init__(self, from_rate: int, to_rate: int = SAMPLE_RATE) -> None:
        self._is_same = from_rate == to_rate
        self._stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="int16", quality="HQ")

    def process(self, samples: Samples, is_last: bool = False) -> Samples:
        """What is ready after these samples (int16, mono)."""
        if self._is_same:
            return samples
        piece = np.ascontiguousarray(samples, dtype=np.int16)
        return np.asarray(self._stream.resample_chunk(piece, last=is_last), dtype=np.int16)
