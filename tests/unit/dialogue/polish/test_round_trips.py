"""What is read out to callers is understood when they say it back."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.dialogue.polish import readout
from voicebot.dialogue.polish.amounts import parse_amount
from voicebot.dialogue.polish.dates import parse_date
from voicebot.dialogue.polish.digits import parse_digits
from voicebot.dialogue.polish.times import parse_datetime
from voicebot.dialogue.polish.words import fold

NOW = dt.datetime(2026, 3, 11, 10, 15, tzinfo=ZoneInfo("Europe/Warsaw"))


@settings(max_examples=400)
@given(amount_gr=st.integers(1, 99_999_999), case=st.sampled_from(["nom", "gen", "acc"]))
def test_amounts_in_every_case(amount_gr: int, case: str):
    said = readout.amount(amount_gr, case)
    found = parse_amount(said)
    assert found is not None, said
    assert found.amount_gr == amount_gr, said


@settings(max_examples=150)
@given(amount_gr=st.integers(1, 9_999_999))
def test_amounts_without_diacritics(amount_gr: int):
    said = fold(readout.amount(amount_gr))
    found = parse_amount(said)
    assert found is not None, said
    assert found.amount_gr == amount_gr, said


@settings(max_examples=150)
@given(zlote=st.integers(10, 999_999))
def test_amounts_without_their_currency(zlote: int):
    said = readout.cardinal(zlote)
    found = parse_amount(said)
    assert found is not None, said
    assert found.amount_gr == zlote * 100, said


@given(amount_gr=st.integers(100, 99_999_999))
def test_written_amounts(amount_gr: int):
    zlote, grosze = divmod(amount_gr, 100)
    for thousands in ("", " ", "."):
        said = f"{zlote:,}".replace(",", thousands) + f",{grosze:02d} zł"
        found = parse_amount(said)
        assert found is not None, said
        assert found.amount_gr == amount_gr, said


@pytest.mark.parametrize("ahead", range(366))
def test_each_day_of_a_year(ahead: int):
    day = NOW.date() + dt.timedelta(days=ahead)
    for said in (
        readout.date_(day, True),
        readout.weekday_date(day, True),
        f"{day:%d.%m.%Y}",
        f"{day:%Y-%m-%d}",
        fold(readout.date_(day, True)),
    ):
        found = parse_date(said, NOW)
        assert found is not None, said
        assert (found.date, found.problem, found.ask) == (day, "", ""), said


@pytest.mark.parametrize("ahead", range(1, 330))
def test_days_to_come_need_no_year(ahead: int):
    day = NOW.date() + dt.timedelta(days=ahead)
    found = parse_date(readout.date_(day, False), NOW)
    assert found is not None
    assert found.date == day


@pytest.mark.parametrize("minute_of_day", range(0, 24 * 60, 7))
def test_each_hour_of_a_day(minute_of_day: int):
    time = dt.time(minute_of_day // 60, minute_of_day % 60)
    for said in (f"jutro {readout.time_(time)}", f"jutro o {time:%H:%M}"):
        found = parse_datetime(said, NOW, dt.time(0), dt.time(23, 59))
        assert found is not None, said
        assert found.start_at is not None, said
        assert found.start_at.time() in (time, _other_half(time)), said
        assert found.start_at.date() == dt.date(2026, 3, 12), said


def _other_half(time: dt.time) -> dt.time:
    """ "o trzeciej" may be at night or in the afternoon."""
    return time.replace(hour=time.hour + 12) if 0 < time.hour < 12 else time


@settings(max_examples=200)
@given(text=st.text("0123456789", min_size=1, max_size=12))
def test_digits_one_by_one(text: str):
    assert parse_digits(readout.digits(text, 1)) == text


@settings(max_examples=200)
@given(text=st.text("0123456789", min_size=4, max_size=4))
def test_the_end_of_a_pesel_in_pairs(text: str):
    assert parse_digits(readout.digits(text, 2), 4) == text


@settings(max_examples=200)
@given(text=st.from_regex(r"[5-8][0-9]{8}", fullmatch=True))
def test_telephone_numbers_by_three(text: str):
    assert parse_digits(readout.digits(text, 3), 9) == text
