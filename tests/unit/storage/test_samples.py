from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

from tests.storage_fakes import FakeDatabase
from voicebot.storage.samples import add_samples, sample_companies, sample_debtors
from voicebot.storage.verification import FACTS, FactHasher

TODAY = date(2026, 3, 2)
DEBTORS = sample_debtors(TODAY)
COMPANIES = sample_companies(TODAY)


def test_there_are_enough_debtors_of_both_genders():
    assert len(DEBTORS) >= 20
    genders = [debtor.contact.gender for debtor in DEBTORS]
    assert min(genders.count("m"), genders.count("f")) >= 10


def test_they_are_the_same_every_time_and_due_dates_move_along():
    assert sample_debtors(TODAY) == DEBTORS
    later = sample_debtors(TODAY + timedelta(days=7))
    for before, after in zip(DEBTORS, later, strict=True):
        assert before.contact == after.contact
        assert after.case.due_date - before.case.due_date == timedelta(days=7)


def test_nobody_can_be_reached_by_mistake():
    for debtor in (*DEBTORS, *COMPANIES):
        assert debtor.contact.phone.startswith("+48000")
        assert debtor.contact.email.endswith(".invalid")


def test_misheard_digits_of_a_case_number_find_nobody():
    numbers = [debtor.case.case_number for debtor in (*DEBTORS, *COMPANIES)]
    assert all(len(number) == 8 and number.isdigit() for number in numbers)
    assert all(number[0] != "0" for number in numbers)
    for one, other in combinations(numbers, 2):
        assert sum(a != b for a, b in zip(one, other, strict=True)) >= 4


def test_each_knows_three_facts_that_fit_together():
    hasher = FactHasher(bytes(32))
    for debtor in DEBTORS:
        assert set(hasher.hashes_of(1, debtor.contact)) == set(FACTS) - {"nip"}
        # The last but one digit of a PESEL is odd for men.
        is_odd = int(debtor.contact.pesel_last4[2]) % 2 == 1
        assert is_odd == (debtor.contact.gender == "m")
        assert debtor.contact.birth_date is not None
        assert debtor.contact.birth_date.year <= TODAY.year - 18


def test_amounts_add_up_and_are_overdue():
    for debtor in DEBTORS:
        case = debtor.case
        assert case.balance_gr == case.principal_gr + case.interest_gr
        assert 0 < case.interest_gr < case.principal_gr
        assert case.due_date < TODAY


def test_companies_prove_themselves_by_nip_and_postcode():
    hasher = FactHasher(bytes(32))
    assert len(COMPANIES) >= 2
    for company in COMPANIES:
        assert set(hasher.hashes_of(1, company.contact)) == {"nip", "postcode"}
        assert company.contact.first_name == ""
        assert company.case.balance_gr > company.case.principal_gr > 0


async def test_adding_them_again_adds_nothing():
    database = FakeDatabase()
    assert await add_samples(database, TODAY) == len(DEBTORS) + len(COMPANIES)
    assert await add_samples(database, TODAY + timedelta(days=1)) == 0
    first = await database.cases.find(DEBTORS[0].case.case_number)
    assert first is not None
    assert await database.cases.verify_fact(
        first.case_id, "pesel_last4", DEBTORS[0].contact.pesel_last4
    )
