from __future__ import annotations

from voicebot.gateway.sip.overload import CALM_S, N_LAGS, OverloadControl, Threshold
from voicebot.settings import SipSettings


def control() -> OverloadControl:
    return OverloadControl(SipSettings(max_loop_lag_ms=100, max_waiting_utterances=8))


def test_threshold_is_left_only_after_some_calm_well_below_it():
    threshold = Threshold(limit=100, relief=0.5, calm_s=3)
    threshold.observe(100, now=0)
    assert not threshold.is_over
    threshold.observe(101, now=1)
    assert threshold.is_over
    for now in range(2, 20):
        threshold.observe(60, now=now)
    assert threshold.is_over, "below the limit is not enough"
    threshold.observe(50, now=20)
    threshold.observe(50, now=22.9)
    assert threshold.is_over
    threshold.observe(60, now=22.95)
    threshold.observe(50, now=23)
    threshold.observe(50, now=25.9)
    assert threshold.is_over, "the calm was broken"
    threshold.observe(50, now=26)
    assert not threshold.is_over


def test_one_long_pause_is_no_overload():
    load = control()
    for tick in range(50):
        load.observe(2000 if tick == 20 else 1, 0, now=tick / 10)
        assert not load.is_overloaded
    assert load.load.loop_lag_ms == 1


def test_late_loop_refuses_and_recovers():
    load = control()
    for tick in range(N_LAGS):
        assert not load.is_overloaded, "too few probes to tell"
        load.observe(150, 0, now=tick / 10)
    assert load.reasons() == ["the event loop is late"]
    now = 10.0
    while load.is_overloaded:
        now += 0.1
        load.observe(5, 0, now=now)
        assert now < 10 + CALM_S + 5
    assert now >= 10 + CALM_S


def test_waiting_utterances_refuse_at_once():
    load = control()
    load.observe(1, 8, now=0)
    assert not load.is_overloaded
    load.observe(1, 9, now=1)
    assert load.reasons() == ["too many utterances wait for recognition"]
    assert load.load.n_waiting_utterances == 9
