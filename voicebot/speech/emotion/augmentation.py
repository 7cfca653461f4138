"""Changed copies of an utterance: other lines, other voices, other lengths."""

from __future__ import annotations

import numpy as np

from voicebot.audio import SAMPLE_RATE, Samples

_LIMIT = 32767


def add_noise(samples: Samples, snr_db: float, rng: np.random.Generator) -> Samples:
    """White noise so far below the speech, over the whole band of the line."""
    power = float(np.mean(samples.astype(np.float64) ** 2))
    noise = rng.standard_normal(len(samples)) * np.sqrt(power / 10 ** (snr_db / 10))
    return _clipped(samples + noise)


def change_speed(samples: Samples, factor: float) -> Samples:
    """Faster (and higher) above 1: for the model a person of another size."""
    places = np.arange(0, len(samples) - 1, factor)
    return _clipped(np.interp(places, np.arange(len(samples)), samples.astype(np.float64)))


def cut(samples: Samples, seconds: float) -> Samples:
    """The first seconds; whole where it is shorter."""
    return samples[: round(seconds * SAMPLE_RATE)]


def _clipped(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Samples:
    return np.clip(np.rint(samples), -_LIMIT - 1, _LIMIT).astype(np.int16)
