from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from voicebot.records import Contact
from voicebot.storage.verification import FACTS, FactHasher, normal_value

SECRET = bytes(range(32))
JAN = Contact(
    contact_id=7,
    first_name="Jan",
    last_name="Kowalski",
    gender="m",
    phone="",
    email="",
    birth_date=date(1980, 5, 8),
    pesel_last4="7834",
    postcode="00950",
)


@pytest.mark.parametrize(
    ("fact", "value", "normal"),
    [
        ("birth_date", " 1980-05-08 ", "1980-05-08"),
        ("birth_date", "19800508", "1980-05-08"),
        ("birth_date", "1980-02-30", None),
        ("birth_date", "8 maja 1980", None),
        ("postcode", "00-950", "00-950"),
        ("postcode", "00 950", "00-950"),
        ("postcode", "00950", "00-950"),
        ("postcode", "0-950", None),
        ("postcode", "٠٠-٩٥٠", None),
        ("pesel_last4", "7834", "7834"),
        ("pesel_last4", "783", None),
        ("pesel_last4", "78345", None),
        ("pesel_last4", "٧٨٣٤", None),
        ("nip", "0001234562", "0001234562"),
        ("nip", "000-123-45-62", "0001234562"),
        ("nip", "000 123 45 62", "0001234562"),
        ("nip", "0001234563", None),
        ("nip", "000123456", None),
        ("nip", "٠٠٠١٢٣٤٥٦٢", None),
        ("mothers_name", "Anna", None),
    ],
)
def test_a_fact_is_written_in_one_way(fact: str, value: str, normal: str | None):
    assert normal_value(fact, value) == normal


def test_hashes_say_nothing_about_the_facts():
    hashes = FactHasher(SECRET).hashes_of(7, JAN)
    assert set(hashes) == set(FACTS) - {"nip"}
    assert {len(digest) for digest in hashes.values()} == {32}
    assert not any(b"7834" in digest or b"1980" in digest for digest in hashes.values())


def test_equal_facts_of_two_people_look_different():
    hasher = FactHasher(SECRET)
    assert hasher.hashes_of(7, JAN)["birth_date"] != hasher.hashes_of(8, JAN)["birth_date"]


def test_equal_values_of_two_facts_look_different():
    hasher = FactHasher(SECRET)
    assert hasher.hash(7, "postcode", "1") != hasher.hash(7, "pesel_last4", "1")


def test_another_secret_gives_other_hashes():
    assert FactHasher(SECRET).hashes_of(7, JAN) != FactHasher(bytes(32)).hashes_of(7, JAN)


def test_only_the_stored_fact_matches():
    hasher = FactHasher(SECRET)
    stored = hasher.hashes_of(7, JAN)["pesel_last4"]
    assert hasher.matches(7, "pesel_last4", "7834", stored)
    assert not hasher.matches(7, "pesel_last4", "7835", stored)
    assert not hasher.matches(8, "pesel_last4", "7834", stored)
    assert not hasher.matches(7, "postcode", "7834", stored)
    assert not hasher.matches(7, "pesel_last4", "7834", None)


def test_what_is_no_fact_never_matches_even_if_it_was_stored():
    hasher = FactHasher(SECRET)
    assert not hasher.matches(7, "pesel_last4", "", hasher.hash(7, "pesel_last4", ""))


def test_facts_that_are_missing_are_left_out():
    nobody = replace(JAN, birth_date=None, pesel_last4=" ", postcode="")
    assert FactHasher(SECRET).hashes_of(7, nobody) == {}


@pytest.mark.parametrize("changes", [{"pesel_last4": "12"}, {"postcode": "Warszawa"}])
def test_malformed_fact_is_refused_without_repeating_it(changes: dict[str, str]):
    with pytest.raises(ValueError, match=next(iter(changes))) as caught:
        FactHasher(SECRET).hashes_of(7, replace(JAN, **changes))
    assert next(iter(changes.values())) not in str(caught.value)
