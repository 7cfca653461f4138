"""The only place that reads a clock; everything else is handed one, or the time itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a shell takes the time from; decisions are handed the time itself."""

    def monotonic(self) -> float:
        """Seconds that never go back, for durations and deadlines."""

    def now(self) -> datetime:
        """The instant, UTC-aware, for what is stored or said."""


class SystemClock:
    """The machine's own clocks. `monotonic` is asyncio's (`loop.time()`) on CPython."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)
