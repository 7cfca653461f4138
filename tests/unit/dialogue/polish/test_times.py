"""Hours and moments, in the hours in which people are called."""

from __future__ import annotations

import datetime as dt
import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish import readout
from voicebot.dialogue.polish.times import TimeExpression, parse_datetime, parse_time

NOW = dt.datetime(2026, 3, 11, 10, 15, tzinfo=ZoneInfo("Europe/Warsaw"))

_HOURS = """
o siedemnastej trzydzieści|17:30
o szesnastej|16:00
o 16|16:00
o 16:30|16:30
o 16.30|16:30
16:30|16:30
o godzinie szesnastej|16:00
o godzinie 16|16:00
godzina 16|16:00
o 16-tej|16:00
o 16 30|16:30
szesnasta|16:00
szesnasta zero pięć|16:05
o dwudziestej zero pięć|20:05
osiemnasta zero zero|18:00
za pięć dwunasta|11:55
za dziesięć szósta|17:50
za kwadrans ósma|19:45
kwadrans po piątej|17:15
kwadrans przed piątą|16:45
dziesięć po trzeciej|15:10
wpół do piątej|16:30
wpół do dziesiątej|09:30
wpół do dziesiątej rano|09:30
o ósmej rano|08:00
o ósmej wieczorem|20:00
o siódmej wieczorem|19:00
o piątej po południu|17:00
o piątej|17:00
o drugiej|14:00
o jedenastej|11:00
o dziesiątej|10:00
w południe|12:00
o dwunastej|12:00
o siodmej rano|07:00
nie o dziesiątej tylko o jedenastej|11:00
"""


@pytest.mark.parametrize("row", _HOURS.strip().splitlines())
def test_hours(row):
    text, hour = row.split("|")
    found = parse_time(text)
    assert found is not None
    assert found.time == dt.time.fromisoformat(hour)
    assert found.end is None


@pytest.mark.parametrize(
    "text",
    [
        "", "16", "piętnastego", "w piątek", "zapłacę pierwszą ratę", "druga sprawa", "trzy razy",
        "za dziesięć minut", "po dwieście", "15 marca", "pięćset złotych", "jestem pierwsza",
        "po piętnastym", "o co chodzi", "500 zł", "za dwa dni", "15.03",
    ],
)  # fmt: skip
def test_what_is_no_hour(text):
    assert parse_time(text) is None


def test_spans_and_bounds():
    assert parse_time("po osiemnastej") == TimeExpression(dt.time(18), op="after")
    assert parse_time("do szesnastej") == TimeExpression(dt.time(16), op="by")
    assert parse_time("między szesnastą a osiemnastą") == TimeExpression(dt.time(16), dt.time(18))
    assert parse_time("od szesnastej do osiemnastej") == TimeExpression(dt.time(16), dt.time(18))
    assert parse_time("koło szesnastej") == TimeExpression(dt.time(16), is_approximate=True)


def _at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=NOW.tzinfo)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("za pół godziny", "2026-03-11T10:45"),
        ("za godzinę proszę", "2026-03-11T11:15"),
        ("za dziesięć minut", "2026-03-11T10:25"),
        ("za 15 minut", "2026-03-11T10:30"),
        ("za kwadrans", "2026-03-11T10:30"),
        ("za półtorej godziny", "2026-03-11T11:45"),
        ("za dwie godziny", "2026-03-11T12:15"),
        ("za dwie i pół godziny", "2026-03-11T12:45"),
        ("za godzinę i piętnaście minut", "2026-03-11T11:30"),
        ("o siedemnastej trzydzieści", "2026-03-11T17:30"),
        ("za pięć dwunasta", "2026-03-11T11:55"),
        ("za dziesięć szósta", "2026-03-11T17:50"),
        ("jutro o 16", "2026-03-12T16:00"),
        ("jutro o szesnastej trzydzieści", "2026-03-12T16:30"),
        ("w piątek o czternastej", "2026-03-13T14:00"),
        ("w południe", "2026-03-11T12:00"),
        ("piętnastego marca o jedenastej", "2026-03-15T11:00"),
        ("pojutrze o piątej po południu", "2026-03-13T17:00"),
    ],
)
def test_moments(text, moment):
    found = parse_datetime(text, NOW)
    assert found is not None
    assert (found.kind, found.start_at) == ("datetime", _at(moment))
    assert found.date == _at(moment).date()
    assert not found.needs_confirmation


@pytest.mark.parametrize(
    ("text", "start", "end", "op"),
    [
        ("jutro z rana", "2026-03-12T08:00", "2026-03-12T12:00", "on"),
        ("oddzwońcie jutro rano", "2026-03-12T08:00", "2026-03-12T12:00", "on"),
        ("rano", "2026-03-12T08:00", "2026-03-12T12:00", "on"),
        ("wieczorem będę wolny", "2026-03-11T18:00", "2026-03-11T20:00", "on"),
        ("po południu", "2026-03-11T12:00", "2026-03-11T18:00", "on"),
        ("w poniedziałek po południu", "2026-03-16T12:00", "2026-03-16T18:00", "on"),
        ("pojutrze przed południem", "2026-03-13T08:00", "2026-03-13T12:00", "on"),
        ("proszę dzwonić po osiemnastej", "2026-03-11T18:00", "2026-03-11T20:00", "after"),
        ("po 18 prosze dzwonic", "2026-03-11T18:00", "2026-03-11T20:00", "after"),
        ("ona jest w pracy będzie po szesnastej", "2026-03-11T16:00", "2026-03-11T20:00", "after"),
        ("jutro między szesnastą a osiemnastą", "2026-03-12T16:00", "2026-03-12T18:00", "on"),
        ("do szesnastej", "2026-03-11T10:15", "2026-03-11T16:00", "by"),
        ("jutro do dwunastej", "2026-03-12T08:00", "2026-03-12T12:00", "by"),
    ],
)
def test_spans_of_time(text, start, end, op):
    found = parse_datetime(text, NOW)
    assert found is not None
    assert (found.kind, found.start_at, found.end_at) == ("datetime_range", _at(start), _at(end))
    assert found.op == op


def test_an_hour_gone_by_is_tomorrow_and_confirmed():
    found = parse_datetime("o dziesiątej", NOW)
    assert found is not None
    assert (found.start_at, found.needs_confirmation) == (_at("2026-03-12T10:00"), True)


def test_an_hour_that_both_halves_of_the_day_have_is_confirmed():
    found = parse_datetime("jutro o ósmej", NOW)
    assert found is not None
    assert (found.start_at, found.needs_confirmation) == (_at("2026-03-12T08:00"), True)


def test_a_day_without_an_hour_is_a_day():
    found = parse_datetime("jutro", NOW)
    assert found is not None
    assert (found.kind, found.date) == ("date", dt.date(2026, 3, 12))


def test_an_event_is_asked_about():
    found = parse_datetime("jak wrócę z pracy po wypłacie", NOW)
    assert found is not None
    assert (found.ask, found.start_at) == ("date", None)


@pytest.mark.parametrize(
    "text", ["", "proszę zadzwonić później", "nie mogę teraz", "pięćset złotych"]
)
def test_no_moment(text):
    assert parse_datetime(text, NOW) is None


@given(st.times().map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=None)))
def test_a_time_read_out_is_understood(moment):
    if moment.hour < 13 and moment.hour != 0:
        return
    found = parse_time(readout.time_(moment))
    assert found is not None
    assert found.time == moment


@given(st.text())
def test_any_text(text):
    parse_time(text)
    parse_datetime(text, NOW)


_WORDS = """
za pół po do od przed o godzinę godziny minut kwadrans wpół ósma szesnastej dwunasta piątą między
trzydzieści zero pięć 16 16:30 16.30 99:99 jutro piątek rano wieczorem południe dzwonić nie tylko a
"""


@given(st.lists(st.sampled_from(_WORDS.split()), max_size=25))
def test_any_words(words):
    parse_datetime(" ".join(words), NOW)


def test_very_long_input_is_bounded():
    started = time.perf_counter()
    for words in ("za pięć ", "o ósmej ", "kwadrans po ", "nie o ósmej tylko "):
        parse_datetime(words * 20000, NOW)
    assert time.perf_counter() - started < 5
