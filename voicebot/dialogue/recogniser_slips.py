"""Misspells examples as a recogniser does on a bad line, so that slips are learnt as well."""

from __future__ import annotations

import random
import re

_SWAPS = (
    # Letters that sound alike, or do so over a telephone (no fricatives above 3.4 kHz). From what
    # Whisper base made of RHVoice through A-law, and from the `asr` lines of the domain's intents.
    ("rz", "z"), ("z", "rz"), ("u", "o"), ("o", "u"), ("ch", "h"), ("h", "ch"), ("sz", "s"),
    ("cz", "c"), ("s", "sz"), ("c", "cz"), ("ie", "je"), ("e", "en"), ("on", "a"), ("om", "a"),
    ("d", "t"), ("t", "d"), ("b", "p"), ("p", "b"), ("w", "f"), ("g", "k"), ("k", "g"),
    ("m", "n"), ("n", "m"), ("l", "w"), ("y", "e"), ("e", "y"), ("a", "o"), ("dz", "c"),
    ("ii", "i"), ("j", "i"), ("ks", "x"), ("w", "u"),
)  # fmt: skip
_MIN_SPLIT = 6


def with_slips(text: str) -> str:
    """A normalised text with one or two slips: always the same for the same text.

    Words run together ("naraty") or apart ("po myłka"), a sound taken for another, an ending or
    a short word lost.
    """
    generator = random.Random(text)
    words = text.split()
    for _ in range(1 + (len(words) > 3)):
        slip = generator.choice((_merged, _split, _swapped, _swapped, _shortened))
        words = slip(words, generator)
    return " ".join(words)


def _merged(words: list[str], generator: random.Random) -> list[str]:
    if len(words) < 2:
        return _swapped(words, generator)
    at = generator.randrange(len(words) - 1)
    return [*words[:at], words[at] + words[at + 1], *words[at + 2 :]]


def _split(words: list[str], generator: random.Random) -> list[str]:
    long = [n for n, word in enumerate(words) if len(word) >= _MIN_SPLIT]
    if not long:
        return _swapped(words, generator)
    at = generator.choice(long)
    cut = generator.randrange(2, len(words[at]) - 1)
    return [*words[:at], words[at][:cut], words[at][cut:], *words[at + 1 :]]


def _swapped(words: list[str], generator: random.Random) -> list[str]:
    at = generator.randrange(len(words))
    possible = [pair for pair in _SWAPS if pair[0] in words[at]]
    if not possible:
        return words
    old, new = generator.choice(possible)
    place = generator.choice([found.start() for found in re.finditer(old, words[at])])
    changed = words[at][:place] + new + words[at][place + len(old) :]
    return [*words[:at], changed, *words[at + 1 :]]


def _shortened(words: list[str], generator: random.Random) -> list[str]:
    at = generator.randrange(len(words))
    if len(words) > 3 and len(words[at]) < 3:
        return [*words[:at], *words[at + 1 :]]
    if len(words[at]) > 4:
        return [*words[:at], words[at][:-1], *words[at + 1 :]]
    return words
