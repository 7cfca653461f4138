"""How much one address may write in a minute."""

from __future__ import annotations

import pytest

from voicebot.calls.chat_throttle import MAX_ADDRESSES, ChatThrottle


def test_burst_is_allowed_and_then_one_at_a_time():
    throttle = ChatThrottle(per_minute=3)
    assert [throttle.wait_s("1.1.1.1", now=100) for _ in range(3)] == [0, 0, 0]
    assert throttle.wait_s("1.1.1.1", now=100) == pytest.approx(20)
    # Asking again costs nothing.
    assert throttle.wait_s("1.1.1.1", now=110) == pytest.approx(10)
    assert throttle.wait_s("1.1.1.1", now=120) == 0
    assert throttle.wait_s("1.1.1.1", now=121) > 0


def test_a_minute_without_a_word_forgives_all():
    throttle = ChatThrottle(per_minute=2)
    for now in (0, 0, 60, 60, 120):
        assert throttle.wait_s("1.1.1.1", now) == 0


def test_others_are_not_held_back_but_one_network_is_one():
    throttle = ChatThrottle(per_minute=1)
    assert throttle.wait_s("2001:db8::1", now=0) == 0
    assert throttle.wait_s("2001:db8::ffff", now=0) > 0
    assert throttle.wait_s("2001:db8:0:1::1", now=0) == 0
    assert throttle.wait_s("192.0.2.1", now=0) == 0
    assert throttle.wait_s("192.0.2.2", now=0) == 0
    assert throttle.wait_s("not an address", now=0) == 0


def test_many_addresses_take_no_more_room_than_allowed():
    throttle = ChatThrottle(per_minute=1)
    for n in range(MAX_ADDRESSES + 50):
        throttle.wait_s(str(n), now=0)
    assert throttle.wait_s("0", now=0) == 0
    assert throttle.wait_s(str(MAX_ADDRESSES + 49), now=0) > 0
