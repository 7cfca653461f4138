"""Whether two sounds sound alike, where a codec keeps the sound but not the waveform."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from voicebot.audio import SAMPLE_RATE, Samples

HOP_SAMPLES = SAMPLE_RATE // 100
WINDOW_SAMPLES = 2 * HOP_SAMPLES
N_BANDS = 16
BAND_TOP_HZ = 3400
SEGMENT_HOPS = 50
FLOOR_DB = 30.0
"""Below the level of 16-bit hum; what is quieter counts as silence."""


def syllables(duration_s: float, seed: int = 1) -> Samples:
    """A voice of uneven syllables, each of its own pitch and colour."""
    rng = np.random.default_rng(seed)
    pieces = []
    n_left = int(duration_s * SAMPLE_RATE)
    while n_left > 0:
        time = np.arange(min(n_left, int(rng.uniform(0.06, 0.25) * SAMPLE_RATE))) / SAMPLE_RATE
        phase = 2 * np.pi * rng.uniform(100, 260) * time
        colour = rng.uniform(1, 9)
        voice = sum(np.cos(k * phase + 0.3 * k * k) / (1 + abs(k - colour)) for k in range(1, 12))
        swell = np.sin(np.pi * np.arange(len(time)) / max(len(time), 1))
        pieces.append(rng.uniform(1500, 7000) * voice * swell)
        n_left -= len(time)
    return np.concatenate(pieces).clip(-32000, 32000).astype(np.int16)


def likeness(heard: Samples, said: Samples) -> list[float]:
    """Correlation (-1 to 1) of the spectrum over time, of each half second of `said` with what
    was heard at the one delay that fits the whole. Of `syllables`
    another voice reaches 0.6, the same one through Opus or G.722 0.8 at least.

    The first and last half second, in which a line opens and closes, are left out.
    """
    wanted = _bands(said)[SEGMENT_HOPS:-SEGMENT_HOPS]
    found = _bands(heard)
    if len(found) < len(wanted):
        return []
    scores = [
        _correlation(found[lag : lag + len(wanted)], wanted)
        for lag in range(len(found) - len(wanted) + 1)
    ]
    lag = int(np.argmax(scores))
    return [
        _correlation(
            found[lag + start : lag + start + SEGMENT_HOPS], wanted[start : start + SEGMENT_HOPS]
        )
        for start in range(0, len(wanted) - SEGMENT_HOPS + 1, SEGMENT_HOPS)
    ]


def _bands(samples: Samples) -> np.ndarray:
    """Level in dB of each band (columns) in each 10 ms (rows)."""
    n_windows = max((len(samples) - WINDOW_SAMPLES) // HOP_SAMPLES + 1, 0)
    starts = np.arange(n_windows)[:, None] * HOP_SAMPLES
    windows = samples.astype(np.float64)[starts + np.arange(WINDOW_SAMPLES)]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW_SAMPLES), axis=1)) ** 2
    frequencies = np.fft.rfftfreq(WINDOW_SAMPLES, 1 / SAMPLE_RATE)
    edges = np.linspace(0, BAND_TOP_HZ, N_BANDS + 1)
    bands = [
        power[:, (frequencies >= low) & (frequencies < high)].sum(axis=1)
        for low, high in pairwise(edges)
    ]
    levels: np.ndarray = np.maximum(10 * np.log10(np.stack(bands, axis=1) + 1.0), FLOOR_DB)
    return levels


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    # Less the mean of each band: what counts is how they move, not how voices sound in general.
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size else 0.0
