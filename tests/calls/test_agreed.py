"""A caller proves who he is, agrees on a payment, and it is on record before he is told so."""

from __future__ import annotations

import pytest

from tests.calls.bench import BALANCE_GR, FRIDAY, Bench
from tests.simulated_time import simulated
from voicebot.audio import SILENCE
from voicebot.calls.turn_times import STEPS
from voicebot.records import Disposition, Speaker


@simulated
async def test_promise_is_stored_before_the_caller_hears_that_it_is():
    bench = Bench()
    async with bench.call() as call:
        await call.proves_identity()
        call.says("zapłacę całość w piątek")
        await call.answers("tak zapisać", "tak, zgadza się")
        heard_before = ""
        while not bench.database.promises.rows:
            heard_before = call.heard_lately
            await call.wait(0.02)
        assert "zapisane" not in heard_before
        await call.answers("zapisane.*pomóc", "nie, dziękuję")
    [promise] = call.promises
    assert (promise.amount_gr, promise.due_date) == (BALANCE_GR, FRIDAY)
    record = call.record
    assert record.disposition is Disposition.PTP_FULL
    assert record.is_verified
    assert record.case_id == promise.case_id
    assert record.ended_at is not None
    assert record.end_reason == "conversation finished"
    assert record.media_stats["packets_received"] > 0
    assert call.leg.hang_ups == ["conversation finished"]
    assert "do widzenia" in call.heard.lower()
    assert len(bench.live_calls) == 0
    assert bench.speech.n_open == 0
    assert bench.speech.n_closed == 1


@simulated
async def test_turns_are_kept_in_order_with_times_intents_and_confidences():
    bench = Bench()
    async with bench.call() as call:
        await call.proves_identity()
        call.says("zapłacę całość w piątek")
        await call.answers("tak zapisać", "tak, zgadza się")
        await call.answers("zapisane.*pomóc", "nie, dziękuję")
    starts = [turn.started_s for turn in call.turns]
    assert starts == sorted(starts)
    assert all(turn.started_s < turn.ended_s for turn in call.turns)
    assert [turn.text for turn in call.caller_turns] == [
        "dwa cztery sześć osiem jeden trzy pięć siedem",
        "ósmego maja tysiąc dziewięćset osiemdziesiątego roku",
        "zero zero dziewięćset pięćdziesiąt",
        "zapłacę całość w piątek",
        "tak, zgadza się",
        "nie, dziękuję",
    ]
    case, birth, postcode, promised, yes, _ = call.caller_turns
    assert all(turn.confidence == 0.9 for turn in call.caller_turns)
    assert case.state == "greeting"
    assert case.slots == {"case_number": "24681357"}
    assert birth.slots == {"birth_date": "***"}
    assert postcode.slots == {"postcode": "***"}
    assert promised.slots["promise_date"] == "2026-03-13"
    assert yes.state == "agree_payment.read_back"
    greeting = call.turns[0]
    assert (greeting.speaker, greeting.prompt_id) == (Speaker.BOT, "greeting")
    assert not any(turn.was_interrupted for turn in call.turns)


@simulated
async def test_first_prompt_after_a_turn_tells_how_long_the_caller_waited():
    bench = Bench()
    async with bench.call() as call:
        await call.proves_identity()
        call.leg.end()
    timed = [turn for turn in call.bot_turns if "voice_to_voice" in turn.timings_ms]
    assert [turn.prompt_id for turn in timed] == ["verify_intro", "ask_postcode", "debt_what"]
    for turn in call.caller_turns:
        # Recognised from the first pause on (60 + 150 ms); what is whole by its words ends then.
        decided_ms = 230 if turn.state in ("greeting", "verify_identity.ask_birth") else 350
        assert turn.timings_ms["speech_end_to_vad_end"] == pytest.approx(60, abs=30)
        assert turn.timings_ms["speech_end_to_decided"] == pytest.approx(decided_ms, abs=30)
        assert turn.timings_ms["speech_end_to_transcript"] == pytest.approx(decided_ms, abs=30)
        assert turn.timings_ms["guess_head_start"] == pytest.approx(decided_ms - 230, abs=40)
    steps = [key for key in STEPS if not key.endswith(("vad_end", "decided", "transcript"))]
    for turn in timed:
        assert sorted(turn.timings_ms[key] for key in steps) == [
            turn.timings_ms[key] for key in steps
        ], "a step never comes before the one that it needs"
        assert turn.timings_ms["decision_to_first_packet"] >= 0
    cached = call.bot_turn("podać kod")
    assert 210 <= cached.timings_ms["voice_to_voice"] <= 360
    assert cached.timings_ms["decision_to_first_packet"] <= 25, "it waits for nothing but the tick"
    debt = call.bot_turn("Wierzyciel")
    assert 350 <= debt.timings_ms["voice_to_voice"] <= 520, "synthesis takes 100 ms more"


@simulated
async def test_recording_holds_the_whole_call_and_is_closed(tmp_path):
    bench = Bench(recordings_path=tmp_path)
    async with bench.call() as call:
        await call.hears("numer sprawy")
        recorder = call.leg.recorder
        call.leg.end()
    await recorder.wait_closed()
    path = tmp_path / "2026-03-11" / "leg-1.wav"
    assert call.record.recording_path == str(path)
    assert abs(path.stat().st_size - 44 - 4 * call.leg.position) <= 4 * 160
    assert "nagrywana" in call.heard
    recorder.write(SILENCE, SILENCE)
    await recorder.wait_closed()
    assert abs(path.stat().st_size - 44 - 4 * call.leg.position) <= 4 * 160


@simulated
async def test_without_recording_nothing_is_announced_nor_kept():
    bench = Bench()
    async with bench.call() as call:
        await call.hears("numer sprawy")
        call.leg.end()
    assert "nagrywana" not in call.heard
    assert call.record.recording_path == ""
    assert call.record.recording_disclosed_at is None


@simulated
async def test_objection_stops_the_recording_and_deletes_it(tmp_path):
    bench = Bench(recordings_path=tmp_path)
    async with bench.call() as call:
        await call.hears("numer sprawy")
        recorder = call.leg.recorder
        call.says("nie zgadzam się na nagrywanie")
        await call.hears("wyłączone")
        assert call.leg.recorder is None
        call.leg.end()
    await recorder.wait_closed()
    assert list(tmp_path.rglob("*.wav")) == []
    assert call.record.recording_path == ""
    assert {"recording_stopped", "recording_objection"} <= set(call.events)
