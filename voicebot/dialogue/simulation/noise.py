"""What a recogniser makes of words on a bad line: lost marks, split and merged words, slips."""

from __future__ import annotations

import random

_PLAIN = str.maketrans("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ", "acelnoszzACELNOSZZ")
_SLIPS = (
    ("ą", "om"), ("ę", "en"), ("rz", "ż"), ("ch", "h"), ("ó", "u"), ("ś", "s"), ("ć", "ci"),
    ("ł", "w"), ("dz", "c"), ("w ", "f "), ("b", "p"), ("d", "t"), ("ź", "ś"),
)  # fmt: skip
_NOISES = ("", "eee", "yyy", "no", "tak że", "znaczy")


def misheard(text: str, chance: random.Random, strength: float) -> str:
    """The text with slips of a recogniser. strength: 0 leaves it as it is, 1 spoils most."""
    if strength <= 0 or not text:
        return text
    if chance.random() < strength:
        text = text.translate(_PLAIN)
    words = text.split()
    heard: list[str] = []
    for word in words:
        roll = chance.random()
        if roll < 0.05 * strength:
            continue
        if roll < 0.15 * strength and len(word) > 5:
            middle = len(word) // 2
            heard += [word[:middle], word[middle:]]
        elif roll < 0.25 * strength and heard:
            heard[-1] += word
        elif roll < 0.6 * strength:
            heard.append(_slip(word, chance))
        else:
            heard.append(word)
    if chance.random() < 0.2 * strength:
        heard.insert(0, chance.choice(_NOISES))
    return " ".join(word for word in heard if word)


def _slip(word: str, chance: random.Random) -> str:
    wrong, right = chance.choice(_SLIPS)
    return word.replace(wrong, right, 1)
