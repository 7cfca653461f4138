"""Trains the head: discriminant analysis with shrinkage, baselines and calibration.

Pure numpy, no randomness but that of a seeded generator, so that a run can be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicebot.speech.emotion.emotion import EMOTIONS
from voicebot.speech.emotion.head import Baseline, Classifier, HeadMetadata, LinearHead

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

SHRINKAGE = 0.15
BASELINE_SHRINKAGE = 0.3
"""With a baseline the dimensions keep their own spread, and a rounder covariance serves better:
+2 to 3 points of recall on left-out speakers; without one both cost a little."""

BASELINE_SIZES = (1, 3, 5)
"""How many utterances of the same caller the classifier sees as his baseline in training."""

_TEMPERATURES = np.geomspace(0.5, 20, 75)
_NEUTRAL = EMOTIONS.index("neutral")


@dataclass(frozen=True, slots=True)
class LabelledEmbeddings:
    """Utterances of several speakers. Row i of each array belongs to utterance i.

    embeddings: shape (n, size). emotions: indices in EMOTIONS. speakers: numbers.
    takes: 0 for the recording, another number for each kind of changed copy. A caller's
    baseline comes from the same take: his line and its noise are the same for a whole call.
    """

    embeddings: Floats
    emotions: Indices
    speakers: Indices
    takes: Indices

    def where(self, mask: npt.NDArray[np.bool_]) -> LabelledEmbeddings:
        return LabelledEmbeddings(
            self.embeddings[mask], self.emotions[mask], self.speakers[mask], self.takes[mask]
        )

    @classmethod
    def join(cls, parts: Sequence[LabelledEmbeddings]) -> LabelledEmbeddings:
        return cls(
            np.concatenate([part.embeddings for part in parts]),
            np.concatenate([part.emotions for part in parts]),
            np.concatenate([part.speakers for part in parts]),
            np.concatenate([part.takes for part in parts]),
        )


def fit_head(
    data: LabelledEmbeddings,
    metadata: HeadMetadata,
    temperatures: tuple[float, float] = (1.0, 1.0),
    seed: int = 1,
) -> LinearHead:
    """Fit both classifiers. Blocking: seconds for a few thousand utterances.

    temperatures: without and with a baseline, as measured on speakers that were left out
    (evaluation.py); those of the training data itself would be far too sure.
    """
    rng = np.random.default_rng(seed)
    baseline = _voices(data.where(data.takes == 0))
    without = _discriminants(
        data.embeddings, data.emotions, temperatures[0], data.embeddings.std(axis=0) + 1e-6
    )
    adjusted = [
        baseline.take_out(data.embeddings, sample_baselines(data, size, rng), size)
        for size in BASELINE_SIZES
    ]
    with_baseline = _discriminants(
        np.concatenate(adjusted),
        np.tile(data.emotions, len(adjusted)),
        temperatures[1],
        np.ones(data.embeddings.shape[1], dtype=np.float32),
        BASELINE_SHRINKAGE,
    )
    return LinearHead(metadata, without, with_baseline, baseline)


def sample_baselines(
    data: LabelledEmbeddings, size: int, rng: np.random.Generator, share_neutral: float = 0.5
) -> Floats:
    """For each utterance the mean of `size` others of its speaker and take, shape (n, size).

    share_neutral: of the utterances, how many get a baseline of neutral speech, as the beginning
    of a call mostly is; the others get one of any mood.
    """
    means = np.empty_like(data.embeddings)
    for speaker, take in sorted(set(zip(data.speakers.tolist(), data.takes.tolist(), strict=True))):
        rows = np.flatnonzero((data.speakers == speaker) & (data.takes == take))
        neutral = rows[data.emotions[rows] == _NEUTRAL]
        for row in rows:
            is_neutral = rng.random() < share_neutral and len(neutral) > size
            pool = neutral if is_neutral else rows
            drawn = rng.choice(pool, min(size + 1, len(pool)), replace=False)
            others = drawn[drawn != row][:size]
            means[row] = data.embeddings[others if len(others) else drawn].mean(axis=0)
    return means


def probabilities(scores: Floats) -> Floats:
    """Softmax over the last axis."""
    odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = odds / odds.sum(axis=-1, keepdims=True)
    return shares


def _discriminants(
    features: Floats,
    emotions: Indices,
    temperature: float,
    spread: Floats,
    shrinkage: float = SHRINKAGE,
) -> Classifier:
    """Linear discriminant analysis with equal priors; covariance shrunk towards a sphere.

    spread: by which each dimension is divided beforehand, shape (size,).
    """
    middle = features.mean(axis=0)
    scaled = (features - middle) / spread
    n_emotions = len(EMOTIONS)
    means = np.zeros((n_emotions, features.shape[1]), dtype=np.float32)
    is_known = np.zeros(n_emotions, dtype=bool)
    for emotion in np.unique(emotions):
        means[emotion] = scaled[emotions == emotion].mean(axis=0)
        is_known[emotion] = True
    rest = scaled - means[emotions]
    covariance = rest.T @ rest / len(rest)
    sphere = np.trace(covariance) / len(covariance)
    round_one = sphere * np.eye(len(covariance), dtype=np.float32)
    covariance = (1 - shrinkage) * covariance + shrinkage * round_one
    weights = np.linalg.solve(covariance, means.T).T
    offsets = -0.5 * (weights * means).sum(axis=1)
    # An emotion that the data lacks is never the answer.
    offsets[~is_known] = -1e6
    weights = weights / spread
    offsets = offsets - weights @ middle
    return Classifier(weights.astype(np.float32), offsets.astype(np.float32), temperature)


def _voices(data: LabelledEmbeddings) -> Baseline:
    """Variances between and within speakers, dimension by dimension."""
    speakers = np.unique(data.speakers)
    rows = [data.embeddings[data.speakers == speaker] for speaker in speakers]
    means = np.stack([one.mean(axis=0) for one in rows])
    within = np.mean([one.var(axis=0) for one in rows], axis=0) + 1e-9
    between = np.zeros_like(within)
    if len(speakers) > 1:
        mean_count = float(np.mean([len(one) for one in rows]))
        between = np.maximum(means.var(axis=0, ddof=1) - within / mean_count, 0.0)
    return Baseline(
        means.mean(axis=0).astype(np.float32),
        between.astype(np.float32),
        within.astype(np.float32),
    )


def best_temperature(scores: Floats, truth: Indices) -> float:
    """The temperature under which the truth is least of a surprise; scores of temperature 1."""
    rows = np.arange(len(scores))
    surprises = [
        -np.log(np.maximum(probabilities(scores / np.float32(t))[rows, truth], 1e-12)).mean()
        for t in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(surprises))])
