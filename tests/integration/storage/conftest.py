from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.postgresql import PostgresqlServer, running_postgresql
from tests.storage_fakes import SECRET, FakeDatabase
from voicebot.storage.database import Database


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database may be made; it does not exist or is empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'voicebot.sqlite3'}"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """The real thing, on both engines."""
    database = await Database.open(url, SECRET)
    yield database
    await database.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Database | FakeDatabase]:
    """What callers of the storage see: the fake and the real ones behave alike."""
    if request.param == "memory":
        yield FakeDatabase()
        return
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'voicebot.sqlite3'}"
    else:
        url = request.getfixturevalue("postgresql").new_database()
    database = await Database.open(url, SECRET)
    yield database
    await database.close()
