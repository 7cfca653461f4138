"""How good a head is on people it has never heard: one speaker is left out at a time.

A random split would let the head know each speaker's voice beforehand and show 85 % where a
caller gets 60: there is no way here to ask for one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voicebot.speech.emotion.emotion import EMOTIONS, GROUPS
from voicebot.speech.emotion.head import HeadMetadata, LinearHead
from voicebot.speech.emotion.head_training import (
    Floats,
    Indices,
    LabelledEmbeddings,
    best_temperature,
    fit_head,
    probabilities,
    sample_baselines,
)

GROUP_NAMES = tuple(sorted(set(GROUPS.values())))
GROUP_OF = np.array([GROUP_NAMES.index(GROUPS[name]) for name in EMOTIONS])

NO_BASELINE = "none"
ANY_BASELINE = "3 of any mood"
NEUTRAL_BASELINE = "3 neutral"
BASELINE_KINDS = (NO_BASELINE, ANY_BASELINE, NEUTRAL_BASELINE)

_N_BASELINE = 3
_N_BINS = 10


@dataclass(frozen=True, slots=True)
class Condition:
    """Something to measure. Row i of `heard` and of `usual` is the same utterance.

    heard: what is read. usual: where the baselines come from, the same line mostly.
    """

    name: str
    heard: LabelledEmbeddings
    usual: LabelledEmbeddings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one condition came to with one kind of baseline.

    probabilities: shape (n, emotions), of speakers that were left out.
    """

    condition: str
    baseline: str
    probabilities: Floats
    emotions: Indices
    speakers: Indices

    @property
    def recall(self) -> float:
        """Mean of the emotions' recalls: 1/6 by guessing."""
        return mean_recall(self.probabilities.argmax(axis=1), self.emotions)

    @property
    def group_recall(self) -> float:
        """The same of the four groups: 1/4 by guessing."""
        return mean_recall(GROUP_OF[self.probabilities.argmax(axis=1)], GROUP_OF[self.emotions])

    @property
    def group_probabilities(self) -> Floats:
        columns = [
            self.probabilities[:, g == GROUP_OF].sum(axis=1) for g in range(len(GROUP_NAMES))
        ]
        return np.stack(columns, axis=1)

    @property
    def calibration_error(self) -> float:
        """Expected calibration error of the six emotions, ten bins."""
        return sum(
            b.share * abs(b.accuracy - b.confidence)
            for b in calibration(self.probabilities, self.emotions)
        )

    @property
    def group_calibration_error(self) -> float:
        bins = calibration(self.group_probabilities, GROUP_OF[self.emotions])
        return sum(b.share * abs(b.accuracy - b.confidence) for b in bins)

    @property
    def anger_auc(self) -> float:
        """How surely an angry utterance is put before another: 0.5 by guessing."""
        anger = EMOTIONS.index("anger")
        return area_under_curve(self.probabilities[:, anger], self.emotions == anger)

    def of_speaker(self, speaker: int) -> Outcome:
        mask = self.speakers == speaker
        return Outcome(
            self.condition,
            self.baseline,
            self.probabilities[mask],
            self.emotions[mask],
            self.speakers[mask],
        )

    def confusion(self) -> npt.NDArray[np.int64]:
        """Rows: what it was. Columns: what was read."""
        table = np.zeros((len(EMOTIONS), len(EMOTIONS)), dtype=np.int64)
        np.add.at(table, (self.emotions, self.probabilities.argmax(axis=1)), 1)
        return table

    def sure_of_group(self, threshold: float) -> tuple[float, float]:
        """Share of answers at or above `threshold`, and how many of those have the right group."""
        groups = self.group_probabilities
        read = GROUP_OF[self.probabilities.argmax(axis=1)]
        is_sure = groups[np.arange(len(read)), read] >= threshold
        is_right = read == GROUP_OF[self.emotions]
        return float(is_sure.mean()), float(is_right[is_sure].mean()) if is_sure.any() else 0.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about one confidence. share: of all answers."""

    share: float
    confidence: float
    accuracy: float


def evaluate(
    training: LabelledEmbeddings,
    conditions: list[Condition],
    progress: Callable[[int, int], None] = lambda done, total: None,
    seed: int = 1,
) -> tuple[list[Outcome], tuple[float, float]]:
    """Leave each speaker out in turn; return the outcomes and the temperatures for all speakers.

    The first condition calibrates: each speaker's temperature comes from the other speakers'
    scores. Blocking: a minute for a few thousand utterances. At least two speakers are needed.
    """
    speakers = np.unique(training.speakers)
    size = (len(conditions), len(BASELINE_KINDS))
    scores = [
        [np.zeros((len(c.heard.emotions), len(EMOTIONS)), np.float32) for _ in range(size[1])]
        for c in conditions
    ]
    rng = np.random.default_rng(seed)
    for done, speaker in enumerate(speakers):
        progress(done, len(speakers))
        head = fit_head(training.where(training.speakers != speaker), _NO_METADATA, seed=seed)
        for c, condition in enumerate(conditions):
            mask = condition.heard.speakers == speaker
            heard, usual = condition.heard.where(mask), condition.usual.where(mask)
            for b, kind in enumerate(BASELINE_KINDS):
                scores[c][b][mask] = _scores(head, heard, usual, kind, rng)
    progress(len(speakers), len(speakers))
    truth, who = conditions[0].heard.emotions, conditions[0].heard.speakers
    # Any mood and neutral share a classifier, so they share a temperature.
    both = np.concatenate([scores[0][1], scores[0][2]])
    fits = [(scores[0][0], truth, who), (both, np.tile(truth, 2), np.tile(who, 2))]
    outcomes = []
    for c, condition in enumerate(conditions):
        for b, kind in enumerate(BASELINE_KINDS):
            fit_scores, fit_truth, fit_who = fits[min(b, 1)]
            shares = np.zeros_like(scores[c][b])
            for speaker in speakers:
                others = fit_who != speaker
                temperature = best_temperature(fit_scores[others], fit_truth[others])
                mask = condition.heard.speakers == speaker
                shares[mask] = probabilities(scores[c][b][mask] / np.float32(temperature))
            heard = condition.heard
            outcomes.append(Outcome(condition.name, kind, shares, heard.emotions, heard.speakers))
    return outcomes, (
        best_temperature(fits[0][0], fits[0][1]),
        best_temperature(fits[1][0], fits[1][1]),
    )


def mean_recall(read: Indices, truth: Indices) -> float:
    """Unweighted average recall over the classes that there are."""
    return float(np.mean([(read[truth == c] == c).mean() for c in np.unique(truth)]))


def calibration(shares: Floats, truth: Indices) -> list[Bin]:
    """Ten bins of confidence, the empty ones left out."""
    confidence = shares.max(axis=1)
    is_right = shares.argmax(axis=1) == truth
    numbers = np.minimum((confidence * _N_BINS).astype(int), _N_BINS - 1)
    return [
        Bin(
            float((numbers == n).mean()),
            float(confidence[numbers == n].mean()),
            float(is_right[numbers == n].mean()),
        )
        for n in np.unique(numbers)
    ]


def area_under_curve(scores: Floats, is_it: npt.NDArray[np.bool_]) -> float:
    """Chance that one of `is_it` scores above one that is not; 0.5 where there is only one kind."""
    n_it, n_other = int(is_it.sum()), int((~is_it).sum())
    if not n_it or not n_other:
        return 0.5
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return float((ranks[is_it].sum() - n_it * (n_it + 1) / 2) / (n_it * n_other))


_NO_METADATA = HeadMetadata("", "", False, "")


def _scores(
    head: LinearHead,
    heard: LabelledEmbeddings,
    usual: LabelledEmbeddings,
    kind: str,
    rng: np.random.Generator,
) -> Floats:
    if kind == NO_BASELINE:
        return head.without.scores(heard.embeddings)
    share_neutral = 1.0 if kind == NEUTRAL_BASELINE else 0.0
    means = sample_baselines(usual, _N_BASELINE, rng, share_neutral)
    return head.with_baseline.scores(head.baseline.take_out(heard.embeddings, means, _N_BASELINE))
