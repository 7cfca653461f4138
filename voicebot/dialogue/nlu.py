"""What the caller means: an intent out of those that make sense now, or none.

Two layers. Patterns that an operator can read (`always` in call_scripts/intents_pl.yaml)
decide alone: a person in crisis or one who asks for a human must not depend on statistics.
Everything else is scored by a linear model over character and word n-grams of the examples
(intent_model.py), whose score is how likely it is right.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from voicebot.dialogue.intent_model import IntentModel
from voicebot.dialogue.intent_model_store import learnt

MAX_TEXT_LENGTH = 300
"""Characters looked at. A longer turn is cut: what callers say is untrusted input."""

_PLAIN = str.maketrans("ąćęłńóśźż", "acelnoszz")
_NOT_WORD = re.compile(r"[^\w\s]|_")
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
    """The intent that fits best. `score`: how likely it is right, from 0 to 1; 1 only where a
    pattern decided or the sentence is one of the examples."""

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
    """Learns from examples when made, which takes seconds, or reads what was learnt of the same
    examples before from `cache`; then answers in well under a millisecond.

    Deterministic: the same examples and text give the same answer. Safe to share by all calls.
    """

    def __init__(self, intents: Mapping[str, IntentExamples], cache: Path | None = None) -> None:
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
        self._model: IntentModel = learnt(texts, columns, len(self.labels), cache)
        self.example_labels = tuple(self.labels[column] for column in columns)
        self.texts = tuple(texts)

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
        best, probability = self._model.choose(plain, columns)
        score = round(probability, 3)
        return Meaning(self.labels[best], score) if score > 0 else None

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
