import pytest

from voicebot.gateway.sip.messages.message import Headers, SipRequest
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.sdp.sdp_body import MAX_PARTS, find_sdp, has_foreign_body

MULTIPART = (
    b"preamble\r\n--x y\r\nContent-Type: application/pidf+xml\r\n\r\n<xml/>\r\n"
    b"--x y\r\nc: Application/SDP;charset=utf-8\r\nContent-ID: <1>\r\n\r\n"
    b"v=0\r\no=...\r\n\r\n--x y--\r\n"
)


def invite(body: bytes, content_type: str | None) -> SipRequest:
    pairs = [] if content_type is None else [("Content-Type", content_type)]
    return SipRequest("INVITE", SipUri("sip", host="h"), Headers(pairs), body)


def test_the_description_is_found_alone_and_among_other_parts():
    assert find_sdp(invite(b"v=0\r\n", "Application/SDP; charset=x")) == b"v=0\r\n"
    assert find_sdp(invite(b"v=0\r\n", None)) == b"v=0\r\n"
    multipart = invite(MULTIPART, 'multipart/mixed;boundary="x y"')
    assert find_sdp(multipart) == b"v=0\r\no=...\r\n"
    assert not has_foreign_body(multipart)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/sdp"),
        (b"hello", None),
        (b"hello", "text/plain"),
        (MULTIPART, "multipart/mixed"),
        (MULTIPART, "multipart/mixed;boundary="),
        (MULTIPART, "multipart/mixed;boundary=other"),
        (MULTIPART, 'multipart/mixed;boundary="open'),
        (MULTIPART, 'multipart/signed;boundary="x y"'),
        (
            b"--b\r\n" * (MAX_PARTS + 1) + MULTIPART.replace(b"x y", b"b"),
            "multipart/mixed;boundary=b",
        ),
    ],
)
def test_none_is_found_where_there_is_none(body, content_type):
    assert find_sdp(invite(body, content_type)) is None


def test_a_foreign_body_is_one_that_must_be_understood():
    asked = invite(b"hello", "text/plain")
    assert has_foreign_body(asked)
    asked.headers.set("Content-Disposition", "render; handling=optional")
    assert not has_foreign_body(asked)
    assert not has_foreign_body(invite(b"", "text/plain"))
