"""What the emotion encoder is fed with: power spectra as in Whisper, straight from 8 kHz.

Resampling to Whisper's 16 kHz would cost more than the model: a 200-sample window at 8 kHz has
the same bins up to 4 kHz as its 400 samples at 16 kHz, and above there is nothing on a telephone
line but Whisper's own floor (8 decades below the loudest band). The mel bands and their logarithm
are the encoder's first nodes: numpy would take several threads for that small product.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from voicebot.audio import SAMPLE_RATE, Samples

Floats = npt.NDArray[np.float32]

MIN_SAMPLES = SAMPLE_RATE // 2
MAX_SAMPLES = 30 * SAMPLE_RATE
"""Whisper has positions for no more."""

_WINDOW_SAMPLES = 200
_HOP_SAMPLES = 80
N_BINS = _WINDOW_SAMPLES // 2 + 1
_TARGET_RMS = 0.05
_FULL_SCALE = 32768.0
_FLOOR_SHARE = 0.05
"""Frames below this share of the loudest frame's power are pauses, and not counted as level."""


@cache
def _window() -> Floats:
    window = np.hanning(_WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
    window.setflags(write=False)
    return window


def power_spectra(samples: Samples) -> Floats:
    """Spectra of 8 kHz samples, shape (frames, 101), a frame each 10 ms, 40 Hz a bin.

    The same for every gain: how loud a caller is tells of his phone rather than of his mood.
    What is longer than 30 s is cut. Raises ValueError for less than half a second.
    """
    if len(samples) < MIN_SAMPLES:
        raise ValueError("too short to tell an emotion: half a second is needed")
    scaled = _level(samples[:MAX_SAMPLES].astype(np.float32) / np.float32(_FULL_SCALE))
    padded = np.pad(scaled, _WINDOW_SAMPLES // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW_SAMPLES)[::_HOP_SAMPLES]
    frames = frames[: len(scaled) // _HOP_SAMPLES]
    spectrum = np.fft.rfft(frames * _window(), axis=1)
    return np.ascontiguousarray(spectrum.real**2 + spectrum.imag**2, dtype=np.float32)


def _level(samples: Floats) -> Floats:
    """Bring the loud frames to one level; silence stays silence."""
    whole = len(samples) // _HOP_SAMPLES * _HOP_SAMPLES
    power = np.square(samples[:whole]).reshape(-1, _HOP_SAMPLES).mean(axis=1)
    loud = power[power >= _FLOOR_SHARE * power.max()]
    rms = float(np.sqrt(loud.mean()))
    return samples * np.float32(_TARGET_RMS / rms) if rms > 0 else samples
