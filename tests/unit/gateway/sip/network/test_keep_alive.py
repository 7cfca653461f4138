from __future__ import annotations

from voicebot.gateway.sip.network.keep_alive import KeepAlive, reconnect_delay_s


def test_silent_connection_is_pinged_and_then_given_up():
    keep = KeepAlive(now=0, interval_s=95, pong_wait_s=10)
    assert keep.next_timeout() == 95
    assert not keep.is_ping_due(now=94.9)
    assert keep.is_ping_due(now=95)
    assert not keep.is_ping_due(now=96), "one at a time"
    assert keep.next_timeout() == 105
    assert not keep.is_dead(now=104.9)
    assert keep.is_dead(now=105)


def test_anything_heard_is_a_sign_of_life():
    keep = KeepAlive(now=0, interval_s=95, pong_wait_s=10)
    keep.heard(now=50)
    assert not keep.is_ping_due(now=95)
    assert keep.is_ping_due(now=145)
    assert keep.awaits_pong
    keep.heard(now=146)
    assert not keep.awaits_pong
    assert not keep.is_dead(now=200)


def test_pauses_before_connecting_again_grow_up_to_a_minute():
    assert [reconnect_delay_s(n, jitter=1) for n in range(4)] == [1, 2, 4, 8]
    assert reconnect_delay_s(30, jitter=1) == 60
    assert reconnect_delay_s(30, jitter=0) == 30
