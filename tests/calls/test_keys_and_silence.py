"""Keys in place of speech, and callers who say nothing."""

from __future__ import annotations

from tests.calls.bench import Bench
from tests.simulated_time import simulated
from voicebot.records import Disposition
from voicebot.settings import TurnSettings


@simulated
async def test_case_number_by_keys_stops_the_prompt_and_counts_at_the_last_digit():
    bench = Bench()
    async with bench.call() as call:
        await call.begins_to_hear("podać ośmiocyfrowy")
        await call.wait(0.3)
        call.presses("2468")
        await call.wait(0.1)
        assert not call.leg.playout.is_speaking
        call.presses("1357")
        await call.until(lambda: call.leg.playout.is_speaking, "no answer to keys", 0.2)
        await call.hears("urodzenia")
        call.leg.end()
    [turn] = call.caller_turns
    assert turn.text == "24681357"
    assert turn.slots == {"case_number": "24681357"}
    assert call.bot_turn("podać ośmiocyfrowy").was_interrupted


@simulated
async def test_keys_that_prove_identity_are_masked():
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        call.presses("24681357")
        await call.hears("urodzenia")
        call.presses("08051980")
        await call.hears("pocztowy")
        call.presses("00#")
        await call.hears("pocztowy")
        call.presses("00950")
        await call.hears("wpłata")
        call.leg.end()
    assert [turn.text for turn in call.caller_turns] == ["24681357", "•" * 8, "••", "•" * 5]
    assert call.record.is_verified
    shown = repr(call.turns) + repr(bench.database.audit.rows)
    assert "00950" not in shown
    assert "08051980" not in shown


@simulated
async def test_entry_is_over_three_seconds_after_the_last_key():
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        call.presses("0")
        await call.wait(2.8)
        assert not call.leg.playout.is_speaking
        await call.hears("Konsultanci")
    assert [(turn.text, turn.intent) for turn in call.caller_turns] == [("0", "ask_human")]


@simulated
async def test_keys_during_a_disclosure_wait_for_its_end():
    bench = Bench()
    async with bench.call() as call:
        await call.wait(1)
        call.presses("24681357")
        heard = await call.hears("urodzenia")
        assert "ośmiocyfrowy" not in heard
        call.leg.end()
    greeting = call.bot_turn("automatyczny asystent")
    assert not greeting.was_interrupted
    assert greeting.ended_s - greeting.started_s > 5


@simulated
async def test_silent_caller_is_asked_again_twice_and_then_released():
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        ended_s = call.now_s
        await call.begins_to_hear("czy mnie słychać")
        assert abs(call.now_s - ended_s - 7.0) < 0.1
    assert "Nie słyszę odpowiedzi" in call.heard
    assert "Do usłyszenia" in call.heard
    assert call.record.disposition is Disposition.NO_INPUT
    assert call.caller_turns == []


@simulated
async def test_silence_is_not_counted_while_a_turn_is_transcribed():
    bench = Bench()
    bench.speech.transcribe_s = 9.0
    async with bench.call() as call:
        await call.answers("klawiaturze", "dwa cztery sześć osiem jeden trzy pięć siedem")
        heard = await call.hears("urodzenia")
        assert "słychać" not in heard
        call.leg.end()


@simulated
async def test_silence_is_not_counted_while_the_caller_speaks_or_keys():
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        await call.wait(6.5)
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem", 9.0, pause_s=0)
        heard = await call.hears("urodzenia")
        assert "słychać" not in heard
        await call.wait(6.0)
        call.presses("0")
        await call.wait(2.5)
        call.presses("8051980")
        heard = await call.hears("pocztowy")
        assert "słychać" not in heard
        call.leg.end()


@simulated
async def test_call_that_lasts_too_long_is_politely_ended():
    bench = Bench(TurnSettings(max_call_minutes=0.9))
    async with bench.call() as call:
        await call.proves_identity()
        assert call.now_s < 54
        call.says("aha no tak to się zastanowię jeszcze chwilę", 9.0)
    assert "konsultant" in call.heard_lately.lower()
    assert 54 < call.now_s < 80
    assert call.record.end_reason == "too many turns"
    assert call.callbacks != []
