"""A sound by which one hears whether audio came through whole, in time and right side up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from voicebot.audio import SAMPLE_RATE, Samples

SEGMENT_SAMPLES = SAMPLE_RATE // 2
MARGIN_SAMPLES = SAMPLE_RATE // 2


def probe_signal(duration_s: float, seed: int = 1) -> Samples:
    """Speech-like: a buzz of gliding pitch and noise, in syllables, each moment unlike the others.

    Never quiet enough for a jitter buffer to drop or double a frame unheard.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(int(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    pitch_hz = 140 + 60 * np.sin(2 * np.pi * 0.37 * time) + 25 * np.sin(2 * np.pi * 1.9 * time)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE
    # Odd phases make it lopsided: turned upside down it is another signal, not the same later.
    buzz = sum(np.cos(k * phase + 0.3 * k * k) / k for k in range(1, 12))
    noise = np.convolve(rng.standard_normal(len(time)), [0.25, 0.5, 0.25], mode="same")
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 3.7 * time)
    return (3500 * (buzz + noise) * syllables).clip(-32000, 32000).astype(np.int16)


def correlations(heard: Samples, said: Samples, max_slip_ms: int = 0) -> list[float]:
    """Normalised correlation, with sign, of each half second of `said` with what was heard.

    The delay is found once for the whole. max_slip_ms: by so much it may differ for a half
    second, where a peer's own buffer slips. The first and last half second, in which a line
    opens and closes, are left out.
    """
    wanted = said[MARGIN_SAMPLES : len(said) - MARGIN_SAMPLES]
    if len(heard) < len(wanted):
        return []
    products = _sliding_products(heard, wanted)
    lag = int(np.argmax(np.abs(products)))
    slip = max_slip_ms * SAMPLE_RATE // 1000
    return [
        _best(
            heard[max(lag + start - slip, 0) : lag + start + SEGMENT_SAMPLES + slip],
            wanted[start : start + SEGMENT_SAMPLES],
        )
        for start in range(0, len(wanted) - SEGMENT_SAMPLES + 1, SEGMENT_SAMPLES)
    ]


def assert_came_through(heard: Samples, said: Samples) -> None:
    """Most half seconds of `said` were heard unharmed, and none upside down.

    Most, and each within a second of its place: a machine that lets a process wait makes a real
    jitter buffer conceal and skip. Who must show that nothing foreign got in counts packets.
    """
    found = correlations(heard, said, max_slip_ms=1000)
    shown = [round(value, 2) for value in found]
    assert len(found) == expected_segments(said), shown
    assert sum(value >= 0.99 for value in found) >= 0.6 * len(found), shown
    assert min(found) > -0.5, shown


def expected_segments(said: Samples) -> int:
    return (len(said) - 2 * MARGIN_SAMPLES) // SEGMENT_SAMPLES


def write_file(path: Path, samples: Samples, trailing_silence_s: float = 0.0) -> Path:
    """A 16-bit 8 kHz WAV."""
    silence = np.zeros(int(trailing_silence_s * SAMPLE_RATE), dtype=np.int16)
    soundfile.write(path, np.concatenate([samples, silence]), SAMPLE_RATE, subtype="PCM_16")
    return path


def write_g711(path: Path, samples: Samples, codec: str, trailing_silence_s: float = 0.0) -> Path:
    """Bare G.711 bytes, encoded by libsndfile and not by us."""
    silence = np.zeros(int(trailing_silence_s * SAMPLE_RATE), dtype=np.int16)
    soundfile.write(
        path,
        np.concatenate([samples, silence]),
        SAMPLE_RATE,
        format="RAW",
        subtype="ALAW" if codec == "PCMA" else "ULAW",
    )
    return path


def _sliding_products(heard: Samples, wanted: Samples) -> np.ndarray:
    """Scalar product of `wanted` with each stretch of `heard`, by FFT."""
    n_lags = len(heard) - len(wanted) + 1
    size = 1 << (len(heard) + len(wanted)).bit_length()
    spectrum = np.fft.rfft(heard.astype(np.float64), size)
    spectrum *= np.conj(np.fft.rfft(wanted.astype(np.float64), size))
    return np.fft.irfft(spectrum, size)[:n_lags]


def _best(heard: Samples, wanted: Samples) -> float:
    """The normalised correlation of greatest size over all lags, with its sign."""
    a, b = heard.astype(np.float64), wanted.astype(np.float64)
    if len(a) < len(b):
        return 0.0
    energy = np.convolve(a * a, np.ones(len(b)), mode="valid") * (b @ b)
    found = np.correlate(a, b, mode="valid") / np.sqrt(np.maximum(energy, 1.0))
    return float(found[np.argmax(np.abs(found))])
