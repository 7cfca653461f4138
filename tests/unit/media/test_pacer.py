"""The 20 ms clock: no drift, bounded catching up, one line's failure stays its own."""

from __future__ import annotations

import asyncio
import time

import pytest

from voicebot.clock import SystemClock
from voicebot.media.pacer import MAX_CATCH_UP_TICKS, LatenessHistogram, Pacer


class CountingLine:
    def __init__(self) -> None:
        self.ticks: list[float] = []

    def tick(self, now: float) -> None:
        self.ticks.append(now)


class FailingLine(CountingLine):
    def tick(self, now: float) -> None:
        super().tick(now)
        raise RuntimeError("broken line")


async def test_ticks_keep_their_rate() -> None:
    pacer = Pacer(SystemClock())
    line = CountingLine()
    started = time.monotonic()
    pacer.add(line)
    await asyncio.sleep(0.5)
    pacer.remove(line)
    expected = (time.monotonic() - started) / 0.02
    assert abs(len(line.ticks) - expected) <= 1.5
    assert pacer.metrics()["ticks"] == len(line.ticks)


async def test_held_up_loop_is_caught_up() -> None:
    pacer = Pacer(SystemClock())
    line = CountingLine()
    pacer.add(line)
    started = time.monotonic()
    await asyncio.sleep(0.03)
    time.sleep(0.1)  # noqa: ASYNC251 - a loop that is held up is what is tested
    await asyncio.sleep(0.05)
    pacer.remove(line)
    assert abs(len(line.ticks) - (time.monotonic() - started) / 0.02) <= 1.5
    assert pacer.metrics()["lateness_max_ms"] >= 75
    assert pacer.skipped_ticks == 0


async def test_long_stall_is_skipped_not_replayed() -> None:
    pacer = Pacer(SystemClock())
    line = CountingLine()
    pacer.add(line)
    await asyncio.sleep(0.03)
    before = len(line.ticks)
    time.sleep(0.5)  # noqa: ASYNC251
    await asyncio.sleep(0.01)
    pacer.remove(line)
    assert MAX_CATCH_UP_TICKS <= len(line.ticks) - before <= MAX_CATCH_UP_TICKS + 2
    assert pacer.skipped_ticks >= 13


async def test_failing_line_is_taken_out_and_told_of(caplog: pytest.LogCaptureFixture) -> None:
    pacer = Pacer(SystemClock())
    failures: list[str] = []
    good, bad = CountingLine(), FailingLine()
    pacer.add(bad, on_failure=lambda: failures.append("bad"))
    pacer.add(good)
    await asyncio.sleep(0.09)
    pacer.remove(good)
    assert len(bad.ticks) == 1
    assert len(good.ticks) >= 3
    assert failures == ["bad"]
    assert "broken line" in caplog.text
    assert pacer.n_lines == 0


async def test_line_that_comes_back_is_ticked_at_the_same_rate() -> None:
    pacer = Pacer(SystemClock())
    line = CountingLine()
    for pause_s in (0.0, 0.05):
        pacer.add(line)
        pacer.remove(line)
        await asyncio.sleep(pause_s)
    line.ticks.clear()
    pacer.add(line)
    pacer.remove(line)
    pacer.add(line)
    await asyncio.sleep(0.21)
    pacer.remove(line)
    assert 9 <= len(line.ticks) <= 11


def test_histogram_names_the_share_that_was_late() -> None:
    histogram = LatenessHistogram()
    assert histogram.quantile_ms(0.99) == 0
    for _ in range(98):
        histogram.add(0.0001)
    histogram.add(0.0051)
    histogram.add(5.0)
    assert histogram.quantile_ms(0.5) == pytest.approx(0.25)
    assert histogram.quantile_ms(0.99) == pytest.approx(5.25)
    assert histogram.max_ms == 5000
