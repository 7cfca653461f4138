"""Keeps what was agreed or contested in a conversation, spoken or written."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import assert_never

from voicebot.calls.case_directory import CaseDirectory
from voicebot.calls.ledger import CallLedger
from voicebot.clock import Clock
from voicebot.dialogue.actions import (
    Notify,
    RecordBlock,
    RecordCallback,
    RecordDispute,
    RecordEvent,
    RecordPlan,
    RecordPromise,
    Transfer,
)
from voicebot.errors import StorageError
from voicebot.records import Block, Callback, Dispute, Notification, Plan, Promise

log = logging.getLogger(__name__)

Agreement = RecordCallback | RecordDispute | RecordBlock | Notify | RecordEvent | Transfer


class AgreementKeeper:
    """Turns the dialogue's record actions into writes of one call's ledger."""

    def __init__(self, ledger: CallLedger, cases: CaseDirectory, clock: Clock) -> None:
        self._ledger = ledger
        self._cases = cases
        self._clock = clock

    async def keep_commitment(self, action: RecordPromise | RecordPlan) -> bool:
        """False: it is not recorded, and the debtor must not be told that it is."""
        record, case_id, now = self._ledger.record, self._cases.case_id, self._clock.now()
        if case_id is None or not self._cases.is_verified:
            log.error("a promise without a verified case", extra={"call_id": record.call_id})
            return False
        match action:
            case RecordPromise():
                promise = Promise(case_id, record.call_id, action.amount_gr, action.due_date, now)
                return await self._is_kept(self._ledger.add_promise(promise))
            case RecordPlan():
                plan = Plan(
                    case_id,
                    record.call_id,
                    action.n_installments,
                    action.installment_gr,
                    action.total_gr,
                    action.first_date,
                    now,
                )
                return await self._is_kept(self._ledger.add_plan(plan))

    async def _is_kept(self, written: Awaitable[None]) -> bool:
        try:
            await written
        except StorageError:
            call_id = self._ledger.record.call_id
            log.error("a promise could not be recorded", extra={"call_id": call_id})
            return False
        return True

    def keep(self, action: Agreement) -> None:
        record, case_id, now = self._ledger.record, self._cases.case_id, self._clock.now()
        match action:
            case RecordCallback():
                self._ledger.add_callback(
                    Callback(
                        record.call_id,
                        case_id,
                        record.remote_party,
                        action.reason,
                        None,
                        now,
                        wanted=action.wanted,
                    )
                )
            case RecordDispute():
                self._ledger.add_dispute(
                    Dispute(record.call_id, case_id, action.kind, action.statement, now)
                )
                self._ledger.add_event("dispute_recorded", {"kind": action.kind}, now)
            case RecordBlock():
                self._ledger.add_block(
                    Block(record.call_id, case_id, self._phone, action.reason, now)
                )
                self._ledger.add_event("block_recorded", {"reason": action.reason}, now)
            case Notify():
                self._keep_notification(action)
            case RecordEvent():
                self._ledger.add_event(action.name, action.data, now)
            case Transfer():
                self._ledger.add_event("transfer_requested", {"reason": action.reason}, now)
            case _:
                assert_never(action)

    def _keep_notification(self, action: Notify) -> None:
        """To the telephone that is in this call, else to the contact of the case: but only who
        has proven to be that contact may have him written to."""
        now = self._clock.now()
        self._ledger.add_notification(
            Notification(
                self._ledger.record.call_id,
                self._cases.case_id if self._cases.is_verified else None,
                action.channel,
                action.template,
                self._phone if action.channel == "sms" else "",
                action.data,
                now,
            )
        )
        data: dict[str, object] = {"channel": action.channel, "template": action.template}
        self._ledger.add_event("notification_queued", data, now)

    @property
    def _phone(self) -> str:
        """The other party's number; empty where he has none or withholds it."""
        party = self._ledger.record.remote_party
        return party if is_phone_number(party) else ""


def is_phone_number(party: str) -> bool:
    """Whether somebody could be called back there: at least seven digits, no anonymous user."""
    return party.lstrip("+").isdigit() and len(party) >= 7
