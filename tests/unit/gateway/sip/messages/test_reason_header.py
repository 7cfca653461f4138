from __future__ import annotations

import pytest

from tests.sip_messages import request
from voicebot.gateway.sip.messages.message import SipRequest, parse_datagram
from voicebot.gateway.sip.messages.reason_header import (
    NORMAL_CLEARING,
    Reason,
    read_reason,
    reason_of_end,
)


def bye(*lines: str) -> SipRequest:
    message = parse_datagram(request("BYE", extra=lines))
    assert isinstance(message, SipRequest)
    return message


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (
            'SIP ;cause=200 ;text="Call completed elsewhere"',
            Reason("SIP", 200, "Call completed elsewhere"),
        ),
        ('Q.850 ;cause=16 ;text="Terminated"', Reason("Q.850", 16, "Terminated")),
        ("Q.850;cause=17", Reason("Q.850", 17)),
        ("preemption, SIP;cause=600", Reason("SIP", 600)),
    ],
)
def test_reads_the_first_reason_with_a_cause(value: str, reason: Reason):
    assert read_reason(bye(f"Reason: {value}")) == reason


@pytest.mark.parametrize(
    "value", ["", "SIP", "SIP;cause=", "SIP;cause=x", "SIP;cause=99999", ";;", 'SIP;text="']
)
def test_what_can_not_be_read_is_no_reason(value: str):
    assert read_reason(bye(f"Reason: {value}")) is None


def test_no_reason_without_the_field():
    assert read_reason(bye()) is None


def test_what_is_written_can_be_read():
    reason = Reason("SIP", 408, 'a "quoted" text, with comma')
    name, value = reason.field
    assert read_reason(bye(f"{name}: {value}")) == reason


def test_usual_ends_are_normal_clearing():
    assert reason_of_end("done") == NORMAL_CLEARING
    assert reason_of_end("no_media").cause == 408
