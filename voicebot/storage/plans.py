"""Repayment plans: what was agreed in one call counts once."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.errors import NotFound
from voicebot.records import Plan
from voicebot.storage import tables
from voicebot.storage.promises import SUPERSEDED
from voicebot.storage.transactions import Transactions

_plans = tables.plans


class Plans:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, plan: Plan) -> int:
        """Store a plan; returns its id.

        The same terms again, in the same call and case, are the same plan: a retry. Other terms
        are the debtor's later word: the earlier plan stays as `superseded`. Raises NotFound where
        there is no such call.
        """

        async def work(connection: AsyncConnection) -> int:
            # PostgreSQL: two writers of one call take turns. SQLite has one writer anyway.
            call = select(tables.calls.c.call_id).where(tables.calls.c.call_id == plan.call_id)
            if (await connection.execute(call.with_for_update())).one_or_none() is None:
                raise NotFound(f"no call {plan.call_id}")
            earlier = (
                await connection.execute(
                    select(_plans).where(
                        _plans.c.call_id == plan.call_id,
                        _plans.c.case_id == plan.case_id,
                        _plans.c.status != SUPERSEDED,
                    )
                )
            ).one_or_none()
            if earlier is not None:
                if _terms(_plan(earlier)) == _terms(plan):
                    return int(earlier.plan_id)
                await connection.execute(
                    _plans.update()
                    .where(_plans.c.plan_id == earlier.plan_id)
                    .values(status=SUPERSEDED)
                )
            result = await connection.execute(
                _plans.insert().values(
                    case_id=plan.case_id,
                    call_id=plan.call_id,
                    n_installments=plan.n_installments,
                    installment_gr=plan.installment_gr,
                    total_gr=plan.total_gr,
                    first_date=plan.first_date,
                    created_at=plan.created_at,
                    status=plan.status,
                )
            )
            (plan_id,) = result.inserted_primary_key or (0,)
            return int(plan_id)

        return await self._transactions.write(work)

    async def list(
        self,
        case_id: int | None = None,
        call_id: str | None = None,
        limit: int | None = None,
    ) -> builtins.list[Plan]:
        """The latest `limit`, in the order they were made, superseded ones too."""
        query = select(_plans).order_by(_plans.c.plan_id.desc()).limit(limit)
        if case_id is not None:
            query = query.where(_plans.c.case_id == case_id)
        if call_id is not None:
            query = query.where(_plans.c.call_id == call_id)
        async with self._transactions.reading() as connection:
            return [_plan(row) for row in await connection.execute(query)][::-1]


def _terms(plan: Plan) -> tuple[object, ...]:
    return (plan.n_installments, plan.installment_gr, plan.total_gr, plan.first_date)


def _plan(row: Row[Any]) -> Plan:
    return Plan(
        case_id=row.case_id,
        call_id=row.call_id,
        n_installments=row.n_installments,
        installment_gr=row.installment_gr,
        total_gr=row.total_gr,
        first_date=row.first_date,
        created_at=row.created_at,
        status=row.status,
    )
