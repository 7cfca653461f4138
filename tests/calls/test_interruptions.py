"""Who may speak when: barge-in, what may not be cut, and pauses that are no end."""

from __future__ import annotations

from tests.calls.bench import Bench
from tests.fakes import NOISE
from tests.simulated_time import simulated
from voicebot.settings import TurnSettings


@simulated
async def test_caller_who_speaks_over_the_question_stops_the_bot():
    bench = Bench()
    async with bench.call() as call:
        await call.begins_to_hear("podać ośmiocyfrowy")
        await call.wait(0.5)
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem", pause_s=0)
        began_s = call.now_s
        await call.until(lambda: not call.leg.playout.is_speaking, "the bot went on speaking")
        assert call.now_s - began_s <= TurnSettings().barge_in_ms / 1000 + 0.06
        await call.hears("datę urodzenia")
        call.leg.end()
    cut = call.bot_turn("podać ośmiocyfrowy")
    assert cut.was_interrupted
    assert cut.ended_s - cut.started_s < 1.0
    [turn] = call.caller_turns
    assert call.turns.index(turn) == call.turns.index(cut) + 1


@simulated
async def test_prompt_goes_on_when_what_stopped_it_was_only_noise():
    bench = Bench()
    async with bench.call() as call:
        await call.begins_to_hear("podać ośmiocyfrowy")
        await call.wait(0.5)
        call.says(NOISE, 0.5, pause_s=0)
        await call.until(lambda: not call.leg.playout.is_speaking, "the noise stopped nothing")
        before_s = call.now_s
        await call.until(lambda: call.leg.playout.is_speaking, "the bot never went on")
        # The noise, and the silence in which it could have been a number.
        assert call.now_s - before_s < 2.5
        await call.until(lambda: not call.leg.playout.is_speaking, "the prompt never ended")
        call.leg.end()
    prompt = call.bot_turn("podać ośmiocyfrowy")
    assert not prompt.was_interrupted
    assert [t.prompt_id for t in call.bot_turns].count("ask_case_first") == 1
    spoken_s = len(prompt.text) * bench.book.S_PER_CHARACTER
    assert spoken_s < prompt.ended_s - prompt.started_s < spoken_s + 3
    assert call.caller_turns == []


@simulated
async def test_crackle_that_is_no_turn_never_leaves_the_bot_silent():
    bench = Bench()
    async with bench.call() as call:
        await call.begins_to_hear("podać ośmiocyfrowy")
        for _ in range(40):
            call.says(NOISE, 0.04, pause_s=0.06)
        await call.hears("czy mnie słychać")
        call.leg.end()
    assert not call.bot_turn("podać ośmiocyfrowy").was_interrupted


@simulated
async def test_prompt_that_was_still_being_made_goes_on_whole_after_noise():
    bench = Bench()
    bench.speech.synthesis_s = 1.0
    async with bench.call() as call:
        await call.proves_identity()
        call.says("co to za dług")
        await call.begins_to_hear("Dziękuję")
        call.says(NOISE, 0.5, pause_s=0)
        heard = await call.hears("wpłata")
        call.leg.end()
    for part in ("Wierzyciel", "Tytuł", "Do zapłaty", "Termin minął", "Kiedy możliwa"):
        assert part in heard


@simulated
async def test_disclosure_is_never_cut():
    bench = Bench()
    async with bench.call() as call:
        call.says("konsultant proszę konsultant", pause_s=1)
        await call.hears("Konsultanci nie są")
        greeting = call.bot_turn("automatyczny asystent")
        spoken_s = len(greeting.text) * bench.book.S_PER_CHARACTER
        assert abs(greeting.ended_s - greeting.started_s - spoken_s) < 0.05
        # What was to follow the disclosure gives way to the answer.
        assert "ośmiocyfrowy" not in call.heard
    assert call.record.ai_disclosed_at is not None
    assert [callback.reason for callback in call.callbacks] == ["prośba o konsultanta"]


@simulated
async def test_halo_over_the_greeting_gets_no_apology():
    bench = Bench()
    async with bench.call() as call:
        call.says("halo", 0.9, pause_s=1)
        heard = await call.hears("klawiaturze")
        assert "jasne" not in heard
        assert "słychać" not in heard
        await call.wait(1.5)
        assert not call.leg.playout.is_speaking
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("urodzenia")
        call.leg.end()
    assert [turn.text for turn in call.caller_turns][:1] == ["halo"]
    assert [turn.prompt_id for turn in call.bot_turns].count("greeting") == 1
    starts = [turn.started_s for turn in call.turns]
    assert starts == sorted(starts)


@simulated
async def test_same_words_after_the_prompt_do_get_an_answer():
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        call.says("yyy no tego", 0.9)
        await call.hears("jasne|słychać|cyfra po cyfrze")
        call.leg.end()


@simulated
async def test_after_a_short_word_over_a_prompt_the_bot_goes_on_where_it_stopped():
    bench = Bench()
    async with bench.call() as call:
        await call.begins_to_hear("podać ośmiocyfrowy")
        call.says("yhm yhm", 0.35, pause_s=0)
        await call.until(lambda: not call.leg.playout.is_speaking, "the bot did not stop")
        await call.until(lambda: call.leg.playout.is_speaking, "the bot never went on")
        heard = await call.hears("")
        assert "jasne" not in heard
        assert "słychać" not in heard
        call.leg.end()
    assert not call.bot_turn("podać ośmiocyfrowy").was_interrupted


@simulated
async def test_caller_who_stopped_the_bot_is_answered_though_not_understood():
    bench = Bench()
    async with bench.call() as call:
        await call.begins_to_hear("podać ośmiocyfrowy")
        call.says("yyy no tego", 0.8, pause_s=0)
        await call.hears("jasne|słychać")
        call.leg.end()
    assert call.bot_turn("podać ośmiocyfrowy").was_interrupted


@simulated
async def test_case_number_said_over_the_greeting_counts():
    bench = Bench()
    async with bench.call() as call:
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem", 2.0, pause_s=0.5)
        heard = await call.hears("urodzenia")
        assert "ośmiocyfrowy" not in heard
        call.leg.end()


@simulated
async def test_transcript_made_in_the_pause_is_used_when_the_caller_stays_silent():
    bench = Bench()
    async with bench.call() as call:
        await call.answers("numer sprawy", "dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("urodzenia")
        call.leg.end()
    assert bench.speech.transcripts == ["dwa cztery sześć osiem jeden trzy pięć siedem"]
    assert bench.speech.n_dropped == 0


@simulated
async def test_transcript_made_in_the_pause_is_dropped_when_the_caller_goes_on():
    bench = Bench()
    bench.speech.transcribe_s = 0.6
    async with bench.call() as call:
        await call.hears("numer sprawy")
        call.says("dwa cztery sześć osiem")
        call.says("jeden trzy pięć siedem", pause_s=0.5)
        await call.hears("urodzenia")
        call.leg.end()
    assert bench.speech.n_dropped >= 1
    assert bench.speech.transcripts == ["dwa cztery sześć osiem jeden trzy pięć siedem"]
    assert [turn.text for turn in call.caller_turns] == bench.speech.transcripts


@simulated
async def test_two_turns_in_a_row_are_answered_in_their_order():
    bench = Bench()
    bench.speech.transcribe_s = 6.0
    async with bench.call() as call:
        await call.hears("numer sprawy")
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem")
        call.says("ósmego maja tysiąc dziewięćset osiemdziesiątego roku", pause_s=4.0)
        await call.hears("pocztowy")
        call.leg.end()
    assert [turn.text for turn in call.caller_turns] == [
        "dwa cztery sześć osiem jeden trzy pięć siedem",
        "ósmego maja tysiąc dziewięćset osiemdziesiątego roku",
    ]


@simulated
async def test_turn_that_waits_for_its_words_is_answered_though_the_caller_pauses_in_the_next():
    bench = Bench()
    bench.speech.transcribe_s = 6.0
    async with bench.call() as call:
        await call.hears("numer sprawy")
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem")
        call.says("ósmego maja", pause_s=2.8)
        call.says("tysiąc dziewięćset osiemdziesiątego roku", pause_s=0.5)
        await call.hears("pocztowy")
        call.leg.end()
    assert [turn.text for turn in call.caller_turns] == [
        "dwa cztery sześć osiem jeden trzy pięć siedem",
        "ósmego maja tysiąc dziewięćset osiemdziesiątego roku",
    ]
