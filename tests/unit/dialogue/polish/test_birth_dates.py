"""Dates of birth: whole and possible, or none."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish import readout
from voicebot.dialogue.polish.birth_dates import parse_birth_date


@pytest.mark.parametrize(
    "text",
    [
        "ósmy maja siedemdziesiąty piąty",
        "ósmego maja siedemdziesiątego piątego",
        "ósmego maja tysiąc dziewięćset siedemdziesiątego piątego roku",
        "ósmy maja tysiąc dziewięćset siedemdziesiąt pięć",
        "ósmy maja dziewiętnaście siedemdziesiąt pięć",
        "osmy maja siedemdziesiaty piaty",
        "ósmy piąty siedemdziesiąty piąty",
        "ósmego piątego siedemdziesiątego piątego",
        "osiem zero pięć siedemdziesiąt pięć",
        "zero osiem zero pięć siedemdziesiąt pięć",
        "zero osiem zero pięć tysiąc dziewięćset siedemdziesiąt pięć",
        "osiem pięć siedemdziesiąt pięć",
        "osiem maja siedem pięć",
        "8 maja 1975",
        "8 maja 75",
        "8 maja 75 roku",
        "8-go maja 1975 roku",
        "8. maja 1975",
        "08.05.75",
        "08.05.1975",
        "8.05.1975 r.",
        "08-05-1975",
        "08/05/1975",
        "1975-05-08",
        "08 05 1975",
        "8 5 75",
        "08051975",
        "080575",
        "urodziłem się ósmego maja siedemdziesiątego piątego",
        "moja data urodzenia to ósmy maja siedemdziesiąty piąty",
    ],
)
def test_one_date_in_many_words(text):
    assert parse_birth_date(text) == dt.date(1975, 5, 8)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("pierwszy stycznia dwutysięcznego", dt.date(2000, 1, 1)),
        ("drugi lutego dwa tysiące pierwszego", dt.date(2001, 2, 2)),
        ("piętnaście dwanaście osiemdziesiąt dwa", dt.date(1982, 12, 15)),
        ("trzydziestego pierwszego grudnia dziewięćdziesiątego dziewiątego", dt.date(1999, 12, 31)),
        ("dwudziesty trzeci trzeci osiemdziesiąty", dt.date(1980, 3, 23)),
        ("piąty kwietnia 2003", dt.date(2003, 4, 5)),
        ("29 lutego 1980", dt.date(1980, 2, 29)),
    ],
)
def test_other_dates(text, day):
    assert parse_birth_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "", "nie pamiętam", "nie podam", "ósmy maja", "31 kwietnia 1980", "29 lutego 1981",
        "maja siedemdziesiąty piąty", "1975", "siedemdziesiąty piąty", "jutro", "0 0 0",
        "trzydziestego drugiego maja siedemdziesiątego piątego", "08.13.1975",
    ],
)  # fmt: skip
def test_a_part_or_an_impossible_date_is_none(text):
    assert parse_birth_date(text) is None


_days = st.dates(dt.date(1916, 1, 1), dt.date(2015, 12, 31))


@given(_days)
def test_a_date_read_out_is_understood(day):
    assert parse_birth_date(readout.date_(day)) == day
    assert parse_birth_date(readout.date_(day, case="nom")) == day
    assert parse_birth_date(f"{day:%d.%m.%Y}") == day
    assert parse_birth_date(f"{day:%d.%m.%y}") == day
    assert parse_birth_date(readout.digits(f"{day:%d%m%Y}", 2)) == day


@given(st.text())
def test_any_text(text):
    parse_birth_date(text)
