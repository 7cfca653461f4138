"""Values of utterances: the shared table, our own, and whatever else may be said."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared import shared_path
from voicebot.dialogue.spoken_values import KINDS, Kind, ValueContext, read_any, read_value
from voicebot.dialogue.understanding import parse_context, read_context

NOW = dt.datetime(2026, 3, 11, 10, 15, tzinfo=ZoneInfo("Europe/Warsaw"))
TABLE = Path(__file__).parents[2] / "data" / "expressions.tsv"


def _rows(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _wrong(rows: list[dict[str, str]], name: str) -> list[str]:
    wrong = []
    for row in rows:
        known = parse_context(row["context"] or "")
        context = read_context(known, NOW, known.get("intent", ""))
        value = read_value(cast(Kind, row["kind"]), row[name], context)
        expected = json.loads(row["expected_json"])
        said = None if value is None else {key: value.get(key, "absent") for key in expected or ()}
        if said != expected:
            wrong.append(f"{row[name]} ({row['kind']}): {said}, not {expected}")
    return wrong


def test_the_shared_table():
    rows = _rows(shared_path("domain/expressions_dev.tsv"))
    assert len(rows) == 30
    assert _wrong(rows, "utterance") == []


def test_our_own_table():
    rows = _rows(TABLE)
    assert len(rows) > 2400
    assert _wrong(rows, "text") == []


def test_a_weekday_that_is_another_day_is_asked_again_with_neither_taken():
    value = read_value("date", "w piątek dwudziestego pierwszego", ValueContext(NOW))
    assert value is not None
    assert value["date"] is None
    assert value["ask"] == "date"
    assert value["problem"] == "weekday_mismatch"


def test_a_day_that_was_only_refused_is_told_as_such():
    value = read_value("date", "w piątek nie zapłacę", ValueContext(NOW))
    assert value == {"date": None, "ask": "date", "refused": ["2026-03-13"]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "zapłacę pięćset złotych w piątek",
            {"kind": "amount", "amount_gr": 50000, "date": "2026-03-13"},
        ),
        ("po dwieście miesięcznie", {"kind": "plan", "amount_gr": 20000, "frequency": "monthly"}),
        ("jutro o ósmej rano", {"kind": "datetime", "datetime": "2026-03-12T08:00"}),
        ("w przyszłym tygodniu", {"kind": "date_range", "from": "2026-03-16"}),
        ("zero zero dziewięćset pięćdziesiąt", {"kind": "digits", "digits": "00950"}),
        ("siedemset", {"kind": "amount", "amount_gr": 70000, "digits": "700"}),
        ("nie wiem", None),
    ],
)
def test_without_a_kind_everything_that_was_said_is_told(
    text: str, expected: dict[str, object] | None
):
    value = read_any(text, ValueContext(NOW))
    assert (value is None) == (expected is None)
    assert (value or {}).items() >= (expected or {}).items()


def test_the_kinds_that_the_intent_tells_come_first():
    value = read_any("pięćset w piątek", ValueContext(NOW), ("date", "amount"))
    assert value is not None
    assert value["kind"] == "date"


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30)
@given(text=st.text(max_size=300))
def test_no_text_is_too_odd(kind: Kind, text: str):
    value = read_value(kind, text, ValueContext(NOW, balance_gr=123456))
    json.dumps(value)


_WORDS = sorted({word for row in _rows(TABLE) for word in row["text"].split()})


@settings(max_examples=100)
@given(words=st.lists(st.sampled_from(_WORDS), max_size=12))
def test_words_of_the_table_in_any_order_are_read_without_a_complaint(words: list[str]):
    context = ValueContext(NOW, balance_gr=123456, payday=31)
    for kind in KINDS:
        json.dumps(read_value(cast(Kind, kind), " ".join(words), context))
    json.dumps(read_any(" ".join(words), context))


def test_a_huge_text_is_read_in_no_time():
    for kind in KINDS:
        read_value(cast(Kind, kind), "nie w piątek tylko w sobotę o piątej, " * 20_000, _CONTEXT)


_CONTEXT = ValueContext(NOW, balance_gr=123456)
