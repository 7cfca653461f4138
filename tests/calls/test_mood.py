"""A caller's voice is read where he was told and did not refuse: whole calls and their records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.calls.bench import Bench, BenchCall
from tests.fakes import NOISE, LevelHead
from tests.simulated_time import simulated
from voicebot.records import Disposition


def reading_bench() -> Bench:
    bench = Bench()
    bench.parts = replace(bench.parts, emotion_head=LevelHead())
    return bench


def shouts(call: BenchCall, text: str, seconds: float = 2.5) -> None:
    """Says it in anger."""
    call.bench.book.angry(text, seconds)
    call.says(text, seconds)


@simulated
async def test_without_the_notice_no_voice_is_sent_and_nothing_is_kept():
    bench = Bench()
    async with bench.call() as call:
        await call.proves_identity()
        shouts(call, "ble ble ble")
        await call.hears("wpłata")
        call.leg.end()
    assert bench.speech.embedded_s == []
    assert all(turn.mood is None for turn in call.turns)
    assert call.record.emotion_disclosed_at is None
    assert "emocje" not in call.heard


@simulated
async def test_voice_is_read_after_the_notice_and_kept_turn_by_turn():
    bench = reading_bench()
    async with bench.call() as call:
        await call.proves_identity()
        shouts(call, "ble ble ble")
        heard = await call.hears("wpłata")
        assert "Proszę się nie spieszyć" in heard
        assert "byłaby możliwa" in heard
        call.leg.end()
    assert "emocje w głosie" in call.heard
    assert "emotion_disclosed" in call.events
    notice = call.bot_turn("emocje w głosie")
    told_s = (call.record.emotion_disclosed_at - call.record.started_at).total_seconds()
    assert abs(told_s - notice.ended_s) < 0.05
    assert [turn.mood.group if turn.mood else None for turn in call.caller_turns] == [
        *("calm", "calm", "calm", "anger")
    ]
    assert call.caller_turns[-1].mood.speech_s == pytest.approx(2.5, abs=0.1)
    assert call.record.disposition is Disposition.INFORMED


@simulated
async def test_two_of_three_strained_turns_offer_a_human():
    bench = reading_bench()
    async with bench.call() as call:
        await call.proves_identity()
        shouts(call, "ble ble ble")
        await call.hears("wpłata byłaby możliwa")
        assert "konsultant" not in call.heard_lately
        shouts(call, "bla bla bla", 3.0)
        heard = await call.hears("wpłata byłaby możliwa")
        assert "nie być łatwa. Można powiedzieć konsultant" in heard
        call.says("konsultant")
    assert [callback.reason for callback in call.callbacks] == ["prośba o konsultanta"]


@simulated
async def test_guess_made_before_the_voice_was_read_gives_way():
    """The mood comes after the words and before the turn's end; it still counts in that turn."""
    bench = reading_bench()
    bench.speech.embed_s = 0.25
    bench.speech.transcribe_s = 0.05
    async with bench.call() as call:
        await call.proves_identity()
        shouts(call, "ble ble ble", 1.8)  # too short for a provisional reading
        assert "Proszę się nie spieszyć" in await call.hears("wpłata")
        call.leg.end()
    # The guess was made anew, not thrown away.
    assert "guess_head_start" in call.caller_turns[-1].timings_ms


@simulated
async def test_refusal_switches_it_off_and_drops_what_was_read():
    bench = reading_bench()
    async with bench.call() as call:
        await call.proves_identity()
        shouts(call, "ble ble ble")
        await call.hears("wpłata byłaby możliwa")
        assert any(turn.mood for turn in call.turns)
        call.says("nie zgadzam się na analizę mojego głosu", 2.5)
        await call.hears("nie są już rozpoznawane.*będzie wpłata")
        n_asked = len(bench.speech.embedded_s)
        shouts(call, "bla bla bla", 4.0)
        heard = await call.hears("wpłata")
        assert "konsultant," not in heard
        live = bench.live_calls.get("leg-1")
        assert all(turn.mood is None for turn in live.turns)
        call.leg.end()
    assert len(bench.speech.embedded_s) == n_asked
    assert all(turn.mood is None for turn in call.turns)
    assert "emotion_refused" in call.events


@simulated
async def test_refusal_over_the_notice_leaves_everything_unread():
    bench = reading_bench()
    async with bench.call() as call:
        await call.begins_to_hear("emocje w głosie")
        call.says("bez analizy głosu", 2.0, pause_s=0.2)
        await call.hears("nie są już rozpoznawane")
        shouts(call, "dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("urodzenia")
        call.leg.end()
    assert bench.speech.embedded_s == []
    assert all(turn.mood is None for turn in call.turns)


@simulated
async def test_notice_that_was_not_heard_whole_allows_nothing():
    bench = reading_bench()
    async with bench.call() as call:
        bench.prompt_audio.texts = {
            text for text in bench.prompt_audio.texts if "emocje w głosie, żeby" not in text
        }
        bench.speech.lost.add("Program rozpoznaje też emocje w głosie, żeby dobrać ton rozmowy.")
        await call.hears("klawiaturze")
        shouts(call, "dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("urodzenia")
        call.leg.end()
    assert bench.speech.embedded_s == []
    assert call.record.emotion_disclosed_at is None


@simulated
async def test_late_reading_delays_no_answer_and_is_kept_all_the_same():
    bench = reading_bench()
    bench.speech.embed_s = 8.0
    async with bench.call() as call:
        await call.hears("klawiaturze")
        shouts(call, "dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("urodzenia")
        answer = call.bot_turns[-1]
        assert call.caller_turns[0].mood is None
        await call.wait(6)
        call.leg.end()
    quick = Bench()
    async with quick.call() as other:
        await other.answers("klawiaturze", "dwa cztery sześć osiem jeden trzy pięć siedem")
        await other.hears("urodzenia")
        other.leg.end()
    assert call.caller_turns[0].mood.group == "anger"
    assert answer.text == other.bot_turns[-1].text
    asked = next(turn for turn in call.bot_turns if "voice_to_voice" in turn.timings_ms)
    same = next(turn for turn in other.bot_turns if "voice_to_voice" in turn.timings_ms)
    assert asked.timings_ms["voice_to_voice"] == pytest.approx(
        same.timings_ms["voice_to_voice"], abs=45
    )


@simulated
async def test_noise_is_no_mood_of_the_caller():
    bench = reading_bench()
    async with bench.call() as call:
        await call.proves_identity()
        bench.book.angry(NOISE, 2.0)
        call.says(NOISE, 2.0)
        await call.wait(3.5)
        call.says("ble ble ble", 2.0)
        assert "spieszyć" not in await call.hears("wpłata")
        call.leg.end()


@simulated
async def test_who_may_be_an_employee_is_never_read():
    bench = reading_bench()
    async with bench.call(is_caller=False) as call:
        await call.hears("klawiaturze")
        shouts(call, "dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("urodzenia")
        call.leg.end()
    assert bench.speech.embedded_s == []
    assert "emocje" not in call.heard
