"""A classifier that remembers: simulated callers say the same few thousand sentences."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from voicebot.dialogue.nlu import IntentClassifier, Meaning

_KEPT = 60_000


class RememberedMeanings:
    """Answers like the classifier it asks, and asks it once for each question."""

    def __init__(self, classifier: IntentClassifier) -> None:
        self._one = lru_cache(_KEPT)(classifier.classify)
        self._all = lru_cache(_KEPT)(classifier.classify_all)
        self._heard = lru_cache(_KEPT)(classifier.classify_heard)

    def classify(self, text: str, allowed: frozenset[str]) -> Meaning | None:
        return self._one(text, allowed)

    def classify_all(self, text: str, allowed: frozenset[str]) -> list[Meaning]:
        return list(self._all(text, allowed))

    def classify_heard(
        self, readings: Sequence[tuple[str, float]], allowed: frozenset[str]
    ) -> Meaning | None:
        return self._heard(tuple(readings), allowed)
