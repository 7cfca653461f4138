"""Melody, rhythm and timbre of an utterance: the fallback that needs no trained model.

Nothing here was learnt from recordings, so no data set's licence binds it. It tells how aroused a
caller is beside his own usual voice, not which emotion it is (prosody_head.py).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.speech.emotion.emotion import Embedding
from voicebot.speech.emotion.features import MAX_SAMPLES, MIN_SAMPLES

PROSODY_ENCODER = "prosody"

PROSODY_NAMES = (
    "pitch_semitones",
    "pitch_top_semitones",
    "pitch_spread_semitones",
    "energy_spread_db",
    "brightness_db",
    "syllables_per_s",
)
"""What the numbers of an embedding are. Each is the same for every gain."""

Floats = npt.NDArray[np.float64]

_FRAME_SAMPLES = 320
_HOP_SAMPLES = 80
_FFT_SAMPLES = 1024
_SHORTEST_LAG = SAMPLE_RATE // 400
_LONGEST_LAG = SAMPLE_RATE // 70
_VOICED_FROM = 0.5
"""Share of the energy that must come back after one period."""
_PAUSE_DB = 25.0
"""Frames so far below the loudest are pauses."""
_BRIGHT_FROM_HZ = 1000
_REFERENCE_HZ = 100.0
_SMOOTHED_FRAMES = 9
_SYLLABLE_RISE_DB = 2.0


class ProsodyEncoder:
    """Measures an utterance in about a millisecond of CPU a second of audio."""

    name = PROSODY_ENCODER

    def embed(self, samples: Samples) -> Embedding:
        if len(samples) < MIN_SAMPLES:
            raise ValueError("too short to tell an emotion: half a second is needed")
        scaled = samples[:MAX_SAMPLES].astype(np.float64)
        frames = np.lib.stride_tricks.sliding_window_view(scaled, _FRAME_SAMPLES)[::_HOP_SAMPLES]
        spectra = np.abs(np.fft.rfft(frames * _window(), _FFT_SAMPLES, axis=1)) ** 2
        # One step of 16-bit audio as the floor: digital silence has no logarithm.
        energy_db = 10 * np.log10(spectra.mean(axis=1) + 1.0)
        is_speech = energy_db > energy_db.max() - _PAUSE_DB
        pitch = _pitch_semitones(spectra, is_speech)
        bright = spectra[is_speech][:, _BRIGHT_FROM_HZ * _FFT_SAMPLES // SAMPLE_RATE :].sum()
        whole = spectra[is_speech].sum()
        spoken_s = max(float(is_speech.sum()) * _HOP_SAMPLES / SAMPLE_RATE, 0.1)
        numbers = (
            float(np.median(pitch)),
            float(np.percentile(pitch, 90)),
            float(np.percentile(pitch, 90) - np.percentile(pitch, 10)),
            float(energy_db[is_speech].std()),
            float(10 * np.log10((bright + 1.0) / (whole + 1.0))),
            _n_syllables(energy_db, is_speech) / spoken_s,
        )
        return np.array(numbers, dtype=np.float32)


@cache
def _window() -> Floats:
    return np.hanning(_FRAME_SAMPLES)


@cache
def _window_echo() -> Floats:
    """How much of the window itself comes back at each lag."""
    spectrum = np.abs(np.fft.rfft(_window(), _FFT_SAMPLES)) ** 2
    echo = np.fft.irfft(spectrum)[: _LONGEST_LAG + 1]
    shares: Floats = echo / echo[0]
    return shares


def _pitch_semitones(spectra: Floats, is_speech: npt.NDArray[np.bool_]) -> Floats:
    """Pitch of the voiced frames above 100 Hz, by autocorrelation; one 0 where none is voiced."""
    echo = np.fft.irfft(spectra[is_speech], axis=1)[:, : _LONGEST_LAG + 1]
    shares = echo / np.maximum(echo[:, :1], 1e-9) / _window_echo()
    within = shares[:, _SHORTEST_LAG:]
    # The shortest lag that is nearly as good as the best: else an octave too low wins by chance.
    is_good = within >= 0.9 * within.max(axis=1, keepdims=True)
    is_peak = np.zeros_like(is_good)
    is_peak[:, 1:-1] = (within[:, 1:-1] >= within[:, :-2]) & (within[:, 1:-1] >= within[:, 2:])
    candidates = is_good & is_peak
    is_voiced = candidates.any(axis=1) & (within.max(axis=1) > _VOICED_FROM)
    if not is_voiced.any():
        return np.zeros(1)
    lags = candidates[is_voiced].argmax(axis=1) + _SHORTEST_LAG
    semitones: Floats = 12 * np.log2(SAMPLE_RATE / lags / _REFERENCE_HZ)
    return semitones


def _n_syllables(energy_db: Floats, is_speech: npt.NDArray[np.bool_]) -> int:
    """Rises of the smoothed energy: about one a syllable."""
    if len(energy_db) <= _SMOOTHED_FRAMES:
        return 0
    window = np.hanning(_SMOOTHED_FRAMES + 2)[1:-1]
    smooth = np.convolve(energy_db, window / window.sum(), mode="same")
    count = 0
    valley = peak = float(smooth[0])
    is_rising = False
    for value, speaks in zip(smooth.tolist(), is_speech.tolist(), strict=True):
        if is_rising:
            peak = max(peak, value)
            if value < peak - _SYLLABLE_RISE_DB:
                is_rising, valley = False, value
        else:
            valley = min(valley, value)
            if speaks and value > valley + _SYLLABLE_RISE_DB:
                is_rising, peak = True, value
                count += 1
    return count
