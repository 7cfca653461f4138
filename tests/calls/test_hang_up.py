"""Either side may go at any moment: the record is closed with what there is, nothing is left."""

from __future__ import annotations

import asyncio

import pytest

from tests.calls.bench import Bench
from tests.simulated_time import simulated
from voicebot.media.events import LegEnded
from voicebot.records import Disposition


@pytest.mark.parametrize("reason", ["hangup", "no_media", "lost_ack", "error", "shutdown"])
@simulated
async def test_reason_of_the_leg_is_kept(reason: str):
    bench = Bench()
    async with bench.call() as call:
        await call.wait(3)
        call.leg.end(reason)
    assert call.record.end_reason == reason
    assert call.record.disposition is Disposition.ABANDONED
    assert call.leg.hang_ups == []


@pytest.mark.parametrize("tenths", range(0, 700, 23))
@simulated
async def test_caller_may_leave_at_any_moment(tenths: int):
    bench = Bench()
    bench.speech.transcribe_s = 0.9
    bench.speech.synthesis_s = 0.7
    async with bench.call() as call:

        async def talk() -> None:
            await call.proves_identity()
            call.says("zapłacę całość w piątek")
            await call.answers("tak zapisać", "tak, zgadza się")
            await call.answers("zapisane.*pomóc", "nie, dziękuję")
            await asyncio.sleep(3600)

        talking = asyncio.create_task(talk())
        await asyncio.wait({talking}, timeout=tenths / 10)
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        call.leg.end()
        await call.wait_ended(2)
    record = call.record
    assert record.ended_at is not None
    if call.promises:
        assert record.disposition is Disposition.PTP_FULL
    else:
        assert record.disposition in {Disposition.ABANDONED, Disposition.INFORMED}
    assert bench.speech.n_open == 0
    assert bench.speech.n_closed == 1
    assert len(bench.live_calls) == 0


@simulated
async def test_disclosures_count_from_the_end_of_what_was_heard(tmp_path):
    bench = Bench(recordings_path=tmp_path)
    started_at = bench.clock.now()
    async with bench.call() as call:
        await call.begins_to_hear("nagrywana")
        call.leg.end()
        await call.wait_ended()
    greeting, notice = call.bot_turns
    told_s = (call.record.ai_disclosed_at - started_at).total_seconds()
    assert abs(told_s - greeting.ended_s) < 0.05
    assert notice.was_interrupted
    assert call.record.recording_disclosed_at is None
    assert "ai_disclosed" in call.events
    assert "recording_disclosed" not in call.events


@simulated
async def test_caller_who_leaves_in_the_greeting_was_told_nothing():
    bench = Bench()
    async with bench.call() as call:
        await call.wait(2)
        call.leg.end()
    assert call.record.ai_disclosed_at is None
    assert "ai_disclosed" not in call.events
    assert [turn.was_interrupted for turn in call.turns] == [True]


@simulated
async def test_console_ends_a_call_at_once():
    bench = Bench()
    async with bench.call() as call:
        await call.proves_identity()
        call.says("co to za dług")
        await call.begins_to_hear("Dziękuję")
        bench.live_calls.get("leg-1").hang_up()
        await call.wait_ended(1)
    assert call.record.end_reason == "ended from the console"
    assert call.record.disposition is Disposition.INFORMED
    assert call.leg.hang_ups == ["ended from the console"]


@simulated
async def test_console_can_hurry_the_last_words():
    bench = Bench()
    async with bench.call() as call:
        await call.answers("klawiaturze", "do widzenia")
        await call.begins_to_hear("Do widzenia")
        bench.live_calls.get("leg-1").hang_up()
        bench.live_calls.get("leg-1").hang_up()
        await call.wait_ended(0.5)
    assert call.leg.hang_ups == ["conversation finished"]


@simulated
async def test_both_sides_hang_up_at_once():
    bench = Bench()
    async with bench.call() as call:
        await call.answers("klawiaturze", "do widzenia")
        await call.hears("Do widzenia")
        call.leg.events.put_nowait(LegEnded("hangup"))
        call.leg.events.put_nowait(LegEnded("hangup"))
    assert call.record.end_reason == "conversation finished"


@simulated
async def test_leg_that_can_not_be_ended_does_not_hold_the_record_back():
    bench = Bench()
    async with bench.call() as call:
        call.leg.hang_up_s = 3600
        await call.answers("klawiaturze", "do widzenia")
        await call.hears("Do widzenia")
        await call.wait_ended(8)
    assert call.record.ended_at is not None


@simulated
async def test_caller_who_goes_on_talking_hears_the_last_words_whole():
    bench = Bench()
    async with bench.call() as call:
        await call.answers("klawiaturze", "do widzenia")
        await call.begins_to_hear("Do widzenia")
        call.says("ale chwileczkę jeszcze jedno pytanie mam", pause_s=0)
    assert not call.bot_turns[-1].was_interrupted


class BrokenVad:
    def is_speech(self, frame: object) -> bool:
        raise ValueError("broken")


@simulated
async def test_fault_in_a_call_ends_it_and_its_leg():
    bench = Bench()
    bench.parts = type(bench.parts)(
        **{
            name: getattr(bench.parts, name) for name in bench.parts.__slots__ if name != "make_vad"
        },
        make_vad=BrokenVad,
    )
    async with bench.call() as call:
        await call.wait_ended(10)
    assert call.record.disposition is Disposition.ERROR
    assert call.leg.hang_ups == ["internal error"]


@simulated
async def test_turns_that_wait_to_be_answered_are_dropped_when_the_caller_leaves():
    bench = Bench()
    bench.speech.transcribe_s = 30
    async with bench.call() as call:
        await call.hears("klawiaturze")
        call.says("tak", 0.5)
        call.says("nie", 0.5, pause_s=4.0)
        await call.wait(8)
        assert bench.speech.n_open == 2
        call.leg.end()
    assert bench.speech.n_open == 0
    assert bench.speech.n_dropped >= 2
    assert call.caller_turns == []
