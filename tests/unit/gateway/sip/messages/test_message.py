import pytest
from hypothesis import given, settings

from tests.unit.gateway.sip import strategies
from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import (
    MAX_BODY_BYTES,
    MAX_DATAGRAM_BYTES,
    MAX_HEAD_BYTES,
    MAX_HEADER_FIELDS,
    MAX_HEADER_LINE_BYTES,
    MAX_LIST_ELEMENTS,
    Headers,
    MalformedRequest,
    SipRequest,
    SipResponse,
    make_response,
    parse_datagram,
)
from voicebot.gateway.sip.messages.uri import CSeq, SipUri

FIELDS = (
    "Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;rport",
    "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK0",
    'From: "Anna" <sip:anna@example.com>;tag=a1',
    "To: <sip:infolinia@example.net>",
    "Call-ID: c1@192.0.2.1",
    "CSeq: 7 INVITE",
    "Contact: <sip:anna@192.0.2.1:5062>",
    "Max-Forwards: 70",
    "Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>",
    "Route: <sip:p3.example.com;lr>",
    "Require: timer, 100rel",
)


def message(start="INVITE sip:infolinia@example.net SIP/2.0", fields=FIELDS, body=b"") -> bytes:
    return "\r\n".join([start, *fields, "", ""]).encode() + body


def without(*names: str) -> tuple[str, ...]:
    return tuple(field for field in FIELDS if not field.startswith(names))


def problem_of(data: bytes) -> SipParseError:
    with pytest.raises(SipParseError) as caught:
        parse_datagram(data)
    return caught.value


@settings(max_examples=40)
@given(strategies.requests())
def test_a_request_survives_writing_and_reading(request):
    assert parse_datagram(request.to_bytes()) == request


@settings(max_examples=40)
@given(strategies.responses())
def test_a_response_survives_writing_and_reading(response):
    assert parse_datagram(response.to_bytes()) == response


def test_the_header_values_of_a_request_are_read():
    request = parse_datagram(message(body=b"v=0"))
    assert isinstance(request, SipRequest)
    assert request.method == "INVITE"
    assert request.uri == SipUri("sip", "infolinia", "example.net")
    assert request.via.branch == "z9hG4bK1"
    assert [via.host for via in request.vias] == ["192.0.2.1", "192.0.2.9"]
    assert (request.from_.display_name, request.from_.tag) == ("Anna", "a1")
    assert request.to.tag is None
    assert (request.call_id, request.cseq) == ("c1@192.0.2.1", CSeq(7, "INVITE"))
    assert request.contact is not None
    assert request.contact.uri.port == 5062
    assert [route.uri.host for route in request.record_routes] == [
        "p2.example.com",
        "p1.example.com",
    ]
    assert [route.uri.host for route in request.routes] == ["p3.example.com"]
    assert request.max_forwards == 70
    assert request.require == ["timer", "100rel"]
    assert request.supported == []
    assert request.body == b"v=0"


def test_a_response_is_read():
    response = parse_datagram(message("SIP/2.0 183 Sesja w toku ☎"))
    assert isinstance(response, SipResponse)
    assert (response.status, response.reason) == (183, "Sesja w toku ☎")
    assert parse_datagram(message("SIP/2.0 100")).reason == ""


def test_writing_sets_content_length_in_its_place():
    request = parse_datagram(message(fields=("l: 3", *FIELDS), body=b"abc"))
    request.body = b"abcdef"
    data = request.to_bytes()
    assert data.count(b"Content-Length") == 1
    assert b"SIP/2.0\r\nContent-Length: 6\r\nVia" in data
    assert parse_datagram(data).body == b"abcdef"


def test_folded_lines_and_lf_line_ends_are_read():
    data = (
        b"INVITE sip:a@h SIP/2.0\nSubject: one\n two\n\tthree\n" + message().partition(b"\r\n")[2]
    )
    assert parse_datagram(data).headers.get("Subject") == "one two three"


def test_octets_that_are_no_utf8_leave_as_they_came():
    data = message(fields=(*FIELDS, "Content-Length: 0")).replace(b"Anna", b"\xff\xfe")
    assert parse_datagram(data).to_bytes() == data


def test_line_ends_before_a_message_are_ignored():
    assert parse_datagram(b"\r\n\r\n" + message()).call_id == "c1@192.0.2.1"


def test_octets_after_content_length_are_ignored():
    data = message(fields=(*FIELDS, "Content-Length: 2"), body=b"ab" + message())
    assert parse_datagram(data).body == b"ab"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (message(fields=(*FIELDS, "Content-Length: 9")), 400),
        (message(fields=(*FIELDS, "Content-Length: -1")), 400),
        (message(fields=(*FIELDS, "Content-Length: 1x")), 400),
        (message(fields=(*FIELDS, "Content-Length:")), 400),
        (message(fields=(*FIELDS, "Content-Length: " + "9" * 5000)), 400),
        (message(fields=(*FIELDS, "Content-Length: 0", "l: 0")), 400),
        (message(fields=(*FIELDS, "no colon")), 400),
        (message(fields=(*FIELDS, ": no name")), 400),
        (message(fields=(*FIELDS, "Subject: a\rRoute: <sip:evil@h>")), 400),
        (message()[:-2], 400),
        (message("INVITE  sip:a@h SIP/2.0"), 400),
        (message("INVITE sip:a@h SIP/2.0 "), 400),
        (message("INVITE sip:a@h; lr SIP/2.0"), 400),
        (message("INVITE <sip:a@h> SIP/2.0"), 400),
        (message("INVITE a@h SIP/2.0"), 400),
        (message("INVITE sip:a@h SIP/7.0"), 505),
        (message("INVITE sip:a@h SIP/2.1"), 505),
        (message(fields=without("From")), 400),
        (message(fields=without("To")), 400),
        (message(fields=without("Call-ID")), 400),
        (message(fields=(*without("To"), 'To: "open <sip:a@h>')), 400),
        (message(fields=(*FIELDS, "Via: broken")), 400),
        (message(fields=(*FIELDS, "Via: " + "SIP/2.0/UDP h," * MAX_LIST_ELEMENTS + "x")), 513),
        (message(fields=(*FIELDS, "X: " + "a" * MAX_HEADER_LINE_BYTES)), 513),
        (message(fields=(*FIELDS, *["X: a"] * MAX_HEADER_FIELDS)), 513),
    ],
)
def test_a_malformed_request_can_be_answered(data, status):
    problem = problem_of(data)
    assert isinstance(problem, MalformedRequest)
    assert problem.status_hint == status
    response = make_response(problem.request, problem.status_hint, to_tag="t")
    assert response.to_bytes().startswith(f"SIP/2.0 {status} ".encode())
    assert response.cseq == CSeq(7, "INVITE")
    assert response.via.branch == "z9hG4bK1"
    assert "evil" not in str(list(response.headers))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\x00" * 40,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"INVITE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        message(fields=without("Via")),
        message(fields=without("CSeq")),
        message(fields=("Via: broken", *FIELDS)),
        message(fields=(*without("CSeq"), "CSeq: 4294967296 INVITE")),
        message("ACK sip:a@h SIP/2.0", (*without("CSeq", "From"), "CSeq: 7 ACK")),
        message("SIP/2.0 200 OK", without("From")),
        message("SIP/2.0 99 Low"),
        message("SIP/2.0 700 High"),
        message("SIP/2.0 4294967301 Wraps"),
        message("SIP/2.0 ٢٠٠ Arabic digits"),
        message("SIP/7.0 200 OK"),
        message("SIP/2.0"),
        b"a" * (MAX_DATAGRAM_BYTES + 1),
        message(fields=(*FIELDS, *["X: " + "a" * (MAX_HEAD_BYTES // 4)] * 4)),
    ],
)
def test_what_can_not_be_answered_is_only_refused(data):
    assert not isinstance(problem_of(data), MalformedRequest)


def test_the_limits_let_through_what_is_at_them():
    value = "a" * (MAX_HEADER_LINE_BYTES - 3)
    fields = (*FIELDS, f"X: {value}", *["Y: b"] * (MAX_HEADER_FIELDS - len(FIELDS) - 1))
    assert parse_datagram(message(fields=fields)).headers.get("X") == value
    body = b"a" * (MAX_DATAGRAM_BYTES - len(message()))
    assert parse_datagram(message(body=body)).body == body
    assert len(body) < MAX_BODY_BYTES


def test_a_response_copies_what_the_rfc_asks_for():
    request = parse_datagram(message(fields=(*FIELDS, "Timestamp: 54")))
    ringing = make_response(request, 180, to_tag="b2")
    assert ringing.reason == "Ringing"
    assert ringing.headers.get_all("Via") == request.headers.get_all("Via")
    assert ringing.headers.get_all("Record-Route") == request.headers.get_all("Record-Route")
    assert ringing.headers.get("From") == request.headers.get("From")
    assert ringing.to.tag == "b2"
    assert (ringing.call_id, ringing.cseq) == (request.call_id, request.cseq)
    assert "Timestamp" not in ringing.headers
    trying = make_response(request, 100)
    assert (trying.headers.get("Timestamp"), trying.to.tag) == ("54", None)
    assert "Record-Route" not in trying.headers
    assert "Record-Route" not in make_response(request, 486).headers


def test_a_response_keeps_the_tag_of_the_request_and_takes_a_body():
    request = parse_datagram(message(fields=(*without("To"), "To: <sip:a@h>;tag=old")))
    response = make_response(
        request,
        200,
        reason="Proszę",
        to_tag="new",
        headers=[("Allow", "INVITE")],
        body=b"v=0",
        content_type="application/sdp",
    )
    again = parse_datagram(response.to_bytes())
    assert (again.to.tag, again.reason, again.body) == ("old", "Proszę", b"v=0")
    assert (again.headers.get("Allow"), again.content_type) == ("INVITE", "application/sdp")


def test_a_reason_can_not_start_a_header_field():
    response = SipResponse(200, "OK\r\nRoute: <sip:evil@h>", Headers())
    assert response.to_bytes().count(b"\r\n") == 3


def test_a_missing_field_is_a_parse_error():
    request = SipRequest("INVITE", SipUri("sip", host="h"))
    for name in ("via", "call_id", "cseq", "from_", "to"):
        with pytest.raises(SipParseError):
            getattr(request, name)
    assert request.contact is None
    assert request.max_forwards is None
    assert request.vias == []
