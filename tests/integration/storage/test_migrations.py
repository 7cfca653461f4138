"""The migrations lead to exactly the tables of tables.py, and back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from tests.integration.storage.examples import ANNA, CALL, LOAN
from tests.storage_fakes import SECRET
from voicebot.errors import NotFound, StorageError
from voicebot.storage.database import Database
from voicebot.storage.engine import create_sqlite_file, database_url, is_sqlite, make_engine
from voicebot.storage.migrate import current_revision, head_revision, migrate
from voicebot.storage.tables import metadata

T = TypeVar("T")


async def _inside(url: str, look: Callable[[Connection], T]) -> T:
    engine = make_engine(database_url(url), for_migration=True)
    async with engine.begin() as connection:
        found = await connection.run_sync(look)
    await engine.dispose()
    return found


async def _migrate(url: str, revision: str = "head") -> None:
    parsed = database_url(url)
    if is_sqlite(parsed):
        create_sqlite_file(parsed)
    await migrate(parsed, revision)


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, metadata)


def _table_names(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def _constraints(connection: Connection) -> set[tuple[str, str]]:
    """What autogenerate does not compare: names of checks, and which indexes are partial."""
    inspector = inspect(connection)
    found = set()
    for table in metadata.tables:
        for check in inspector.get_check_constraints(table):
            found.add((table, str(check["name"])))
        for index in inspector.get_indexes(table):
            options = index.get("dialect_options", {})
            where = options.get("sqlite_where", options.get("postgresql_where"))
            if where is not None:
                found.add((table, str(index["name"])))
    return found


async def test_migrations_make_the_tables_of_the_code(url: str):
    await _migrate(url)
    assert await _inside(url, _differences) == []
    assert await _inside(url, current_revision) == head_revision()
    assert await _inside(url, _constraints) == {
        ("installation", "ck_installation_single_row"),
        ("promises", "ck_promises_amount_positive"),
        ("promises", "uq_promises_call_id_case_id"),
        ("plans", "ck_plans_terms_positive"),
        ("plans", "uq_plans_call_id_case_id"),
        ("calls", "ix_calls_open"),
    }


async def test_comparison_would_see_a_difference(url: str):
    await _migrate(url)
    await _inside(url, lambda c: c.execute(text("ALTER TABLE callbacks ADD COLUMN extra TEXT")))
    (difference,) = await _inside(url, _differences)
    assert difference[0] == "remove_column"


async def test_downgrade_leaves_nothing_and_upgrade_works_again(url: str):
    database = await Database.open(url, SECRET)
    await database.cases.add(ANNA, LOAN)
    await database.calls.start(CALL)
    await database.close()
    await _migrate(url, "base")
    assert await _inside(url, _table_names) - {"alembic_version", "sqlite_sequence"} == set()
    database = await Database.open(url, SECRET)
    assert await database.calls.list() == []
    await database.close()


async def test_opening_again_keeps_what_is_there(url: str):
    for _ in range(2):
        database = await Database.open(url, SECRET)
        await database.calls.start(CALL)
        assert await database.calls.list() == [CALL]
        await database.close()


async def test_nodes_that_start_at_once_migrate_once(url: str):
    databases = await asyncio.gather(*(Database.open(url, SECRET) for _ in range(4)))
    await databases[0].calls.start(CALL)
    for database in databases:
        assert await database.calls.list() == [CALL]
        await database.close()


async def test_database_of_a_newer_version_is_left_alone(url: str):
    await _migrate(url)
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    await _inside(url, lambda connection: connection.execute(newer))
    with pytest.raises(StorageError, match="newer"):
        await Database.open(url, SECRET)
    with pytest.raises(StorageError, match="9999"):
        await Database.open_existing(url)


async def test_looking_at_a_database_makes_and_migrates_nothing(url: str):
    parsed = database_url(url)
    if is_sqlite(parsed):
        with pytest.raises(NotFound, match="no database"):
            await Database.open_existing(url)
        assert not os.path.exists(parsed.database or "")  # noqa: ASYNC240 -- a test may block
        create_sqlite_file(parsed)
    with pytest.raises(StorageError, match="start the server once"):
        await Database.open_existing(url)
    assert await _inside(url, _table_names) == set()
    await _migrate(url)
    database = await Database.open_existing(url)
    assert await database.calls.list() == []
    with pytest.raises(StorageError, match="secret"):
        await database.cases.verify_fact(1, "postcode", "00-950")
    with pytest.raises(StorageError, match="secret"):
        await database.audit.verify_chain()
    await database.close()
