from __future__ import annotations

import pytest

from tests.sip_messages import request, response
from voicebot.errors import SipParseError
from voicebot.gateway.sip.agent.session_timer import (
    SessionTimer,
    SessionTimerPolicy,
    accept_timer,
    check_interval,
    timer_fields,
    timer_of_answer,
)
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse, parse_datagram

POLICY = SessionTimerPolicy(expires_s=1800, min_s=120)


def asking(*lines: str) -> SipRequest:
    message = parse_datagram(request("INVITE", extra=lines))
    assert isinstance(message, SipRequest)
    return message


def answering(*lines: str) -> SipResponse:
    message = parse_datagram(response(asking(), 200, extra=lines))
    assert isinstance(message, SipResponse)
    return message


def test_refresher_refreshes_at_half_time_and_asks_again_ever_sooner():
    timer = SessionTimer(1800, is_refresher=True, second_s=1.0, now=0)
    assert timer.next_timeout() == 900
    assert not timer.is_refresh_due(899)
    assert timer.is_refresh_due(900)
    assert not timer.is_refresh_due(900)
    assert 900 < timer.next_timeout() < 1768
    n_refreshes = 0
    while timer.next_timeout() < timer.expires_at:
        assert timer.is_refresh_due(timer.next_timeout())
        n_refreshes += 1
    assert n_refreshes < 12
    assert timer.expires_at == 1768
    assert timer.is_expired(1768)


def test_who_does_not_refresh_waits_until_shortly_before_the_end():
    # RFC 4028 10: min(32, interval / 3) seconds before.
    timer = SessionTimer(90, is_refresher=False, second_s=1.0, now=100)
    assert timer.next_timeout() == 100 + 60
    assert not timer.is_refresh_due(159)
    assert not timer.is_expired(159)
    assert timer.is_expired(160)
    assert SessionTimer(1800, is_refresher=False, second_s=1.0, now=0).next_timeout() == 1768


def test_too_short_timer_is_422_for_who_knows_timers():
    short = ("Session-Expires: 90", "Supported: timer")
    assert check_interval(asking(*short), POLICY) == (422, [("Min-SE", "120")])
    assert check_interval(asking("Session-Expires: 90"), POLICY) is None
    assert check_interval(asking("Session-Expires: 120", "Supported: timer"), POLICY) is None
    assert check_interval(asking("x: 90", "k: timer"), POLICY) == (422, [("Min-SE", "120")])
    assert check_interval(asking(), POLICY) is None


@pytest.mark.parametrize("value", ["", "soon", "-90", "90;;", "99999999999999999999"])
def test_unreadable_timer_is_a_bad_request(value: str):
    with pytest.raises(SipParseError):
        check_interval(asking(f"Session-Expires: {value}", "Supported: timer"), POLICY)


@pytest.mark.parametrize(
    ("lines", "value", "we_refresh", "is_required"),
    [
        # Table 2 of RFC 4028: who supports it may say who refreshes.
        ((), "1800;refresher=uas", True, False),
        (("Supported: timer",), "1800;refresher=uas", True, False),
        (("Supported: timer", "Session-Expires: 600"), "600;refresher=uas", True, False),
        (
            ("Supported: timer", "Session-Expires: 600;refresher=uac"),
            "600;refresher=uac",
            False,
            True,
        ),
        (
            ("Supported: timer", "Session-Expires: 600;refresher=uas"),
            "600;refresher=uas",
            True,
            False,
        ),
        (("Session-Expires: 600;refresher=uac",), "600;refresher=uas", True, False),
        # Lowered to what we want, but not below what the other side can bear.
        (("Supported: timer", "Session-Expires: 7200"), "1800;refresher=uas", True, False),
        (
            ("Supported: timer", "Session-Expires: 7200", "Min-SE: 3600"),
            "3600;refresher=uas",
            True,
            False,
        ),
        (("Min-SE: 3600",), "3600;refresher=uas", True, False),
    ],
)
def test_our_answer_sets_the_timer(
    lines: tuple[str, ...], value: str, we_refresh: bool, is_required: bool
):
    timer, fields = accept_timer(asking(*lines), POLICY, now=0)
    assert timer is not None
    assert timer.is_refresher is we_refresh
    assert fields[0] == ("Session-Expires", value)
    assert (("Require", "timer") in fields) is is_required


def test_without_a_wish_of_ours_only_the_other_sides_counts():
    policy = SessionTimerPolicy(expires_s=0)
    assert accept_timer(asking(), policy, now=0) == (None, [])
    timer, _ = accept_timer(asking("Session-Expires: 7200"), policy, now=0)
    assert timer is not None
    assert timer.interval_s == 7200
    assert timer_fields(policy, None, 0) == []


def test_answer_of_the_other_side_sets_the_timer():
    refreshing = timer_of_answer(answering("Session-Expires: 600;refresher=uac"), POLICY, now=0)
    assert refreshing is not None
    assert refreshing.next_timeout() == 300
    waiting = timer_of_answer(answering("Session-Expires: 600;refresher=uas"), POLICY, now=0)
    assert waiting is not None
    assert waiting.next_timeout() == 568
    assert timer_of_answer(answering(), POLICY, now=0) is None
    assert timer_of_answer(answering("Session-Expires: soon"), POLICY, now=0) is None


def test_nobody_makes_us_refresh_without_a_pause():
    timer = timer_of_answer(answering("Session-Expires: 1;refresher=uac"), POLICY, now=0)
    assert timer is not None
    assert timer.next_timeout() == 45


def test_request_asks_for_our_timer():
    assert timer_fields(SessionTimerPolicy(), None, 0) == [("Session-Expires", "1800")]
    assert timer_fields(POLICY, None, 0) == [("Session-Expires", "1800"), ("Min-SE", "120")]
    assert timer_fields(POLICY, None, 4000) == [("Session-Expires", "4000"), ("Min-SE", "4000")]


@pytest.mark.parametrize(("we_refresh", "refresher"), [(True, "uac"), (False, "uas")])
def test_later_request_keeps_the_timer_and_who_refreshes(we_refresh: bool, refresher: str):
    running = SessionTimer(600, we_refresh, 1.0, now=0)
    fields = timer_fields(SessionTimerPolicy(), running, 0)
    assert fields == [("Session-Expires", f"600;refresher={refresher}")]
