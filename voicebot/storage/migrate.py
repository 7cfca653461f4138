"""Brings a database to the tables of this version; Alembic run from code, without a file."""

from __future__ import annotations

import functools
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text

from voicebot.errors import StorageError
from voicebot.storage.engine import is_sqlite, make_engine
from voicebot.storage.transactions import storage_errors

# Any number that nothing else in the database locks by.
_ADVISORY_LOCK = 0x766F696365


def alembic_config(connection: Connection | None = None) -> Config:
    """What Alembic needs to know; it finds the scripts wherever the package lies."""
    config = Config()
    # Alembic reads the value as a configparser one, where % begins a substitution.
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


@functools.cache
def head_revision() -> str:
    """The revision that this version of the code works with."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None: it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


async def migrate(url: URL, revision: str = "head") -> None:
    """Upgrade (or downgrade) to `revision`, wholly or not at all. Raises StorageError.

    Nodes that start at once take turns; the later ones find nothing left to do.
    """
    engine = make_engine(url, for_migration=True)
    try:
        with storage_errors():
            writer = engine.execution_options(sqlite_begin="IMMEDIATE")
            async with writer.begin() as connection:
                if not is_sqlite(url):
                    lock = text("SELECT pg_advisory_xact_lock(:number)")
                    await connection.execute(lock, {"number": _ADVISORY_LOCK})
                await connection.run_sync(_move_to, revision)
    finally:
        await engine.dispose()


def _move_to(connection: Connection, revision: str) -> None:
    current = current_revision(connection)
    target = head_revision() if revision == "head" else revision
    if current == target:
        return
    script = ScriptDirectory.from_config(alembic_config())
    known = {entry.revision for entry in script.walk_revisions()}
    if current is not None and current not in known:
        raise StorageError(
            f"the database is at revision {current}, which this version of Voicebot does not "
            "know: it was used with a newer one"
        )
    # Revisions on the way down from the head; a target that is not among them lies above.
    below_current = {entry.revision for entry in script.walk_revisions(head=current or "base")}
    is_down = current is not None and (target == "base" or target in below_current)
    (command.downgrade if is_down else command.upgrade)(alembic_config(connection), target)
    _check_foreign_keys(connection)


def _check_foreign_keys(connection: Connection) -> None:
    """SQLite's were off meanwhile; a row that points nowhere undoes the migration."""
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise StorageError(f"the migration left {len(broken)} rows that point nowhere")
