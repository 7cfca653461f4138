"""The one 20 ms clock that moves the audio of every call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from voicebot.audio import FRAME_MS
from voicebot.clock import Clock

log = logging.getLogger(__name__)

TICK_S = FRAME_MS / 1000

MAX_CATCH_UP_TICKS = 10
"""200 ms, what the other side's jitter buffer can take in; what is later than that is skipped."""

EARLY_S = 0.001
"""uvloop counts whole milliseconds and may wake up to one early: close enough to tick."""


class PacedLine(Protocol):
    """Something that moves one frame in and one frame out every 20 ms."""

    def tick(self, now: float) -> None:
        """Move one frame each way. `now`: monotonic seconds. Must not block."""


class LatenessHistogram:
    """How late the ticks were, in steps of 0.25 ms up to 100 ms."""

    STEP_S = 0.00025
    N_STEPS = 400

    def __init__(self) -> None:
        self._counts = [0] * (self.N_STEPS + 1)
        self._n_ticks = 0
        self._max_s = 0.0

    def add(self, lateness_s: float) -> None:
        self._counts[min(int(lateness_s / self.STEP_S), self.N_STEPS)] += 1
        self._n_ticks += 1
        if lateness_s > self._max_s:
            self._max_s = lateness_s

    def quantile_ms(self, share: float) -> float:
        """Upper edge of the step that holds this share (0..1) of the ticks; 0 without any."""
        if not self._n_ticks:
            return 0.0
        wanted, seen = share * self._n_ticks, 0
        for step, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return min((step + 1) * self.STEP_S, self._max_s) * 1000
        return self.max_ms

    @property
    def max_ms(self) -> float:
        return self._max_s * 1000

    @property
    def n_ticks(self) -> int:
        return self._n_ticks


class Pacer:
    """Calls `tick` of every line each 20 ms, by absolute deadlines, so that nothing drifts.

    One timer for all lines costs a fraction of a timer each. It runs on the running event
    loop while there are lines. When the loop was held up, the missed ticks follow at once
    (up to MAX_CATCH_UP_TICKS). A line whose tick raises is taken out; the others go on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: dict[PacedLine, Callable[[], None] | None] = {}
        self._order: tuple[PacedLine, ...] = ()
        self._deadline = 0.0
        self._is_running = False
        self.lateness = LatenessHistogram()
        self.skipped_ticks = 0

    def add(self, line: PacedLine, on_failure: Callable[[], None] | None = None) -> None:
        """Tick this line from now on. on_failure: told once when its tick raised."""
        self._lines[line] = on_failure
        self._order = tuple(self._lines)
        if not self._is_running:
            self._is_running = True
            self._deadline = self._clock.monotonic() + TICK_S
            self._schedule()

    def remove(self, line: PacedLine) -> None:
        """Tick it no more; unknown lines are ignored. The timer stops by itself with the last."""
        if line in self._lines:
            del self._lines[line]
            self._order = tuple(self._lines)

    @property
    def n_lines(self) -> int:
        return len(self._lines)

    def metrics(self) -> dict[str, float]:
        """How late ticks were since the start, for monitoring."""
        return {
            "ticks": float(self.lateness.n_ticks),
            "skipped_ticks": float(self.skipped_ticks),
            "lateness_p50_ms": self.lateness.quantile_ms(0.5),
            "lateness_p99_ms": self.lateness.quantile_ms(0.99),
            "lateness_max_ms": self.lateness.max_ms,
        }

    def _schedule(self) -> None:
        delay_s = max(self._deadline - self._clock.monotonic(), 0.0)
        asyncio.get_running_loop().call_later(delay_s, self._wake)

    def _wake(self) -> None:
        now = self._clock.monotonic()
        late_s = now - self._deadline
        if late_s >= -EARLY_S:
            self.lateness.add(max(late_s, 0.0))
            n_ticks = int(max(late_s, 0.0) / TICK_S) + 1
            if n_ticks > MAX_CATCH_UP_TICKS:
                self.skipped_ticks += n_ticks - MAX_CATCH_UP_TICKS
                self._deadline += (n_ticks - MAX_CATCH_UP_TICKS) * TICK_S
                n_ticks = MAX_CATCH_UP_TICKS
            for _ in range(n_ticks):
                self._deadline += TICK_S
                self._tick_lines()
        if self._lines:
            self._schedule()
        else:
            self._is_running = False

    def _tick_lines(self) -> None:
        now = self._clock.monotonic()
        for line in self._order:
            try:
                line.tick(now)
            except Exception:  # the top of a call: ends this line, no other
                log.exception("audio line failed")
                on_failure = self._lines.get(line)
                self.remove(line)
                if on_failure is not None:
                    on_failure()
