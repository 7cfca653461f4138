"""An event loop whose time jumps to the next timer: minutes of a call pass in a moment."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

LIMIT_S = 4 * 3600.0
"""A test that is not over by then waits for something that never comes."""


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for a timer it moves the time on to it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        ready = super().select(0)
        if not ready:
            self.now += max(timeout, 0.0)
            if self.now > LIMIT_S + 1000:
                raise TimeoutError("the simulated time ran out")
        return ready


class SimulatedLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


class SimulatedClock:
    """The clock of the simulated loop; a call begins on a Wednesday, 10:15 in Warsaw."""

    def __init__(self, started_at: datetime = datetime(2026, 3, 11, 9, 15, tzinfo=UTC)) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._started_at = started_at

    def monotonic(self) -> float:
        return self._loop.time()

    def now(self) -> datetime:
        return self._started_at + timedelta(seconds=self._loop.time() - self._zero)


def simulated(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test coroutine in simulated time; no task may be left when it returns."""

    @functools.wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        async def check() -> None:
            await test(*args, **kwargs)
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left, f"tasks left running: {left}"

        with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            runner.run(check())

    return run
