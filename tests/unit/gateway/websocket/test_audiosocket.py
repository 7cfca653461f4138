"""AudioSocket, by its documentation and Asterisk's res_audiosocket.c."""

from __future__ import annotations

import contextlib
import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.audiosocket import RATES_HZ, AudioSocketStream, pack
from voicebot.gateway.websocket.media_stream import (
    StreamAudio,
    StreamDigit,
    StreamEvent,
    StreamStarted,
    StreamStopped,
)

CALL = uuid.UUID("40325ec2-5efd-4bd3-805f-53576e581d13")
HELLO = b"\x01\x00\x10" + CALL.bytes
FRAME = (4000 * np.sin(np.arange(160) / 5)).astype(np.int16)


def started() -> AudioSocketStream:
    stream = AudioSocketStream()
    assert stream.receive(HELLO) == [StreamStarted(str(CALL))]
    return stream


def told(events: list[StreamEvent]) -> list[object]:
    """Events as values that compare."""
    return [event.samples.tolist() if isinstance(event, StreamAudio) else event for event in events]


def test_sound_both_ways() -> None:
    stream = started()
    message = b"\x10\x01\x40" + FRAME.astype("<i2").tobytes()
    assert told(stream.receive(message)) == [FRAME.tolist()]
    assert stream.audio(FRAME) == [message]


@pytest.mark.parametrize(("kind", "rate"), RATES_HZ.items())
def test_the_rate_is_that_of_the_kind_and_answered_in_it(kind: int, rate: int) -> None:
    stream = started()
    (event,) = stream.receive(pack(kind, bytes(2 * (rate // 50))))
    assert isinstance(event, StreamAudio)
    assert len(event.samples) == 160
    (answer,) = stream.audio(FRAME)
    assert isinstance(answer, bytes)
    assert answer[0] == kind
    assert int.from_bytes(answer[1:3], "big") == len(answer) - 3 == 2 * (rate // 50)


def test_keys_in_their_place_among_the_sound() -> None:
    stream = started()
    sound = pack(0x10, FRAME.tobytes())
    events = told(stream.receive(sound + sound + b"\x03\x00\x015" + sound + b"\x03\x00\x01#"))
    assert events == [
        FRAME.tolist() * 2,
        StreamDigit("5"),
        FRAME.tolist(),
        StreamDigit("#"),
    ]


@pytest.mark.parametrize("end", [b"\x00\x00\x00", b"\xff\x00\x01\x01", b"\xff\x00\x00"])
def test_hang_up_and_errors_of_asterisk_end_the_call(end: bytes) -> None:
    stream = started()
    assert stream.receive(end + pack(0x10, FRAME.tobytes())) == [StreamStopped()]
    assert stream.receive(b"garbage after the end") == []


def test_our_hang_up() -> None:
    assert started().hang_up() == [b"\x00\x00\x00"]


def test_there_are_no_marks_keys_or_clearing() -> None:
    stream = started()
    assert stream.clear() == stream.digits("5") == []
    assert stream.mark("m") is None  # type: ignore[func-returns-value]


def test_a_call_that_nobody_expects_is_refused() -> None:
    stream = AudioSocketStream(is_known=lambda call: call.int == 7)
    with pytest.raises(WebSocketProtocolError):
        stream.receive(HELLO)
    known = AudioSocketStream(is_known=lambda call: call == CALL)
    assert known.receive(HELLO) == [StreamStarted(str(CALL))]


@pytest.mark.parametrize(
    "first",
    [
        b"\x10\x01\x40" + bytes(320),
        b"\x10\xff\xff",
        b"\x01\x00\x0f" + bytes(15),
        b"\x01\x00\x11",
        b"\x03\x00\x015",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
    ],
)
def test_the_uuid_comes_first(first: bytes) -> None:
    with pytest.raises(WebSocketProtocolError):
        AudioSocketStream().receive(first)


@pytest.mark.parametrize(
    "message",
    [
        HELLO,
        b"\x10\x00\x01\x00",
        b"\x03\x00\x00",
        b"\x03\x00\x0255",
        b"\x03\x00\x01\xd9",
        b"\x02\x00\x00",
        b"\x19\x00\x00",
        "text",
    ],
)
def test_a_wrong_message_is_refused(message: bytes | str) -> None:
    with pytest.raises(WebSocketProtocolError):
        started().receive(message)


MESSAGES = st.builds(
    pack,
    st.sampled_from([0x00, 0x01, 0x03, 0x10, 0x12, 0x15, 0xFF]) | st.integers(0, 255),
    st.binary(max_size=40),
)


@given(st.lists(MESSAGES, max_size=8), st.lists(st.integers(0, 60), max_size=12))
def test_the_same_however_tcp_cuts_it(messages: list[bytes], cuts: list[int]) -> None:
    data = HELLO + b"".join(messages)
    whole, pieces = [], []
    with contextlib.suppress(WebSocketProtocolError):
        stream = AudioSocketStream()
        for message in (HELLO, *messages):
            whole += told(stream.receive(message))
    with contextlib.suppress(WebSocketProtocolError):
        stream, at = AudioSocketStream(), 0
        for length in (*cuts, len(data)):
            pieces += told(stream.receive(data[at : at + length]))
            at += length
    flat_whole = [x for item in whole for x in (item if isinstance(item, list) else [item])]
    flat_pieces = [x for item in pieces for x in (item if isinstance(item, list) else [item])]
    # A fault may come with the message before it, which then is not told any more.
    shorter = min(len(flat_whole), len(flat_pieces))
    assert flat_whole[:shorter] == flat_pieces[:shorter]


@given(st.binary(max_size=300), st.booleans())
def test_any_octets_are_messages_or_a_protocol_error(data: bytes, is_started: bool) -> None:
    stream = started() if is_started else AudioSocketStream()
    with contextlib.suppress(WebSocketProtocolError):
        stream.receive(data)
