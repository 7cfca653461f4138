"""A fax, a dead line and hold music each end in something sensible."""

from __future__ import annotations

import numpy as np

from tests.calls.bench import Bench
from tests.simulated_time import simulated
from tests.sounds import Wave, pcm, silence, tone


def hold_music(seconds: float) -> Wave:
    chords = [
        sum((tone(0.5, root * ratio, -20) for ratio in (1, 1.26, 1.5, 2, 3)), silence(0.5))
        for root in (196.0, 220.0, 262.0, 175.0) * int(seconds)
    ]
    return np.concatenate(chords)[: round(seconds * 8000)]


@simulated
async def test_a_fax_is_hung_up_on() -> None:
    bench = Bench()
    async with bench.call() as call:
        await call.begins_to_hear("")
        for _ in range(3):
            call.leg.says(pcm(tone(0.5, 1100), silence(3.0)), 0.0)
    assert call.record.end_reason == "fax"
    assert call.caller_turns == []


@simulated
async def test_a_dead_line_is_hung_up_on() -> None:
    bench = Bench()
    async with bench.call() as call:
        await call.begins_to_hear("")
        for _ in range(6):
            call.leg.says(pcm(tone(0.5, 425), silence(0.5)), 0.0)
    assert call.record.end_reason == "busy"


@simulated
async def test_hold_music_is_no_turn_and_the_bot_asks_again() -> None:
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        call.leg.says(pcm(hold_music(40)), 0.0)
        await call.hears("słychać")
        call.leg.end()
    assert call.caller_turns == []


@simulated
async def test_who_speaks_after_hold_music_is_answered() -> None:
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        call.leg.says(pcm(hold_music(10)), 3.0)
        await call.wait(14)
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("urodzenia")
        call.leg.end()
