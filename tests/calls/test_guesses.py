"""What is recognised in a pause ends the turn sooner or later, and its answer is ready by then."""

from __future__ import annotations

from tests.calls.bench import Bench
from tests.simulated_time import simulated


@simulated
async def test_unfinished_words_are_waited_for():
    bench = Bench()
    async with bench.call() as call:
        await call.proves_identity()
        call.says("zapłacę całość w")
        call.says("piątek", pause_s=1.2)
        await call.hears("tak zapisać")
        call.leg.end()
    assert [turn.text for turn in call.caller_turns[3:]] == ["zapłacę całość w piątek"]


@simulated
async def test_whole_words_of_little_confidence_end_no_turn_early():
    bench = Bench()
    async with bench.call() as call:
        await call.proves_identity()
        bench.speech.confidence = 0.1
        call.says("zapłacę całość w piątek")
        await call.hears("tak zapisać|powtórzyć|zrozumia")
        call.leg.end()
    assert call.caller_turns[3].timings_ms["speech_end_to_decided"] >= 310


@simulated
async def test_guess_that_was_wrong_leaves_no_trace():
    bench = Bench()
    async with bench.call() as call:
        await call.proves_identity()
        call.says("zapłacę całość w piątek")
        await call.hears("tak zapisać")
        # "Tak" would be a promise; before the turn is over it becomes its opposite. The pause is
        # long enough to recognise and answer the first words, too short to end the turn.
        call.says("tak", 0.5)
        bench.speech.transcribe_s = 0.05
        call.says("nie, nie zgadzam się", pause_s=0.14)
        await call.until(lambda: len(call.caller_turns) == 5, "the turn was not heard")
        call.leg.end()
    said = call.caller_turns[4]
    assert said.text == "tak nie, nie zgadzam się"
    assert said.timings_ms["discarded_guesses"] == 1
    assert call.promises == []
    assert "zapisane" not in call.heard_lately


@simulated
async def test_next_question_is_made_while_the_caller_speaks():
    bench = Bench()
    bench.speech.synthesis_s = 2.0
    async with bench.call() as call:
        await call.proves_identity()
        call.says("zapłacę całość w piątek")
        await call.hears("tak zapisać")
        await call.wait(15)  # he thinks: what may come next is made meanwhile
        call.says("tak, zgadza się")
        await call.hears("zapisane")
        call.leg.end()
    answer = call.bot_turn("zapisane")
    assert answer.timings_ms["voice_to_voice"] < 500, "not two seconds: it was made ahead"
