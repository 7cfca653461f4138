"""Contacts: people who owe. Their birth date and PESEL digits go in and never come out."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.errors import NotFound, StorageError
from voicebot.records import Contact
from voicebot.storage import tables
from voicebot.storage.transactions import Transactions
from voicebot.storage.verification import FactHasher


class Contacts:
    """What is read back has `birth_date` None, `pesel_last4` and `nip` empty: only their keyed
    hashes are kept, to compare with what a caller says."""

    def __init__(self, transactions: Transactions, hasher: FactHasher | None) -> None:
        self._transactions = transactions
        self._hasher = hasher

    async def add(self, contact: Contact) -> int:
        """Store a new contact, whatever its `contact_id`; returns the id it got."""

        async def work(connection: AsyncConnection) -> int:
            return await self.insert(connection, contact)

        return await self._transactions.write(work)

    async def insert(self, connection: AsyncConnection, contact: Contact) -> int:
        """The same inside a transaction of another repository."""
        hasher = known(self._hasher)
        result = await connection.execute(
            tables.contacts.insert().values(
                first_name=contact.first_name,
                last_name=contact.last_name,
                gender=contact.gender,
                phone=contact.phone,
                email=contact.email,
                postcode=contact.postcode,
            )
        )
        (contact_id,) = result.inserted_primary_key or (0,)
        try:
            hashes = hasher.hashes_of(contact_id, contact)
        except ValueError as error:
            raise StorageError(f"the contact was not stored: {error}") from None
        if hashes:
            await connection.execute(
                tables.verification_facts.insert(),
                [
                    {"contact_id": contact_id, "fact": fact, "hmac": digest}
                    for fact, digest in hashes.items()
                ],
            )
        return int(contact_id)

    async def get(self, contact_id: int) -> Contact:
        """Raises NotFound."""
        query = select(tables.contacts).where(tables.contacts.c.contact_id == contact_id)
        async with self._transactions.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound(f"no contact {contact_id}")
        return _contact(row)

    async def list(self, limit: int = 100, after_id: int = 0) -> builtins.list[Contact]:
        """Ordered by id; `after_id` is the last one of the page before."""
        query = (
            select(tables.contacts)
            .where(tables.contacts.c.contact_id > after_id)
            .order_by(tables.contacts.c.contact_id)
            .limit(limit)
        )
        async with self._transactions.reading() as connection:
            return [_contact(row) for row in await connection.execute(query)]


def known(hasher: FactHasher | None) -> FactHasher:
    """The hasher; raises StorageError where the database was opened without the secret."""
    if hasher is None:
        raise StorageError("the database was opened without the installation's secret key")
    return hasher


def _contact(row: Row[Any]) -> Contact:
    return Contact(
        contact_id=row.contact_id,
        first_name=row.first_name,
        last_name=row.last_name,
        gender=row.gender,
        phone=row.phone,
        email=row.email,
        birth_date=None,
        pesel_last4="",
        postcode=row.postcode,
    )
