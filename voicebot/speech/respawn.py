"""How long to wait before a dead worker is started again. No I/O."""

from __future__ import annotations

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STEADY_AFTER_S = 60.0


class RespawnDelay:
    """Doubles the wait with each early death; a worker that lived for a minute starts anew."""

    def __init__(self) -> None:
        self._next_s = FIRST_DELAY_S

    def after_death(self, lived_s: float) -> float:
        """Seconds to wait before the next start."""
        if lived_s >= STEADY_AFTER_S:
            self._next_s = FIRST_DELAY_S
        delay_s = self._next_s
        self._next_s = min(LONGEST_DELAY_S, 2 * self._next_s)
        return delay_s
