"""The head: from embedding and baseline to a reading, with a few products of numpy.

Trained by head_training.py; the file is an .npz without pickled objects.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.errors import ModelError
from voicebot.speech.emotion.emotion import EMOTIONS, GROUPS, Embedding, EmotionReading

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadMetadata:
    """encoder: name of the encoder whose embeddings it reads. trained_on: in words."""

    encoder: str
    licence: str
    is_commercial_ok: bool
    trained_on: str


@dataclass(frozen=True, slots=True)
class Classifier:
    """Linear scores, softened by `temperature` until the probabilities come true.

    weights: shape (emotions, size). offsets: shape (emotions,).
    """

    weights: Floats
    offsets: Floats
    temperature: float

    def scores(self, features: Floats) -> Floats:
        """Shape (..., emotions): logarithms of the probabilities but for a constant."""
        scores: Floats = (features @ self.weights.T + self.offsets) / np.float32(self.temperature)
        return scores


@dataclass(frozen=True, slots=True)
class Baseline:
    """What training found about voices: the middle, and how much of the spread is the person's.

    centre, between, within: shape (size,); variances between and within callers.
    """

    centre: Floats
    between: Floats
    within: Floats

    def take_out(self, features: Floats, seen_mean: Floats, n_seen: int) -> Floats:
        """`features` less what is the caller's own, as far as `n_seen` utterances tell it."""
        weight = self.between / (self.between + self.within / np.float32(n_seen))
        return features - self.centre - weight * (seen_mean - self.centre)


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Reads the embeddings of one encoder."""

    metadata: HeadMetadata
    without: Classifier
    with_baseline: Classifier
    baseline: Baseline

    def read(self, embedding: Embedding, baseline: Sequence[Embedding] = ()) -> EmotionReading:
        """Raises ValueError for an embedding of another encoder."""
        size = len(self.baseline.centre)
        if any(one.shape != (size,) for one in (embedding, *baseline)):
            raise ValueError(f"this head reads embeddings of {size} numbers")
        if baseline:
            seen_mean = np.mean(np.stack(baseline), axis=0)
            features = self.baseline.take_out(embedding, seen_mean, len(baseline))
            return reading_of(self.with_baseline.scores(features))
        return reading_of(self.without.scores(embedding))

    def save(self, path: Path) -> None:
        """Write the file that `load` reads. Raises OSError."""
        metadata = {name: getattr(self.metadata, name) for name in HeadMetadata.__slots__}
        arrays: dict[str, Any] = {
            "metadata": np.array(json.dumps(metadata)),
            "emotions": np.array(EMOTIONS),
            "centre": self.baseline.centre.astype(np.float32),
            "between": self.baseline.between.astype(np.float32),
            "within": self.baseline.within.astype(np.float32),
            **_arrays("without", self.without),
            **_arrays("with_baseline", self.with_baseline),
        }
        with path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> LinearHead:
        """Raises ModelError, which names the file."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                if tuple(arrays["emotions"].tolist()) != EMOTIONS:
                    raise ModelError(f"{path}: its emotions are not those of this version")
                return cls(
                    HeadMetadata(**json.loads(arrays["metadata"].item())),
                    _classifier("without", arrays),
                    _classifier("with_baseline", arrays),
                    Baseline(arrays["centre"], arrays["between"], arrays["within"]),
                )
        except OSError as error:
            raise ModelError(f"{path}: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(f"{path} is no emotion head: {error}") from None


def reading_of(scores: Floats) -> EmotionReading:
    """The reading for logarithms of probabilities, shape (emotions,)."""
    odds = np.exp(np.asarray(scores, dtype=np.float64) - float(np.max(scores)))
    shares = odds / odds.sum()
    probabilities = {name: float(p) for name, p in zip(EMOTIONS, shares, strict=True)}
    groups = dict.fromkeys(GROUPS.values(), 0.0)
    for name, probability in probabilities.items():
        groups[GROUPS[name]] += probability
    emotion = max(probabilities, key=probabilities.__getitem__)
    # Not the group with the largest sum: calm and anger hold one emotion, the others two, and that
    # alone would cost 2 points of recall.
    group = GROUPS[emotion]
    return EmotionReading(emotion, group, probabilities, min(1.0, groups[group]))


def _arrays(prefix: str, classifier: Classifier) -> dict[str, npt.NDArray[np.generic]]:
    return {
        f"{prefix}_weights": classifier.weights.astype(np.float32),
        f"{prefix}_offsets": classifier.offsets.astype(np.float32),
        f"{prefix}_temperature": np.array(classifier.temperature, dtype=np.float64),
    }


def _classifier(prefix: str, arrays: np.lib.npyio.NpzFile) -> Classifier:
    return Classifier(
        arrays[f"{prefix}_weights"],
        arrays[f"{prefix}_offsets"],
        float(arrays[f"{prefix}_temperature"]),
    )
