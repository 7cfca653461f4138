"""What a caller may learn of a case, and when."""

from __future__ import annotations

from datetime import date

from tests.simulated_time import simulated
from tests.storage_fakes import FakeDatabase
from voicebot.calls.case_directory import CaseDirectory
from voicebot.dialogue.actions import Query
from voicebot.storage.samples import sample_debtors


async def directory() -> CaseDirectory:
    database = FakeDatabase()
    for debtor in sample_debtors(date(2026, 3, 11))[:2]:
        await database.cases.add(debtor.contact, debtor.case)
    return CaseDirectory(database.cases)


async def proves(cases: CaseDirectory, fact: str, value: object) -> object:
    return (await cases.answer(Query("verify_fact", {"fact": fact, "value": value})))["matches"]


async def finds(cases: CaseDirectory, number: str) -> object:
    return (await cases.answer(Query("find_case", {"case_number": number})))["found"]


DETAILS = Query("case_details")


@simulated
async def test_details_are_told_after_two_facts_and_not_before():
    cases = await directory()
    assert await cases.answer(DETAILS) == {}
    assert await finds(cases, "24681357")
    assert await cases.answer(DETAILS) == {}
    assert await proves(cases, "birth_date", date(1980, 5, 8))
    assert await cases.answer(DETAILS) == {}
    assert not cases.is_verified
    assert await proves(cases, "postcode", "00-950")
    assert cases.is_verified
    assert (await cases.answer(DETAILS))["balance_gr"] == 129490


@simulated
async def test_same_fact_twice_is_one_fact():
    cases = await directory()
    await finds(cases, "24681357")
    assert await proves(cases, "birth_date", "1980-05-08")
    assert await proves(cases, "birth_date", "1980-05-08")
    assert not cases.is_verified
    assert await cases.answer(DETAILS) == {}


@simulated
async def test_facts_of_one_case_open_no_other():
    cases = await directory()
    await finds(cases, "24681357")
    await proves(cases, "birth_date", "1980-05-08")
    await proves(cases, "postcode", "00950")
    assert await finds(cases, "31524679")
    assert not cases.is_verified
    assert await cases.answer(DETAILS) == {}


@simulated
async def test_wrong_fact_unknown_case_and_unknown_query_tell_nothing():
    cases = await directory()
    assert not await proves(cases, "birth_date", "1980-05-08")
    assert not await finds(cases, "99999999")
    assert cases.case_id is None
    await finds(cases, "24681357")
    assert not await proves(cases, "birth_date", "1980-05-09")
    assert not await proves(cases, "shoe_size", "43")
    assert await cases.answer(Query("everything")) == {}
