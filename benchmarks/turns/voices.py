"""The caller's voice and what a telephone line makes of it; the bot's voice to know it again."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from benchmarks.turns.dialogue import Answer
from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.media.loudness import speech_level_dbfs
from voicebot.speech.backends.rhvoice import RhvoiceSynthesizer

BOT_VOICE = "Magda"
CALLER_VOICE = "Natan"
LINE_NOISE_DBFS = -60.0
"""Of the caller's line, speech or none: no line is ever quite silent."""

SPEECH_RANGE_DB = 40.0
"""What is this far below the loudest of an utterance is no speech of it any more."""

_PAUSE = re.compile(r"\|(\d+)\|")
_BLOCK = SAMPLE_RATE // 200  # 5 ms


def is_audible(samples: Samples, threshold: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """For each 5 ms whether its peak is above the threshold."""
    n_blocks = len(samples) // _BLOCK
    blocks = np.abs(samples[: n_blocks * _BLOCK].astype(np.int32)).reshape(n_blocks, _BLOCK)
    loud: np.ndarray[tuple[int], np.dtype[np.bool_]] = blocks.max(axis=1) > threshold
    return loud


def trimmed(samples: Samples) -> Samples:
    """From the first to the last sample of speech: both ends are exact to 5 ms."""
    threshold = np.abs(samples.astype(np.int32)).max(initial=0) * 10 ** (-SPEECH_RANGE_DB / 20)
    loud = np.flatnonzero(is_audible(samples, max(threshold, 8.0)))
    if not len(loud):
        return samples
    return samples[loud[0] * _BLOCK : (loud[-1] + 1) * _BLOCK]


def at_level(samples: Samples, level_dbfs: float) -> Samples:
    """The same speech with its spoken parts at this level."""
    present = speech_level_dbfs(samples)
    if present is None:
        return samples
    scaled = samples.astype(np.float64) * 10 ** ((level_dbfs - present) / 20)
    return np.clip(np.round(scaled), -32768, 32767).astype(np.int16)


class Voices:
    """Both of RHVoice's Polish voices. Blocking: everything is spoken before a call."""

    def __init__(self, models: Path) -> None:
        folder = models / "rhvoice-pl"
        self._bot = RhvoiceSynthesizer(folder, BOT_VOICE)
        self._caller = RhvoiceSynthesizer(folder, CALLER_VOICE)
        self._spoken: dict[Answer, Samples] = {}

    def prompt(self, text: str) -> Samples:
        """As the bot says it."""
        return np.concatenate(list(self._bot.synthesize(text)))

    def answer(self, answer: Answer) -> Samples:
        """Speech from its first to its last sample, pauses within it, no noise."""
        if answer not in self._spoken:
            self._spoken[answer] = at_level(self.say(answer.text, answer.rate), answer.level_dbfs)
        return self._spoken[answer]

    def say(self, text: str, rate: float = 1.0) -> Samples:
        """`text |400| text`: the caller, trimmed; each part is spoken for itself."""
        pieces: list[Samples] = []
        for number, part in enumerate(_PAUSE.split(text)):
            if number % 2:
                pieces.append(np.zeros(int(part) * SAMPLE_RATE // 1000, dtype=np.int16))
            else:
                spoken = np.concatenate(list(self._caller.synthesize(part.strip(), rate)))
                pieces.append(trimmed(spoken))
        return np.concatenate(pieces)


class LineNoise:
    """Endless noise of one line, the same for one seed."""

    def __init__(self, seed: int, level_dbfs: float = LINE_NOISE_DBFS) -> None:
        generator = np.random.default_rng(seed)
        scale = 32768 * 10 ** (level_dbfs / 20)
        self._noise = np.round(generator.normal(0, scale, 5 * SAMPLE_RATE)).astype(np.int16)
        self._position = 0

    def add(self, samples: Samples) -> Samples:
        """The samples with the next of the noise."""
        index = (self._position + np.arange(len(samples))) % len(self._noise)
        self._position = int(index[-1]) + 1
        mixed = samples.astype(np.int32) + self._noise[index]
        noisy: Samples = np.clip(mixed, -32768, 32767).astype(np.int16)
        return noisy
