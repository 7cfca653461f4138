"""A call out is made about a case, or not at all."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from tests.simulated_time import simulated
from tests.storage_fakes import FakeDatabase
from tests.unit.dialogue.dialogue_driver import WARSAW, scripted
from voicebot.calls.outbound_call import about_case
from voicebot.calls.reception import Conversation
from voicebot.dialogue.engine import DialogueEngine
from voicebot.errors import NotFound, SettingsError
from voicebot.records import PersonName
from voicebot.storage.samples import sample_companies, sample_debtors


@cache
def conversation(name: str) -> Conversation:
    script, classifier = scripted(name)
    return Conversation(script, classifier, {"company": "Firma"}, WARSAW)


async def database() -> FakeDatabase:
    database = FakeDatabase()
    today = date(2026, 3, 11)
    for debtor in (sample_debtors(today)[0], sample_companies(today)[0]):
        await database.cases.add(debtor.contact, debtor.case)
    return database


@simulated
async def test_the_script_is_given_whom_the_call_is_about():
    cases = (await database()).cases
    about = await about_case(conversation("przypomnienie_konsument"), cases, "2468 1357")
    assert about.variables == {
        "company": "Firma",
        "case_number": "24681357",
        "person": PersonName("Jan", "Kowalski", "m"),
        "is_company": False,
    }
    engine = DialogueEngine(about.script, about.classifier, about.variables, WARSAW)
    assert engine.variables["case_number"] == "24681357"


@simulated
async def test_a_company_is_known_as_one():
    cases = (await database()).cases
    about = await about_case(conversation("przypomnienie_firma"), cases, "43518276")
    assert about.variables["is_company"] is True
    assert about.variables["person"] == PersonName("", "Hurtownia Zmyślona", "")


@simulated
async def test_an_unknown_case_a_missing_one_and_one_too_many_are_refused():
    cases = (await database()).cases
    with pytest.raises(NotFound, match="11112222"):
        await about_case(conversation("przypomnienie_konsument"), cases, "11112222")
    with pytest.raises(SettingsError, match="przypomnienie_konsument calls about a case"):
        await about_case(conversation("przypomnienie_konsument"), cases, "")
    with pytest.raises(SettingsError, match="infolinia is not about a case"):
        await about_case(conversation("infolinia"), cases, "24681357")


@simulated
async def test_the_hotline_needs_no_case():
    hotline = conversation("infolinia")
    assert await about_case(hotline, (await database()).cases, "") is hotline
