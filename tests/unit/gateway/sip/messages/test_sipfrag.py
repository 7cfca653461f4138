from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.sipfrag import make_sipfrag, parse_sipfrag


@given(st.integers(100, 699))
def test_reads_what_it_writes(status: int):
    assert parse_sipfrag(make_sipfrag(status)) == status


@given(st.binary(max_size=80))
def test_any_octets_are_read_or_refused(data: bytes):
    for body in (data, b"SIP/2.0 " + data, b"SIP/2.0 200" + data):
        try:
            assert 100 <= parse_sipfrag(body) <= 699
        except SipParseError:
            continue


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"SIP/2.0 100 Trying\r\n", 100),
        (b"SIP/2.0 603 Declined", 603),
        (b"SIP/2.0 180", 180),
        (b"\r\nSIP/2.0 200 OK\nTo: <sip:a@b>\r\n\r\n", 200),
        (b"sip/2.0 503 \xc5\xbc", 503),
    ],
)
def test_as_phones_write_it(body: bytes, status: int):
    assert parse_sipfrag(body) == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"INVITE sip:a@b SIP/2.0\r\n",
        b"To: <sip:a@b>",
        b"SIP/2.0 99",
        b"SIP/2.0 2000 OK",
        b"SIP/2.0 200 " + b"x" * 2000,
    ],
)
def test_what_tells_no_status_is_refused(body: bytes):
    with pytest.raises(SipParseError):
        parse_sipfrag(body)
