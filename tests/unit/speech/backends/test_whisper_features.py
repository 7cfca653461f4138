from __future__ import annotations

import math

import numpy as np
import pytest

from voicebot.speech.backends.whisper_features import (
    FFT_SAMPLES,
    HOP_SAMPLES,
    MODEL_RATE,
    Floats,
    log_mel,
    mel_filters,
)


def slaney_hz(mel: float) -> float:
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def noise(n_samples: int) -> Floats:
    return np.random.default_rng(1).normal(0, 0.1, n_samples).astype(np.float32)


def reference_frame(samples: Floats, index: int) -> list[float]:
    """log10 mel power of one frame, straight from the definition, with plain loops."""
    half = FFT_SAMPLES // 2
    padded = [*samples[half:0:-1], *samples, *samples[-2 : -half - 2 : -1]]
    window = [0.5 - 0.5 * math.cos(2 * math.pi * n / FFT_SAMPLES) for n in range(FFT_SAMPLES)]
    start = index * HOP_SAMPLES
    frame = [w * float(x) for w, x in zip(window, padded[start : start + FFT_SAMPLES], strict=True)]
    power = []
    for k in range(FFT_SAMPLES // 2 + 1):
        re = sum(x * math.cos(2 * math.pi * k * n / FFT_SAMPLES) for n, x in enumerate(frame))
        im = sum(x * math.sin(2 * math.pi * k * n / FFT_SAMPLES) for n, x in enumerate(frame))
        power.append(re * re + im * im)
    top_mel = 15 + 27 * math.log(8) / math.log(6.4)
    edges = [slaney_hz(top_mel * i / 81) for i in range(82)]
    bands = []
    for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
        energy = 0.0
        for k, p in enumerate(power):
            hz = k * MODEL_RATE / FFT_SAMPLES
            slope = min((hz - low) / (middle - low), (high - hz) / (high - middle))
            energy += max(0.0, slope) * 2 / (high - low) * p
        bands.append(math.log10(max(energy, 1e-10)))
    return bands


def test_filters_have_the_published_values() -> None:
    """Against OpenAI's table: librosa.filters.mel(sr=16000, n_fft=400, n_mels=80)."""
    filters = mel_filters()
    assert filters.shape == (80, 201)
    assert filters[0, 1] == pytest.approx(0.02486259, abs=1e-7)
    assert filters[1, 1] == pytest.approx(0.00199082, abs=1e-7)
    assert filters[1, 2] == pytest.approx(0.02287177, abs=1e-7)
    assert np.count_nonzero(filters[79]) == 14
    # Slaney's normalisation: each triangle has area 1.
    assert filters.sum(axis=1) * MODEL_RATE / FFT_SAMPLES == pytest.approx(np.ones(80), abs=0.2)


@pytest.mark.parametrize("index", [0, 1, 7, 12])
def test_features_are_those_of_the_definition(index: int) -> None:
    samples = noise(13 * HOP_SAMPLES)
    features = log_mel(samples)
    every = next(reference_frame(samples, i) for i in (index,))
    got = features[:, index] * 4 - 4
    assert got == pytest.approx(np.array(every), abs=2e-4)


def test_silence_is_floored_eight_decades_below_the_loudest() -> None:
    samples = np.concatenate([noise(1600), np.zeros(16000, dtype=np.float32)])
    features = log_mel(samples)
    assert features.max() - features.min() == pytest.approx(2.0, abs=1e-5)
    assert (features[:, 50:] == features.min()).all()


def test_a_frame_for_every_10_ms() -> None:
    features = log_mel(noise(16000 * 8))
    assert features.shape == (80, 800)
    assert features.dtype == np.float32
    assert features.flags.c_contiguous
