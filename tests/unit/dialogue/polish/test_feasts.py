"""Easter and the days off in Poland."""

from __future__ import annotations

import datetime as dt

import pytest

from voicebot.dialogue.polish import feasts


@pytest.mark.parametrize(
    "day",
    ["2000-04-23", "2008-03-23", "2011-04-24", "2024-03-31", "2025-04-20", "2026-04-05",
     "2027-03-28", "2030-04-21", "2038-04-25"],
)  # fmt: skip
def test_easter(day):
    sunday = dt.date.fromisoformat(day)
    assert feasts.easter(sunday.year) == sunday


def test_days_off_of_2026():
    year = [dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(365)]
    off = [f"{day:%m-%d}" for day in year if day.weekday() < 5 and not feasts.is_business_day(day)]
    assert off == [
        "01-01", "01-06", "04-06", "05-01", "06-04", "11-11", "12-24", "12-25",
    ]  # fmt: skip


def test_christmas_eve_was_a_business_day_until_2024():
    assert feasts.is_business_day(dt.date(2024, 12, 24))
    assert not feasts.is_business_day(dt.date(2025, 12, 24))


def test_business_days_step_over_easter():
    assert feasts.add_business_days(dt.date(2026, 4, 3), 1) == dt.date(2026, 4, 7)


def test_the_feast_days_that_come_and_went():
    assert feasts.next_feast_days(dt.date(2026, 3, 11))[0] == dt.date(2026, 4, 5)
    assert feasts.next_feast_days(dt.date(2026, 4, 7))[0] == dt.date(2026, 12, 25)
    assert feasts.last_feast_days(dt.date(2026, 3, 11))[0] == dt.date(2025, 12, 25)
