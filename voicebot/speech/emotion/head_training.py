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

Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

SHRINKAGE = 0.15
BASELINE_SIZES = (1, 2, 3, 5)
"""How many utterances of the same caller the classifier sees as his baseline in training."""

_ROUNDS_PER_SIZE = 2
_TEMPERATURES = np.geomspace(0.5, 20, 75)
_NEUTRAL = EMOTIONS.index("neutral")


@dataclass(frozen=True, slots=True)
class LabelledEmbeddings:
    """Utterances of several speakers. Row i of each array belongs to utterance i.

    embeddings: shape (n, size). emotions: indices in EMOTIONS. speakers: numbers.
    is_clean: False for augmented copies, which are trained on and never measured.
    """

    embeddings: Doubles
    emotions: Indices
    speakers: Indices
    is_clean: npt.NDArray[np.bool_]

    def where(self, mask: npt.NDArray[np.bool_]) -> LabelledEmbeddings:
        return LabelledEmbeddings(
            self.embeddings[mask], self.emotions[mask], self.speakers[mask], self.is_clean[mask]
        )


def train_head(data: LabelledEmbeddings, metadata: HeadMetadata, seed: int = 1) -> LinearHead:
    """Fit both classifiers, and calibrate each on speakers it was not fitted on. Blocking."""
    rng = np.random.default_rng(seed)
    temperatures = _calibrate(data, rng)
    return _fit(data, metadata, rng, temperatures)


def sample_baselines(
    data: LabelledEmbeddings, size: int, rng: np.random.Generator, share_neutral: float = 0.5
) -> Doubles:
    """For each utterance the mean of `size` other utterances of its speaker, shape (n, size).

    share_neutral: of the utterances, how many get a baseline of neutral speech, as the beginning
    of a call mostly is; the others get one of any mood. Only clean utterances are drawn.
    """
    means = np.empty_like(data.embeddings)
    for speaker in np.unique(data.speakers):
        rows = np.flatnonzero(data.speakers == speaker)
        everything = rows[data.is_clean[rows]]
        neutral = everything[data.emotions[everything] == _NEUTRAL]
        for row in rows:
            pool = neutral if rng.random() < share_neutral and len(neutral) > size else everything
            drawn = rng.choice(pool, min(size + 1, len(pool)), replace=False)
            others = drawn[drawn != row][:size]
            means[row] = data.embeddings[others if len(others) else drawn].mean(axis=0)
    return means


def scores_with_baseline(
    head: LinearHead, embeddings: Doubles, seen_means: Doubles, n_seen: int
) -> Doubles:
    """`head`'s scores for many utterances at once, each with its own baseline."""
    features = head.baseline.take_out(
        embeddings.astype(np.float32), seen_means.astype(np.float32), n_seen
    )
    return head.with_baseline.scores(features).astype(np.float64)


def probabilities(scores: Doubles) -> Doubles:
    """Softmax over the last axis."""
    odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Doubles = odds / odds.sum(axis=-1, keepdims=True)
    return shares


def _fit(
    data: LabelledEmbeddings,
    metadata: HeadMetadata,
    rng: np.random.Generator,
    temperatures: tuple[float, float] = (1.0, 1.0),
) -> LinearHead:
    baseline = _voices(data)
    without = _discriminants(data.embeddings, data.emotions, temperatures[0])
    adjusted, emotions = [], []
    for size in BASELINE_SIZES:
        for _ in range(_ROUNDS_PER_SIZE):
            means = sample_baselines(data, size, rng)
            weight = baseline.between / (baseline.between + baseline.within / size)
            centre = baseline.centre
            adjusted.append(data.embeddings - centre - weight * (means - centre))
            emotions.append(data.emotions)
    with_baseline = _discriminants(
        np.concatenate(adjusted), np.concatenate(emotions), temperatures[1]
    )
    return LinearHead(metadata, without, with_baseline, baseline)


def _discriminants(features: Doubles, emotions: Indices, temperature: float) -> Classifier:
    """Linear discriminant analysis with equal priors; covariance shrunk towards a sphere."""
    middle = features.mean(axis=0)
    spread = features.std(axis=0) + 1e-6
    scaled = (features - middle) / spread
    n_emotions = len(EMOTIONS)
    means = np.zeros((n_emotions, features.shape[1]))
    is_known = np.zeros(n_emotions, dtype=bool)
    for emotion in np.unique(emotions):
        means[emotion] = scaled[emotions == emotion].mean(axis=0)
        is_known[emotion] = True
    rest = scaled - means[emotions]
    covariance = rest.T @ rest / len(rest)
    sphere = np.trace(covariance) / len(covariance)
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * sphere * np.eye(len(covariance))
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


def _calibrate(data: LabelledEmbeddings, rng: np.random.Generator) -> tuple[float, float]:
    """Temperatures under which left-out speakers' probabilities fit best."""
    metadata = HeadMetadata("", "", False, "")
    plain, adjusted, truth = [], [], []
    for speaker in np.unique(data.speakers):
        is_out = data.speakers == speaker
        if is_out.all():
            return 3.0, 3.0  # one speaker: nothing to measure on
        head = _fit(data.where(~is_out), metadata, rng)
        out = data.where(is_out & data.is_clean)
        plain.append(head.without.scores(out.embeddings.astype(np.float32)))
        means = sample_baselines(out, 3, rng)
        adjusted.append(scores_with_baseline(head, out.embeddings, means, 3))
        truth.append(out.emotions)
    labels = np.concatenate(truth)
    return _temperature(np.concatenate(plain), labels), _temperature(
        np.concatenate(adjusted), labels
    )


def _temperature(scores: npt.NDArray[np.floating], truth: Sequence[int] | Indices) -> float:
    """The temperature under which the truth was least of a surprise."""
    rows = np.arange(len(scores))
    surprises = [
        -np.log(np.maximum(probabilities(scores.astype(np.float64) / t)[rows, truth], 1e-12)).mean()
        for t in _TEMPERATURES
    ]
    return float(_TEMPERATURES[int(np.argmin(surprises))])
