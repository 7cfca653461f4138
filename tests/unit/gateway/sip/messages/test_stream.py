import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.gateway.sip import strategies
from tests.unit.gateway.sip.messages.test_message import FIELDS, message
from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import MAX_BODY_BYTES, MAX_HEAD_BYTES, MalformedRequest
from voicebot.gateway.sip.messages.stream import KeepAlivePing, StreamParser


def framed(body: bytes = b"", extra: tuple[str, ...] = ()) -> bytes:
    return message(fields=(*FIELDS, *extra, f"Content-Length: {len(body)}"), body=body)


@settings(max_examples=30)
@given(st.lists(strategies.requests(), max_size=3), st.lists(st.integers(0, 3000), max_size=8))
def test_messages_are_found_however_the_stream_is_cut(requests, cuts):
    stream = b"".join(request.to_bytes() for request in requests)
    parser = StreamParser()
    found = []
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    for start, end in itertools.pairwise(edges):
        found += parser.feed(stream[start:end])
    assert found == requests
    assert not parser.has_partial


def test_a_stream_fed_octet_by_octet_gives_the_same_messages():
    stream = b"\r\n\r\n" + framed(b"one") + b"\r\n" + framed(b"\r\n\r\n") + b"\r\n\r\n"
    parser = StreamParser()
    found = [item for octet in stream for item in parser.feed(bytes([octet]))]
    assert found[0] == KeepAlivePing()
    assert [item.body for item in found[1:3]] == [b"one", b"\r\n\r\n"]
    assert found[3:] == [KeepAlivePing()]


def test_a_half_message_is_partial_until_it_is_whole():
    parser = StreamParser()
    data = framed(b"body")
    assert not parser.has_partial
    assert parser.feed(data[:-1]) == []
    assert parser.has_partial
    assert len(parser.feed(data[-1:])) == 1
    assert not parser.has_partial
    assert parser.feed(b"\r\n") == []
    assert not parser.has_partial


def test_a_bad_message_with_a_sound_length_does_not_break_the_stream():
    bad = framed(b"xx").replace(b"To: <", b'To: "<')
    parser = StreamParser()
    first, second = parser.feed(bad + framed(b"yy"))
    assert isinstance(first, MalformedRequest)
    assert second.body == b"yy"
    assert not parser.is_broken


@pytest.mark.parametrize(
    "data",
    [
        message(),  # no Content-Length
        message(fields=(*FIELDS, "Content-Length: -999")),
        message(fields=(*FIELDS, "Content-Length: 13", "Content-Length: 5")),
        message(fields=(*FIELDS, f"Content-Length: {MAX_BODY_BYTES + 1}")),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"a" * (MAX_HEAD_BYTES + 1),
    ],
)
def test_lost_framing_breaks_the_stream(data):
    parser = StreamParser()
    results = parser.feed(data + framed())
    assert len(results) == 1
    assert isinstance(results[0], SipParseError)
    assert parser.is_broken
    assert not parser.has_partial
    assert parser.feed(framed()) == []


def test_a_broken_stream_says_what_to_answer():
    parser = StreamParser()
    (problem,) = parser.feed(message(fields=(*FIELDS, "Content-Length: -999")))
    assert isinstance(problem, MalformedRequest)
    assert problem.status_hint == 400


@given(st.binary(max_size=200))
def test_any_octets_give_only_documented_results(data):
    for item in StreamParser().feed(data):
        assert isinstance(item, (SipParseError, KeepAlivePing))
