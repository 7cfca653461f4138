from __future__ import annotations

import pytest

from voicebot.cli.call_page import amount, printable, short_ids


def test_ids_are_as_short_as_tells_them_apart():
    assert short_ids(["aaaaaaaaaaaa1", "bbbbbbbbbbbb1"]) == ["aaaaaaaa", "bbbbbbbb"]
    assert short_ids(["2026030201-x1", "2026030202-x1"]) == ["2026030201", "2026030202"]
    assert short_ids(["c-1", "c-2"]) == ["c-1", "c-2"]
    assert short_ids(["c-1", "c-12"]) == ["c-1", "c-12"]
    assert short_ids([]) == []


@pytest.mark.parametrize(
    ("grosze", "text"),
    [
        (0, "0,00 zł"),
        (5, "0,05 zł"),
        (123_450, "1\u00a0234,50 zł"),
        (123_456_789_00, "123\u00a0456\u00a0789,00 zł"),
    ],
)
def test_amounts_are_written_the_polish_way(grosze: int, text: str):
    assert amount(grosze) == text


def test_control_characters_are_not_printed():
    assert printable("a\x1b[2J\r\nb\x9b") == "a·[2J··b·"
    assert printable("zażółć 🙂") == "zażółć 🙂"
