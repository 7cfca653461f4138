from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sip_messages import request
from tests.unit.gateway.sip.messages.test_replaces import replaces_values
from tests.unit.gateway.sip.strategies import line, sip_uris
from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import SipRequest, parse_datagram
from voicebot.gateway.sip.messages.refer import (
    ReferTarget,
    find_refer_to,
    find_referred_by,
    is_without_subscription,
)
from voicebot.gateway.sip.messages.replaces import Replaces
from voicebot.gateway.sip.messages.uri import SipUri

targets = st.builds(
    ReferTarget,
    sip_uris().map(SipUri.without_headers).filter(lambda uri: not uri.has_param("method")),
    st.none() | replaces_values,
)


@given(targets)
def test_reads_what_it_writes(target: ReferTarget):
    assert ReferTarget.parse(str(target)) == target


@given(line)
def test_any_text_is_read_or_refused(text: str):
    for candidate in (text, f"<sip:a@b{text}>", f"<sip:a@b?Replaces={text}>"):
        try:
            target = ReferTarget.parse(candidate)
        except SipParseError:
            continue
        assert ReferTarget.parse(str(target)) == target


def parsed(*extra: str) -> SipRequest:
    message = parse_datagram(request("REFER", extra=extra))
    assert isinstance(message, SipRequest)
    return message


def test_example_of_an_attended_transfer():
    # RFC 5589 7.3
    target = find_refer_to(
        parsed(
            "Refer-To: <sip:transfertarget@chicago.example.com?Replaces=592435881734450904"
            "%3Bto-tag%3D9m2n3wq%3Bfrom-tag%3D763231&Require=replaces>"
        )
    )
    assert str(target.uri) == "sip:transfertarget@chicago.example.com"
    assert target.replaces == Replaces("592435881734450904", "9m2n3wq", "763231")


def test_compact_form_and_method_parameter():
    target = find_refer_to(parsed("r: sip:a@b;method=INVITE"))
    assert target == ReferTarget(SipUri("sip", "a", "b"))


def test_headers_of_the_uri_other_than_replaces_write_nothing_into_our_requests():
    target = find_refer_to(parsed("Refer-To: <sip:a@b?Route=%3Csip:evil%3E&From=x&body=y>"))
    assert target == ReferTarget(SipUri("sip", "a", "b"))


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ((), 400),
        (("Refer-To: <sip:a@b>", "Refer-To: <sip:a@b>"), 400),
        (("Refer-To: <sip:a@b>, <sip:c@d>",), 400),
        (("Refer-To: nobody",), 400),
        (("Refer-To: <sip:a@b?Replaces=x>",), 400),
        (
            (
                "Refer-To: <sip:a@b?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2"
                "&replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>",
            ),
            400,
        ),
        (("Refer-To: <http://a/b>",), 416),
        (("Refer-To: <sip:a@b;method=BYE>",), 603),
        ((f"Refer-To: <sip:a@b;x={'x' * 3000}>",), 513),
    ],
)
def test_what_is_no_call_is_refused(fields: tuple[str, ...], status: int):
    with pytest.raises(SipParseError) as caught:
        find_refer_to(parsed(*fields))
    assert caught.value.status_hint == status


def test_referred_by_is_passed_on_only_where_it_is_one_address():
    assert find_referred_by(parsed('Referred-By: "A" <sip:a@b>;cid="x@y"')) is not None
    assert find_referred_by(parsed("b: sip:a@b")) == "<sip:a@b>"
    assert find_referred_by(parsed()) is None
    assert find_referred_by(parsed("Referred-By: <<>>")) is None
    assert find_referred_by(parsed("Referred-By: <sip:a@b>", "Referred-By: <sip:a@b>")) is None
    assert find_referred_by(parsed(f"Referred-By: <sip:{'a' * 2000}@b>")) is None


def test_refer_sub():
    assert is_without_subscription(parsed("Refer-Sub: False ;x=1"))
    assert not is_without_subscription(parsed("Refer-Sub: true"))
    assert not is_without_subscription(parsed())
