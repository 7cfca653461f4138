"""When to refuse new calls so that the running ones stay well."""

from __future__ import annotations

import asyncio
import logging
import statistics
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from voicebot.clock import Clock
from voicebot.settings import SipSettings

log = logging.getLogger(__name__)

PROBE_INTERVAL_S = 0.1
N_LAGS = 10
RELIEF = 0.5
"""Refusing ends when the load is back under this share of its limit ..."""

CALM_S = 3.0
"""... and has stayed there for so long: a node at its limit would flap."""


@dataclass(frozen=True, slots=True)
class Load:
    """How far a node is behind with its work."""

    loop_lag_ms: float
    n_waiting_utterances: int


class Threshold:
    """One kind of load: over its limit at once, well again only after some calm (hysteresis)."""

    def __init__(self, limit: float, relief: float = RELIEF, calm_s: float = CALM_S) -> None:
        self._limit = limit
        self._relief = relief
        self._calm_s = calm_s
        self._calm_since: float | None = None
        self.is_over = False

    def observe(self, value: float, now: float) -> None:
        if value > self._limit:
            self.is_over = True
            self._calm_since = None
        elif not self.is_over or value > self._limit * self._relief:
            self._calm_since = None
        elif self._calm_since is None:
            self._calm_since = now
        elif now - self._calm_since >= self._calm_s:
            self.is_over = False
            self._calm_since = None


class OverloadControl:
    """Decides whether new calls get 503 though there are fewer than `max_calls`, and says why.

    The lag is the median of the last probes: one long pause (a busy neighbour on the machine)
    is over before a refused caller could know, half a second of pauses is not.
    """

    def __init__(self, settings: SipSettings) -> None:
        self._lag = Threshold(settings.max_loop_lag_ms)
        self._waiting = Threshold(settings.max_waiting_utterances)
        self._lags_ms: deque[float] = deque(maxlen=N_LAGS)
        self._load = Load(0.0, 0)

    @property
    def load(self) -> Load:
        """As it was last observed."""
        return self._load

    @property
    def is_overloaded(self) -> bool:
        return bool(self.reasons())

    def observe(self, loop_lag_ms: float, n_waiting_utterances: int, now: float) -> None:
        """Take in how things are; loop_lag_ms: how late this one probe was."""
        self._lags_ms.append(loop_lag_ms)
        is_full = len(self._lags_ms) == N_LAGS
        lag_ms = statistics.median(self._lags_ms) if is_full else 0.0
        self._load = Load(lag_ms, n_waiting_utterances)
        self._lag.observe(lag_ms, now)
        self._waiting.observe(n_waiting_utterances, now)

    def reasons(self) -> list[str]:
        """Why new calls are refused; empty: they are taken."""
        reasons = []
        if self._lag.is_over:
            reasons.append("the event loop is late")
        if self._waiting.is_over:
            reasons.append("too many utterances wait for recognition")
        return reasons


class LoadProbe:
    """Measures the load about ten times a second, as a task of the loop that it measures."""

    def __init__(
        self,
        control: OverloadControl,
        clock: Clock,
        count_waiting: Callable[[], int],
        on_change: Callable[[bool], None],
    ) -> None:
        """on_change: told whether the node is overloaded, each time that changes."""
        self._control = control
        self._clock = clock
        self._count_waiting = count_waiting
        self._on_change = on_change

    async def run(self) -> None:
        """Until cancelled."""
        was_overloaded = False
        while True:
            asleep_at = self._clock.monotonic()
            await asyncio.sleep(PROBE_INTERVAL_S)
            now = self._clock.monotonic()
            lag_ms = max(now - asleep_at - PROBE_INTERVAL_S, 0.0) * 1000
            self._control.observe(lag_ms, self._count_waiting(), now)
            is_overloaded = self._control.is_overloaded
            if is_overloaded != was_overloaded:
                was_overloaded = is_overloaded
                load = self._control.load
                log.warning(
                    "new calls are refused" if is_overloaded else "new calls are taken again",
                    extra={
                        "loop_lag_ms": round(load.loop_lag_ms, 1),
                        "n_waiting_utterances": load.n_waiting_utterances,
                    },
                )
                self._on_change(is_overloaded)
