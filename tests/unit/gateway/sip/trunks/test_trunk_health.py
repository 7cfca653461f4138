from __future__ import annotations

from voicebot.gateway.sip.trunks.trunk_health import UNWATCHED_PAUSE_S, TrunkHealth


def test_asks_at_once_and_then_at_intervals():
    health = TrunkHealth(interval_s=30, now=100)
    assert health.next_timeout() == 100
    assert health.handle_timeout(100)
    assert health.next_timeout() is None
    health.note_probe(200, now=101)
    assert health.next_timeout() == 131
    assert not health.handle_timeout(130)


def test_three_failures_take_it_out_and_one_answer_brings_it_back():
    health = TrunkHealth(interval_s=30, now=0)
    for number in range(3):
        assert health.is_in(number)
        health.note_probe(408, now=number)
    assert not health.is_in(10_000)
    health.note_probe(404, now=10_000)
    assert health.is_in(10_000)


def test_failures_must_follow_each_other():
    health = TrunkHealth(interval_s=30, now=0)
    for status in (503, 503, 200, 503, 503):
        health.note_answer(status, now=1)
    assert health.is_in(1)


def test_refusals_are_signs_of_life():
    health = TrunkHealth(interval_s=30, now=0)
    for status in (401, 403, 404, 486, 500, 603):
        health.note_answer(status, now=1)
    assert health.is_in(1)


def test_retry_after_takes_it_out_for_so_long():
    health = TrunkHealth(interval_s=30, now=0)
    health.note_answer(503, now=10, retry_after_s=20)
    assert not health.is_in(29)
    assert health.is_in(30)


def test_without_options_a_call_tries_again_after_a_pause():
    health = TrunkHealth(interval_s=0, now=0)
    assert health.next_timeout() is None
    for _ in range(3):
        health.note_answer(503, now=10)
    assert not health.is_in(10 + UNWATCHED_PAUSE_S - 1)
    assert health.is_in(10 + UNWATCHED_PAUSE_S)
    health.note_answer(503, now=100)
    assert not health.is_in(101)
