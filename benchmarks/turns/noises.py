"""Sounds that should not stop a bot: synthesised, the same for one seed.

8 kHz; cough and street are shaped noise, the echo is the bot's own voice.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.turns.voices import Voices, at_level
from voicebot.audio import SAMPLE_RATE, Samples

Sound = npt.NDArray[np.float64]
COUGH_DBFS = -16.0
STREET_DBFS = -32.0
ECHO_DB = -30.0
WORD_DBFS = -22.0


def cough(seed: int) -> Samples:
    """One or two bursts: 60 ms of a rise, then noise with a throat's resonances dying away."""
    chance = np.random.default_rng(seed)
    bursts = [_burst(chance) for _ in range(int(chance.integers(1, 3)))]
    pause = np.zeros(int(0.12 * SAMPLE_RATE))
    return _samples(
        np.concatenate([part for burst in bursts for part in (burst, pause)]), COUGH_DBFS
    )


def _burst(chance: np.random.Generator) -> Sound:
    n = int(chance.uniform(0.18, 0.32) * SAMPLE_RATE)
    seconds = np.arange(n) / SAMPLE_RATE
    envelope = np.minimum(seconds / 0.01, 1.0) * np.exp(-seconds / chance.uniform(0.06, 0.1))
    noise = _resonant(chance.normal(size=n), chance.uniform(450, 700), 0.97)
    noise += 0.6 * _resonant(chance.normal(size=n), chance.uniform(1300, 1900), 0.95)
    return envelope * noise


def street(seed: int, length_s: float = 3.0) -> Samples:
    """Low rumble, a car that comes and goes, hiss of tyres."""
    chance = np.random.default_rng(seed)
    n = int(length_s * SAMPLE_RATE)
    seconds = np.arange(n) / SAMPLE_RATE
    rumble = _resonant(chance.normal(size=n), 90.0, 0.99)
    passing = np.exp(-(((seconds - length_s / 2) / 0.7) ** 2))
    tyres = 0.5 * passing * _resonant(chance.normal(size=n), 900.0, 0.8)
    return _samples(rumble / np.std(rumble) + 2 * tyres / np.std(tyres) * passing, STREET_DBFS)


def echo(voices: Voices, seed: int) -> Samples:
    """The bot's own voice, come back 30 dB below what it says."""
    texts = ("Pytania dotyczą codziennych spraw.", "Można odpowiadać krótko albo dłużej.")
    own = voices.prompt(texts[seed % len(texts)])
    return np.round(own * 10 ** (ECHO_DB / 20)).astype(np.int16)


def word(voices: Voices, seed: int) -> Samples:
    """A listener's "mhm" or "aha": he hears, and wants to hear on."""
    text = ("Mhm.", "Aha.", "Yhm.", "Mhm, mhm.")[seed % 4]
    return at_level(voices.say(text, (0.9, 1.0, 1.1)[seed % 3]), WORD_DBFS)


def false_sounds(voices: Voices) -> dict[str, Callable[[int], Samples]]:
    """By kind: the sound of a seed."""
    return {
        "cough": cough,
        "mhm, aha": lambda seed: word(voices, seed),
        "street": street,
        "echo": lambda seed: echo(voices, seed),
    }


def _resonant(noise: Sound, frequency: float, radius: float) -> Sound:
    """A two-pole resonator; radius below 1, the nearer the sharper."""
    angle = 2 * np.pi * frequency / SAMPLE_RATE
    first, second = 2 * radius * np.cos(angle), -(radius**2)
    out = np.zeros_like(noise)
    before, before_that = 0.0, 0.0
    for index, value in enumerate(noise):
        before, before_that = value + first * before + second * before_that, before
        out[index] = before
    return out


def _samples(sound: Sound, level_dbfs: float) -> Samples:
    peak = np.abs(sound).max(initial=1e-9)
    return at_level(np.round(sound / peak * 16000).astype(np.int16), level_dbfs)
