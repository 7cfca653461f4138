from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql, sqlite

from voicebot.records import Disposition
from voicebot.storage.column_types import UtcDateTime, storable, to_json

SQLITE = sqlite.dialect()
POSTGRESQL = postgresql.dialect()


@dataclass
class Amount:
    grosze: int


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": 1, "a": None}, '{"a": null, "b": 1}'),
        (
            {"nan": float("nan"), "inf": float("-inf"), "x": 1.5},
            '{"inf": null, "nan": null, "x": 1.5}',
        ),
        ({"day": date(2026, 3, 15)}, '{"day": "2026-03-15"}'),
        ({"at": datetime(2026, 3, 15, tzinfo=UTC)}, '{"at": "2026-03-15T00:00:00+00:00"}'),
        ({1: Disposition.PTP_FULL}, '{"1": "PTP_FULL"}'),
        ([np.float32(0.5), np.int64(3)], "[0.5, 3]"),
        (("a", {"b"}), '["a", ["b"]]'),
        ({"amount": Amount(100)}, '{"amount": {"grosze": 100}}'),
        ({"flag": True, "text": "zażółć \0"}, '{"flag": true, "text": "zażółć \ufffd"}'),
    ],
)
def test_anything_becomes_json(value: object, expected: str):
    assert to_json(value) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@given(json_values)
def test_json_stays_the_same_when_read_and_written_again(value: object):
    once = to_json(value)
    assert to_json(json.loads(once)) == once


@given(st.text(alphabet=st.characters()))
def test_storable_text_is_valid_for_every_database(text: str):
    stored = storable(text)
    assert "\0" not in stored
    assert len(stored) == len(text)
    assert stored.encode("utf-8").decode("utf-8") == stored


def test_ordinary_text_is_left_as_it_is():
    assert storable("zażółć gęślą jaźń 🙂\n") == "zażółć gęślą jaźń 🙂\n"


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL])
def test_instant_keeps_its_moment(dialect: object):
    kind = UtcDateTime()
    at = datetime(2026, 3, 29, 3, 15, tzinfo=timezone(timedelta(hours=2)))
    read = kind.process_result_value(kind.process_bind_param(at, dialect), dialect)
    assert read == at
    assert read is not None
    assert read.tzinfo is UTC


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRESQL])
def test_instant_may_be_absent_but_not_naive(dialect: object):
    kind = UtcDateTime()
    assert kind.process_bind_param(None, dialect) is None
    assert kind.process_result_value(None, dialect) is None
    with pytest.raises(ValueError, match="time zone"):
        kind.process_bind_param(datetime(2026, 3, 29), dialect)  # noqa: DTZ001 -- the point
