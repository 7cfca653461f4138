"""Records that the storage tests begin with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from voicebot.records import (
    Block,
    BlockReason,
    Callback,
    CallRecord,
    Case,
    Contact,
    Direction,
    Dispute,
    Notification,
    Plan,
    Promise,
    Speaker,
    Turn,
    TurnMood,
)

NOW = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)

ANNA = Contact(
    contact_id=0,
    first_name="Anna",
    last_name="Żółć",
    gender="f",
    phone="+48000000101",
    email="anna@example.invalid",
    birth_date=date(1975, 3, 21),
    pesel_last4="4521",
    postcode="00-950",
)
LOAN = Case(
    case_id=0,
    contact_id=0,
    case_number="2468 1357",
    creditor="Pożyczki Na Niby",
    title="umowa pożyczki",
    principal_gr=120_000,
    interest_gr=3_450,
    balance_gr=123_450,
    due_date=date(2026, 1, 15),
)
CALL = CallRecord(
    call_id="c-1",
    direction=Direction.INBOUND,
    leg_kind="sip",
    remote_party="sip:+48000000101@example.invalid",
    local_party="sip:infolinia@example.invalid",
    script="infolinia",
    started_at=NOW,
    node="node-a",
)
QUESTION = Turn(Speaker.BOT, "W czym mogę pomóc?", 0.0, 2.5, prompt_id="greeting", state="start")
ANSWER = Turn(
    Speaker.CALLER,
    "zapłacę tysiąc złotych piętnastego",
    3.0,
    5.25,
    confidence=0.87,
    intent="promise",
    slots={"amount_gr": 100_000, "note": "zażółć"},
    state="start",
    was_interrupted=False,
    timings_ms={"speech_end_to_transcript": 210.5},
    mood=TurnMood("anger", 0.7, {"anger": 0.7, "calm": 0.3}, "anger", 2.25),
)


def call(call_id: str, **changes: Any) -> CallRecord:
    return replace(CALL, call_id=call_id, **changes)


def promise(case_id: int, **changes: Any) -> Promise:
    made = Promise(
        case_id=case_id,
        call_id="c-1",
        amount_gr=100_000,
        due_date=date(2026, 3, 15),
        created_at=NOW,
    )
    return replace(made, **changes)


def callback(**changes: Any) -> Callback:
    made = Callback(
        call_id="c-1",
        case_id=None,
        phone="+48000000101",
        reason="konsultant",
        wanted_at=None,
        created_at=NOW,
        wanted="jutro po południu",
    )
    return replace(made, **changes)


def plan(case_id: int, **changes: Any) -> Plan:
    made = Plan(case_id, "c-1", 6, 20_000, 123_450, date(2026, 3, 10), NOW)
    return replace(made, **changes)


def dispute(**changes: Any) -> Dispute:
    return replace(Dispute("c-1", None, "amount", "kwota jest inna", NOW), **changes)


def block(**changes: Any) -> Block:
    return replace(Block("c-1", None, "+48000000101", BlockReason.WRONG_NUMBER, NOW), **changes)


def notification(**changes: Any) -> Notification:
    made = Notification(
        *("c-1", None, "sms", "potwierdzenie", "+48000000101", {"day": "2026-03-10"}, NOW)
    )
    return replace(made, **changes)
