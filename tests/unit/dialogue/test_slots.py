"""Slots are filled from speech and from keys; what can't be taken says why."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.dialogue.script import SlotKind, SlotSpec
from voicebot.dialogue.slots import FilledSlots, fill_from_keys, fill_from_text

NOW = datetime(2026, 3, 11, 10, 15, tzinfo=ZoneInfo("Europe/Warsaw"))
LENGTHS = {"digits": 4, "case_number": 8}


def spec(kind: SlotKind) -> SlotSpec:
    return SlotSpec(kind, LENGTHS.get(kind, 0), "balance")


def spoken(kind: SlotKind, text: str) -> FilledSlots:
    return fill_from_text({"x": spec(kind)}, text, {"x": 123456}, NOW)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("amount", "zapłacę pięćset złotych", 50000),
        ("amount", "całość", 123456),
        ("amount", "w piątek", None),
        ("date", "w piątek", date(2026, 3, 13)),
        ("date", "do końca tygodnia", date(2026, 3, 15)),
        ("date", "za dwa trzy dni", date(2026, 3, 14)),
        ("date", "dzisiaj", date(2026, 3, 11)),
        ("date", "pięćset złotych", None),
        ("case_number", "dwa zero dwa sześć zero zero jeden siedem", "20260017"),
        ("case_number", "dwa zero dwa sześć", None),
        ("digits", "siedemdziesiąt osiem trzydzieści cztery", "7834"),
        ("birth_date", "ósmy maja siedemdziesiąty piąty", date(1975, 5, 8)),
        ("postcode", "zero zero dziewięćset pięćdziesiąt", "00-950"),
        ("yes_no", "tak", "yes"),
        ("yes_no", "nie", "no"),
        ("yes_no", "no", "weak_yes"),
        ("yes_no", "mhm", "weak_yes"),
        ("yes_no", "może", "unsure"),
        ("yes_no", "raczej", "unsure"),
        ("yes_no", "w piątek", None),
        ("time", "jutro po szesnastej", "jutro po szesnastej"),
        ("time", "po szesnastej", "po szesnastej"),
        ("time", "za godzinę", "za godzinę"),
        ("time", "dzień dobry", None),
        ("words", " po południu ", "po południu"),
        ("words", "  ", None),
    ],
)
def test_from_speech(kind: SlotKind, text: str, value: object):
    assert spoken(kind, text).values.get("x") == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("zapłaciłem wczoraj", "past"),
        ("trzydziestego pierwszego kwietnia", "no_such_date"),
        ("jak dostanę wypłatę", "ask_date"),
        ("po dwudziestym marca", "ask_date"),
        ("w piątek albo w sobotę", "two_dates"),
        ("w piątek dwudziestego pierwszego", "weekday_mismatch"),
        ("w piątek", ""),
        ("pada deszcz", ""),
    ],
)
def test_why_a_date_could_not_be_taken(text: str, problem: str):
    filled = spoken("date", text)
    assert filled.problem == problem
    assert ("x" in filled.values) == (text == "w piątek")


def test_several_slots_of_one_sentence():
    slots = {"day": spec("date"), "sum": spec("amount")}
    filled = fill_from_text(slots, "zapłacę całość w piątek", {"sum": 123456}, NOW)
    assert filled.values == {"day": date(2026, 3, 13), "sum": 123456}


@pytest.mark.parametrize(
    ("kind", "keys", "value"),
    [
        ("case_number", "20260017", "20260017"),
        ("case_number", "20260017#", "20260017"),
        ("case_number", "2026", None),
        ("digits", "7834", "7834"),
        ("birth_date", "08051975", date(1975, 5, 8)),
        ("birth_date", "31021975", None),
        ("birth_date", "0805", None),
        ("postcode", "00950", "00950"),
        ("yes_no", "1", "yes"),
        ("yes_no", "2", "no"),
        ("yes_no", "3", None),
        ("amount", "150", 15000),
        ("amount", "0", None),
        ("date", "1503", date(2026, 3, 15)),
        ("date", "1003", date(2027, 3, 10)),
        ("date", "15032026", date(2026, 3, 15)),
        ("date", "10032026", None),
        ("words", "1", None),
        ("case_number", "*", None),
        ("case_number", "", None),
    ],
)
def test_from_keys(kind: SlotKind, keys: str, value: object):
    assert fill_from_keys({"x": spec(kind)}, keys, NOW).values.get("x") == value


KINDS: tuple[SlotKind, ...] = (
    "amount", "date", "digits", "case_number", "birth_date", "postcode", "yes_no", "time", "words",
)  # fmt: skip
PIECES = (
    "nie|tak|w|piątek|do końca|miesiąca|sto|złotych|dwa tysiące|pierwszego|maja|31|00-950|po"
    "|wypłacie|za|jutro|wczoraj|zapłaciłem|czy|lub|od|,|.|ósmy|1975|kwietnia|pół"
)
WORDS = st.lists(st.sampled_from(PIECES.split("|")), max_size=12).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(st.text(max_size=400), WORDS), kind=st.sampled_from(KINDS))
def test_whatever_is_said_never_raises_nor_promises_the_past(text: str, kind: SlotKind):
    value = spoken(kind, text).values.get("x")
    if kind == "date" and value is not None:
        assert isinstance(value, date)
        assert value >= NOW.date()
    if kind == "amount" and value is not None:
        assert isinstance(value, int)
        assert value > 0


@given(keys=st.text(alphabet="0123456789*#", max_size=12), kind=st.sampled_from(KINDS))
def test_whatever_is_keyed_never_raises(keys: str, kind: SlotKind):
    fill_from_keys({"x": spec(kind)}, keys, NOW)


def test_the_day_that_is_on_another_weekday_is_known():
    assert spoken("date", "w piątek dwudziestego pierwszego").said_day == date(2026, 3, 21)
    assert spoken("date", "w piątek").said_day is None
