"""Makes the SQLAlchemy engine: which driver, and how SQLite is set up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from voicebot.errors import StorageError
from voicebot.storage.column_types import to_json

BUSY_TIMEOUT_MS = 10_000
CONNECT_TIMEOUT_S = 10
COMMAND_TIMEOUT_S = 30

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}


def database_url(text: str) -> URL:
    """Read a URL; `sqlite:` and `postgresql:` get the driver we use. Raises StorageError."""
    try:
        url = make_url(text)
    except ArgumentError:
        # The text may hold a password, so it is not repeated.
        raise StorageError("storage.url: this is no SQLAlchemy URL") from None
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.drivername not in _DRIVERS.values():
        raise StorageError(
            f"storage.url: {url.drivername} is not supported; use sqlite or postgresql"
        )
    if is_sqlite(url) and url.database in {None, "", ":memory:"}:
        raise StorageError("storage.url: a database in memory would lose every call; name a file")
    return url


def is_sqlite(url: URL) -> bool:
    return url.drivername.startswith("sqlite")


def sqlite_path(url: URL) -> Path:
    return Path(url.database or "")


def create_sqlite_file(url: URL) -> None:
    """Make the file and its folder for the owner alone; WAL files take over its mode."""
    path = sqlite_path(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from None


def make_engine(
    url: URL, *, for_migration: bool = False, busy_timeout_ms: int = BUSY_TIMEOUT_MS
) -> AsyncEngine:
    """An engine for `url`. Raises StorageError where the driver is not installed.

    for_migration: one connection, and SQLite's foreign keys off. Alembic changes a SQLite
    table by copying and dropping it, which would delete the rows that point to it.
    busy_timeout_ms: how long SQLite waits for another process's write.
    """
    options: dict[str, Any] = {
        # Errors would otherwise carry names, numbers and transcripts into logs.
        "hide_parameters": True,
        "json_serializer": to_json,
    }
    if for_migration:
        options["poolclass"] = NullPool
    if not is_sqlite(url):
        options["pool_pre_ping"] = True
        options["connect_args"] = {
            "timeout": CONNECT_TIMEOUT_S,
            "command_timeout": None if for_migration else COMMAND_TIMEOUT_S,
        }
        if not for_migration:
            options["pool_timeout"] = CONNECT_TIMEOUT_S
    try:
        engine = create_async_engine(url, **options)
    except ModuleNotFoundError as error:
        raise StorageError(
            f"storage.url: {url.drivername} needs the package {error.name}: "
            "pip install 'voicebot[postgresql]'"
        ) from None
    except (ArgumentError, NoSuchModuleError) as error:
        raise StorageError(f"storage.url: {error}") from None
    if is_sqlite(url):
        _set_up_sqlite(engine, busy_timeout_ms, has_foreign_keys=not for_migration)
    return engine


def _set_up_sqlite(engine: AsyncEngine, busy_timeout_ms: int, *, has_foreign_keys: bool) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(dbapi_connection: Any, _record: object) -> None:
        # The driver's own BEGIN comes late and not before reads or DDL; ours is below.
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        # First of all: changing the journal mode may itself have to wait.
        cursor.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
        # Readers (web pages, `voicebot calls`) never hold up a call's writes, nor these them.
        cursor.execute("PRAGMA journal_mode = WAL")
        # NORMAL would outlive kill -9 but not a power cut. A promise told to the debtor as
        # recorded must outlive both; one fsync a turn is cheap at a few writes a second.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if has_foreign_keys else 'OFF'}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # A write that began as a read fails with SQLITE_BUSY at once if another came between;
        # IMMEDIATE takes its turn at the start, where waiting works.
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")
