"""Writes a new revision from what tables.py has and the migrations lack (for developers)."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from voicebot.storage.engine import create_sqlite_file, database_url, make_engine
from voicebot.storage.migrate import alembic_config, head_revision, migrate


async def write_revision(message: str) -> None:
    """Compare against a fresh database at the head; read what it wrote before committing."""
    with tempfile.TemporaryDirectory() as folder:
        url = database_url(f"sqlite:///{Path(folder) / 'empty.sqlite3'}")
        create_sqlite_file(url)
        await migrate(url)
        engine = make_engine(url, for_migration=True)
        try:
            async with engine.connect() as connection:
                await connection.run_sync(_autogenerate, message)
        finally:
            await engine.dispose()


def _autogenerate(connection: Connection, message: str) -> None:
    number = f"{int(head_revision()) + 1:04}"
    command.revision(alembic_config(connection), message, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    asyncio.run(write_revision(" ".join(sys.argv[1:])))
