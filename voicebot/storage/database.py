"""The system of record: one object that holds the repositories."""

from __future__ import annotations

import hashlib
import hmac
from typing import Self

from sqlalchemy import URL, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.errors import NotFound, StorageError
from voicebot.storage import tables
from voicebot.storage.audit import FIRST_PREV_HASH, Audit, AuditChain
from voicebot.storage.blocks import Blocks
from voicebot.storage.callbacks import Callbacks
from voicebot.storage.calls import Calls
from voicebot.storage.cases import Cases
from voicebot.storage.contacts import Contacts
from voicebot.storage.disputes import Disputes
from voicebot.storage.engine import (
    create_sqlite_file,
    database_url,
    is_sqlite,
    make_engine,
    sqlite_path,
)
from voicebot.storage.migrate import current_revision, head_revision, migrate
from voicebot.storage.notifications import Notifications
from voicebot.storage.plans import Plans
from voicebot.storage.promises import Promises
from voicebot.storage.secret import derived_key
from voicebot.storage.transactions import Transactions
from voicebot.storage.verification import FactHasher


class Database:
    """Open it with `open` (the server) or `open_existing` (commands that look at it)."""

    def __init__(self, url: URL, secret: bytes | None) -> None:
        self._transactions = Transactions(make_engine(url))
        hasher = None if secret is None else FactHasher(secret)
        chain = None if secret is None else AuditChain(secret)
        self.contacts = Contacts(self._transactions, hasher)
        self.cases = Cases(self._transactions, self.contacts, hasher)
        self.calls = Calls(self._transactions)
        self.promises = Promises(self._transactions)
        self.callbacks = Callbacks(self._transactions)
        self.plans = Plans(self._transactions)
        self.disputes = Disputes(self._transactions)
        self.blocks = Blocks(self._transactions)
        self.notifications = Notifications(self._transactions)
        self.audit = Audit(self._transactions, chain)

    @classmethod
    async def open(cls, url: str, secret: bytes) -> Self:
        """Open the database; make it where there is none, and bring it to this version.

        secret: from `load_secret`, the same on every node and for the database's whole life.
        Raises StorageError.
        """
        parsed = database_url(url)
        if is_sqlite(parsed):
            create_sqlite_file(parsed)
        await migrate(parsed)
        database = cls(parsed, secret)
        try:
            await database._adopt_secret(secret)
        except BaseException:
            await database.close()
            raise
        return database

    @classmethod
    async def open_existing(cls, url: str) -> Self:
        """Open a database to look at it: nothing is made or migrated.

        Facts can't be verified and the audit not written. Raises NotFound where there is no
        database, StorageError where it belongs to another version.
        """
        parsed = database_url(url)
        if is_sqlite(parsed) and not sqlite_path(parsed).is_file():
            raise NotFound(f"{sqlite_path(parsed)}: no database yet; the server makes it")
        database = cls(parsed, None)
        try:
            await database._check_revision()
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Wait for writes under way, and let go of all connections."""
        await self._transactions.close()

    async def ping(self) -> None:
        """Raises StorageError where the database does not answer."""
        async with self._transactions.reading() as connection:
            await connection.execute(select(1))

    async def _check_revision(self) -> None:
        async with self._transactions.reading() as connection:
            revision = await connection.run_sync(current_revision)
        if revision != head_revision():
            raise StorageError(
                f"the database is at revision {revision}, this version of Voicebot needs "
                f"{head_revision()}: start the server once to migrate it"
            )

    async def _adopt_secret(self, secret: bytes) -> None:
        """Remember by a hash which secret this database lives with; refuse another.

        With a wrong one every caller would fail verification, and nobody would know why.
        """
        check = hmac.digest(derived_key(secret, "secret check"), b"", hashlib.sha256)
        insert = self._transactions.insert(tables.installation).values(
            installation_id=1,
            secret_check=check,
            audit_head_id=0,
            audit_head_hash=FIRST_PREV_HASH,
        )

        async def work(connection: AsyncConnection) -> bytes:
            await connection.execute(insert.on_conflict_do_nothing())
            stored = select(tables.installation.c.secret_check)
            return bytes((await connection.execute(stored)).scalar_one())

        if not hmac.compare_digest(await self._transactions.write(work), check):
            raise StorageError(
                "the secret key is not the one this database was made with: put the right "
                "secret.key back into the data directory"
            )
