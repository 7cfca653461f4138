"""Blocks: reasons not to call about a case, or at a number, until a human has looked at it."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.records import Block, BlockReason
from voicebot.storage import tables
from voicebot.storage.transactions import Transactions

_blocks = tables.blocks


class Blocks:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, block: Block) -> int:
        """Store a block; returns its id. The same reason again in the same call is the same."""
        known = {"case_id": block.case_id, "phone": block.phone}
        insert = self._transactions.insert(_blocks).values(
            call_id=block.call_id,
            reason=block.reason,
            created_at=block.created_at,
            status=block.status,
            **known,
        )
        upsert = insert.on_conflict_do_update(
            index_elements=["call_id", "reason"], set_=known
        ).returning(_blocks.c.block_id)

        async def work(connection: AsyncConnection) -> int:
            return int((await connection.execute(upsert)).scalar_one())

        return await self._transactions.write(work)

    async def list(
        self,
        call_id: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        case_id: int | None = None,
        phone: str | None = None,
    ) -> builtins.list[Block]:
        """The latest `limit`, in the order they were made.

        phone: only those that hold for the number itself, since no case was known.
        """
        query = select(_blocks).order_by(_blocks.c.block_id.desc()).limit(limit)
        if call_id is not None:
            query = query.where(_blocks.c.call_id == call_id)
        if status is not None:
            query = query.where(_blocks.c.status == status)
        if case_id is not None:
            query = query.where(_blocks.c.case_id == case_id)
        if phone is not None:
            query = query.where(_blocks.c.phone == phone, _blocks.c.case_id.is_(None))
        async with self._transactions.reading() as connection:
            return [_block(row) for row in await connection.execute(query)][::-1]


def _block(row: Row[Any]) -> Block:
    return Block(
        call_id=row.call_id,
        case_id=row.case_id,
        phone=row.phone,
        reason=BlockReason(row.reason),
        created_at=row.created_at,
        status=row.status,
    )
