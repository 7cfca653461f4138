"""Draws which of several ways a call goes, without chance: a replayed call goes the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


def share_of(seed: str, name: str) -> float:
    """A number from 0 to 1 that is always the same for a seed and a name: draws lots in a call
    without chance, so that it can be replayed, and for a debtor whose seed is his case."""
    digest = hashlib.sha256(f"{seed}|{name}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


@dataclass(frozen=True, slots=True)
class Experiment:
    """Ways to do one thing that are compared; each call has one of them, by its weight."""

    name: str
    arms: tuple[str, ...]
    weights: tuple[int, ...]
    line: int = 0
    file: str = ""

    def arm(self, seed: str) -> str:
        """The arm of a call; the first that has weight where the call has no seed."""
        left = share_of(seed, self.name) * sum(self.weights) if seed else 0
        for arm, weight in zip(self.arms, self.weights, strict=True):
            if left < weight:
                return arm
            left -= weight
        return self.arms[-1]
