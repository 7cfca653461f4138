"""Cases: debts, found by the number in the letter and opened by facts the caller gives."""

from __future__ import annotations

import builtins
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.errors import NotFound, StorageError
from voicebot.records import Case, Contact, PersonName
from voicebot.storage import tables
from voicebot.storage.contacts import Contacts, known
from voicebot.storage.transactions import Transactions
from voicebot.storage.verification import FactHasher

NOT_KEPT = ("open", "broken")
"""Statuses of promises whose payment nobody has seen."""


def case_key(case_number: str) -> str:
    """The number as it can be said or keyed in: letters and digits only."""
    return "".join(char for char in case_number if char.isalnum()).upper()


class Cases:
    def __init__(
        self, transactions: Transactions, contacts: Contacts, hasher: FactHasher | None
    ) -> None:
        self._transactions = transactions
        self._contacts = contacts
        self._hasher = hasher

    async def add(self, contact: Contact, case: Case) -> Case:
        """Store a new case; returns it with the ids it got.

        A `contact.contact_id` of 0 is a new contact, another one must exist. Raises
        StorageError where the case number is taken.
        """
        key = case_key(case.case_number)
        if not key:
            raise StorageError("a case needs a number with letters or digits")

        async def work(connection: AsyncConnection) -> Case:
            contact_id = contact.contact_id or await self._contacts.insert(connection, contact)
            result = await connection.execute(
                tables.cases.insert().values(
                    contact_id=contact_id,
                    case_number=case.case_number,
                    case_key=key,
                    creditor=case.creditor,
                    title=case.title,
                    principal_gr=case.principal_gr,
                    interest_gr=case.interest_gr,
                    balance_gr=case.balance_gr,
                    due_date=case.due_date,
                    stage=case.stage,
                )
            )
            (case_id,) = result.inserted_primary_key or (0,)
            return replace(case, case_id=case_id, contact_id=contact_id)

        return await self._transactions.write(work)

    async def find(self, case_number: str) -> Case | None:
        """The case with this number, however it is spaced or punctuated."""
        key = case_key(case_number)
        query = select(tables.cases).where(tables.cases.c.case_key == key)
        async with self._transactions.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _case(row)

    async def get(self, case_id: int) -> Case:
        """Raises NotFound."""
        query = select(tables.cases).where(tables.cases.c.case_id == case_id)
        async with self._transactions.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound(f"no case {case_id}")
        return _case(row)

    async def list(self, limit: int = 100, after_id: int = 0) -> builtins.list[Case]:
        """Ordered by id; `after_id` is the last one of the page before."""
        query = (
            select(tables.cases)
            .where(tables.cases.c.case_id > after_id)
            .order_by(tables.cases.c.case_id)
            .limit(limit)
        )
        async with self._transactions.reading() as connection:
            return [_case(row) for row in await connection.execute(query)]

    async def person(self, case_id: int) -> PersonName:
        """Whom the case is about, as he is spoken of. Raises NotFound."""
        contact = tables.contacts.c
        query = (
            select(contact.first_name, contact.last_name, contact.gender)
            .join(tables.cases)
            .where(tables.cases.c.case_id == case_id)
        )
        async with self._transactions.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound(f"no case {case_id}")
        return PersonName(row.first_name, row.last_name, row.gender)

    async def verify_fact(self, case_id: int, fact: str, value: str) -> bool:
        """Whether the debtor's `fact` is `value`; False for what we don't know of him.

        fact: birth_date (value in ISO form), postcode ("00-950"), pesel_last4, nip.
        """
        hasher = known(self._hasher)
        query = (
            select(tables.cases.c.contact_id, tables.verification_facts.c.hmac)
            .outerjoin(
                tables.verification_facts,
                (tables.verification_facts.c.contact_id == tables.cases.c.contact_id)
                & (tables.verification_facts.c.fact == fact),
            )
            .where(tables.cases.c.case_id == case_id)
        )
        async with self._transactions.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        contact_id, stored = (0, None) if row is None else (row.contact_id, row.hmac)
        return hasher.matches(contact_id, fact, value, stored)

    async def case_details(self, case_id: int) -> dict[str, object]:
        """What the dialogue may tell a verified debtor (`Query` in dialogue/actions.py).

        promised_date, promised_gr: of the last promise that was not replaced by a later word;
        None where there is none. n_promises: how many such there are, kept ones left out.
        """
        query = (
            select(tables.cases, tables.contacts.c.gender)
            .join(tables.contacts)
            .where(tables.cases.c.case_id == case_id)
        )
        promises = (
            select(tables.promises.c.amount_gr, tables.promises.c.due_date)
            .where(tables.promises.c.case_id == case_id, tables.promises.c.status.in_(NOT_KEPT))
            .order_by(tables.promises.c.promise_id)
        )
        async with self._transactions.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
            promised = (await connection.execute(promises)).all()
        if row is None:
            raise NotFound(f"no case {case_id}")
        last = promised[-1] if promised else None
        return {
            "creditor": row.creditor,
            "title": row.title,
            "principal_gr": row.principal_gr,
            "interest_gr": row.interest_gr,
            "balance_gr": row.balance_gr,
            "due_date": row.due_date,
            "gender": row.gender,
            "promised_date": None if last is None else last.due_date,
            "promised_gr": None if last is None else last.amount_gr,
            "n_promises": len(promised),
        }


def _case(row: Row[Any]) -> Case:
    return Case(
        case_id=row.case_id,
        contact_id=row.contact_id,
        case_number=row.case_number,
        creditor=row.creditor,
        title=row.title,
        principal_gr=row.principal_gr,
        interest_gr=row.interest_gr,
        balance_gr=row.balance_gr,
        due_date=row.due_date,
        stage=row.stage,
    )
