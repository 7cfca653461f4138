"""Calls and their turns: each write is on disk before it returns."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.errors import NotFound, StorageError
from voicebot.records import CallRecord, Direction, Disposition, Speaker, Turn, TurnMood
from voicebot.storage import tables
from voicebot.storage.cases import case_key
from voicebot.storage.transactions import Transactions

_calls = tables.calls
_COLUMNS = tuple(field.name for field in fields(CallRecord))
_FIXED = {"call_id", "node", "direction", "leg_kind", "started_at"}
CHANGEABLE = frozenset(_COLUMNS) - _FIXED
"""What `Calls.update` takes; the rest is known when the call starts."""

ORPHAN_REASON = "process ended"
LOST_AFTER = timedelta(minutes=30)
"""Far longer than any silence in a call: silent callers are asked again within seconds."""


class Calls:
    """All writes may be repeated: a caller that missed the answer can simply try again."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def start(self, record: CallRecord) -> None:
        """Store a new call. Raises StorageError where the id belongs to another call."""
        values = {name: getattr(record, name) for name in _COLUMNS}

        async def work(connection: AsyncConnection) -> None:
            insert = self._transactions.insert(_calls).values(values).on_conflict_do_nothing()
            if (await connection.execute(insert)).rowcount:
                return
            stored = await _read(connection, record.call_id)
            if (stored.started_at, stored.remote_party) != (
                record.started_at,
                record.remote_party,
            ):
                raise StorageError("a call with this id exists already")

        await self._transactions.write(work)

    async def update(self, call_id: str, **fields: object) -> None:
        """Change some fields of a call (`CHANGEABLE`). Raises NotFound."""
        unknown = fields.keys() - CHANGEABLE
        if unknown:
            raise TypeError(f"a call has no changeable {', '.join(sorted(unknown))}")
        if not fields:
            return

        async def work(connection: AsyncConnection) -> None:
            change = _calls.update().where(_calls.c.call_id == call_id).values(fields)
            if not (await connection.execute(change)).rowcount:
                raise NotFound(f"no call {call_id}")

        await self._transactions.write(work)

    async def finish(
        self,
        call_id: str,
        ended_at: datetime,
        disposition: Disposition,
        end_reason: str,
        media_stats: dict[str, float],
    ) -> None:
        """Close the call. Raises NotFound."""
        await self.update(
            call_id,
            ended_at=ended_at,
            disposition=disposition,
            end_reason=end_reason,
            media_stats=media_stats,
        )

    async def add_turn(self, call_id: str, index: int, turn: Turn) -> None:
        """Store turn number `index`. Raises StorageError where another turn has that number."""
        values = _turn_values(call_id, index, turn)

        async def work(connection: AsyncConnection) -> None:
            insert = self._transactions.insert(tables.turns).values(values)
            if (await connection.execute(insert.on_conflict_do_nothing())).rowcount:
                return
            stored = (
                await connection.execute(
                    select(tables.turns).where(
                        tables.turns.c.call_id == call_id, tables.turns.c.turn_index == index
                    )
                )
            ).one()
            if (stored.speaker, stored.started_s) != (turn.speaker, turn.started_s):
                raise StorageError(f"turn {index} of this call is stored already")

        await self._transactions.write(work)

    async def set_mood(self, call_id: str, index: int, mood: TurnMood) -> None:
        """Add what came after turn number `index` was stored; nothing where there is no such."""
        chosen = (tables.turns.c.call_id == call_id) & (tables.turns.c.turn_index == index)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(tables.turns.update().where(chosen).values(mood=asdict(mood)))

        await self._transactions.write(work)

    async def drop_moods(self, call_id: str) -> None:
        """Forget what was read from the voice in this call so far."""
        chosen = tables.turns.c.call_id == call_id

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(tables.turns.update().where(chosen).values(mood=None))

        await self._transactions.write(work)

    async def close_orphans(
        self, now: datetime, node: str = "", lost_after: timedelta = LOST_AFTER
    ) -> int:
        """Close what a killed process left open; returns how many calls that were.

        To be called at start, before the first call: whatever `node` has open then is an
        orphan. So is any other node's call without a sign of life for `lost_after`: that node
        may never come back under its name. Were it alive after all, `finish` sets it right.

        They end where their record ends, at the last turn's end, but not after `now`. How the
        talk would have ended is unknown, whatever was noted on the way; promises already made
        stand in their own table.
        """

        async def work(connection: AsyncConnection) -> int:
            last_said_s = func.max(tables.turns.c.ended_s)
            open_calls = (
                select(
                    *(_calls.c.call_id, _calls.c.node, _calls.c.started_at, _calls.c.answered_at),
                    last_said_s,
                )
                .outerjoin(tables.turns)
                .where(_calls.c.ended_at.is_(None))
                .group_by(_calls.c.call_id)
            )
            n_closed = 0
            for call_id, owner, started_at, answered_at, said_s in await connection.execute(
                open_calls
            ):
                last_seen = (answered_at or started_at) + timedelta(seconds=said_s or 0.0)
                if owner != node and now - last_seen < lost_after:
                    continue
                await connection.execute(
                    _calls.update()
                    .where(_calls.c.call_id == call_id)
                    .values(
                        ended_at=min(last_seen, now),
                        disposition=Disposition.UNKNOWN,
                        end_reason=ORPHAN_REASON,
                    )
                )
                n_closed += 1
            return n_closed

        return await self._transactions.write(work)

    async def get(self, call_id: str) -> CallRecord:
        """Raises NotFound."""
        async with self._transactions.reading() as connection:
            return await _read(connection, call_id)

    async def turns(self, call_id: str) -> builtins.list[Turn]:
        """In order. Dates in `slots` come back as ISO text."""
        query = (
            select(tables.turns)
            .where(tables.turns.c.call_id == call_id)
            .order_by(tables.turns.c.turn_index)
        )
        async with self._transactions.reading() as connection:
            return [_turn(row) for row in await connection.execute(query)]

    async def list(
        self,
        limit: int = 50,
        before: datetime | None = None,
        disposition: Disposition | None = None,
        case_number: str | None = None,
    ) -> builtins.list[CallRecord]:
        """The latest first. before: only calls that started earlier."""
        conditions: builtins.list[ColumnElement[bool]] = []
        if before is not None:
            conditions.append(_calls.c.started_at < before)
        if disposition is not None:
            conditions.append(_calls.c.disposition == disposition)
        if case_number is not None:
            key = case_key(case_number)
            case_id = select(tables.cases.c.case_id).where(tables.cases.c.case_key == key)
            conditions.append(_calls.c.case_id == case_id.scalar_subquery())
        return await self._select(conditions, limit)

    async def open_calls(self) -> builtins.list[CallRecord]:
        """Calls that are going on, the latest first."""
        return await self._select([_calls.c.ended_at.is_(None)], None)

    async def starting_with(self, prefix: str, limit: int = 2) -> builtins.list[CallRecord]:
        """Calls whose id begins so: people type no long ids."""
        condition = _calls.c.call_id.startswith(prefix, autoescape=True)
        return await self._select([condition], limit)

    async def each(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        disposition: Disposition | None = None,
        page: int = 200,
    ) -> AsyncIterator[CallRecord]:
        """All calls that started in [since, until), the latest first, a page at a time."""
        conditions: builtins.list[ColumnElement[bool]] = []
        if since is not None:
            conditions.append(_calls.c.started_at >= since)
        if until is not None:
            conditions.append(_calls.c.started_at < until)
        if disposition is not None:
            conditions.append(_calls.c.disposition == disposition)
        last: builtins.list[ColumnElement[bool]] = []
        while records := await self._select([*conditions, *last], page):
            for record in records:
                yield record
            # Calls of the same instant are told apart by id, or a page's edge would drop some.
            last = [_is_after(records[-1])]

    async def _select(
        self, conditions: builtins.list[ColumnElement[bool]], limit: int | None
    ) -> builtins.list[CallRecord]:
        query = (
            select(_calls)
            .where(*conditions)
            .order_by(_calls.c.started_at.desc(), _calls.c.call_id.desc())
            .limit(limit)
        )
        async with self._transactions.reading() as connection:
            return [_record(row) for row in await connection.execute(query)]


def _is_after(record: CallRecord) -> ColumnElement[bool]:
    """Comes later in the order of `_select`."""
    return or_(
        _calls.c.started_at < record.started_at,
        and_(_calls.c.started_at == record.started_at, _calls.c.call_id < record.call_id),
    )


async def _read(connection: AsyncConnection, call_id: str) -> CallRecord:
    query = select(_calls).where(_calls.c.call_id == call_id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound(f"no call {call_id}")
    return _record(row)


def _record(row: Row[Any]) -> CallRecord:
    values = dict(row._mapping)
    values["direction"] = Direction(values["direction"])
    if values["disposition"] is not None:
        values["disposition"] = Disposition(values["disposition"])
    return CallRecord(**values)


def _turn_values(call_id: str, index: int, turn: Turn) -> dict[str, object]:
    values = {field.name: getattr(turn, field.name) for field in fields(Turn)}
    mood = asdict(turn.mood) if turn.mood is not None else None
    return {**values, "mood": mood, "call_id": call_id, "turn_index": index}


def _turn(row: Row[Any]) -> Turn:
    values = dict(row._mapping)
    del values["call_id"], values["turn_index"]
    values["speaker"] = Speaker(values["speaker"])
    values["mood"] = TurnMood(**values["mood"]) if values["mood"] else None
    return Turn(**values)
