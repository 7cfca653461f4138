import pytest

from tests.unit.gateway.sip.messages.test_message import message, without
from voicebot.gateway.sip.agent.request_check import ALLOWED_METHODS, check_request
from voicebot.gateway.sip.messages.message import Headers, SipRequest, make_response, parse_datagram
from voicebot.gateway.sip.messages.uri import SipUri

SOUND = without("Require")


def request(start="INVITE sip:a@h SIP/2.0", fields=SOUND, body=b"") -> SipRequest:
    parsed = parse_datagram(message(start, fields, body))
    assert isinstance(parsed, SipRequest)
    return parsed


def other_method(method: str, *extra: str) -> SipRequest:
    fields = (*without("Require", "CSeq"), f"CSeq: 7 {method}", *extra)
    return request(f"{method} sip:a@h SIP/2.0", fields)


def status_of(checked: SipRequest) -> int | None:
    refusal = check_request(checked)
    return None if refusal is None else refusal[0]


def test_a_sound_request_goes_on():
    assert check_request(request()) is None
    assert (
        check_request(request(fields=(*SOUND, "Content-Type: application/sdp"), body=b"v")) is None
    )


@pytest.mark.parametrize("method", ["ACK", "BYE", "CANCEL", "OPTIONS"])
def test_the_other_methods_we_offer_go_on(method):
    assert check_request(other_method(method)) is None


@pytest.mark.parametrize(
    "extra",
    [
        "Call-ID: other",
        "CSeq: 7 INVITE",
        "From: <sip:b@h>",
        "To: <sip:b@h>",
        "Max-Forwards: 70",
        "Expires: 4294967296",
        "Contact: <sip:open@h",
        "Route: broken",
        "Record-Route: <sip:p;lr",
    ],
)
def test_doubled_and_malformed_fields_are_bad_requests(extra):
    assert status_of(request(fields=(*SOUND, extra))) == 400


@pytest.mark.parametrize("value", ["256", "-1", "x", ""])
def test_max_forwards_out_of_range_is_a_bad_request(value):
    fields = (*without("Require", "Max-Forwards"), f"Max-Forwards: {value}")
    assert status_of(request(fields=fields)) == 400


def test_max_forwards_zero_is_for_us():
    fields = (*without("Require", "Max-Forwards"), "Max-Forwards: 0")
    assert check_request(request(fields=fields)) is None


def test_an_expiry_date_of_old_times_is_ignored():
    assert check_request(request(fields=(*SOUND, "Expires: Thu, 01 Dec 1994 16:00:00 GMT"))) is None


def test_a_cseq_of_another_method_is_a_bad_request():
    assert status_of(request("OPTIONS sip:a@h SIP/2.0")) == 400


def test_headers_in_the_request_uri_are_a_bad_request():
    assert status_of(request("INVITE sip:a@h?Route=%3Csip:b%40h%3E SIP/2.0")) == 400


def test_a_request_without_fields_is_a_bad_request():
    assert check_request(SipRequest("INVITE", SipUri("sip", host="h"), Headers())) == (400, [])


def test_known_methods_that_we_do_not_offer_are_not_allowed_and_others_not_implemented():
    allow = [("Allow", ", ".join(ALLOWED_METHODS))]
    assert check_request(other_method("REGISTER", "Contact: *")) == (405, allow)
    assert check_request(other_method("invite")) == (501, allow)
    refusal = check_request(other_method("INFO"), allowed_methods=("INVITE", "INFO"))
    assert refusal is None


def test_a_uri_scheme_that_we_do_not_serve_gets_416():
    assert check_request(request("INVITE tel:+48221234567 SIP/2.0")) == (416, [])
    assert check_request(request("INVITE sips:a@h SIP/2.0")) == (416, [])
    assert check_request(request("INVITE tel:1 SIP/2.0"), uri_schemes={"sip", "tel"}) is None


def test_required_extensions_that_we_lack_are_named():
    asked = request(fields=(*SOUND, "Require: timer,, 100rel", "Require: path"))
    assert check_request(asked, supported_extensions=frozenset()) == (
        420,
        [("Unsupported", "timer, 100rel, path")],
    )
    assert check_request(asked, supported_extensions={"timer", "path"}) == (
        420,
        [("Unsupported", "100rel")],
    )
    assert check_request(asked, supported_extensions={"timer", "path", "100rel"}) is None


@pytest.mark.parametrize("method", ["ACK", "CANCEL"])
def test_ack_and_cancel_are_not_refused_for_require(method):
    assert check_request(other_method(method, "Require: timer")) is None


def test_a_body_that_we_do_not_understand_gets_415():
    sdp_only = [("Accept", "application/sdp")]
    text = request(fields=(*SOUND, "Content-Type: text/plain"), body=b"x")
    assert check_request(text) == (415, sdp_only)
    packed = request(
        fields=(*SOUND, "Content-Type: application/sdp", "Content-Encoding: gzip"), body=b"x"
    )
    assert check_request(packed) == (415, [("Accept-Encoding", "identity"), *sdp_only])
    untyped = request(body=b"x")
    assert check_request(untyped) == (415, sdp_only)


def test_an_optional_body_and_bodies_of_other_methods_are_not_refused():
    fields = (*SOUND, "Content-Type: text/plain", "Content-Disposition: x;handling=optional")
    assert check_request(request(fields=fields, body=b"x")) is None
    assert check_request(request(body=b"v=0\r\n")) is None
    bye = (*without("Require", "CSeq"), "CSeq: 7 BYE", "Content-Type: text/plain")
    assert check_request(request("BYE sip:a@h SIP/2.0", bye, b"x")) is None


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/sdp", None),
        ("text/plain, application/SDP;level=1", None),
        ("application/*", None),
        ("*/*;q=0.1", None),
        ("text/plain", 406),
        ("", 406),
        ("application/sdp;q=0.0", 406),
    ],
)
def test_who_accepts_no_session_description_gets_406(accept, status):
    assert status_of(request(fields=(*SOUND, f"Accept: {accept}"))) == status


def test_the_refusal_goes_into_a_response():
    asked = request(fields=(*SOUND, "Require: path"))
    refusal = check_request(asked)
    assert refusal is not None
    response = make_response(asked, refusal[0], headers=refusal[1])
    assert response.headers.get("Unsupported") == "path"
