"""Somebody who can write to the database changes the audit; it shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text

from tests.integration.storage.examples import NOW
from tests.storage_fakes import SECRET
from voicebot.errors import StorageError
from voicebot.storage.audit import Audit, AuditChain
from voicebot.storage.database import Database
from voicebot.storage.engine import database_url, is_sqlite, make_engine
from voicebot.storage.transactions import Transactions

Execute = Callable[[str], Awaitable[None]]

N_ENTRIES = 6


@pytest.fixture
async def execute(url: str) -> Execute:
    async def run(statement: str) -> None:
        engine = make_engine(database_url(url), for_migration=True)
        async with engine.begin() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    return run


@pytest.fixture
async def audited(database: Database) -> Database:
    for number in range(N_ENTRIES):
        await database.audit.append("c-1", "said", {"number": number}, NOW)
    assert await database.audit.verify_chain() is None
    return database


@pytest.fixture
async def lift_guard(url: str, audited: Database, execute: Execute) -> Execute:
    """What an attacker with the owner's rights does first."""
    if is_sqlite(database_url(url)):
        await execute("DROP TRIGGER audit_no_update")
        await execute("DROP TRIGGER audit_no_delete")
    else:
        await execute("ALTER TABLE audit DISABLE TRIGGER audit_append_only")
    return execute


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET name = 'x' WHERE audit_id = 2", "DELETE FROM audit"]
)
async def test_database_refuses_to_change_entries(
    audited: Database, execute: Execute, statement: str
):
    with pytest.raises(Exception, match="append-only"):
        await execute(statement)
    assert await audited.audit.verify_chain() is None


@pytest.mark.parametrize(
    ("statement", "first_broken"),
    [
        ("UPDATE audit SET name = 'x' WHERE audit_id = 3", 3),
        ("UPDATE audit SET data = '{\"number\": 9}' WHERE audit_id = 1", 1),
        ("UPDATE audit SET call_id = NULL WHERE audit_id = 6", 6),
        ("UPDATE audit SET at = '2026-03-02 09:30:16.000000' WHERE audit_id = 4", 4),
        ("DELETE FROM audit WHERE audit_id = 4", 4),
        ("DELETE FROM audit WHERE audit_id = 1", 1),
        ("DELETE FROM audit WHERE audit_id >= 5", 5),
        ("DELETE FROM audit", 1),
        (
            "UPDATE audit SET prev_hash = (SELECT hash FROM audit WHERE audit_id = 2) "
            "WHERE audit_id = 5",
            5,
        ),
    ],
)
async def test_change_breaks_the_chain(
    audited: Database, lift_guard: Execute, statement: str, first_broken: int
):
    await lift_guard(statement)
    assert await audited.audit.verify_chain() == first_broken


async def test_chain_longer_than_a_page_is_checked_to_its_end(url: str, lift_guard: Execute):
    transactions = Transactions(make_engine(database_url(url)))
    by_twos = Audit(transactions, AuditChain(SECRET), page=2)
    assert await by_twos.verify_chain() is None
    await lift_guard("UPDATE audit SET name = 'x' WHERE audit_id = 5")
    assert await by_twos.verify_chain() == 5
    await transactions.close()


async def test_entry_added_behind_a_broken_one_does_not_heal_the_chain(
    audited: Database, lift_guard: Execute
):
    await lift_guard("DELETE FROM audit WHERE audit_id = 6")
    await audited.audit.append("c-1", "later", {}, NOW)
    assert await audited.audit.verify_chain() == 6


async def test_another_secret_is_refused(url: str, database: Database):
    with pytest.raises(StorageError, match=r"secret\.key"):
        await Database.open(url, bytes(32))
