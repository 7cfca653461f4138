"""Amounts, dates, times and numbers as they are said."""

from __future__ import annotations

import csv
from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared_path
from voicebot.dialogue.polish import names, readout
from voicebot.records import PersonName


@pytest.mark.parametrize(
    ("amount_gr", "words"),
    [
        (0, "zero złotych"),
        (1, "jeden grosz"),
        (2, "dwa grosze"),
        (5, "pięć groszy"),
        (12, "dwanaście groszy"),
        (22, "dwadzieścia dwa grosze"),
        (100, "jeden złoty"),
        (200, "dwa złote"),
        (500, "pięć złotych"),
        (1200, "dwanaście złotych"),
        (1400, "czternaście złotych"),
        (2100, "dwadzieścia jeden złotych"),
        (2200, "dwadzieścia dwa złote"),
        (3100, "trzydzieści jeden złotych"),
        (10100, "sto jeden złotych"),
        (11200, "sto dwanaście złotych"),
        (12200, "sto dwadzieścia dwa złote"),
        (85000, "osiemset pięćdziesiąt złotych"),
        (100000, "tysiąc złotych"),
        (100100, "tysiąc jeden złotych"),
        (200000, "dwa tysiące złotych"),
        (500000, "pięć tysięcy złotych"),
        (2100000, "dwadzieścia jeden tysięcy złotych"),
        (2200000, "dwadzieścia dwa tysiące złotych"),
        (100000000, "milion złotych"),
        (250000000, "dwa miliony pięćset tysięcy złotych"),
        (
            123456,
            "tysiąc dwieście trzydzieści cztery złote i pięćdziesiąt sześć groszy",
        ),
    ],
)
def test_amounts_take_the_right_plural_and_leave_out_what_is_not_said(amount_gr, words):
    assert readout.amount(amount_gr) == words


@pytest.mark.parametrize(
    ("amount_gr", "words"),
    [
        (100, "jednego złotego"),
        (1, "jednego grosza"),
        (200, "dwóch złotych"),
        (2200, "dwudziestu dwóch złotych"),
        (10100, "stu jeden złotych"),
        (100000, "tysiąca złotych"),
        (
            123400,
            "tysiąca dwustu trzydziestu czterech złotych",
        ),
        (
            598765,
            "pięciu tysięcy dziewięciuset osiemdziesięciu siedmiu złotych "
            "i sześćdziesięciu pięciu groszy",
        ),
        (200000000, "dwóch milionów złotych"),
    ],
)
def test_amounts_after_w_wysokosci_are_in_the_genitive(amount_gr, words):
    assert readout.amount(amount_gr, "gen") == words


def test_the_accusative_differs_only_for_one_of_feminine_gender():
    assert readout.amount(120000, "acc") == "tysiąc dwieście złotych"
    assert readout.count(1, "rata", "acc") == "jedną ratę"
    assert readout.count(2, "rata", "acc") == "dwie raty"
    assert readout.count(21, "rata", "acc") == "dwadzieścia jeden rat"


@pytest.mark.parametrize(
    ("n", "noun", "words"),
    [
        (1, "rata", "jedna rata"),
        (2, "rata", "dwie raty"),
        (5, "rata", "pięć rat"),
        (12, "rata", "dwanaście rat"),
        (21, "rata", "dwadzieścia jeden rat"),
        (22, "rata", "dwadzieścia dwie raty"),
        (1, "dzień", "jeden dzień"),
        (2, "dzień", "dwa dni"),
        (22, "dni", "dwadzieścia dwa dni"),
        (3, "miesiąc", "trzy miesiące"),
        (6, "miesiąc", "sześć miesięcy"),
        (2, "tydzień", "dwa tygodnie"),
        (2, "rok", "dwa lata"),
        (5, "rok", "pięć lat"),
        (2, "zł", "dwa złote"),
        (1, "grosz", "jeden grosz"),
        (0, "rata", "zero rat"),
    ],
)
def test_counts_agree_in_gender_and_number(n, noun, words):
    assert readout.count(n, noun) == words


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 3, 15), "piętnastego marca dwa tysiące dwudziestego szóstego roku"),
        (date(2026, 1, 1), "pierwszego stycznia dwa tysiące dwudziestego szóstego roku"),
        (date(2000, 2, 2), "drugiego lutego dwutysięcznego roku"),
        (date(2001, 5, 3), "trzeciego maja dwa tysiące pierwszego roku"),
        (
            date(1975, 12, 31),
            "trzydziestego pierwszego grudnia tysiąc dziewięćset siedemdziesiątego piątego roku",
        ),
        (date(1900, 10, 20), "dwudziestego października tysiąc dziewięćsetnego roku"),
    ],
)
def test_dates_are_ordinals_in_the_genitive(day, words):
    assert readout.date_(day) == words


def test_the_year_is_left_out_within_six_months():
    today = date(2026, 3, 11)
    assert readout.date_(date(2026, 9, 10), today=today) == "dziesiątego września"
    assert readout.date_(date(2026, 9, 11), today=today).endswith("szóstego roku")
    assert readout.date_(date(2027, 3, 1), today=today).endswith("siódmego roku")
    assert readout.date_(date(2025, 12, 1), today=today) == "pierwszego grudnia"
    assert readout.date_(date(2026, 12, 1), with_year=False) == "pierwszego grudnia"


def test_the_weekday_is_in_the_accusative_with_its_own_preposition():
    assert readout.weekday_date(date(2026, 3, 17)) == "we wtorek, siedemnastego marca"
    assert readout.weekday_date(date(2026, 3, 18)) == "w środę, osiemnastego marca"
    assert readout.weekday_date(date(2026, 3, 20)) == "w piątek, dwudziestego marca"


def test_a_date_can_be_in_the_nominative():
    assert readout.date_(date(2026, 3, 22), False, case="nom") == "dwudziesty drugi marca"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (time(16, 30), "o szesnastej trzydzieści"),
        (time(20, 5), "o dwudziestej zero pięć"),
        (time(8), "o ósmej"),
        (time(21, 45), "o dwudziestej pierwszej czterdzieści pięć"),
        (time(2), "o drugiej"),
        (time(3, 10), "o trzeciej dziesięć"),
        (time(0), "o północy"),
        (time(0, 20), "o zerowej dwadzieścia"),
    ],
)
def test_times_are_feminine_ordinals_in_the_locative(moment, words):
    assert readout.time_(moment) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (
            "+48601234567",
            "sześćset jeden, dwieście trzydzieści cztery, pięćset sześćdziesiąt siedem",
        ),
        ("+48500005010", "pięćset, zero zero pięć, zero dziesięć"),
        ("801 000 123", "osiemset jeden, zero zero zero, sto dwadzieścia trzy"),
    ],
)
def test_phones_are_read_by_threes(number, words):
    assert readout.phone(number) == words


def test_digits_keep_their_leading_zeros():
    assert readout.digits("0123") == "zero jeden dwa trzy"
    assert readout.digits("0123", 2) == "zero jeden, dwadzieścia trzy"
    assert readout.digits("100500", 3) == "sto, pięćset"
    assert readout.digits("0005", 2) == "zero zero, zero pięć"
    assert readout.digits("AB12", 1) == "A B jeden dwa"


def test_invoice_numbers_have_their_strokes_said():
    assert readout.invoice_number("FV/26/0012") == (
        "F V łamane na dwadzieścia sześć łamane na zero zero dwanaście"
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("11.25", "jedenaście i dwadzieścia pięć setnych procent"),
        ("5", "pięć procent"),
        ("1", "jeden procent"),
        ("9.5", "dziewięć i pięć dziesiątych procent"),
        ("9.02", "dziewięć i dwie setne procent"),
        ("0.01", "jedna setna procent"),
    ],
)
def test_percent(value, words):
    assert readout.percent(Decimal(value)) == words


@given(st.integers(0, 10**12))
def test_a_number_is_never_said_as_one_thousand(n):
    words = readout.cardinal(n)
    assert "jeden tysiąc" not in words
    assert "  " not in words


# ---- the shared table ----------------------------------------------------------------------


def _say(kind: str, text: str, context: dict[str, str]) -> str:
    if kind == "amount":
        amount = text.removesuffix(" PLN").replace(" ", "").replace(",", "")
        return readout.amount(int(amount), context.get("case", "nom"))  # type: ignore[arg-type]
    if kind == "date" and "weekday" in context:
        return readout.weekday_date(date.fromisoformat(text))
    if kind == "date":
        return readout.date_(date.fromisoformat(text), context.get("year") != "false")
    if kind == "time":
        return readout.time_(time.fromisoformat(text))
    if kind == "iban":
        return readout.iban(text)
    if kind == "phone":
        return readout.phone(text)
    if kind == "count":
        n, noun = text.split()
        return readout.count(int(n), noun)
    if kind == "percent":
        return readout.percent(Decimal(text.removesuffix("%").replace(",", ".")))
    if kind == "name":
        first, last = text.split()
        return names.person_form(PersonName(first, last, context["gender"]), "ins") or ""
    assert kind == "address", kind
    return names.address_form(text, names.sex_of(context["gender"])) or ""


def test_the_shared_table():
    with shared_path("domain/readout_dev.tsv").open(encoding="utf-8") as file:
        rows = list(
            csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t")
        )
    assert len(rows) >= 20
    for row in rows:
        pairs = [pair.split("=") for pair in row["context"].split(";") if "=" in pair]
        said = _say(row["kind"], row["input"], dict(pairs))
        assert said == row["expected"], row["id"]
