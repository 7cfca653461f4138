"""What the caller means: an intent out of those that make sense now, or none.

Two layers. Patterns that an operator can read (`always` in call_scripts/intents_pl.yaml)
decide alone: a person in crisis or one who asks for a human must not depend on statistics.
Everything else is scored by kernel ridge regression over character and word n-grams of the
examples, which learns from 700 sentences in a fraction of a second and needs numpy only.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

MAX_TEXT_LENGTH = 300
"""Characters looked at. A longer turn is cut: what callers say is untrusted input."""

_PLAIN = str.maketrans("ąćęłńóśźż", "acelnoszz")
_NOT_WORD = re.compile(r"[^\w\s]|_")
_RIDGE = 0.3
_WORD_WEIGHT = 0.3
_STEM_LENGTH = 5
_FREQUENT = 20

_CLAUSE_END = re.compile(
    r"[,.;:?!]+|\b(?:ale|lecz|tylko|oraz|albo|natomiast|więc|wiec|bo|to|i|a)\b", re.IGNORECASE
)
SURE_OF_A_CLAUSE = 0.7
"""Asked of a part of a sentence before it counts beside the whole."""
SMALL_WORDS = frozenset(
    {"affirm", "deny", "confirm_identity", "repeat_please", "silence", "dont_know", "other"}
)
"""Intents that mean nothing beside another one: "no tak, tylko ..." is no answer of its own, and
a yes or no to a question is the business of its slot."""

Vector = npt.NDArray[np.float32]


def normalise(text: str) -> str:
    """Lower case without diacritics and punctuation: recognisers lose all three."""
    plain = _NOT_WORD.sub(" ", text[:MAX_TEXT_LENGTH].lower().translate(_PLAIN))
    return " ".join(plain.split())


@dataclass(frozen=True, slots=True)
class IntentExamples:
    """What one intent sounds like.

    examples: as people speak; heard: as a recogniser writes it. always: patterns that decide
    alone. never: patterns with which it can't be this intent, whatever else is said. named: what
    it is called when the caller is asked whether it was meant ("rozłożenie na raty").
    """

    examples: tuple[str, ...]
    heard: tuple[str, ...] = ()
    always: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    named: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The intent that fits best. `score`: about 0..1; 1 where a pattern decided."""

    intent: str
    score: float


class IntentClassifier(Protocol):
    def classify(self, text: str, allowed: frozenset[str]) -> Meaning | None:
        """The best of `allowed`, however weak; None where nothing speaks for any of them."""

    def classify_all(self, text: str, allowed: frozenset[str]) -> list[Meaning]:
        """Everything that is said ("zapłacę, ale proszę mnie połączyć"), each intent once.

        What a pattern decided comes first, then in the order said. Where the sentence has one
        meaning only it is that of `classify`; empty where `classify` has none.
        """

    def classify_heard(
        self, readings: Sequence[tuple[str, float]], allowed: frozenset[str]
    ) -> Meaning | None:
        """The best of `allowed` over what a recogniser may have heard.

        readings: texts with how likely each is (any scale above 0), the likeliest first.
        """


class PatternError(ValueError):
    """A pattern of an intent that can't be read; says which."""


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """`nie chc* ... zyc`: words; `*` any ending, `...` up to three words, `|` alternatives.

    Raises PatternError.
    """
    words = pattern.split()
    if not words or words[0] == "..." or words[-1] == "...":
        raise PatternError(f"a pattern begins and ends with a word: {pattern!r}")
    regex = r"\b"
    needs_space = False
    for word in words:
        if word == "...":
            regex += r"(?: \w+){0,3}?"
            continue
        regex += (" " if needs_space else "") + _word_regex(word, pattern)
        needs_space = True
    return re.compile(regex + r"\b")


def _any_of(patterns: Iterable[re.Pattern[str]]) -> re.Pattern[str]:
    """Matches where one of the patterns does; nowhere where there is none."""
    return re.compile("|".join(pattern.pattern for pattern in patterns) or r"(?!)")


def _word_regex(word: str, pattern: str) -> str:
    alternatives = []
    for alternative in word.split("|"):
        stem = normalise(alternative.removesuffix("*"))
        if not stem or " " in stem:
            raise PatternError(f"can't read {alternative!r} in the pattern {pattern!r}")
        alternatives.append(re.escape(stem) + (r"\w*" if alternative.endswith("*") else ""))
    return "(?:" + "|".join(alternatives) + ")"


class ExampleClassifier:
    """Learns from examples when made (well under a second), then answers in about a millisecond.

    Deterministic: the same examples and text give the same answer. Safe to share by all calls.
    """

    def __init__(self, intents: Mapping[str, IntentExamples]) -> None:
        self.labels = tuple(intents)
        self._column = {label: n for n, label in enumerate(self.labels)}
        self._always = [
            (label, compile_pattern(pattern))
            for label, intent in intents.items()
            for pattern in intent.always
        ]
        self._never = [
            (label, compile_pattern(pattern))
            for label, intent in intents.items()
            for pattern in intent.never
        ]
        self._any_pattern = _any_of(pattern for _, pattern in (*self._always, *self._never))
        self._said: defaultdict[str, list[str]] = defaultdict(list)
        texts: list[str] = []
        columns: list[int] = []
        for label, intent in intents.items():
            for example in (*intent.examples, *intent.heard):
                text = normalise(example)
                if text and label not in self._said[text]:
                    self._said[text].append(label)
                    texts.append(text)
                    columns.append(self._column[label])
        self._features = _FeatureIndex(texts)
        self._targets: Vector = np.zeros((len(texts), len(self.labels)), dtype=np.float32)
        self._targets[np.arange(len(texts)), columns] = 1
        self._weights: Vector = np.linalg.solve(self._regularised_kernel(), self._targets)
        self._features.learn(self._weights)
        self.example_labels = tuple(self.labels[column] for column in columns)
        self.texts = tuple(texts)

    def left_out_scores(self) -> Vector:
        """What each example would score had it not been learnt, shape (n_texts, n_labels).

        Exact for this kind of model, and without training it n times.
        """
        inverse = np.linalg.inv(self._regularised_kernel())
        return np.asarray(
            self._targets - self._weights / np.diag(inverse)[:, None], dtype=np.float32
        )

    def _regularised_kernel(self) -> Vector:
        kernel = self._features.kernel()
        kernel[np.diag_indices_from(kernel)] += _RIDGE
        return kernel

    def classify(self, text: str, allowed: frozenset[str]) -> Meaning | None:
        plain = normalise(text)
        if not plain:
            return None
        # Hundreds of patterns, and most texts have none of them.
        if self._any_pattern.search(plain):
            allowed = self.without_vetoed(plain, allowed)
            decided = self.by_pattern(plain, allowed)
            if decided is not None:
                return Meaning(decided, 1.0)
        for label in self._said.get(plain, ()):
            if label in allowed:
                return Meaning(label, 1.0)
        columns = [column for label, column in self._column.items() if label in allowed]
        if not columns:
            return None
        scores = self._features.scores(plain)[columns]
        best = int(np.argmax(scores))
        if scores[best] <= 0:
            return None
        return Meaning(self.labels[columns[best]], round(float(min(scores[best], 1.0)), 3))

    def classify_all(self, text: str, allowed: frozenset[str]) -> list[Meaning]:
        whole = self.classify(text, allowed)
        if whole is None:
            return []
        clauses = clauses_of(text)
        if len(clauses) < 2 or normalise(text) in self._said:
            return [whole]
        found: list[Meaning] = []
        for clause in clauses:
            meaning = self.classify(clause, allowed)
            if meaning is not None and meaning.score >= SURE_OF_A_CLAUSE:
                found.append(meaning)
        told = [meaning for meaning in found if meaning.intent not in SMALL_WORDS]
        if not told or (whole.intent not in SMALL_WORDS and len({m.intent for m in told}) < 2):
            others = [meaning for meaning in told if whole.score >= 1 and meaning.score >= 1]
            return _each_once([whole, *others])
        certain = [meaning for meaning in (whole, *told) if meaning.score >= 1]
        return _each_once([*certain, *told])

    def classify_heard(
        self, readings: Sequence[tuple[str, float]], allowed: frozenset[str]
    ) -> Meaning | None:
        total = sum(weight for _, weight in readings)
        votes: dict[str, float] = {}
        for text, weight in readings:
            meaning = self.classify(text, allowed)
            if meaning is None:
                continue
            share = weight / total if total > 0 else 1 / len(readings)
            votes[meaning.intent] = votes.get(meaning.intent, 0.0) + share * meaning.score
        if not votes:
            return None
        best = max(votes, key=lambda intent: votes[intent])
        return Meaning(best, round(min(votes[best], 1.0), 3))

    def without_vetoed(self, plain: str, allowed: frozenset[str]) -> frozenset[str]:
        """The allowed intents less those that a pattern of theirs rules out."""
        return allowed - {label for label, pattern in self._never if pattern.search(plain)}

    def by_pattern(self, plain: str, allowed: frozenset[str]) -> str | None:
        """The first allowed intent one of whose patterns is in the normalised text."""
        for label, pattern in self._always:
            if label in allowed and pattern.search(plain):
                return label
        return None


def clauses_of(text: str) -> tuple[str, ...]:
    """What may be sentences of their own: parted by punctuation and by ale, tylko, i, a, bo."""
    parts = (part.strip() for part in _CLAUSE_END.split(text[:MAX_TEXT_LENGTH]))
    return tuple(part for part in parts if normalise(part))


def _each_once(meanings: Iterable[Meaning]) -> list[Meaning]:
    """Each intent at its first place."""
    found: dict[str, Meaning] = {}
    for meaning in meanings:
        found.setdefault(meaning.intent, meaning)
    return list(found.values())


class _FeatureIndex:
    """Examples as weighted n-grams, kept n-gram by n-gram: comparing one text is quick."""

    def __init__(self, texts: list[str]) -> None:
        self._n_texts = len(texts)
        self._idf: dict[str, float] = {}
        counts = [_features(text) for text in texts]
        document_frequency = Counter(feature for count in counts for feature in count)
        for feature, n_documents in document_frequency.items():
            self._idf[feature] = math.log((1 + self._n_texts) / (1 + n_documents)) + 1
        postings: defaultdict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))
        for row, count in enumerate(counts):
            for feature, weight in self._weigh(count).items():
                rows, weights = postings[feature]
                rows.append(row)
                weights.append(weight)
        self._postings = {
            feature: (np.array(rows), np.array(weights, dtype=np.float32))
            for feature, (rows, weights) in postings.items()
        }

    def kernel(self) -> Vector:
        """Similarity of every example with every other, shape (n, n)."""
        kernel = np.zeros((self._n_texts, self._n_texts), dtype=np.float32)
        frequent = []
        for rows, weights in self._postings.values():
            if len(rows) > _FREQUENT:
                frequent.append((rows, weights))
            else:
                kernel[rows[:, None], rows] += weights[:, None] * weights
        # The few n-grams that many examples share are quicker as one product.
        dense = np.zeros((self._n_texts, len(frequent)), dtype=np.float32)
        for column, (rows, weights) in enumerate(frequent):
            dense[rows, column] = weights
        return kernel + dense @ dense.T

    def learn(self, weights: Vector) -> None:
        """What each n-gram speaks for, from what each example does: shape (n_texts, n_labels)."""
        rows = np.concatenate([rows for rows, _ in self._postings.values()])
        shares = np.concatenate([shares for _, shares in self._postings.values()])
        lengths = [len(rows) for rows, _ in self._postings.values()]
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self._votes = np.add.reduceat(shares[:, None] * weights[rows], starts, axis=0)
        self._index = {feature: n for n, feature in enumerate(self._postings)}

    def scores(self, text: str) -> Vector:
        """How much a normalised text is like the examples of each label, shape (n_labels,)."""
        weighed = self._weigh(_features(text)).items()
        known = [(self._index[name], weight) for name, weight in weighed if name in self._index]
        if not known:
            return np.zeros(self._votes.shape[1], dtype=np.float32)
        at, weights = zip(*known, strict=True)
        return np.asarray(weights, dtype=np.float32) @ self._votes[list(at)]

    def _weigh(self, count: Counter[str]) -> dict[str, float]:
        """tf-idf, the characters' part and the words' part each of length 1, then mixed."""
        # An n-gram that no example has is as telling as one that a single example has.
        rare = math.log((1 + self._n_texts) / 2) + 1
        weights = {
            feature: (1 + math.log(n)) * self._idf.get(feature, rare)
            for feature, n in count.items()
        }
        norms = {True: 0.0, False: 0.0}
        for feature, weight in weights.items():
            norms[feature[0] == "="] += weight * weight
        share = {True: _WORD_WEIGHT, False: 1 - _WORD_WEIGHT}
        factor = {
            is_word: math.sqrt(share[is_word] / norm) if norm else 0.0
            for is_word, norm in norms.items()
        }
        return {feature: weight * factor[feature[0] == "="] for feature, weight in weights.items()}


def _features(text: str) -> Counter[str]:
    """Characters of words, 2 to 5 at a time ('#'); beginnings of words and their pairs ('=')."""
    features: Counter[str] = Counter()
    words = text.split()
    for word in words:
        features.update(_ngrams(word))
    stems = [word[:_STEM_LENGTH] for word in words]
    features.update("=" + stem for stem in stems)
    features.update(f"={first}_{second}" for first, second in pairwise(stems))
    return features


@lru_cache(maxsize=4096)
def _ngrams(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(
        "#" + padded[start : start + size]
        for size in range(2, 6)
        for start in range(max(1, len(padded) - size + 1))
    )
