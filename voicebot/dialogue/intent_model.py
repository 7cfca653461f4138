"""What is learnt of the examples: how much each n-gram speaks for each intent, and how far the
best score may be believed.

scikit-learn is needed to learn only (a linear support vector machine, one intent against the
rest); a model read from disk needs numpy alone. docs/explanation/understanding.md has the figures
against other kinds of model.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.dialogue.intent_features import FeatureSpace, near_duplicates
from voicebot.dialogue.recogniser_slips import with_slips

Vector = npt.NDArray[np.float32]

_COST = 0.5
_TOLERANCE = 0.01
_FOLDS = 3
_FEW = 100
"""Below so many examples nothing can be set aside to learn how far scores may be believed."""
_ALLOWED = 0.6
"""The share of the intents that a state of a call allows."""
_ELSEWHERE = 0.1
_MODEL_NEVER_CERTAIN = 0.99
_LOWEST = -1.5
"""Below it a second best is as good as none."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Turns the best score, and its lead over the second best, into how likely it is right."""

    base: float = 0.5
    of_score: float = 2.0
    of_lead: float = 2.0

    def probability(self, best: float, second: float) -> float:
        logit = self.base + self.of_score * best + self.of_lead * (best - second)
        return min(1 / (1 + math.exp(-max(min(logit, 30.0), -30.0))), _MODEL_NEVER_CERTAIN)


class IntentModel:
    """Scores normalised texts. Made by `learn` or `read`."""

    def __init__(self, space: FeatureSpace, votes: Vector, bias: Vector, trust: Trust) -> None:
        self._space = space
        self._votes = votes
        self._bias = bias
        self._trust = trust

    def choose(self, text: str, columns: Sequence[int]) -> tuple[int, float]:
        """The best of some labels for a normalised text, and the probability that it is right;
        0 where nothing in the text is known."""
        vector = self._space.vector(text)
        if not vector:
            return columns[0], 0.0
        at, weights = zip(*vector, strict=True)
        given = np.asarray(weights, dtype=np.float32)
        scores = (given @ self._votes[list(at)] + self._bias)[list(columns)]
        best, score, second = _best(scores)
        return columns[best], self._trust.probability(score, second)

    # ---- on disk --------------------------------------------------------------------------

    def write(self, path: Path) -> None:
        """Raises OSError."""
        # Written beside and renamed: another process may be reading, or writing the same.
        beside = path.with_name(f"{path.name}.{random.SystemRandom().getrandbits(32):x}")
        about = {
            "names": self._space.names,
            "n_texts": self._space.n_texts,
            "trust": asdict(self._trust),
        }
        with beside.open("wb") as file:
            np.savez(
                file,
                about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
                weights=np.asarray(self._space.weights),
                votes=self._votes,
                bias=self._bias,
            )
        beside.replace(path)

    @classmethod
    def read(cls, path: Path) -> IntentModel:
        """Raises OSError, EOFError, ValueError, KeyError or zipfile.BadZipFile."""
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            about = json.loads(kept["about"].tobytes())
            space = FeatureSpace(about["names"], kept["weights"].tolist(), about["n_texts"])
            return cls(space, kept["votes"], kept["bias"], Trust(**about["trust"]))


def _best(scores: Vector) -> tuple[int, float, float]:
    """Where the best score is, it, and the second best."""
    order = np.argsort(scores, kind="stable")
    second = float(scores[order[-2]]) if len(order) > 1 else _LOWEST
    return int(order[-1]), float(scores[order[-1]]), max(second, _LOWEST)


# ---- learning --------------------------------------------------------------------------------


def learn(texts: Sequence[str], columns: Sequence[int], n_labels: int) -> IntentModel:
    """Learn from normalised texts; columns: the label of each. Takes seconds; deterministic."""
    space = FeatureSpace.of(list(texts))
    if not space.names:
        return IntentModel(space, np.zeros((0, n_labels), np.float32), _unknown(n_labels), Trust())
    rows = _rows(space, texts)
    noisy = _rows(space, [with_slips(text) for text in texts])
    labels = np.asarray(columns)
    everything = np.arange(len(texts))
    votes, bias = _machine(rows, noisy, labels, everything, n_labels)
    trust = Trust()
    if len(texts) >= _FEW:
        trust = _calibrate(_unseen_scores(texts, rows, noisy, labels, n_labels), labels)
    return IntentModel(space, votes, bias, trust)


def _unknown(n_labels: int) -> Vector:
    """The bias of labels of which there is no example."""
    return np.full(n_labels, -1.0, dtype=np.float32)


def _rows(space: FeatureSpace, texts: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix

    at, values, starts = [], [], [0]
    for text in texts:
        for column, value in space.vector(text):
            at.append(column)
            values.append(value)
        starts.append(len(at))
    shape = (len(texts), len(space.names))
    return csr_matrix((np.asarray(values, dtype=np.float64), at, starts), shape=shape)


def _machine(
    rows: Any, noisy: Any, labels: npt.NDArray[np.int_], keep: npt.NDArray[np.int_], n_labels: int
) -> tuple[Vector, Vector]:
    """Votes, shape (n_features, n_labels), and bias of each label; learnt from `keep` only."""
    from scipy.sparse import vstack
    from sklearn.svm import LinearSVC

    votes = np.zeros((rows.shape[1], n_labels), dtype=np.float32)
    bias = _unknown(n_labels)
    known = labels[keep]
    if len(set(known.tolist())) < 2:
        bias[known] = 1.0
        return votes, bias
    machine = LinearSVC(C=_COST, tol=_TOLERANCE, class_weight="balanced", random_state=0)
    machine.fit(vstack((rows[keep], noisy[keep])), np.concatenate((known, known)))
    sign = np.array([[-1.0], [1.0]]) if len(machine.classes_) == 2 else 1.0
    votes[:, machine.classes_] = (machine.coef_ * sign).T
    bias[machine.classes_] = machine.intercept_ * np.ravel(sign)
    return votes, bias


def _unseen_scores(
    texts: Sequence[str], rows: Any, noisy: Any, labels: npt.NDArray[np.int_], n_labels: int
) -> Vector:
    """What each example scores where neither it nor anything nearly the same was learnt."""
    scores: Vector = np.zeros((len(texts), n_labels), dtype=np.float32)
    fold_of = _folds(list(texts))
    for fold in range(_FOLDS):
        inside = np.flatnonzero(fold_of == fold)
        outside = np.flatnonzero(fold_of != fold)
        votes, bias = _machine(rows, noisy, labels, outside, n_labels)
        scores[inside] = rows[inside] @ votes + bias
    return scores


def _folds(texts: list[str]) -> npt.NDArray[np.int_]:
    """A fold for each text, the same for those that are nearly the same."""
    group = list(range(len(texts)))

    def root(n: int) -> int:
        while group[n] != n:
            group[n] = group[group[n]]
            n = group[n]
        return n

    for n, others in enumerate(near_duplicates(texts, texts)):
        for other in others:
            group[root(other)] = root(n)
    generator = random.Random(0)
    fold_of_root: dict[int, int] = {}
    return np.array(
        [fold_of_root.setdefault(root(n), generator.randrange(_FOLDS)) for n in range(len(texts))]
    )


def _calibrate(scores: Vector, labels: npt.NDArray[np.int_]) -> Trust:
    """How often the best score was right, by its height and lead.

    Asked among some of the labels, as in a call, and now and then where the right one is not
    among them: callers also say what makes no sense at the moment.
    """
    from sklearn.linear_model import LogisticRegression

    generator = random.Random(0)
    seen: list[tuple[float, float]] = []
    right: list[bool] = []
    for row, label in zip(scores, labels.tolist(), strict=True):
        for _ in range(2):
            columns = [
                n
                for n in range(scores.shape[1])
                if generator.random() < (_ALLOWED if n != label else 1 - _ELSEWHERE)
            ]
            if not columns:
                continue
            best, score, second = _best(row[columns])
            seen.append((score, score - second))
            right.append(columns[best] == label)
    if all(right) or not any(right):
        return Trust()
    fitted = LogisticRegression(C=100.0).fit(seen, right)
    return Trust(float(fitted.intercept_[0]), *(float(value) for value in fitted.coef_[0]))
