from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicebot.errors import ModelError
from voicebot.speech.model_lock import LOCK_NAME, Pin, read_lock, write_lock

names = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12)
pins = st.dictionaries(
    names,
    st.dictionaries(names, st.builds(Pin, st.integers(0, 2**40), st.just("ab" * 32)), min_size=1),
)


@given(pins)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_what_is_written_is_read(tmp_path: Path, written: dict[str, dict[str, Pin]]) -> None:
    write_lock(tmp_path, written)
    assert read_lock(tmp_path) == written


def test_there_is_no_lock_at_first(tmp_path: Path) -> None:
    assert read_lock(tmp_path) == {}


@pytest.mark.parametrize("text", ["[", "a = 1", '[a]\nb = "c"', "[a]\nb = { size = 1 }"])
def test_a_spoilt_lock_is_no_licence_to_trust(tmp_path: Path, text: str) -> None:
    (tmp_path / LOCK_NAME).write_text(text)
    with pytest.raises(ModelError, match=LOCK_NAME):
        read_lock(tmp_path)
