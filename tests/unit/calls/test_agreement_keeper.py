"""What came of a conversation is kept, and only of whom it may be kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.fakes import FakeClock
from tests.simulated_time import simulated
from tests.storage_fakes import FakeDatabase
from voicebot.calls.agreement_keeper import AgreementKeeper
from voicebot.calls.case_directory import CaseDirectory
from voicebot.calls.ledger import CallLedger
from voicebot.dialogue.actions import (
    Notify,
    Query,
    RecordBlock,
    RecordDispute,
    RecordPlan,
    RecordPromise,
)
from voicebot.errors import StorageError
from voicebot.records import (
    Block,
    BlockReason,
    CallRecord,
    Direction,
    Disposition,
    Dispute,
    Notification,
    Plan,
)
from voicebot.storage.samples import sample_debtors

NOW = FakeClock().now()
PLAN = RecordPlan(6, 20000, 123450, date(2026, 3, 20))
DEBTOR = sample_debtors(date(2026, 3, 11))[0]


class Conversation:
    """A ledger and a case directory over a database in memory."""

    def __init__(self, remote_party: str = "+48000000101") -> None:
        self.database = FakeDatabase()
        record = CallRecord("c", Direction.INBOUND, "sip", remote_party, "infolinia", "x", NOW)
        self.ledger = CallLedger(self.database, record)
        self.cases = CaseDirectory(self.database.cases)
        self.keeper = AgreementKeeper(self.ledger, self.cases, FakeClock())

    async def open(self, is_verified: bool = True) -> None:
        await self.database.cases.add(DEBTOR.contact, DEBTOR.case)
        await self.ledger.open()
        await self.cases.answer(Query("find_case", {"case_number": DEBTOR.case.case_number}))
        facts = {"birth_date": DEBTOR.contact.birth_date, "postcode": DEBTOR.contact.postcode}
        for fact, value in facts.items() if is_verified else ():
            await self.cases.answer(Query("verify_fact", {"fact": fact, "value": value}))

    async def close(self, disposition: Disposition = Disposition.INFORMED) -> Disposition:
        await self.ledger.close(NOW + timedelta(minutes=1), disposition, "hangup", {})
        stored = self.database.calls.rows["c"].disposition
        assert stored is not None
        return stored


def broken(retryable: bool) -> StorageError:
    error = StorageError("no")
    error.retryable = retryable
    return error


@simulated
async def test_plan_of_a_verified_debtor_is_kept_when_the_keeper_says_so():
    talk = Conversation()
    await talk.open()
    assert await talk.keeper.keep_commitment(PLAN)
    assert list(talk.database.plans.rows.values()) == [
        Plan(1, "c", 6, 20000, 123450, date(2026, 3, 20), NOW)
    ]
    assert await talk.close(Disposition.PLAN_PROPOSED) is Disposition.PLAN_PROPOSED


@simulated
async def test_nobody_commits_himself_unverified():
    talk = Conversation()
    await talk.open(is_verified=False)
    assert not await talk.keeper.keep_commitment(PLAN)
    assert not await talk.keeper.keep_commitment(
        RecordPromise(5000, date(2026, 3, 20), Disposition.PTP_FULL)
    )
    await talk.close()
    assert not talk.database.plans.rows
    assert not talk.database.promises.rows


@simulated
@pytest.mark.parametrize("retryable", [True, False])
async def test_plan_that_could_not_be_written_is_none(retryable: bool):
    talk = Conversation()
    await talk.open()
    talk.database.fail_with = broken(retryable)
    assert not await talk.keeper.keep_commitment(PLAN)
    talk.database.fail_with = None
    await talk.close()
    assert not talk.database.plans.rows


@simulated
async def test_call_did_not_end_in_a_plan_that_was_lost():
    talk = Conversation()
    await talk.open()
    talk.database.fail_with = broken(retryable=False)
    await talk.keeper.keep_commitment(PLAN)
    talk.database.fail_with = None
    assert await talk.close(Disposition.PLAN_PROPOSED) is Disposition.ERROR


@simulated
async def test_lost_plan_does_not_spoil_a_promise():
    talk = Conversation()
    await talk.open()
    talk.database.fail_with = broken(retryable=False)
    await talk.keeper.keep_commitment(PLAN)
    talk.database.fail_with = None
    assert await talk.close(Disposition.PTP_FULL) is Disposition.PTP_FULL


@simulated
async def test_dispute_block_and_message_are_kept_with_a_trace_each():
    talk = Conversation()
    await talk.open()
    talk.keeper.keep(RecordDispute("amount", "kwota za wysoka"))
    talk.keeper.keep(RecordBlock(BlockReason.DISPUTE))
    talk.keeper.keep(Notify("sms", "potwierdzenie", {"day": "2026-03-20"}))
    talk.keeper.keep(Notify("email", "raty"))
    await talk.close()
    database = talk.database
    assert list(database.disputes.rows.values()) == [
        Dispute("c", 1, "amount", "kwota za wysoka", NOW)
    ]
    assert list(database.blocks.rows.values()) == [
        Block("c", 1, "+48000000101", BlockReason.DISPUTE, NOW)
    ]
    assert list(database.notifications.rows.values()) == [
        Notification(*("c", 1, "sms", "potwierdzenie", "+48000000101", {"day": "2026-03-20"}, NOW)),
        Notification("c", 1, "email", "raty", DEBTOR.contact.email, {}, NOW),
    ]
    entries = await database.audit.list("c")
    assert [(entry.name, entry.data) for entry in entries] == [
        ("dispute_recorded", {"kind": "amount"}),
        ("block_recorded", {"reason": "DISPUTE"}),
        ("notification_queued", {"channel": "sms", "template": "potwierdzenie"}),
        ("notification_queued", {"channel": "email", "template": "raty"}),
    ]


@simulated
async def test_stranger_has_nobody_written_to():
    talk = Conversation(remote_party="anonymous")
    await talk.open(is_verified=False)
    talk.keeper.keep(Notify("email", "raty"))
    talk.keeper.keep(Notify("sms", "raty"))
    talk.keeper.keep(RecordBlock(BlockReason.WRONG_NUMBER))
    await talk.close()
    messages = talk.database.notifications.rows.values()
    assert [(m.recipient, m.status) for m in messages] == [("", "no_recipient")] * 2
    (block,) = talk.database.blocks.rows.values()
    assert (block.case_id, block.phone) == (1, "")
