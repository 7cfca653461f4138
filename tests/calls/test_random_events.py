"""Whatever a line and a caller do, in whatever order: a call raises nothing and ends."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.calls.bench import Bench, BenchCall
from tests.fakes import NOISE
from tests.simulated_time import simulated
from voicebot.audio import AudioFrame
from voicebot.media.events import PlayoutEnded, PlayoutStarted

WORDS = (
    "tak",
    "nie",
    "dwa cztery sześć osiem jeden trzy pięć siedem",
    "ósmego maja tysiąc dziewięćset osiemdziesiątego roku",
    "zero zero dziewięćset pięćdziesiąt",
    "zapłacę całość w piątek",
    "pięćset złotych jutro",
    "powtórz",
    "bla bla bla",
    NOISE,
)


N_EVENTS = 1000


def happen(chance: random.Random, bench: Bench, call: BenchCall) -> None:
    """One event that no call expects."""
    events = call.leg.events
    match chance.randrange(9):
        case 0 | 1 | 2:
            call.says(chance.choice(WORDS), pause_s=chance.random())
        case 3:
            call.leg.press(chance.choice(["1", "#", "*", "24681357", "A"]))
        case 4:
            events.put_nowait(PlayoutEnded(chance.randrange(60), call.now_s))
        case 5:
            events.put_nowait(PlayoutStarted(chance.randrange(60), call.now_s))
        case 6:
            bench.speech.fail_transcripts = chance.randrange(3)
        case 7:
            bench.speech.fail_sentences = chance.randrange(3)
        case 8:
            samples = bench.book.sound("tak")[:160]
            events.put_nowait(AudioFrame(samples, call.leg.position, is_concealed=True))


@pytest.mark.parametrize("seed", range(10))
@simulated
async def test_a_thousand_random_events_neither_raise_nor_block(seed: int, caplog):
    chance = random.Random(seed)
    bench = Bench()
    bench.speech.synthesis_s = chance.choice([0.01, 0.5, 3.0])
    bench.speech.transcribe_s = chance.choice([0.01, 0.5, 3.0])
    n_events = 0
    while n_events < N_EVENTS:
        async with bench.call() as call:
            while call.is_running and n_events < N_EVENTS:
                n_events += 1
                happen(chance, bench, call)
                await asyncio.sleep(chance.choice([0, 0, 0.02, 0.1, 0.5]))
            call.leg.end()
            await call.wait_ended(10)
        assert call.record.ended_at is not None
    assert [record.message for record in caplog.records if record.exc_info] == []
    assert bench.speech.n_open == 0
    assert len(bench.live_calls) == 0
