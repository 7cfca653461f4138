"""When keys make an answer."""

from __future__ import annotations

from voicebot.audio import SAMPLE_RATE
from voicebot.calls.digit_collector import INTER_DIGIT_S, DigitCollector

PAUSE = int(INTER_DIGIT_S * SAMPLE_RATE)


def press(collector: DigitCollector, digits: str, position: int = 0) -> list[str | None]:
    return [collector.press(digit, position) for digit in digits]


def test_single_key_is_an_answer_where_no_number_is_awaited():
    assert press(DigitCollector(), "1#*") == ["1", "#", "*"]


def test_number_is_complete_with_its_last_digit():
    collector = DigitCollector()
    collector.expect(3)
    assert press(collector, "123") == [None, None, "123"]
    assert not collector.is_collecting


def test_hash_ends_a_number_and_alone_is_none():
    collector = DigitCollector()
    collector.expect(8)
    assert press(collector, "12#") == [None, None, "12"]
    assert press(collector, "#") == [None]
    assert not collector.is_collecting


def test_pause_after_the_last_key_ends_a_number():
    collector = DigitCollector()
    collector.expect(8)
    press(collector, "1", position=0)
    press(collector, "2", position=PAUSE - 160)
    assert collector.handle_position(PAUSE) is None
    assert collector.handle_position(2 * PAUSE - 320) is None
    assert collector.handle_position(2 * PAUSE - 160) == "12"
    assert collector.handle_position(3 * PAUSE) is None


def test_keys_pressed_ahead_of_the_question_are_kept():
    collector = DigitCollector()
    collector.expect(8)
    press(collector, "12")
    collector.expect(4)
    assert press(collector, "34") == [None, "1234"]
