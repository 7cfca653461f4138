"""Runs the repositories' reads and writes, each in a small transaction of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from voicebot.errors import StorageError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Transactions:
    """Hands out connections to repositories, and turns database errors into StorageError."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(sqlite_begin="IMMEDIATE")
        self._is_sqlite = engine.dialect.name == "sqlite"
        # SQLite has one writer at a time and its waiting is by chance; here it is by order.
        self._writing = asyncio.Lock() if self._is_sqlite else None
        self._unfinished: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        with storage_errors():
            async with self._engine.connect() as connection:
                yield connection

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in a transaction; when this returns, it is on disk.

        Cancelling the caller (his call ends) does not undo the write.
        """
        task = asyncio.create_task(self._commit(work))
        self._unfinished.add(task)
        task.add_done_callback(self._unfinished.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_log_failure)
            raise

    async def _commit(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        with storage_errors():
            async with self._writing or nullcontext(), self._writer.begin() as connection:
                return await work(connection)

    async def close(self) -> None:
        """Wait for the writes under way, then close all connections."""
        while self._unfinished:
            await asyncio.wait(tuple(self._unfinished))
        await self._engine.dispose()

    def insert(self, table: Table) -> SqliteInsert | PostgresqlInsert:
        """An INSERT that knows ON CONFLICT, in the dialect of this database."""
        return sqlite_insert(table) if self._is_sqlite else postgresql_insert(table)


def _log_failure(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.error("a write failed after its caller had gone", exc_info=error)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Translate what the database and the network raise.

    The cause is left out on purpose: PostgreSQL quotes whole rows, and rows are people.
    """
    try:
        yield
    except PoolTimeoutError:
        raise _unreachable("no free connection in time") from None
    except DBAPIError as error:
        if error.connection_invalidated:
            raise _unreachable("the connection was lost") from None
        refusal = StorageError(_describe(error.orig))
        refusal.retryable = _may_pass_later(error.orig)
        raise refusal from None
    except SQLAlchemyError as error:
        raise StorageError(f"{type(error).__name__}: {error}") from None
    except OSError as error:
        raise _unreachable(error.strerror or type(error).__name__) from None


def _unreachable(reason: str) -> StorageError:
    error = StorageError(f"the database can't be reached: {reason}")
    error.retryable = True
    return error


def _may_pass_later(cause: object) -> bool:
    """Somebody else was in the way: locks, deadlocks, a server that is full or going down."""
    root = getattr(cause, "__cause__", None) or cause
    sqlstate = getattr(root, "sqlstate", None) or ""
    name = getattr(root, "sqlite_errorname", None) or ""
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or sqlstate.startswith(
        ("40", "53", "55P03", "57P0")
    )


def _describe(cause: object) -> str:
    """What went wrong, without the values of a row."""
    root = getattr(cause, "__cause__", None) or cause
    sqlstate = getattr(root, "sqlstate", None)
    if sqlstate is None:
        return f"the database refused: {root}"
    parts = [f"the database refused: {type(root).__name__} ({sqlstate})"]
    for name in ("table_name", "column_name", "constraint_name"):
        value = getattr(root, name, None)
        if value:
            parts.append(f"{name.removesuffix('_name')} {value}")
    return ", ".join(parts)
