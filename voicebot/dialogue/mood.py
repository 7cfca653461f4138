"""The caller's mood as a script sees it: `mood.anger > 0.6`, `mood.hits >= 2`."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Mood:
    """How the caller's voice sounds by now. All 0: unknown, not read, or not allowed to be.

    anger, calm, distress, positive: probabilities, smoothed over his turns, together 1.
    hits: how many of his last three readable turns surely sounded angry or distressed.
    """

    anger: float = 0.0
    calm: float = 0.0
    distress: float = 0.0
    positive: float = 0.0
    hits: int = 0

    @property
    def scope(self) -> dict[str, object]:
        """The values by the names that conditions read."""
        return {name: getattr(self, name.removeprefix(_PREFIX)) for name in MOOD_NAMES}


_PREFIX = "mood."
MOOD_NAMES = tuple(f"{_PREFIX}{field.name}" for field in fields(Mood))
UNKNOWN_MOOD = Mood()
