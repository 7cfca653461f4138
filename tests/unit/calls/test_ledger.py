"""A call's record, written in order through a database that comes and goes."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from tests.fakes import FakeClock
from tests.simulated_time import simulated
from tests.storage_fakes import FakeDatabase
from voicebot.calls import ledger as ledger_module
from voicebot.calls.ledger import CallLedger
from voicebot.errors import NotFound, StorageError
from voicebot.records import (
    Callback,
    CallRecord,
    Direction,
    Disposition,
    Promise,
    Speaker,
    Turn,
)
from voicebot.storage.samples import sample_debtors

NOW = FakeClock().now()
RECORD = CallRecord("call-1", Direction.INBOUND, "sip", "+48000000101", "infolinia", "x", NOW)
PROMISE = Promise(1, "call-1", 5000, date(2026, 3, 13), NOW)
LATER = NOW + timedelta(minutes=5)


def away() -> StorageError:
    error = StorageError("the database can't be reached")
    error.retryable = True
    return error


def turn(text: str) -> Turn:
    return Turn(Speaker.CALLER, text, 1.0, 2.0)


async def opened() -> tuple[FakeDatabase, CallLedger]:
    database = FakeDatabase()
    debtor = sample_debtors(date(2026, 3, 11))[0]
    await database.cases.add(debtor.contact, debtor.case)
    ledger = CallLedger(database, RECORD)
    await ledger.open()
    return database, ledger


async def close(ledger: CallLedger, disposition: Disposition = Disposition.PTP_FULL) -> None:
    await ledger.close(LATER, disposition, "hangup", {"packets_received": 3})


@simulated
async def test_row_is_there_when_open_returns():
    database, ledger = await opened()
    assert database.calls.rows["call-1"].ended_at is None
    await close(ledger)
    record = database.calls.rows["call-1"]
    assert (record.ended_at, record.end_reason) == (LATER, "hangup")
    assert record.disposition is Disposition.PTP_FULL


@simulated
async def test_turns_survive_an_outage_of_minutes_in_their_order():
    database, ledger = await opened()
    database.fail_with = away()
    for n in range(20):
        ledger.add_turn(turn(f"turn {n}"))
        await asyncio.sleep(30)
    assert database.calls.turn_rows["call-1"] == {}
    database.fail_with = None
    await close(ledger)
    texts = [t.text for t in await database.calls.turns("call-1")]
    assert texts == [f"turn {n}" for n in range(20)]


@simulated
async def test_what_the_database_refuses_is_left_out_and_the_rest_is_written():
    database, ledger = await opened()
    ledger.update(case_id=99)
    ledger.add_turn(turn("after"))
    await close(ledger)
    assert [t.text for t in await database.calls.turns("call-1")] == ["after"]
    assert database.calls.rows["call-1"].ended_at == LATER


@pytest.mark.parametrize("error", [NotFound("gone"), ValueError("odd")])
@simulated
async def test_unexpected_error_of_one_write_stops_no_other(error: Exception):
    database, ledger = await opened()
    database.fail_with = error
    ledger.add_turn(turn("lost"))
    await asyncio.sleep(1)
    database.fail_with = None
    ledger.add_turn(turn("kept"))
    await close(ledger)
    assert [t.text for t in await database.calls.turns("call-1")] == ["kept"]


@simulated
async def test_promise_is_written_after_all_before_it():
    database, ledger = await opened()
    ledger.add_turn(turn("yes"))
    await ledger.add_promise(PROMISE)
    assert len(database.promises.rows) == 1
    assert [t.text for t in await database.calls.turns("call-1")] == ["yes"]
    await close(ledger)


@simulated
async def test_promise_not_written_in_time_is_withdrawn():
    database, ledger = await opened()
    database.fail_with = away()
    started_at = asyncio.get_running_loop().time()
    with pytest.raises(StorageError):
        await ledger.add_promise(PROMISE)
    waited_s = asyncio.get_running_loop().time() - started_at
    assert waited_s == pytest.approx(ledger_module.PROMISE_PATIENCE_S, abs=0.1)
    database.fail_with = None
    ledger.add_turn(turn("after"))
    await close(ledger, Disposition.ERROR)
    assert database.promises.rows == {}
    assert [t.text for t in await database.calls.turns("call-1")] == ["after"]


@simulated
async def test_promise_refused_for_good_is_told_at_once():
    database, ledger = await opened()
    with pytest.raises(StorageError):
        await ledger.add_promise(Promise(99, "call-1", 5000, date(2026, 3, 13), NOW))
    await close(ledger, Disposition.PTP_FULL)
    assert database.calls.rows["call-1"].disposition is Disposition.ERROR


@simulated
async def test_callback_waits_for_the_database_but_not_the_caller():
    database, ledger = await opened()
    database.fail_with = away()
    ledger.add_callback(Callback("call-1", None, "+48000000101", "prośba", None, NOW))
    await asyncio.sleep(60)
    database.fail_with = None
    await close(ledger, Disposition.CALLBACK)
    assert [c.reason for c in database.callbacks.rows.values()] == ["prośba"]


@simulated
async def test_close_gives_up_after_its_patience_and_tells_how_much_is_lost(caplog):
    database, ledger = await opened()
    database.fail_with = away()
    ledger.add_turn(turn("lost"))
    await asyncio.wait_for(close(ledger), ledger_module.CLOSE_PATIENCE_S + 1)
    [told] = [r for r in caplog.records if "incomplete" in r.message]
    assert told.n_lost == 2


@simulated
async def test_queue_is_bounded_but_the_end_always_fits(caplog):
    database, ledger = await opened()
    database.fail_with = away()
    for n in range(ledger_module.MAX_WAITING_WRITES + 10):
        ledger.add_turn(turn(f"{n}"))
    assert sum("could not be written" in r.message for r in caplog.records) == 10
    database.fail_with = None
    await close(ledger)
    assert database.calls.rows["call-1"].ended_at == LATER
    assert len(database.calls.turn_rows["call-1"]) == ledger_module.MAX_WAITING_WRITES
