"""Promises to pay: what was agreed in one call counts once."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.errors import NotFound
from voicebot.records import Promise
from voicebot.storage import tables
from voicebot.storage.transactions import Transactions

_promises = tables.promises
SUPERSEDED = "superseded"


class Promises:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, promise: Promise) -> int:
        """Store a promise; returns its id.

        The same terms again, in the same call and case, are the same promise: a retry. Other
        terms are the debtor's later word: the earlier promise stays as `superseded`.
        Raises NotFound where there is no such call.
        """

        async def work(connection: AsyncConnection) -> int:
            # PostgreSQL: two writers of one call take turns. SQLite has one writer anyway.
            call = select(tables.calls.c.call_id).where(tables.calls.c.call_id == promise.call_id)
            if (await connection.execute(call.with_for_update())).one_or_none() is None:
                raise NotFound(f"no call {promise.call_id}")
            earlier = (
                await connection.execute(
                    select(_promises).where(
                        _promises.c.call_id == promise.call_id,
                        _promises.c.case_id == promise.case_id,
                        _promises.c.status != SUPERSEDED,
                    )
                )
            ).one_or_none()
            if earlier is not None:
                if (earlier.amount_gr, earlier.due_date) == (promise.amount_gr, promise.due_date):
                    return int(earlier.promise_id)
                await connection.execute(
                    _promises.update()
                    .where(_promises.c.promise_id == earlier.promise_id)
                    .values(status=SUPERSEDED)
                )
            result = await connection.execute(
                _promises.insert().values(
                    case_id=promise.case_id,
                    call_id=promise.call_id,
                    amount_gr=promise.amount_gr,
                    due_date=promise.due_date,
                    created_at=promise.created_at,
                    status=promise.status,
                )
            )
            (promise_id,) = result.inserted_primary_key or (0,)
            return int(promise_id)

        return await self._transactions.write(work)

    async def list(
        self, case_id: int | None = None, call_id: str | None = None
    ) -> builtins.list[Promise]:
        """In the order they were made, superseded ones too."""
        query = select(_promises).order_by(_promises.c.promise_id)
        if case_id is not None:
            query = query.where(_promises.c.case_id == case_id)
        if call_id is not None:
            query = query.where(_promises.c.call_id == call_id)
        async with self._transactions.reading() as connection:
            return [_promise(row) for row in await connection.execute(query)]


def _promise(row: Row[Any]) -> Promise:
    return Promise(
        case_id=row.case_id,
        call_id=row.call_id,
        amount_gr=row.amount_gr,
        due_date=row.due_date,
        created_at=row.created_at,
        status=row.status,
    )
