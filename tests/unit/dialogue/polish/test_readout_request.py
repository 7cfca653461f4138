"""Values told as text are read out word for word as the tables say, and back again."""

from __future__ import annotations

import csv
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import shared_path
from voicebot.dialogue.polish.amounts import Amount, parse_amount
from voicebot.dialogue.polish.cases import CASES
from voicebot.dialogue.polish.counted_nouns import NOUNS, count, find_noun
from voicebot.dialogue.polish.dates import parse_date
from voicebot.dialogue.polish.digits import parse_digits
from voicebot.dialogue.polish.readout_request import READERS, parse_context, read_out
from voicebot.dialogue.polish.times import parse_time
from voicebot.errors import ReadoutError

TABLE = Path(__file__).parents[3] / "data" / "readout.tsv"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _wrong(rows: list[dict[str, str]]) -> list[str]:
    wrong = []
    for row in rows:
        said = read_out(row["kind"], row["input"], parse_context(row["context"] or ""))
        if said != row["expected"]:
            wrong.append(f"{row['kind']} {row['input']} {row['context']}: {said}")
    return wrong


def test_our_table():
    rows = _rows(TABLE)
    assert len(rows) >= 200
    assert {row["kind"] for row in rows} == set(READERS)
    assert _wrong(rows) == []


def test_the_shared_table():
    rows = _rows(shared_path("domain/readout_dev.tsv"))
    assert len(rows) >= 20
    assert _wrong(rows) == []


@pytest.mark.parametrize(
    ("kind", "text", "context", "reason"),
    [
        ("nip", "5261040828", "", "tax number is never"),
        ("PESEL", "44051401458", "", "personal number is never"),
        ("song", "1", "", "is not known; there are: address, amount"),
        ("amount", "", "", "no amount"),
        ("amount", "dużo", "", "like 1234,56 PLN"),
        ("amount", "1,234", "", "like 1234,56 PLN"),
        ("amount", "5 CHF", "", "one of: PLN, EUR, USD"),
        ("amount", "5 PLN", "case=abl", "there are: nom, gen"),
        ("date", "2026-04-31", "", "day of the calendar"),
        ("time", "24:01", "", "hour of the day"),
        ("time", "8", "", "hour of the day"),
        ("iban", "PL61", "", "account number"),
        ("iban", "PL61109010140000071219812874", "groups=a", "2+4x6"),
        ("phone", "zero", "", "telephone number"),
        ("count", "raty", "", "like 2 raty"),
        ("count", "2 krowy", "", "how this noun declines"),
        ("count", "2,3 raty", "", "only a half"),
        ("name", "Kowalski", "", "first name and a surname"),
        ("address", "Jan", "", "sex must be known"),
        ("percent", "wysoki", "", "like 11,25%"),
        ("ordinal", "-1", "", "between 0"),
        ("ordinal", "x", "", "whole number"),
        ("digits", "-", "", "no digits"),
        ("digits", "12", "group=0", "from 1 to 9"),
        ("postcode", "950", "", "00-950"),
        ("number", "1", "gender=x", "gender 'x'"),
    ],
)
def test_what_cannot_be_read_out_is_told_why(kind, text, context, reason):
    with pytest.raises(ReadoutError) as raised:
        read_out(kind, text, parse_context(context))
    assert reason in str(raised.value)


@pytest.mark.parametrize("context", ["case", "=gen", "case=gen;x"])
def test_a_broken_context_is_refused(context):
    with pytest.raises(ReadoutError, match="key=value"):
        parse_context(context)


def test_a_number_that_must_not_be_said_is_not_in_the_reason_either():
    with pytest.raises(ReadoutError) as raised:
        read_out("pesel", "44051401458")
    assert "4405" not in str(raised.value)


@given(st.sampled_from(sorted(READERS)), st.text(max_size=40), st.text(max_size=20))
def test_no_value_is_too_strange(kind, text, context):
    try:
        words = read_out(kind, text, parse_context(context))
    except ReadoutError:
        return
    assert words
    assert words == words.strip()


# ---- what is read out can be understood again ----------------------------------------------


@given(st.integers(1, 10**9), st.sampled_from(["nom", "acc", "gen"]))
def test_an_amount_is_understood_again(amount_gr, case):
    said = read_out("amount", f"{amount_gr // 100},{amount_gr % 100:02d} PLN", {"case": case})
    assert parse_amount(said) == Amount(amount_gr)


@given(st.dates(date(2026, 3, 12), date(2027, 3, 10)))
def test_a_day_is_understood_again(day):
    now = datetime(2026, 3, 11, 10, 15, tzinfo=ZoneInfo("Europe/Warsaw"))
    found = parse_date(read_out("date", day.isoformat(), {"weekday": "acc", "year": "true"}), now)
    assert found is not None
    assert found.date == day


@given(st.times(time(8), time(20)))
def test_an_hour_is_understood_again(moment):
    found = parse_time(read_out("time", f"{moment:%H:%M}", {}))
    assert found is not None
    assert found.time == moment.replace(second=0, microsecond=0)


@given(st.text("0123456789", min_size=9, max_size=9))
def test_a_telephone_number_is_understood_again(number):
    assert parse_digits(read_out("phone", number), 9) == number


@given(st.integers(0, 10**6), st.sampled_from(sorted(NOUNS)), st.sampled_from(CASES))
def test_every_form_of_a_noun_is_found_by_its_lemma(n, noun, case):
    said = count(n, noun, case)
    form = " ".join(said.split()[-len(noun.split()) :])
    found = find_noun(form)
    assert found is not None
    assert count(n, found, case) == said
