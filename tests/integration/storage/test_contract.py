"""What every store does: the one in memory, SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from tests.integration.storage.examples import (
    ANNA,
    ANSWER,
    CALL,
    LOAN,
    NOW,
    QUESTION,
    block,
    call,
    callback,
    dispute,
    notification,
    plan,
    promise,
)
from voicebot.errors import NotFound, StorageError
from voicebot.records import BlockReason, Disposition, Speaker, Turn, TurnMood
from voicebot.storage.database import Database

SECOND = timedelta(seconds=1)


async def test_contact_comes_back_without_the_facts_that_prove_him(store: Database):
    contact_id = await store.contacts.add(ANNA)
    stored = await store.contacts.get(contact_id)
    assert stored == replace(ANNA, contact_id=contact_id, birth_date=None, pesel_last4="")
    assert await store.contacts.list() == [stored]
    assert await store.contacts.list(after_id=contact_id) == []


async def test_contact_with_a_malformed_fact_is_not_stored(store: Database):
    with pytest.raises(StorageError, match="pesel_last4"):
        await store.contacts.add(replace(ANNA, pesel_last4="45 21"))
    assert await store.contacts.list() == []


async def test_case_is_found_however_its_number_is_written(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    assert case == replace(LOAN, case_id=case.case_id, contact_id=case.contact_id)
    for number in ("24681357", "2468-1357", " 24 68 13 57 ", "2468 1357"):
        assert await store.cases.find(number) == case
    assert await store.cases.find("24681358") is None
    assert await store.cases.find("") is None
    assert await store.cases.get(case.case_id) == case
    assert await store.cases.list() == [case]


async def test_case_number_is_taken_once(store: Database):
    first = await store.cases.add(ANNA, LOAN)
    with pytest.raises(StorageError):
        await store.cases.add(ANNA, replace(LOAN, case_number="24681357"))
    with pytest.raises(StorageError, match="number"):
        await store.cases.add(ANNA, replace(LOAN, case_number=" - "))
    # The contact that came with the refused case is not left behind.
    assert [c.contact_id for c in await store.contacts.list()] == [first.contact_id]


async def test_one_contact_has_two_cases(store: Database):
    first = await store.cases.add(ANNA, LOAN)
    anna = await store.contacts.get(first.contact_id)
    second = await store.cases.add(anna, replace(LOAN, case_number="99999999"))
    assert second.contact_id == first.contact_id
    assert await store.cases.verify_fact(second.case_id, "birth_date", "1975-03-21")


@pytest.mark.parametrize(
    ("fact", "value", "matches"),
    [
        ("birth_date", "1975-03-21", True),
        ("birth_date", "1975-03-22", False),
        ("birth_date", "21.03.1975", False),
        ("birth_date", "", False),
        ("postcode", "00-950", True),
        ("postcode", "00950", True),
        ("postcode", "00 950", True),
        ("postcode", "00-951", False),
        ("pesel_last4", "4521", True),
        ("pesel_last4", "4522", False),
        ("pesel_last4", "45211", False),
        ("shoe_size", "4521", False),
    ],
)
async def test_fact_matches_only_what_the_debtor_is_known_by(
    store: Database, fact: str, value: str, matches: bool
):
    case = await store.cases.add(ANNA, LOAN)
    assert await store.cases.verify_fact(case.case_id, fact, value) is matches


async def test_fact_that_is_not_known_never_matches(store: Database):
    nameless = replace(ANNA, birth_date=None, pesel_last4="", postcode="")
    case = await store.cases.add(nameless, LOAN)
    for fact in ("birth_date", "postcode", "pesel_last4"):
        assert not await store.cases.verify_fact(case.case_id, fact, "")
    assert not await store.cases.verify_fact(case.case_id + 1, "postcode", "00-950")


async def test_case_details_hold_what_the_dialogue_may_say(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    assert await store.cases.case_details(case.case_id) == {
        "creditor": "Pożyczki Na Niby",
        "title": "umowa pożyczki",
        "principal_gr": 120_000,
        "interest_gr": 3_450,
        "balance_gr": 123_450,
        "due_date": date(2026, 1, 15),
        "gender": "f",
        "promised_date": None,
        "promised_gr": None,
        "n_promises": 0,
    }
    with pytest.raises(NotFound):
        await store.cases.case_details(case.case_id + 1)


async def test_last_promise_is_among_the_details_unless_it_was_replaced_or_kept(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    for call_id in ("c-1", "c-2"):
        await store.calls.start(call(call_id))
    await store.promises.add(promise(case.case_id, status="kept"))
    day = date(2026, 4, 1)
    await store.promises.add(promise(case.case_id, call_id="c-2", amount_gr=7_700, due_date=day))
    details = await store.cases.case_details(case.case_id)
    assert (details["promised_gr"], details["promised_date"], details["n_promises"]) == (
        7_700,
        day,
        1,
    )


async def test_a_company_proves_itself_by_its_nip_and_is_known_as_one(store: Database):
    company = replace(
        ANNA, first_name="", gender="", birth_date=None, pesel_last4="", nip="000-123-45-62"
    )
    case = await store.cases.add(company, LOAN)
    assert await store.cases.verify_fact(case.case_id, "nip", "0001234562")
    assert not await store.cases.verify_fact(case.case_id, "nip", "0002468138")
    person = await store.cases.person(case.case_id)
    assert person.is_company
    assert (await store.contacts.get(case.contact_id)).nip == ""
    with pytest.raises(NotFound):
        await store.cases.person(case.case_id + 1)


async def test_call_comes_back_as_it_was_stored(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    await store.calls.start(CALL)
    assert await store.calls.get("c-1") == CALL
    answered = NOW + timedelta(seconds=1)
    await store.calls.update("c-1", answered_at=answered, ai_disclosed_at=answered)
    await store.calls.update("c-1", case_id=case.case_id, is_verified=True)
    await store.calls.update("c-1")
    ended = NOW + timedelta(seconds=61)
    stats = {"lost_packets": 3.0, "jitter_ms": 1.25}
    await store.calls.finish("c-1", ended, Disposition.PTP_FULL, "agreed", stats)
    assert await store.calls.get("c-1") == replace(
        CALL,
        answered_at=answered,
        ai_disclosed_at=answered,
        case_id=case.case_id,
        is_verified=True,
        ended_at=ended,
        disposition=Disposition.PTP_FULL,
        end_reason="agreed",
        media_stats=stats,
    )
    assert await store.calls.open_calls() == []


async def test_instants_are_utc_whatever_zone_they_came_in(store: Database):
    in_warsaw = NOW.astimezone(timezone(timedelta(hours=2)))
    await store.calls.start(call("c-1", started_at=in_warsaw))
    stored = await store.calls.get("c-1")
    assert stored.started_at == NOW
    assert stored.started_at.utcoffset() in {timedelta(0), timedelta(hours=2)}


async def test_call_id_belongs_to_one_call(store: Database):
    await store.calls.start(CALL)
    await store.calls.start(CALL)  # a retry whose first answer was lost
    with pytest.raises(StorageError, match="exists already"):
        await store.calls.start(call("c-1", started_at=NOW + timedelta(hours=1)))
    assert len(await store.calls.list()) == 1


async def test_unknown_calls_and_fields_are_refused(store: Database):
    with pytest.raises(NotFound):
        await store.calls.get("nobody")
    with pytest.raises(NotFound):
        await store.calls.update("nobody", end_reason="x")
    with pytest.raises(NotFound):
        await store.calls.finish("nobody", NOW, Disposition.ERROR, "x", {})
    await store.calls.start(CALL)
    with pytest.raises(TypeError, match="started_at"):
        await store.calls.update("c-1", started_at=NOW)
    with pytest.raises(StorageError):
        await store.calls.update("c-1", case_id=4711)
    with pytest.raises(StorageError):
        await store.calls.add_turn("nobody", 0, QUESTION)


async def test_turns_come_back_in_order(store: Database):
    await store.calls.start(CALL)
    await store.calls.add_turn("c-1", 1, ANSWER)
    await store.calls.add_turn("c-1", 0, QUESTION)
    assert await store.calls.turns("c-1") == [QUESTION, ANSWER]
    assert await store.calls.turns("nobody") == []


async def test_mood_may_come_later_and_be_dropped(store: Database):
    await store.calls.start(CALL)
    await store.calls.add_turn("c-1", 0, QUESTION)
    await store.calls.add_turn("c-1", 1, replace(ANSWER, mood=None))
    mood = TurnMood("distress", 0.9, {"distress": 0.9, "calm": 0.1}, "fear", 3.5)
    await store.calls.set_mood("c-1", 1, mood)
    await store.calls.set_mood("c-1", 7, mood)
    assert await store.calls.turns("c-1") == [QUESTION, replace(ANSWER, mood=mood)]
    await store.calls.drop_moods("c-1")
    assert await store.calls.turns("c-1") == [QUESTION, replace(ANSWER, mood=None)]


async def test_turn_number_is_given_once(store: Database):
    await store.calls.start(CALL)
    await store.calls.add_turn("c-1", 0, QUESTION)
    await store.calls.add_turn("c-1", 0, QUESTION)  # a retry whose first answer was lost
    with pytest.raises(StorageError, match="turn 0"):
        await store.calls.add_turn("c-1", 0, ANSWER)
    assert await store.calls.turns("c-1") == [QUESTION]


async def test_odd_values_do_not_lose_a_turn(store: Database):
    await store.calls.start(CALL)
    turn = Turn(
        Speaker.CALLER,
        "",
        0.0,
        1.0,
        slots={"day": date(2026, 3, 15), "words": ("a", "b")},
        timings_ms={"ratio": float("nan")},
    )
    await store.calls.add_turn("c-1", 0, turn)
    (stored,) = await store.calls.turns("c-1")
    assert stored.slots == {"day": "2026-03-15", "words": ["a", "b"]}
    assert stored.timings_ms == {"ratio": None}


async def test_calls_are_listed_latest_first(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    for minute in range(5):
        await store.calls.start(call(f"c-{minute}", started_at=NOW + timedelta(minutes=minute)))
    await store.calls.finish("c-1", NOW, Disposition.REFUSAL, "", {})
    await store.calls.update("c-3", case_id=case.case_id)

    def ids(records):
        return [record.call_id for record in records]

    assert ids(await store.calls.list()) == ["c-4", "c-3", "c-2", "c-1", "c-0"]
    assert ids(await store.calls.list(limit=2)) == ["c-4", "c-3"]
    before = NOW + timedelta(minutes=3)
    assert ids(await store.calls.list(limit=2, before=before)) == ["c-2", "c-1"]
    assert ids(await store.calls.list(disposition=Disposition.REFUSAL)) == ["c-1"]
    assert ids(await store.calls.list(case_number="24 68 13 57")) == ["c-3"]
    assert ids(await store.calls.list(case_number="11111111")) == []
    assert ids(await store.calls.open_calls()) == ["c-4", "c-3", "c-2", "c-0"]
    assert ids(await store.calls.starting_with("c-", limit=3)) == ["c-4", "c-3", "c-2"]
    assert ids(await store.calls.starting_with("c%")) == []


async def test_each_call_of_one_instant_is_seen_once(store: Database):
    for number in range(7):
        await store.calls.start(call(f"c-{number}", started_at=NOW))
    await store.calls.start(call("later", started_at=NOW + timedelta(seconds=1)))
    seen = [r.call_id async for r in store.calls.each(until=NOW + timedelta(seconds=1), page=3)]
    assert seen == [f"c-{number}" for number in reversed(range(7))]
    assert [r.call_id async for r in store.calls.each(since=NOW + timedelta(seconds=1))] == [
        "later"
    ]
    assert [r async for r in store.calls.each(disposition=Disposition.ERROR)] == []


async def test_orphans_of_this_node_end_where_their_record_ends(store: Database):
    answered = NOW + timedelta(seconds=2)
    await store.calls.start(call("talked", answered_at=answered))
    await store.calls.add_turn("talked", 0, QUESTION)
    await store.calls.add_turn("talked", 1, ANSWER)
    await store.calls.update("talked", disposition=Disposition.PTP_FULL)
    await store.calls.start(call("ringing"))
    await store.calls.start(call("elsewhere", node="node-b"))
    await store.calls.start(call("done"))
    await store.calls.finish("done", NOW, Disposition.INFORMED, "said goodbye", {})

    now = NOW + timedelta(minutes=20)
    assert await store.calls.close_orphans(now, "node-a") == 2
    assert await store.calls.close_orphans(now, "node-a") == 0

    talked = await store.calls.get("talked")
    assert (talked.disposition, talked.end_reason) == (Disposition.UNKNOWN, "process ended")
    assert talked.ended_at == answered + timedelta(seconds=5.25)
    assert (await store.calls.get("ringing")).ended_at == NOW
    assert (await store.calls.get("elsewhere")).ended_at is None
    assert (await store.calls.get("done")).disposition is Disposition.INFORMED


async def test_calls_of_a_node_that_never_came_back_are_closed_in_the_end(store: Database):
    await store.calls.start(call("alive", node="node-b", answered_at=NOW))
    last_words = replace(ANSWER, started_s=1790.0, ended_s=1795.0)
    await store.calls.add_turn("alive", 0, last_words)
    await store.calls.start(call("lost", node="node-c"))
    now = NOW + timedelta(minutes=31)
    assert await store.calls.close_orphans(now, "node-a") == 1
    assert (await store.calls.get("lost")).disposition is Disposition.UNKNOWN
    assert await store.calls.close_orphans(now, "node-a", lost_after=timedelta(seconds=60)) == 1
    # It was alive after all, and says itself how the call ended.
    await store.calls.finish("alive", now, Disposition.PTP_FULL, "agreed", {})
    alive = await store.calls.get("alive")
    assert (alive.disposition, alive.ended_at) == (Disposition.PTP_FULL, now)


async def test_orphan_never_ends_in_the_future(store: Database):
    await store.calls.start(CALL)
    await store.calls.add_turn("c-1", 0, replace(ANSWER, ended_s=9999.0))
    await store.calls.close_orphans(NOW + timedelta(seconds=5), "node-a")
    assert (await store.calls.get("c-1")).ended_at == NOW + timedelta(seconds=5)


async def test_retried_promise_is_one_promise(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    await store.calls.start(CALL)
    first = await store.promises.add(promise(case.case_id))
    again = await store.promises.add(promise(case.case_id, created_at=NOW + timedelta(seconds=1)))
    assert again == first
    assert await store.promises.list() == [promise(case.case_id)]


async def test_later_word_supersedes_the_promise_of_the_same_call(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    await store.calls.start(CALL)
    await store.calls.start(call("c-2"))
    first = await store.promises.add(promise(case.case_id))
    second = await store.promises.add(promise(case.case_id, amount_gr=50_000))
    third = await store.promises.add(promise(case.case_id))  # back to the first terms
    other_call = await store.promises.add(promise(case.case_id, call_id="c-2"))
    assert len({first, second, third, other_call}) == 4
    statuses = [p.status for p in await store.promises.list(call_id="c-1")]
    assert statuses == ["superseded", "superseded", "open"]
    assert len(await store.promises.list(case_id=case.case_id)) == 4
    assert await store.promises.list(case_id=case.case_id + 1) == []


async def test_promise_needs_an_amount_a_call_and_a_case(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    await store.calls.start(CALL)
    with pytest.raises(StorageError):
        await store.promises.add(promise(case.case_id, amount_gr=0))
    with pytest.raises(StorageError):
        await store.promises.add(promise(case.case_id + 1))
    with pytest.raises(NotFound):
        await store.promises.add(promise(case.case_id, call_id="nobody"))
    assert await store.promises.list() == []


async def test_callback_is_asked_once_per_reason(store: Database):
    await store.calls.start(CALL)
    first = await store.callbacks.add(callback())
    wanted_at = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
    later = callback(wanted_at=wanted_at, wanted="o czternastej", created_at=wanted_at)
    assert await store.callbacks.add(later) == first
    assert await store.callbacks.list() == [replace(later, created_at=NOW)]
    other = await store.callbacks.add(callback(reason="reklamacja"))
    assert other != first
    assert len(await store.callbacks.list(call_id="c-1", status="open")) == 2
    assert await store.callbacks.list(status="done") == []
    with pytest.raises(StorageError):
        await store.callbacks.add(callback(call_id="nobody"))


async def test_plan_counts_once_a_call_and_the_later_word_supersedes_it(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    await store.calls.start(CALL)
    await store.calls.start(call("c-2"))
    first = await store.plans.add(plan(case.case_id))
    retry = await store.plans.add(plan(case.case_id, created_at=NOW + timedelta(seconds=1)))
    assert retry == first
    longer = await store.plans.add(plan(case.case_id, n_installments=12, installment_gr=10_000))
    other_day = await store.plans.add(
        plan(case.case_id, n_installments=12, installment_gr=10_000, first_date=date(2026, 3, 11))
    )
    other_call = await store.plans.add(plan(case.case_id, call_id="c-2"))
    assert len({first, longer, other_day, other_call}) == 4
    statuses = [p.status for p in await store.plans.list(call_id="c-1")]
    assert statuses == ["superseded", "superseded", "open"]
    (latest,) = await store.plans.list(case_id=case.case_id, limit=1)
    assert latest == plan(case.case_id, call_id="c-2")


async def test_plan_needs_terms_a_call_and_a_case(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    await store.calls.start(CALL)
    for terms in ({"n_installments": 0}, {"installment_gr": 0}, {"total_gr": -1}):
        with pytest.raises(StorageError):
            await store.plans.add(plan(case.case_id, **terms))
    with pytest.raises(StorageError):
        await store.plans.add(plan(case.case_id + 1))
    with pytest.raises(NotFound):
        await store.plans.add(plan(case.case_id, call_id="nobody"))
    assert await store.plans.list() == []


async def test_dispute_is_kept_once_per_kind_with_the_last_words(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    await store.calls.start(CALL)
    first = await store.disputes.add(dispute())
    later = dispute(statement="odsetki są złe", case_id=case.case_id, created_at=NOW + SECOND)
    assert await store.disputes.add(later) == first
    assert await store.disputes.add(dispute(kind="limitation", statement="")) != first
    assert await store.disputes.list(call_id="c-1", status="open") == [
        replace(later, created_at=NOW),
        dispute(kind="limitation", statement=""),
    ]
    assert [d.kind for d in await store.disputes.list(limit=1)] == ["limitation"]
    assert await store.disputes.list(status="closed") == []
    with pytest.raises(StorageError):
        await store.disputes.add(dispute(call_id="nobody"))


async def test_block_is_found_by_its_case_or_by_the_number_it_stands_for(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    await store.calls.start(CALL)
    first = await store.blocks.add(block())
    assert await store.blocks.add(block(created_at=NOW + SECOND)) == first
    deceased = block(reason=BlockReason.DECEASED, case_id=case.case_id)
    assert await store.blocks.add(deceased) != first
    assert await store.blocks.list(call_id="c-1", status="open") == [block(), deceased]
    assert await store.blocks.list(case_id=case.case_id) == [deceased]
    # What is known of a case says nothing about who else answers that telephone.
    assert await store.blocks.list(phone="+48000000101") == [block()]
    assert await store.blocks.list(phone="+48000000102") == []
    with pytest.raises(StorageError):
        await store.blocks.add(block(call_id="nobody"))


async def test_message_waits_once_and_without_a_number_goes_to_the_contact(store: Database):
    case = await store.cases.add(ANNA, LOAN)
    await store.calls.start(CALL)
    first = await store.notifications.add(notification(data={"day": date(2026, 3, 9)}))
    assert await store.notifications.add(notification()) == first
    by_mail = notification(channel="email", recipient="", case_id=case.case_id)
    by_sms = notification(template="raty", recipient="", case_id=case.case_id)
    await store.notifications.add(by_mail)
    await store.notifications.add(by_sms)
    await store.notifications.add(notification(channel="email", template="raty", recipient=""))
    assert await store.notifications.list(call_id="c-1", status="waiting") == [
        notification(),
        replace(by_mail, recipient=ANNA.email),
        replace(by_sms, recipient=ANNA.phone),
    ]
    (lost,) = await store.notifications.list(status="no_recipient")
    assert (lost.channel, lost.template) == ("email", "raty")
    with pytest.raises(StorageError):
        await store.notifications.add(notification(call_id="nobody"))


async def test_message_that_was_sent_is_not_sent_again(store: Database):
    await store.calls.start(CALL)
    first = await store.notifications.add(notification(status="sent"))
    assert await store.notifications.add(notification(data={"day": "2026-04-01"})) == first
    assert await store.notifications.list() == [notification(status="sent")]


async def test_audit_keeps_entries_in_order_and_whole(store: Database):
    await store.audit.append("c-1", "ai_disclosed", {"prompt": "greeting"}, NOW)
    await store.audit.append(None, "server_started", {"day": date(2026, 3, 2)}, NOW)
    await store.audit.append("c-1", "verified", {}, NOW + timedelta(seconds=9))
    await store.audit.append("c-1", "verified", {}, NOW + timedelta(seconds=9))  # a retry
    await store.audit.append(None, "server_started", {"day": date(2026, 3, 2)}, NOW)
    entries = await store.audit.list("c-1")
    assert [(e.name, e.data, e.at) for e in entries] == [
        ("ai_disclosed", {"prompt": "greeting"}, NOW),
        ("verified", {}, NOW + timedelta(seconds=9)),
    ]
    assert [entry.audit_id for entry in entries] == [1, 3]
    assert await store.audit.verify_chain() is None


async def test_ping_answers(store: Database):
    await store.ping()
