"""From a voice's own rate and loudness to 8 kHz at the product's loudness."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import soxr

from voicebot.audio import SAMPLE_RATE, Samples

TARGET_DBFS = -20.0
"""RMS of what is spoken, pauses left out."""

LEAD_IN_SAMPLES = SAMPLE_RATE // 200
"""5 ms are kept before the first sound: a consonant's onset is softer than what is found."""

_SOUNDING = 10 ** (-46 / 20)
"""Of full scale. What is softer at the beginning is the voice's own silence (RHVoice: 15 to 25 ms),
which a caller would wait through before every answer."""

MAX_GAIN = 10.0
_KNEE = 0.7
_CEILING = 0.98

Floats = npt.NDArray[np.float32]


def speech_dbfs(samples: Samples, sample_rate: int = SAMPLE_RATE) -> float:
    """RMS in dBFS over the 20 ms pieces that are no more than 30 dB below the loudest."""
    piece = sample_rate // 50
    n_pieces = len(samples) // piece
    if n_pieces == 0:
        return -96.0
    scaled = samples[: n_pieces * piece].astype(np.float64).reshape(n_pieces, piece) / 32768
    power = np.mean(scaled**2, axis=1)
    loud = power[power >= power.max() / 1000]
    return float(10 * np.log10(max(float(loud.mean()), 1e-10)))


def gain_for(samples: Samples, sample_rate: int) -> float:
    """The factor that brings a specimen of a voice to TARGET_DBFS.

    One factor for a voice, not one for each sentence: the first sound must not wait until
    the whole sentence is known, and a quiet word stays quieter than a loud one.
    """
    return float(min(10 ** ((TARGET_DBFS - speech_dbfs(samples, sample_rate)) / 20), MAX_GAIN))


class VoiceAudio:
    """One stream of a voice on its way to the caller: levelled, limited, resampled, and without
    the silence it begins with."""

    def __init__(self, sample_rate: int, gain: float) -> None:
        self._gain = gain
        self._resampler = soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32")
        self._has_sounded = False

    def convert(self, samples: Samples, *, is_last: bool = False) -> Samples:
        """8 kHz samples that are ready; the last call (it may be given nothing) has the rest."""
        floats = samples.astype(np.float32) * np.float32(self._gain / 32768)
        out: Floats = self._resampler.resample_chunk(floats, last=is_last)
        return _to_int16(_limit(self._without_lead(out)))

    def _without_lead(self, samples: Floats) -> Floats:
        if self._has_sounded:
            return samples
        sounding = np.flatnonzero(np.abs(samples) > _SOUNDING)
        if not len(sounding):
            return samples[:0]
        self._has_sounded = True
        return samples[max(int(sounding[0]) - LEAD_IN_SAMPLES, 0) :]


def _limit(samples: Floats) -> Floats:
    """Bend what exceeds the knee below the ceiling; speech at TARGET_DBFS rarely reaches it."""
    size = np.abs(samples)
    over = size > _KNEE
    if not over.any():
        return samples
    room = _CEILING - _KNEE
    bent = np.sign(samples) * (_KNEE + room * np.tanh((size - _KNEE) / room))
    return np.where(over, bent, samples).astype(np.float32)


def _to_int16(samples: Floats) -> Samples:
    return np.round(samples * 32767).astype(np.int16)
