"""Workers die, the database is away: the caller is told what is true, and nothing is lost."""

from __future__ import annotations

import asyncio

import pytest

from tests.calls.bench import BALANCE_GR, Bench, BenchCall
from tests.simulated_time import simulated
from tests.storage_fakes import FakeDatabase
from voicebot.calls.ledger import CLOSE_PATIENCE_S
from voicebot.errors import StorageError
from voicebot.records import Disposition, Promise


def away() -> StorageError:
    error = StorageError("the database can't be reached")
    error.retryable = True
    return error


@simulated
async def test_turn_that_no_worker_could_transcribe_is_asked_for_again():
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        bench.speech.fail_transcripts = 2
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("słabo słychać.*numer sprawy")
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("urodzenia")
        call.leg.end()
    assert [turn.confidence for turn in call.caller_turns] == [0.0, 0.9]
    assert "speech_end_to_transcript" not in call.caller_turns[0].timings_ms


@simulated
async def test_turn_whose_early_transcript_failed_is_transcribed_again():
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        bench.speech.fail_transcripts = 1
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("urodzenia")
        call.leg.end()


@simulated
async def test_sentence_that_broke_off_goes_on_without_being_heard_twice():
    bench = Bench()
    async with bench.call() as call:
        await call.proves_identity()
        before_s = call.now_s
        bench.speech.fail_sentences = 1
        call.says("zapłacę całość w piątek")
        heard = await call.hears("tak zapisać")
        call.leg.end()
    sentence = next(s for s in bench.speech.sentences if s.startswith("Podsumuję"))
    assert bench.speech.sentences.count(sentence) >= 2
    assert heard.count(sentence) == 1
    prompt = call.bot_turn("Podsumuję")
    whole_s = len(sentence) * bench.book.S_PER_CHARACTER
    assert abs(prompt.ended_s - prompt.started_s - whole_s) < 0.2
    assert call.now_s > before_s


@simulated
async def test_sentence_that_no_worker_can_say_is_left_out_and_the_call_goes_on():
    bench = Bench()
    async with bench.call() as call:
        bench.speech.lost.add("Tytuł: faktura za usługi telefoniczne.")
        await call.proves_identity()
        assert "Wierzyciel" in call.heard_lately
        assert "Tytuł" not in call.heard_lately
        call.leg.end()
    assert "Tytuł" not in call.bot_turn("Wierzyciel").text


@simulated
async def test_call_without_any_voice_apologises_and_a_human_calls_back():
    bench = Bench()
    async with bench.call() as call:
        await call.answers("klawiaturze", "dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.answers("urodzenia", "ósmego maja tysiąc dziewięćset osiemdziesiątego roku")
        await call.hears("pocztowy")
        call.presses("00950")
        bench.speech.is_dead = True
        heard = await call.hears("chwilowy kłopot")
        assert "wpłata" not in heard
    assert "oddzwoni" in call.heard_lately
    assert call.record.disposition is Disposition.ERROR
    assert [callback.reason for callback in call.callbacks] == ["błąd techniczny"]


@simulated
async def test_call_without_voice_nor_apology_ends_all_the_same():
    bench = Bench()
    bench.prompt_audio.texts.clear()
    bench.speech.is_dead = True
    async with bench.call() as call:
        await call.wait_ended(30)
    assert call.heard == ""
    assert call.bot_turns == []
    assert call.record.ai_disclosed_at is None
    assert call.record.disposition is Disposition.ERROR
    assert [callback.reason for callback in call.callbacks] == ["błąd techniczny"]


@simulated
async def test_call_without_voice_does_not_ask_in_vain_for_a_number_to_call_back():
    bench = Bench()
    bench.prompt_audio.texts.clear()
    bench.speech.is_dead = True
    async with bench.call("anonymous") as call:
        await call.wait_ended(30)
    assert call.record.disposition is Disposition.ERROR
    assert call.record.end_reason == "no voice is left"


async def agrees(call: BenchCall) -> None:
    await call.proves_identity()
    call.says("zapłacę całość w piątek")
    await call.hears("tak zapisać")


class RefusingPromises:
    def __init__(self, error: StorageError) -> None:
        self.error = error
        self.rows: dict[int, Promise] = {}
        self.n_asked = 0

    async def add(self, promise: Promise) -> int:
        self.n_asked += 1
        raise self.error

    async def list(self, case_id: int | None = None, call_id: str | None = None) -> list[Promise]:
        return []


@pytest.mark.parametrize("is_retryable", [True, False])
@simulated
async def test_promise_that_can_not_be_written_is_never_confirmed(is_retryable: bool):
    bench = Bench()
    bench.database.promises = RefusingPromises(away() if is_retryable else StorageError("no"))
    async with bench.call() as call:
        await agrees(call)
        call.says("tak, zgadza się")
        await call.hears("chwilowy kłopot")
    assert "zapisane" not in call.heard
    assert "oddzwoni" in call.heard_lately
    assert call.record.disposition is Disposition.ERROR
    assert [callback.reason for callback in call.callbacks] == ["błąd techniczny"]
    assert "promise_confirmed" not in call.events
    assert bench.database.promises.n_asked == (5 if is_retryable else 1)


@simulated
async def test_withdrawn_promise_is_not_written_when_the_database_comes_back():
    bench = Bench()
    async with bench.call() as call:
        await agrees(call)
        bench.database.fail_with = away()
        call.says("tak, zgadza się")
        await call.hears("chwilowy kłopot")
        bench.database.fail_with = None
    assert call.promises == []
    assert call.record.disposition is Disposition.ERROR
    assert [turn.text for turn in call.caller_turns][-1] == "tak, zgadza się"


@simulated
async def test_short_outage_at_the_promise_is_waited_for():
    bench = Bench()
    async with bench.call() as call:
        await agrees(call)
        bench.database.fail_with = away()
        call.says("tak, zgadza się")
        await call.wait(3)
        bench.database.fail_with = None
        await call.hears("zapisane")
        call.leg.end()
    assert [promise.amount_gr for promise in call.promises] == [BALANCE_GR]
    assert call.record.disposition is Disposition.PTP_FULL


@simulated
async def test_caller_who_leaves_while_his_promise_is_written_has_made_it():
    bench = Bench()
    async with bench.call() as call:
        await agrees(call)
        bench.database.fail_with = away()
        call.says("tak, zgadza się")
        await call.wait(2.5)
        call.leg.end()
        await asyncio.sleep(1)
        bench.database.fail_with = None
    assert [promise.amount_gr for promise in call.promises] == [BALANCE_GR]
    assert call.record.disposition is Disposition.PTP_FULL


@simulated
async def test_promise_refused_after_the_caller_left_is_no_promise():
    bench = Bench()
    bench.database.promises = RefusingPromises(away())
    async with bench.call() as call:
        await agrees(call)
        call.says("tak, zgadza się")
        await call.wait(2.5)
        call.leg.end()
        await asyncio.sleep(0.5)
        bench.database.promises.error = StorageError("refused")
    assert call.record.disposition is Disposition.ERROR


@simulated
async def test_long_outage_loses_no_turn():
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        bench.database.fail_with = away()
        call.says("dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.answers("urodzenia", "ósmego maja tysiąc dziewięćset osiemdziesiątego roku")
        await call.hears("pocztowy")
        await call.wait(6)
        call.leg.end()
        await asyncio.sleep(20)
        assert len(call.caller_turns) == 0
        bench.database.fail_with = None
    assert [turn.prompt_id for turn in call.bot_turns][-1] == "ask_postcode"
    assert len(call.caller_turns) == 2
    assert call.record.ended_at is not None


@simulated
async def test_database_that_is_away_from_the_start_delays_the_greeting_little():
    bench = Bench()
    await bench.add_debtor()
    bench.database.fail_with = away()
    async with bench.call() as call:
        await call.begins_to_hear("automatyczny")
        assert call.now_s < 3
        await call.hears("klawiaturze")
        bench.database.fail_with = None
        call.leg.end()
    assert call.record.ended_at is not None
    assert call.bot_turns[0].prompt_id == "greeting"


@simulated
async def test_database_that_never_comes_back_ends_the_wait_and_raises_nothing():
    bench = Bench()
    async with bench.call() as call:
        await call.hears("klawiaturze")
        bench.database.fail_with = away()
        call.leg.end()
        ended_at = bench.clock.monotonic()
        await call.wait_ended()
        assert bench.clock.monotonic() - ended_at < CLOSE_PATIENCE_S + 1
    assert call.record.ended_at is None


class SlowCases:
    """Answers no query in time."""

    def __init__(self, database: FakeDatabase) -> None:
        self.rows = database.cases.rows

    async def find(self, case_number: str) -> None:
        await asyncio.sleep(3600)


@simulated
async def test_case_directory_that_hangs_does_not_keep_the_caller_waiting():
    bench = Bench()
    await bench.add_debtor()
    bench.database.cases = SlowCases(bench.database)
    async with bench.call() as call:
        await call.answers("klawiaturze", "dwa cztery sześć osiem jeden trzy pięć siedem")
        await call.hears("chwilowy kłopot")
    assert call.record.disposition is Disposition.ERROR
    assert call.callbacks != []
