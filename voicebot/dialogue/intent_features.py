"""Turns a sentence into weighted n-grams, by which sentences of one intent are alike."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

from voicebot.dialogue.word_classes import word_class

_WORD_SHARE = 0.5
_STEM_LENGTH = 5
_SIZES = range(2, 6)


class FeatureSpace:
    """The n-grams that the examples have, each with how telling it is."""

    def __init__(self, names: Iterable[str], weights: Iterable[float], n_texts: int) -> None:
        self.names = tuple(names)
        self.weights = tuple(weights)
        self.n_texts = n_texts
        self._known: Mapping[str, tuple[int, float]] = {
            name: (n, weight)
            for n, (name, weight) in enumerate(zip(self.names, self.weights, strict=True))
        }
        # An n-gram that no example has is as telling as one that a single example has.
        self._rare = _telling(n_texts, 1)

    @classmethod
    def of(cls, texts: list[str]) -> FeatureSpace:
        frequency = Counter(name for text in texts for name in features(text))
        weights = (_telling(len(texts), n) for n in frequency.values())
        return cls(frequency, weights, len(texts))

    def vector(self, text: str) -> list[tuple[int, float]]:
        """The known n-grams of a normalised text, by number, each with its weight (tf-idf).

        The characters' part and the words' part are each of length 1 before they are mixed. What
        is not known counts in the lengths: a strange text has a short vector.
        """
        unknown = (-1, self._rare)
        found = []
        norms = {True: 0.0, False: 0.0}
        for name, n in features(text).items():
            at, weight = self._known.get(name, unknown)
            weight *= 1 + math.log(n)
            is_word = name[0] == "="
            norms[is_word] += weight * weight
            found.append((at, weight, is_word))
        share = {True: _WORD_SHARE, False: 1 - _WORD_SHARE}
        factor = {
            is_word: math.sqrt(share[is_word] / norm) if norm else 0.0
            for is_word, norm in norms.items()
        }
        return [(at, weight * factor[is_word]) for at, weight, is_word in found if at >= 0]


def _telling(n_texts: int, n_with_it: int) -> float:
    return math.log((1 + n_texts) / (1 + n_with_it)) + 1


def features(text: str) -> Counter[str]:
    """Characters of words, 2 to 5 at a time ('#'). And words ('='): their beginnings, pairs of
    them, the first and the last one, and the same with words of a class for one another."""
    found: Counter[str] = Counter()
    words = text.split()
    if not words:
        return found
    for word in words:
        found.update(_ngrams(word))
    stems = [word[:_STEM_LENGTH] for word in words]
    found.update("=" + stem for stem in stems)
    found.update(f"={first}_{second}" for first, second in pairwise(stems))
    found.update((f"=^{stems[0]}", f"={stems[-1]}$"))
    classes = [word_class(word) for word in words]
    found.update("=" + name for name in classes if name)
    alike = [name or stem for name, stem in zip(classes, stems, strict=True)]
    found.update(
        f"={pair[0]}_{pair[1]}"
        for pair, plain in zip(pairwise(alike), pairwise(stems), strict=True)
        if pair != plain
    )
    return found


@lru_cache(maxsize=8192)
def _ngrams(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(
        "#" + padded[start : start + size]
        for size in _SIZES
        for start in range(max(1, len(padded) - size + 1))
    )


def stems(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM_LENGTH] for word in text.split())


def near_duplicates(of: Iterable[str], among: list[str]) -> list[list[int]]:
    """For each text, where among the others those are that share three words in five with it."""
    sets = [stems(text) for text in among]
    places: dict[str, list[int]] = {}
    for n, words in enumerate(sets):
        for word in words:
            places.setdefault(word, []).append(n)
    found = []
    for text in of:
        words = stems(text)
        shared = Counter(n for word in words for n in places.get(word, ()))
        found.append(sorted(n for n, both in shared.items() if both >= 0.6 * len(words | sets[n])))
    return found
