"""The outbox: messages that a call promised. They wait here; another part of the server sends."""

from __future__ import annotations

import builtins
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from voicebot.records import Notification
from voicebot.storage import tables
from voicebot.storage.transactions import Transactions

_notifications = tables.notifications

WAITING = "waiting"
NO_RECIPIENT = "no_recipient"
"""Nobody to send it to: neither the call nor the case has a number or an address."""


class Notifications:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, notification: Notification) -> int:
        """Store a message; returns its id.

        Without a recipient it goes to the contact of its case. The same template by the same
        channel in the same call is the same message: what was said last is sent, once.
        """

        async def work(connection: AsyncConnection) -> int:
            recipient = notification.recipient or await _contact(connection, notification)
            content = {
                "case_id": notification.case_id,
                "recipient": recipient,
                "data": notification.data,
                "status": notification.status if recipient else NO_RECIPIENT,
            }
            key = {
                "call_id": notification.call_id,
                "channel": notification.channel,
                "template": notification.template,
            }
            insert = self._transactions.insert(_notifications).values(
                **key, **content, created_at=notification.created_at
            )
            # Only while it waits: what is being sent, or was, must not turn into something else.
            await connection.execute(
                insert.on_conflict_do_update(
                    index_elements=list(key),
                    set_=content,
                    where=_notifications.c.status.in_((WAITING, NO_RECIPIENT)),
                )
            )
            stored = select(_notifications.c.notification_id).where(
                *(_notifications.c[name] == value for name, value in key.items())
            )
            return int((await connection.execute(stored)).scalar_one())

        return await self._transactions.write(work)

    async def list(
        self, call_id: str | None = None, status: str | None = None, limit: int | None = None
    ) -> builtins.list[Notification]:
        """The latest `limit`, in the order they were made."""
        newest = _notifications.c.notification_id.desc()
        query = select(_notifications).order_by(newest).limit(limit)
        if call_id is not None:
            query = query.where(_notifications.c.call_id == call_id)
        if status is not None:
            query = query.where(_notifications.c.status == status)
        async with self._transactions.reading() as connection:
            return [_notification(row) for row in await connection.execute(query)][::-1]


async def _contact(connection: AsyncConnection, notification: Notification) -> str:
    """Where the contact of the case is reached; empty where nothing is known."""
    column = tables.contacts.c.email if notification.channel == "email" else tables.contacts.c.phone
    query = (
        select(column)
        .join(tables.cases, tables.cases.c.contact_id == tables.contacts.c.contact_id)
        .where(tables.cases.c.case_id == notification.case_id)
    )
    return (await connection.execute(query)).scalar_one_or_none() or ""


def _notification(row: Row[Any]) -> Notification:
    return Notification(
        call_id=row.call_id,
        case_id=row.case_id,
        channel=row.channel,
        template=row.template,
        recipient=row.recipient,
        data=row.data,
        created_at=row.created_at,
        status=row.status,
    )
