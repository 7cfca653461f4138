"""Reads prosody as arousal, and says honestly how little that tells of the emotion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from voicebot.speech.emotion.emotion import EMOTIONS, Embedding, EmotionReading
from voicebot.speech.emotion.head import reading_of
from voicebot.speech.emotion.prosody import PROSODY_NAMES

_SCALES = {
    "pitch_semitones": 2.5,
    "pitch_top_semitones": 3.0,
    "pitch_spread_semitones": 3.0,
    "energy_spread_db": 2.0,
    "brightness_db": 3.0,
    "syllables_per_s": 1.5,
}
"""How far an utterance may lie from the last one in everyday talk; set by hand."""

_STEEPNESS = 2.0
_MIDDLE = 0.8
"""Scales above the usual voice, in the mean, at which arousal is as likely as not."""

_OF_AROUSED = {"anger": 3 / 6, "fear": 1 / 6, "happiness": 1 / 6, "surprised": 1 / 6}
_OF_CALM = {"neutral": 0.9, "sadness": 0.1}
_UNKNOWN = {
    "anger": 0.22,
    "fear": 0.125,
    "happiness": 0.125,
    "neutral": 0.28,
    "sadness": 0.125,
    "surprised": 0.125,
}
"""Without a baseline nothing is known: no group comes above 0.3."""


class ArousalHead:
    """Arousal relative to the caller's first utterances, in the shape of a reading.

    Arousal `a` gives anger a/2 and fear, happiness and surprise a/6 each; 1 - a goes to neutral
    and, a tenth of it, to sadness. So anger never comes above 0.5, and a script that asks for more
    is never moved by this head. Without a baseline the answer is neutral at 0.28.
    """

    def read(self, embedding: Embedding, baseline: Sequence[Embedding] = ()) -> EmotionReading:
        if any(one.shape != (len(PROSODY_NAMES),) for one in (embedding, *baseline)):
            raise ValueError(f"this head reads embeddings of {len(PROSODY_NAMES)} numbers")
        if not baseline:
            return _reading(_UNKNOWN)
        arousal = arousal_of(embedding, baseline)
        shares = {name: arousal * share for name, share in _OF_AROUSED.items()}
        return _reading(shares | {name: (1 - arousal) * s for name, s in _OF_CALM.items()})


def arousal_of(embedding: Embedding, baseline: Sequence[Embedding]) -> float:
    """0 (as always, or calmer) to 1."""
    usual = np.mean(np.stack(baseline), axis=0)
    scales = np.array([_SCALES[name] for name in PROSODY_NAMES])
    # Clipped: one octave error of the pitch must not outvote the rest.
    steps = np.clip((embedding - usual) / scales, -3, 3)
    return float(1 / (1 + np.exp(-_STEEPNESS * (steps.mean() - _MIDDLE))))


def _reading(shares: dict[str, float]) -> EmotionReading:
    values = np.array([shares[name] for name in EMOTIONS], dtype=np.float32)
    return reading_of(np.log(np.maximum(values, np.float32(1e-6))))
