"""Sounds made from formulas, for what listens: vowels, noise, tones, knocks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples

Wave = npt.NDArray[np.float64]
"""Full scale is 1."""


def silence(seconds: float) -> Wave:
    return np.zeros(round(seconds * SAMPLE_RATE))


def noise(seconds: float, dbfs: float, seed: int = 1) -> Wave:
    samples = np.random.default_rng(seed).standard_normal(round(seconds * SAMPLE_RATE))
    return np.asarray(samples * 10 ** (dbfs / 20))


def tone(seconds: float, hz: float, dbfs: float = -12.0) -> Wave:
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(np.sqrt(2) * np.sin(2 * np.pi * hz * at) * 10 ** (dbfs / 20))


VOWELS = {"a": (750, 1250), "e": (550, 1800), "i": (300, 2200), "o": (500, 900), "u": (320, 750)}
"""Formants, in Hz."""


def vowel(seconds: float, dbfs: float = -20.0, pitch_hz: float = 120.0, letter: str = "a") -> Wave:
    """The harmonics of a falling pitch under two formants."""
    first_hz, second_hz = VOWELS[letter]
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(pitch_hz * (1 - 0.1 * at)) / SAMPLE_RATE
    wave = np.zeros(len(at))
    for number in range(1, int(3400 / pitch_hz)):
        hz = number * pitch_hz
        gain = 1 / (1 + ((hz - first_hz) / 150) ** 2) + 0.02
        gain += 0.5 / (1 + ((hz - second_hz) / 250) ** 2)
        wave += gain * np.sin(number * phase)
    edge = np.minimum(1, np.minimum(at, at[::-1]) / 0.01)
    return np.asarray(wave / np.sqrt((wave**2).mean()) * 10 ** (dbfs / 20) * edge)


def speech(n_syllables: int, dbfs: float = -20.0, pitch_hz: float = 120.0, seed: int = 1) -> Wave:
    """Syllables of a hiss and a vowel, about four a second, in phrases."""
    rng = np.random.default_rng(seed)
    parts: list[Wave] = []
    for number in range(n_syllables):
        hiss = noise(rng.uniform(0.04, 0.09), dbfs - 14, seed * 1000 + number)
        parts += [
            hiss,
            vowel(
                rng.uniform(0.1, 0.2), dbfs + rng.uniform(-5, 2), pitch_hz * rng.uniform(0.9, 1.2)
            ),
            silence(rng.choice([0.02, 0.05, 0.25], p=[0.45, 0.4, 0.15])),
        ]
    return np.concatenate(parts)


def pcm(*parts: Wave) -> Samples:
    wave = np.concatenate(parts) * 32768
    return np.clip(np.rint(wave), -32768, 32767).astype(np.int16)


def over_noise(wave: Wave, dbfs: float, seed: int = 7) -> Wave:
    return wave + noise(len(wave) / SAMPLE_RATE, dbfs, seed)[: len(wave)]


def frames(samples: Samples) -> Iterator[Samples]:
    for start in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        yield samples[start : start + FRAME_SAMPLES]
