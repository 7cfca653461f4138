"""The audit: what was done and when, each entry chained to the one before it."""

from __future__ import annotations

import builtins
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.errors import StorageError
from voicebot.storage import tables
from voicebot.storage.column_types import storable, to_json
from voicebot.storage.secret import derived_key
from voicebot.storage.transactions import Transactions

_audit = tables.audit
_installation = tables.installation

FIRST_PREV_HASH = "0" * 64
PAGE = 500


@dataclass(frozen=True, slots=True)
class AuditEntry:
    audit_id: int
    at: datetime
    call_id: str | None
    name: str
    data: dict[str, object]


class AuditChain:
    """Computes the hash of an entry from its content and the hash before it. No I/O.

    The hash is keyed: who can write to the database, but lacks the installation's secret,
    can't make a changed entry fit again.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = derived_key(secret, "audit chain")

    def hash(
        self,
        prev_hash: str,
        audit_id: int,
        at: datetime,
        call_id: str | None,
        name: str,
        data: str,
    ) -> str:
        instant = at.astimezone(UTC).isoformat(timespec="microseconds")
        content = json.dumps([prev_hash, audit_id, instant, call_id, name, data])
        return hmac.new(self._key, content.encode(), hashlib.sha256).hexdigest()


class Audit:
    """Append-only; triggers in the database refuse changes and deletions too."""

    def __init__(
        self, transactions: Transactions, chain: AuditChain | None, page: int = PAGE
    ) -> None:
        """page: how many entries `verify_chain` reads at a time."""
        self._transactions = transactions
        self._chain = chain
        self._page_size = page

    async def append(
        self, call_id: str | None, name: str, data: dict[str, object], at: datetime
    ) -> None:
        """Store one entry. The same one again (a retry) is stored once."""
        chain = self._known_chain()
        call_id = None if call_id is None else storable(call_id)
        name = storable(name)
        text = to_json(data)

        async def work(connection: AsyncConnection) -> None:
            # The row is the chain's end: PostgreSQL lets one node at a time hold it.
            head = (await connection.execute(select(_installation).with_for_update())).one()
            same = select(_audit.c.audit_id).where(
                _audit.c.call_id == call_id,
                _audit.c.name == name,
                _audit.c.at == at,
                _audit.c.data == text,
            )
            if (await connection.execute(same.limit(1))).first() is not None:
                return
            audit_id = head.audit_head_id + 1
            prev_hash = head.audit_head_hash
            new_hash = chain.hash(prev_hash, audit_id, at, call_id, name, text)
            await connection.execute(
                _audit.insert().values(
                    audit_id=audit_id,
                    at=at,
                    call_id=call_id,
                    name=name,
                    data=text,
                    prev_hash=prev_hash,
                    hash=new_hash,
                )
            )
            await connection.execute(
                _installation.update().values(audit_head_id=audit_id, audit_head_hash=new_hash)
            )

        await self._transactions.write(work)

    async def list(self, call_id: str) -> builtins.list[AuditEntry]:
        """Entries of one call, in order."""
        query = select(_audit).where(_audit.c.call_id == call_id).order_by(_audit.c.audit_id)
        async with self._transactions.reading() as connection:
            return [_entry(row) for row in await connection.execute(query)]

    async def verify_chain(self) -> int | None:
        """Id of the first entry that was changed or is missing; None: all is as written."""
        chain = self._known_chain()
        expected_id, prev_hash = 1, FIRST_PREV_HASH
        async with self._transactions.reading() as connection:
            # The head first: entries added while we read lie beyond it.
            head = (await connection.execute(select(_installation))).one()
            while rows := await self._page(connection, expected_id, head.audit_head_id):
                for row in rows:
                    if row.audit_id != expected_id or row.prev_hash != prev_hash:
                        return expected_id
                    if row.hash != chain.hash(
                        prev_hash, row.audit_id, row.at, row.call_id, row.name, row.data
                    ):
                        return expected_id
                    expected_id, prev_hash = row.audit_id + 1, row.hash
        is_whole = (expected_id - 1, prev_hash) == (head.audit_head_id, head.audit_head_hash)
        return None if is_whole else expected_id

    async def _page(
        self, connection: AsyncConnection, first_id: int, last_id: int
    ) -> builtins.list[Row[Any]]:
        query = (
            select(_audit)
            .where(_audit.c.audit_id.between(first_id, last_id))
            .order_by(_audit.c.audit_id)
            .limit(self._page_size)
        )
        return list((await connection.execute(query)).all())

    def _known_chain(self) -> AuditChain:
        if self._chain is None:
            raise StorageError("the database was opened without the installation's secret key")
        return self._chain


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        audit_id=row.audit_id,
        at=row.at,
        call_id=row.call_id,
        name=row.name,
        data=json.loads(row.data),
    )
