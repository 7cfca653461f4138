"""Emotion in a voice as the rest of Voicebot sees it.

Two steps, so that a worker need remember nothing of a call: the worker turns an utterance into an
embedding (costly), the node's head turns embedding and baseline into a reading (a few µs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voicebot.audio import Samples

Embedding = npt.NDArray[np.float32]

EMOTIONS = ("anger", "fear", "happiness", "neutral", "sadness", "surprised")

GROUPS = {
    "anger": "anger",
    "fear": "distress",
    "happiness": "positive",
    "neutral": "calm",
    "sadness": "distress",
    "surprised": "positive",
}
"""Emotion -> group: what a conversation can act on."""


@dataclass(frozen=True, slots=True)
class EmotionReading:
    """probabilities: by emotion, together 1. confidence: that of `group`, 0..1."""

    emotion: str
    group: str
    probabilities: dict[str, float]
    confidence: float


class EmotionEncoder(Protocol):
    """A loaded model, inside a worker. Blocking, not thread-safe."""

    @property
    def name(self) -> str: ...

    def embed(self, samples: Samples) -> Embedding:
        """What the voice in these 8 kHz samples is like, words aside; always of the same length.

        Raises ValueError for less than half a second.
        """


class EmotionHead(Protocol):
    """Reads embeddings of one encoder. Quick: runs in the node."""

    def read(self, embedding: Embedding, baseline: Sequence[Embedding] = ()) -> EmotionReading:
        """baseline: the same caller's first utterances, taken as his usual voice."""
