"""Writes that wait, are cancelled, race or fail."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.storage.examples import ANNA, ANSWER, CALL, LOAN, NOW, call, promise
from tests.postgresql import PostgresqlServer
from tests.storage_fakes import SECRET
from voicebot.errors import StorageError
from voicebot.storage.calls import Calls
from voicebot.storage.database import Database
from voicebot.storage.engine import database_url, make_engine
from voicebot.storage.transactions import Transactions


def _turn(number: int):
    return replace(ANSWER, started_s=float(number), ended_s=number + 0.5)


async def test_event_loop_runs_on_while_a_write_waits_for_the_disk(tmp_path: Path):
    path = tmp_path / "voicebot.sqlite3"
    database = await Database.open(f"sqlite:///{path}", SECRET)
    await database.calls.start(CALL)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    write = asyncio.create_task(database.calls.add_turn("c-1", 0, _turn(0)))
    for _ in range(10):
        await asyncio.sleep(0.02)  # audio ticks
    assert not write.done()
    # Readers are not held up either.
    assert await database.calls.get("c-1") == CALL
    other.execute("ROLLBACK")
    other.close()
    await write
    assert await database.calls.turns("c-1") == [_turn(0)]
    await database.close()


async def test_cancelled_caller_does_not_lose_the_write(database: Database):
    await database.calls.start(CALL)
    for number in range(20):
        write = asyncio.create_task(database.calls.add_turn("c-1", number, _turn(number)))
        # Cancelled at different moments of the write.
        for _ in range(number % 5 + 1):
            await asyncio.sleep(0)
        write.cancel()
        with pytest.raises(asyncio.CancelledError):
            await write
    await database.calls.update("c-1", end_reason="after all")
    for _ in range(100):
        if len(await database.calls.turns("c-1")) == 20:
            break
        await asyncio.sleep(0.02)
    assert await database.calls.turns("c-1") == [_turn(number) for number in range(20)]


async def test_close_waits_for_writes_under_way(url: str):
    database = await Database.open(url, SECRET)
    await database.calls.start(CALL)
    write = asyncio.create_task(database.calls.add_turn("c-1", 0, _turn(0)))
    await asyncio.sleep(0)
    write.cancel()
    await asyncio.sleep(0)
    await database.close()
    again = await Database.open(url, SECRET)
    assert await again.calls.turns("c-1") == [_turn(0)]
    await again.close()


async def test_many_calls_write_at_once(database: Database):
    async def one_call(number: int) -> None:
        call_id = f"c-{number}"
        await database.calls.start(call(call_id))
        for index in range(5):
            await database.calls.add_turn(call_id, index, _turn(index))
            await database.audit.append(call_id, "turn_ended", {"index": index}, NOW)

    await asyncio.gather(*(one_call(number) for number in range(20)))
    for number in range(20):
        assert len(await database.calls.turns(f"c-{number}")) == 5
    assert await database.audit.verify_chain() is None


async def test_two_nodes_write_to_one_audit(url: str):
    first, second = await asyncio.gather(Database.open(url, SECRET), Database.open(url, SECRET))
    await asyncio.gather(
        *(
            node.audit.append(name, "tick", {"n": number}, NOW)
            for name, node in (("a", first), ("b", second))
            for number in range(25)
        )
    )
    assert len(await first.audit.list("a")) == 25
    assert len(await second.audit.list("b")) == 25
    assert await first.audit.verify_chain() is None
    await first.close()
    await second.close()


async def test_promise_sent_twice_at_once_is_one_promise(database: Database):
    case = await database.cases.add(ANNA, LOAN)
    await database.calls.start(CALL)
    ids = await asyncio.gather(
        *(database.promises.add(promise(case.case_id)) for _ in range(8)),
    )
    assert len(set(ids)) == 1
    terms = [promise(case.case_id, amount_gr=amount) for amount in range(1000, 1008)]
    await asyncio.gather(*(database.promises.add(made) for made in terms))
    stored = await database.promises.list()
    assert [made.status for made in stored].count("open") == 1


async def test_text_no_database_takes_is_stored_all_the_same(database: Database):
    await database.calls.start(call("c-1", remote_party="sip:\0evil\udcff@example.invalid"))
    await database.calls.add_turn("c-1", 0, replace(_turn(0), text="a\0b", slots={"x": "\0"}))
    stored = await database.calls.get("c-1")
    assert stored.remote_party == "sip:\ufffdevil\ufffd@example.invalid"
    (turn,) = await database.calls.turns("c-1")
    assert (turn.text, turn.slots) == ("a\ufffdb", {"x": "\ufffd"})


async def test_instant_without_a_zone_is_refused(database: Database):
    with pytest.raises(StorageError, match="time zone"):
        await database.calls.start(call("c-1", started_at=NOW.replace(tzinfo=None)))


async def test_error_text_tells_no_personal_data(database: Database):
    case = await database.cases.add(ANNA, LOAN)
    secret_words = "nie zapłacę Żółciowej"
    await database.calls.start(CALL)
    errors = []
    for attempt in (
        database.calls.add_turn("nobody", 0, replace(_turn(0), text=secret_words)),
        database.cases.add(replace(ANNA, first_name=secret_words), LOAN),
        database.contacts.add(replace(ANNA, gender=secret_words + "x" * 100)),
        database.promises.add(promise(case.case_id, amount_gr=-987654)),
    ):
        try:
            await attempt
        except StorageError as error:
            errors.append(error)
    assert len(errors) >= 3
    for error in errors:
        assert secret_words not in str(error)
        assert "987654" not in str(error)
        assert "2468" not in str(error)
        assert error.__cause__ is None
        assert error.__suppress_context__


async def test_full_queue_of_readers_is_served(database: Database):
    await database.calls.start(CALL)
    records = await asyncio.gather(*(database.calls.get("c-1") for _ in range(60)))
    assert records == [CALL] * 60


async def test_lost_server_is_an_error_that_may_be_retried(postgresql: PostgresqlServer):
    url = postgresql.new_database()
    database = await Database.open(url, SECRET)
    await database.calls.start(CALL)
    name = url.split("/")[3].split("?")[0]
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
    postgresql.sql(f"{ended}'{name}'", "postgres")
    # Pooled connections are tried before use, so that a restart is not seen at all.
    assert await database.calls.get("c-1") == CALL
    await database.close()

    with pytest.raises(StorageError, match="can't be reached") as caught:
        await Database.open("postgresql://nobody@/nothing?host=/nowhere", SECRET)
    assert caught.value.retryable
    with pytest.raises(StorageError, match=r"3D000|does not exist"):
        await Database.open(postgresql.url("no_such_database"), SECRET)


async def test_locked_sqlite_is_an_error_that_may_be_retried(tmp_path: Path):
    path = tmp_path / "voicebot.sqlite3"
    url = f"sqlite:///{path}"
    await (await Database.open(url, SECRET)).close()
    transactions = Transactions(make_engine(database_url(url), busy_timeout_ms=20))
    calls = Calls(transactions)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="locked") as caught:
        await calls.start(CALL)
    assert caught.value.retryable
    other.close()
    await calls.start(CALL)
    assert await calls.get("c-1") == CALL
    await transactions.close()
