"""Callbacks: people whom a human shall call back."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.records import Callback
from voicebot.storage import tables
from voicebot.storage.transactions import Transactions

_callbacks = tables.callbacks


class Callbacks:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, callback: Callback) -> int:
        """Store a callback; returns its id.

        The same reason again in the same call is the same callback, so that nobody is called
        twice; the time, number and case said last count.
        """
        said = {
            "case_id": callback.case_id,
            "phone": callback.phone,
            "wanted": callback.wanted,
            "wanted_at": callback.wanted_at,
        }
        insert = self._transactions.insert(_callbacks).values(
            call_id=callback.call_id,
            reason=callback.reason,
            created_at=callback.created_at,
            status=callback.status,
            **said,
        )
        upsert = insert.on_conflict_do_update(
            index_elements=["call_id", "reason"], set_=said
        ).returning(_callbacks.c.callback_id)

        async def work(connection: AsyncConnection) -> int:
            return int((await connection.execute(upsert)).scalar_one())

        return await self._transactions.write(work)

    async def list(
        self, call_id: str | None = None, status: str | None = None
    ) -> builtins.list[Callback]:
        """In the order they were made."""
        query = select(_callbacks).order_by(_callbacks.c.callback_id)
        if call_id is not None:
            query = query.where(_callbacks.c.call_id == call_id)
        if status is not None:
            query = query.where(_callbacks.c.status == status)
        async with self._transactions.reading() as connection:
            return [_callback(row) for row in await connection.execute(query)]


def _callback(row: Row[Any]) -> Callback:
    return Callback(
        call_id=row.call_id,
        case_id=row.case_id,
        phone=row.phone,
        reason=row.reason,
        wanted_at=row.wanted_at,
        created_at=row.created_at,
        status=row.status,
        wanted=row.wanted,
    )
