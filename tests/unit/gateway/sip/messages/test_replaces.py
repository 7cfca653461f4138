from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sip_messages import request, sdp
from tests.unit.gateway.sip.strategies import line, token
from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import SipRequest, parse_datagram
from voicebot.gateway.sip.messages.replaces import Replaces, find_replaces

word = st.text(string.ascii_letters + string.digits + "-.!%*_+`'~()<>:\\\"/[]?{}", min_size=1)
call_ids = st.builds("{}@{}".format, word, word) | word

replaces_values = st.builds(Replaces, call_ids, token, token, st.booleans())


@given(replaces_values)
def test_reads_what_it_writes(value: Replaces):
    assert Replaces.parse(str(value)) == value


@given(line)
def test_any_text_is_read_or_refused(text: str):
    for candidate in (text, f"a@b;to-tag=1;{text}", f"{text};to-tag=1;from-tag=2"):
        try:
            value = Replaces.parse(candidate)
        except SipParseError:
            continue
        assert Replaces.parse(str(value)) == value


def test_example_of_the_rfc():
    value = Replaces.parse("98732@sip.example.com ;from-tag=r33th4x0r\t;to-tag=ff87ff")
    assert value == Replaces("98732@sip.example.com", to_tag="ff87ff", from_tag="r33th4x0r")
    assert Replaces.parse("1;to-tag=a;from-tag=b;early-only").is_early_only


@pytest.mark.parametrize(
    "text",
    [
        "",
        "98732@sip.example.com",
        "98732@sip.example.com;to-tag=a",
        "98732@sip.example.com;to-tag=a;from-tag",
        "98732@sip.example.com;to-tag=a;from-tag=b;to-tag=c",
        "one;to-tag=a;from-tag=b, two;to-tag=a;from-tag=b",
        'id;to-tag="a b";from-tag=b',
        "a b;to-tag=a;from-tag=b",
        "x" * 2000 + ";to-tag=a;from-tag=b",
    ],
)
def test_what_names_no_dialog_is_refused(text: str):
    with pytest.raises(SipParseError):
        Replaces.parse(text)


def test_a_tag_of_zero_also_means_none():
    assert Replaces("id", "ours", "theirs").dialog_keys == (("id", "ours", "theirs"),)
    assert Replaces("id", "ours", "0").dialog_keys == (("id", "ours", "0"), ("id", "ours", ""))


def parsed(*extra: str, method: str = "INVITE") -> SipRequest:
    message = parse_datagram(request(method, body=sdp(), extra=extra))
    assert isinstance(message, SipRequest)
    return message


@pytest.mark.parametrize(
    "message",
    [
        parsed("Replaces: a;to-tag=1;from-tag=2", "Replaces: a;to-tag=1;from-tag=2"),
        parsed("Replaces: a;to-tag=1;from-tag=2", method="OPTIONS"),
        parsed("Replaces: a;to-tag=1;from-tag=2", "Join: a;to-tag=1;from-tag=2"),
    ],
)
def test_where_it_does_not_belong_it_is_a_bad_request(message: SipRequest):
    with pytest.raises(SipParseError) as caught:
        find_replaces(message)
    assert caught.value.status_hint == 400


def test_a_request_without_it():
    assert find_replaces(parsed()) is None
