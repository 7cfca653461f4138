"""Digit strings and postcodes, spoken and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish import readout
from voicebot.dialogue.polish.digits import parse_digits, parse_postcode


@pytest.mark.parametrize(
    ("text", "length", "digits"),
    [
        ("siedemdziesiąt osiem trzydzieści cztery", 4, "7834"),
        ("siedem osiem trzy cztery", 4, "7834"),
        ("siedem osiem trzydzieści cztery", 4, "7834"),
        ("podwójne zero dwa trzy", 4, "0023"),
        ("dwa zera dwa trzy", 4, "0023"),
        ("dwa zera dwanaście", 4, "0012"),
        ("trzy zera siedem", 4, "0007"),
        ("dwa razy zero jeden dwa", 4, "0012"),
        ("zero zero dwanaście", 4, "0012"),
        ("dwie siódemki trzy cztery", 4, "7734"),
        ("12 34", 4, "1234"),
        ("12 trzydzieści cztery", 4, "1234"),
        ("1 2 3 4", 4, "1234"),
        ("12-34", 4, "1234"),
        ("1.2.3.4", 4, "1234"),
        ("sto dwadzieścia trzy cztery", 4, "1234"),
        ("tysiąc dwieście trzydzieści cztery", 4, "1234"),
        ("dwadzieścia trzy", 3, "203"),
        ("dwadzieścia trzy", 2, "23"),
        ("dwa zero", 2, "20"),
        ("mój numer to dwanaście trzydzieści cztery", None, "1234"),
        ("to będzie jeden dwa, potem trzy cztery", 4, "1234"),
        ("jeden dwa trzy cztery, przepraszam, jeden dwa cztery trzy", 4, "1243"),
        ("numer sprawy 100 245", 6, "100245"),
        ("sto tysięcy", 3, "100"),
        ("siedemset osiemdziesiąt dziewięć sto dwadzieścia trzy", 6, "789123"),
        ("trzy piątki siódemka", 4, "5557"),
        ("dwadzieścia jeden, dwadzieścia, jeden", 5, "21201"),
        ("dwadzieścia, trzy cztery", 3, "234"),
    ],
)
def test_digits(text, length, digits):
    assert parse_digits(text, length) == digits


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 4), ("nie podam", 4), ("zero", 4), ("jeden dwa trzy cztery pięć", 4),
    ],
)  # fmt: skip
def test_another_count_is_no_answer(text, length):
    assert parse_digits(text, length) is None


@pytest.mark.parametrize(
    ("text", "postcode"),
    [
        ("zero zero dziewięćset pięćdziesiąt", "00-950"),
        ("dwa zera dziewięćset pięćdziesiąt", "00-950"),
        ("00-950", "00-950"),
        ("00 950 Warszawa", "00-950"),
        ("trzydzieści jeden zero zero dwa", "31-002"),
        ("osiemdziesiąt sto dwadzieścia", "80-120"),
        ("osiemdziesiąt myślnik sto dwadzieścia", "80-120"),
        ("zero dwa sześćset siedemdziesiąt pięć", "02-675"),
        ("mój kod to pięćdziesiąt dwieście", "50-200"),
        ("Kraków trzydzieści pięćset pięć", "30-505"),
        ("nie pamiętam", None),
        ("dwadzieścia", None),
    ],
)
def test_postcodes(text, postcode):
    assert parse_postcode(text) == postcode


@given(st.from_regex(r"[0-9]{1,12}", fullmatch=True), st.sampled_from([1, 2]))
def test_what_is_read_out_is_understood(digits, group):
    assert parse_digits(readout.digits(digits, group), len(digits)) == digits


@given(st.text(), st.one_of(st.none(), st.integers(0, 12)))
def test_any_text(text, length):
    found = parse_digits(text, length)
    assert found is None or (found.isascii() and found.isdigit())
    parse_postcode(text)
