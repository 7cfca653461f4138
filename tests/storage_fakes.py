"""A database in memory. It passes the same tests as the real one (tests/integration/storage)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from voicebot.errors import NotFound, StorageError
from voicebot.records import (
    Block,
    Callback,
    CallRecord,
    Case,
    Contact,
    Disposition,
    Dispute,
    Notification,
    PersonName,
    Plan,
    Promise,
    Turn,
    TurnMood,
)
from voicebot.storage.audit import FIRST_PREV_HASH, AuditChain, AuditEntry
from voicebot.storage.calls import CHANGEABLE, LOST_AFTER, ORPHAN_REASON
from voicebot.storage.cases import NOT_KEPT, case_key
from voicebot.storage.column_types import to_json
from voicebot.storage.notifications import NO_RECIPIENT, WAITING
from voicebot.storage.promises import SUPERSEDED
from voicebot.storage.verification import FACTS, normal_value

SECRET = bytes(range(32))


class FakeDatabase:
    """Same repositories, same names; `fail_with` makes each write raise, to test callers."""

    def __init__(self) -> None:
        self.fail_with: Exception | None = None
        self.contacts = FakeContacts(self)
        self.cases = FakeCases(self)
        self.calls = FakeCalls(self)
        self.promises = FakePromises(self)
        self.callbacks = FakeCallbacks(self)
        self.plans = FakePlans(self)
        self.disputes = FakeDisputes(self)
        self.blocks = FakeBlocks(self)
        self.notifications = FakeNotifications(self)
        self.audit = FakeAudit(self)

    async def close(self) -> None:
        pass

    async def ping(self) -> None:
        self.check_writable()

    def check_call(self, call_id: str) -> None:
        if call_id not in self.calls.rows:
            raise StorageError("the database refused: no such call")

    def check_writable(self) -> None:
        if self.fail_with is not None:
            raise self.fail_with


class FakeContacts:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.rows: dict[int, Contact] = {}

    async def add(self, contact: Contact) -> int:
        self._database.check_writable()
        for fact in FACTS:
            value = getattr(contact, fact)
            text = value.isoformat() if isinstance(value, date) else value or ""
            if text.strip() and normal_value(fact, text) is None:
                raise StorageError(f"the contact was not stored: {fact} is not written as one")
        contact_id = len(self.rows) + 1
        self.rows[contact_id] = replace(contact, contact_id=contact_id)
        return contact_id

    async def get(self, contact_id: int) -> Contact:
        if contact_id not in self.rows:
            raise NotFound(f"no contact {contact_id}")
        return replace(self.rows[contact_id], birth_date=None, pesel_last4="", nip="")

    async def list(self, limit: int = 100, after_id: int = 0) -> list[Contact]:
        ids = [contact_id for contact_id in self.rows if contact_id > after_id]
        return [await self.get(contact_id) for contact_id in ids[:limit]]


class FakeCases:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.rows: dict[int, Case] = {}

    async def add(self, contact: Contact, case: Case) -> Case:
        self._database.check_writable()
        if not case_key(case.case_number):
            raise StorageError("a case needs a number with letters or digits")
        if await self.find(case.case_number) is not None:
            raise StorageError("the database refused: case number is taken")
        contact_id = contact.contact_id or await self._database.contacts.add(contact)
        if contact_id not in self._database.contacts.rows:
            raise StorageError("the database refused: no such contact")
        case_id = len(self.rows) + 1
        self.rows[case_id] = replace(case, case_id=case_id, contact_id=contact_id)
        return self.rows[case_id]

    async def find(self, case_number: str) -> Case | None:
        key = case_key(case_number)
        return next((c for c in self.rows.values() if case_key(c.case_number) == key), None)

    async def get(self, case_id: int) -> Case:
        if case_id not in self.rows:
            raise NotFound(f"no case {case_id}")
        return self.rows[case_id]

    async def list(self, limit: int = 100, after_id: int = 0) -> list[Case]:
        return [case for case in self.rows.values() if case.case_id > after_id][:limit]

    async def person(self, case_id: int) -> PersonName:
        case = await self.get(case_id)
        contact = await self._database.contacts.get(case.contact_id)
        return PersonName(contact.first_name, contact.last_name, contact.gender)

    async def verify_fact(self, case_id: int, fact: str, value: str) -> bool:
        if case_id not in self.rows or fact not in FACTS:
            return False
        stored = getattr(self._database.contacts.rows[self.rows[case_id].contact_id], fact)
        text = stored.isoformat() if isinstance(stored, date) else stored or ""
        given = normal_value(fact, value)
        return given is not None and given == normal_value(fact, text)

    async def case_details(self, case_id: int) -> dict[str, object]:
        case = await self.get(case_id)
        contact = await self._database.contacts.get(case.contact_id)
        names = ("creditor", "title", "principal_gr", "interest_gr", "balance_gr", "due_date")
        promised = [
            promise
            for promise in await self._database.promises.list(case_id=case_id)
            if promise.status in NOT_KEPT
        ]
        return {
            **{name: getattr(case, name) for name in names},
            "gender": contact.gender,
            "promised_date": promised[-1].due_date if promised else None,
            "promised_gr": promised[-1].amount_gr if promised else None,
            "n_promises": len(promised),
        }


class FakeCalls:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.rows: dict[str, CallRecord] = {}
        self.turn_rows: dict[str, dict[int, Turn]] = {}

    async def start(self, record: CallRecord) -> None:
        self._database.check_writable()
        stored = self.rows.setdefault(record.call_id, record)
        self.turn_rows.setdefault(record.call_id, {})
        if (stored.started_at, stored.remote_party) != (record.started_at, record.remote_party):
            raise StorageError("a call with this id exists already")

    async def update(self, call_id: str, **fields: object) -> None:
        unknown = fields.keys() - CHANGEABLE
        if unknown:
            raise TypeError(f"a call has no changeable {', '.join(sorted(unknown))}")
        self._database.check_writable()
        case_id = fields.get("case_id")
        if case_id is not None and case_id not in self._database.cases.rows:
            raise StorageError("the database refused: no such case")
        self.rows[call_id] = replace(await self.get(call_id), **fields)

    async def finish(
        self,
        call_id: str,
        ended_at: datetime,
        disposition: Disposition,
        end_reason: str,
        media_stats: dict[str, float],
    ) -> None:
        await self.update(
            call_id,
            ended_at=ended_at,
            disposition=disposition,
            end_reason=end_reason,
            media_stats=json.loads(to_json(media_stats)),
        )

    async def add_turn(self, call_id: str, index: int, turn: Turn) -> None:
        self._database.check_writable()
        if call_id not in self.rows:
            raise StorageError("the database refused: no such call")
        stored = self.turn_rows[call_id].setdefault(
            index,
            replace(
                turn,
                slots=json.loads(to_json(turn.slots)),
                timings_ms=json.loads(to_json(turn.timings_ms)),
            ),
        )
        if (stored.speaker, stored.started_s) != (turn.speaker, turn.started_s):
            raise StorageError(f"turn {index} of this call is stored already")

    async def set_mood(self, call_id: str, index: int, mood: TurnMood) -> None:
        self._database.check_writable()
        turns = self.turn_rows.get(call_id, {})
        if index in turns:
            turns[index] = replace(turns[index], mood=mood)

    async def drop_moods(self, call_id: str) -> None:
        self._database.check_writable()
        for index, turn in self.turn_rows.get(call_id, {}).items():
            self.turn_rows[call_id][index] = replace(turn, mood=None)

    async def close_orphans(
        self, now: datetime, node: str = "", lost_after: timedelta = LOST_AFTER
    ) -> int:
        self._database.check_writable()
        n_closed = 0
        for record in await self.open_calls():
            turns = await self.turns(record.call_id)
            said_s = max((turn.ended_s for turn in turns), default=0.0)
            last_seen = (record.answered_at or record.started_at) + timedelta(seconds=said_s)
            if record.node != node and now - last_seen < lost_after:
                continue
            n_closed += 1
            self.rows[record.call_id] = replace(
                record,
                ended_at=min(last_seen, now),
                disposition=Disposition.UNKNOWN,
                end_reason=ORPHAN_REASON,
            )
        return n_closed

    async def get(self, call_id: str) -> CallRecord:
        if call_id not in self.rows:
            raise NotFound(f"no call {call_id}")
        return self.rows[call_id]

    async def turns(self, call_id: str) -> list[Turn]:
        return [turn for _, turn in sorted(self.turn_rows.get(call_id, {}).items())]

    async def list(
        self,
        limit: int = 50,
        before: datetime | None = None,
        disposition: Disposition | None = None,
        case_number: str | None = None,
    ) -> list[CallRecord]:
        records = [r async for r in self.each(until=before, disposition=disposition)]
        if case_number is not None:
            case = await self._database.cases.find(case_number)
            records = [r for r in records if case is not None and r.case_id == case.case_id]
        return records[:limit]

    async def open_calls(self) -> list[CallRecord]:
        return [record async for record in self.each() if record.ended_at is None]

    async def starting_with(self, prefix: str, limit: int = 2) -> list[CallRecord]:
        return [r async for r in self.each() if r.call_id.startswith(prefix)][:limit]

    async def each(
        self,
        since: datetime | None = None,
        until: datetime | None = None,
        disposition: Disposition | None = None,
        page: int = 200,
    ):
        latest_first = sorted(
            self.rows.values(), key=lambda r: (r.started_at, r.call_id), reverse=True
        )
        for record in latest_first:
            if (
                (since is None or record.started_at >= since)
                and (until is None or record.started_at < until)
                and (disposition is None or record.disposition == disposition)
            ):
                yield record


class FakePromises:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.rows: dict[int, Promise] = {}

    async def add(self, promise: Promise) -> int:
        self._database.check_writable()
        if promise.amount_gr <= 0 or promise.case_id not in self._database.cases.rows:
            raise StorageError("the database refused: amount or case")
        await self._database.calls.get(promise.call_id)
        for promise_id, earlier in self.rows.items():
            if (earlier.call_id, earlier.case_id) != (promise.call_id, promise.case_id):
                continue
            if earlier.status == SUPERSEDED:
                continue
            if (earlier.amount_gr, earlier.due_date) == (promise.amount_gr, promise.due_date):
                return promise_id
            self.rows[promise_id] = replace(earlier, status=SUPERSEDED)
        self.rows[len(self.rows) + 1] = promise
        return len(self.rows)

    async def list(self, case_id: int | None = None, call_id: str | None = None) -> list[Promise]:
        return [
            promise
            for promise in self.rows.values()
            if (case_id is None or promise.case_id == case_id)
            and (call_id is None or promise.call_id == call_id)
        ]


class FakeCallbacks:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.rows: dict[int, Callback] = {}

    async def add(self, callback: Callback) -> int:
        self._database.check_writable()
        if callback.call_id not in self._database.calls.rows:
            raise StorageError("the database refused: no such call")
        for callback_id, earlier in self.rows.items():
            if (earlier.call_id, earlier.reason) == (callback.call_id, callback.reason):
                self.rows[callback_id] = replace(
                    callback, created_at=earlier.created_at, status=earlier.status
                )
                return callback_id
        self.rows[len(self.rows) + 1] = callback
        return len(self.rows)

    async def list(self, call_id: str | None = None, status: str | None = None) -> list[Callback]:
        return [
            callback
            for callback in self.rows.values()
            if (call_id is None or callback.call_id == call_id)
            and (status is None or callback.status == status)
        ]


class FakePlans:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.rows: dict[int, Plan] = {}

    async def add(self, plan: Plan) -> int:
        self._database.check_writable()
        is_positive = min(plan.n_installments, plan.installment_gr, plan.total_gr) > 0
        if not is_positive or plan.case_id not in self._database.cases.rows:
            raise StorageError("the database refused: terms or case")
        await self._database.calls.get(plan.call_id)
        for plan_id, earlier in self.rows.items():
            if (earlier.call_id, earlier.case_id) != (plan.call_id, plan.case_id):
                continue
            if earlier.status == SUPERSEDED:
                continue
            if replace(earlier, created_at=plan.created_at) == plan:
                return plan_id
            self.rows[plan_id] = replace(earlier, status=SUPERSEDED)
        self.rows[len(self.rows) + 1] = plan
        return len(self.rows)

    async def list(
        self, case_id: int | None = None, call_id: str | None = None, limit: int | None = None
    ) -> list[Plan]:
        return _latest(self.rows, limit, case_id=case_id, call_id=call_id)


class FakeDisputes:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.rows: dict[int, Dispute] = {}

    async def add(self, dispute: Dispute) -> int:
        self._database.check_writable()
        self._database.check_call(dispute.call_id)
        return _upsert(self.rows, dispute, "call_id", "kind")

    async def list(
        self, call_id: str | None = None, status: str | None = None, limit: int | None = None
    ) -> list[Dispute]:
        return _latest(self.rows, limit, call_id=call_id, status=status)


class FakeBlocks:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.rows: dict[int, Block] = {}

    async def add(self, block: Block) -> int:
        self._database.check_writable()
        self._database.check_call(block.call_id)
        return _upsert(self.rows, block, "call_id", "reason")

    async def list(
        self,
        call_id: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        case_id: int | None = None,
        phone: str | None = None,
    ) -> list[Block]:
        rows = self.rows
        if phone is not None:
            rows = {i: r for i, r in rows.items() if r.phone == phone and r.case_id is None}
        return _latest(rows, limit, call_id=call_id, status=status, case_id=case_id)


class FakeNotifications:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self.rows: dict[int, Notification] = {}

    async def add(self, notification: Notification) -> int:
        self._database.check_writable()
        self._database.check_call(notification.call_id)
        recipient = notification.recipient
        case = self._database.cases.rows.get(notification.case_id or 0)
        if not recipient and case is not None:
            contact = self._database.contacts.rows[case.contact_id]
            recipient = contact.email if notification.channel == "email" else contact.phone
        stored = replace(
            notification,
            recipient=recipient,
            status=notification.status if recipient else NO_RECIPIENT,
            data=json.loads(to_json(notification.data)),
        )
        key = (notification.call_id, notification.channel, notification.template)
        for row_id, earlier in self.rows.items():
            if (earlier.call_id, earlier.channel, earlier.template) == key:
                if earlier.status in (WAITING, NO_RECIPIENT):
                    self.rows[row_id] = replace(stored, created_at=earlier.created_at)
                return row_id
        self.rows[len(self.rows) + 1] = stored
        return len(self.rows)

    async def list(
        self, call_id: str | None = None, status: str | None = None, limit: int | None = None
    ) -> list[Notification]:
        return _latest(self.rows, limit, call_id=call_id, status=status)


def _upsert(rows, row, *key: str) -> int:
    """The same key again changes the row, but not when it was made or what became of it."""
    for row_id, earlier in rows.items():
        if all(getattr(earlier, name) == getattr(row, name) for name in key):
            rows[row_id] = replace(row, created_at=earlier.created_at, status=earlier.status)
            return row_id
    rows[len(rows) + 1] = row
    return len(rows)


def _latest(rows, limit: int | None, **wanted):
    fitting = [
        row
        for row in rows.values()
        if all(value is None or getattr(row, name) == value for name, value in wanted.items())
    ]
    return fitting if limit is None else fitting[-limit:]


@dataclass(frozen=True)
class _Link:
    entry: AuditEntry
    text: str
    hash: str


class FakeAudit:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database
        self._chain = AuditChain(SECRET)
        self.rows: list[_Link] = []

    async def append(
        self, call_id: str | None, name: str, data: dict[str, object], at: datetime
    ) -> None:
        self._database.check_writable()
        text = to_json(data)
        entry = AuditEntry(len(self.rows) + 1, at, call_id, name, json.loads(text))
        if any(replace(link.entry, audit_id=entry.audit_id) == entry for link in self.rows):
            return
        self.rows.append(_Link(entry, text, self._hash(len(self.rows), entry, text)))

    async def list(self, call_id: str) -> list[AuditEntry]:
        return [link.entry for link in self.rows if link.entry.call_id == call_id]

    async def verify_chain(self) -> int | None:
        for index, link in enumerate(self.rows):
            if link.hash != self._hash(index, link.entry, link.text):
                return link.entry.audit_id
        return None

    def _hash(self, index: int, entry: AuditEntry, text: str) -> str:
        prev_hash = self.rows[index - 1].hash if index else FIRST_PREV_HASH
        return self._chain.hash(
            prev_hash, entry.audit_id, entry.at, entry.call_id, entry.name, text
        )
