from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.gateway.sip.messages.dtmf_info import DTMF_RELAY_TYPE, DTMF_TYPE, judge_info
from voicebot.gateway.sip.messages.message import Headers, SipRequest
from voicebot.gateway.sip.messages.uri import SipUri

KEYS = "0123456789*#ABCD"


def info(body: bytes = b"", kind: str | None = None, **fields: str) -> SipRequest:
    headers = Headers([(name.replace("_", "-"), value) for name, value in fields.items()])
    if kind is not None:
        headers.add("Content-Type", kind)
    return SipRequest("INFO", SipUri("sip", "a", "b"), headers, body)


@pytest.mark.parametrize(
    ("kind", "body", "digit"),
    [
        (DTMF_RELAY_TYPE, b"Signal=5\r\nDuration=160\r\n", "5"),
        (DTMF_RELAY_TYPE, b"Signal= #\nDuration= 250", "#"),
        (DTMF_RELAY_TYPE, b"Duration=100\r\nsignal = d\r\n", "D"),
        (DTMF_RELAY_TYPE, b"Signal=10\r\nDuration=160", "*"),
        (DTMF_RELAY_TYPE, b"Signal=11", "#"),
        (DTMF_RELAY_TYPE + " ; charset=utf-8", b"Signal=1", "1"),
        (DTMF_TYPE, b"7", "7"),
        (DTMF_TYPE, b" *\r\n", "*"),
        (DTMF_TYPE, b"Signal=3\r\nDuration=160", "3"),
        # A hook flash is understood, but it is no key.
        (DTMF_RELAY_TYPE, b"Signal=16", ""),
        (DTMF_TYPE, b"!", ""),
    ],
)
def test_keys_as_phones_write_them(kind: str, body: bytes, digit: str):
    verdict = judge_info(info(body, kind))
    assert (verdict.status, verdict.digit) == (200, digit)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (DTMF_RELAY_TYPE, b"Duration=160"),
        (DTMF_RELAY_TYPE, b"5"),
        (DTMF_RELAY_TYPE, b"Signal=55"),
        (DTMF_RELAY_TYPE, b"Signal="),
        (DTMF_TYPE, b"17"),
        (DTMF_TYPE, b"\xff"),
        (DTMF_TYPE, b"5" + b" " * 300),
    ],
)
def test_what_names_no_key_is_a_bad_request(kind: str, body: bytes):
    verdict = judge_info(info(body, kind))
    assert (verdict.status, verdict.digit) == (400, "")


def test_without_a_body_it_is_a_sign_of_life():
    assert judge_info(info()).status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/media_control+xml", None])
def test_other_bodies_get_415_with_what_we_take(kind: str | None):
    verdict = judge_info(info(b"x", kind))
    assert verdict.status == 415
    assert dict(verdict.headers)["Accept"] == f"{DTMF_RELAY_TYPE}, {DTMF_TYPE}"


def test_encoded_bodies_are_not_read():
    assert judge_info(info(b"5", DTMF_TYPE, Content_Encoding="gzip")).status == 415


def test_info_packages_get_469():
    verdict = judge_info(info(b"5", DTMF_TYPE, Info_Package="foo"))
    assert (verdict.status, dict(verdict.headers)) == (469, {"Recv-Info": ""})


@given(st.binary(max_size=300), st.sampled_from([DTMF_RELAY_TYPE, DTMF_TYPE]))
def test_any_body_is_read_or_refused(body: bytes, kind: str):
    verdict = judge_info(info(body, kind))
    assert verdict.status in (200, 400)
    assert verdict.digit in {"", *KEYS}
