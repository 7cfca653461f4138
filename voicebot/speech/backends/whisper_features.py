"""Whisper's input: log-mel features, as the model saw them in training.

Definition (OpenAI's `log_mel_spectrogram`): 16 kHz, 400-sample periodic Hann window every 160
samples, reflected edges, power spectrum, 80 Slaney mel bands from 0 to 8 kHz, log10 floored
at 1e-10 and at 8 decades below the loudest band, then (x + 4) / 4.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

MODEL_RATE = 16000
HOP_SAMPLES = 160
FFT_SAMPLES = 400
MAX_AUDIO_S = 30.0
"""The encoder has positions for no more."""

_LINEAR_HZ_PER_MEL = 200.0 / 3
_LOG_STARTS_AT_HZ = 1000.0
_LOG_STARTS_AT_MEL = _LOG_STARTS_AT_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Slaney's scale: linear up to 1 kHz, logarithmic above."""
    linear = mel * _LINEAR_HZ_PER_MEL
    logarithmic = _LOG_STARTS_AT_HZ * np.exp(_LOG_STEP * (mel - _LOG_STARTS_AT_MEL))
    return np.where(mel < _LOG_STARTS_AT_MEL, linear, logarithmic)


@cache
def mel_filters(n_mels: int = 80) -> Floats:
    """Triangles over the FFT bins, each of equal area; shape (n_mels, 201)."""
    bins_hz = np.fft.rfftfreq(FFT_SAMPLES, 1 / MODEL_RATE)
    top_mel = _LOG_STARTS_AT_MEL + np.log(MODEL_RATE / 2 / _LOG_STARTS_AT_HZ) / _LOG_STEP
    edges_hz = _mel_to_hz(np.linspace(0.0, top_mel, n_mels + 2))
    rising = (bins_hz - edges_hz[:-2, None]) / (edges_hz[1:-1] - edges_hz[:-2])[:, None]
    falling = (edges_hz[2:, None] - bins_hz) / (edges_hz[2:] - edges_hz[1:-1])[:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    filters = (triangles * (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None]).astype(np.float32)
    filters.setflags(write=False)
    return filters


@cache
def _window() -> Floats:
    # Periodic, as torch.hann_window makes it; np.hanning is the symmetric one.
    return np.hanning(FFT_SAMPLES + 1)[:-1].astype(np.float32)


def log_mel(samples: Floats, n_mels: int = 80) -> Floats:
    """Features of 16 kHz samples in -1..1.

    samples: shape (n,), n at least 400 (pad before). Returns shape (n_mels, n // 160),
    contiguous float32.
    """
    padded = np.pad(samples.astype(np.float32, copy=False), FFT_SAMPLES // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_SAMPLES)[::HOP_SAMPLES]
    # The definition drops the last frame, so that n samples make n // 160 frames.
    frames = frames[: len(samples) // HOP_SAMPLES]
    spectrum = np.fft.rfft(frames * _window(), axis=1)
    power = spectrum.real.astype(np.float32) ** 2 + spectrum.imag.astype(np.float32) ** 2
    bands = np.log10(np.maximum(mel_filters(n_mels) @ power.T, 1e-10))
    bands = np.maximum(bands, bands.max() - 8.0)
    return np.ascontiguousarray((bands + 4.0) / 4.0, dtype=np.float32)
