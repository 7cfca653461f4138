"""Disputes: debtors who contest what is claimed."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.records import Dispute
from voicebot.storage import tables
from voicebot.storage.transactions import Transactions

_disputes = tables.disputes


class Disputes:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, dispute: Dispute) -> int:
        """Store a dispute; returns its id.

        The same kind again in the same call is the same dispute: what was said last counts.
        """
        said = {"case_id": dispute.case_id, "statement": dispute.statement}
        insert = self._transactions.insert(_disputes).values(
            call_id=dispute.call_id,
            kind=dispute.kind,
            created_at=dispute.created_at,
            status=dispute.status,
            **said,
        )
        upsert = insert.on_conflict_do_update(
            index_elements=["call_id", "kind"], set_=said
        ).returning(_disputes.c.dispute_id)

        async def work(connection: AsyncConnection) -> int:
            return int((await connection.execute(upsert)).scalar_one())

        return await self._transactions.write(work)

    async def list(
        self, call_id: str | None = None, status: str | None = None, limit: int | None = None
    ) -> builtins.list[Dispute]:
        """The latest `limit`, in the order they were made."""
        query = select(_disputes).order_by(_disputes.c.dispute_id.desc()).limit(limit)
        if call_id is not None:
            query = query.where(_disputes.c.call_id == call_id)
        if status is not None:
            query = query.where(_disputes.c.status == status)
        async with self._transactions.reading() as connection:
            return [_dispute(row) for row in await connection.execute(query)][::-1]


def _dispute(row: Row[Any]) -> Dispute:
    return Dispute(
        call_id=row.call_id,
        case_id=row.case_id,
        kind=row.kind,
        statement=row.statement,
        created_at=row.created_at,
        status=row.status,
    )
