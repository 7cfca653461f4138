"""Telnyx's messages, as developers.telnyx.com/api-reference/websockets shows them."""

from __future__ import annotations

import base64
import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.websocket.hostile import JSON_VALUES
from voicebot.audio import Samples
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.media_stream import (
    StreamAudio,
    StreamDigit,
    StreamMark,
    StreamStarted,
    StreamStopped,
)
from voicebot.gateway.websocket.telnyx import OUTBOUND_STATE, TelnyxStream

CONNECTED = '{"event": "connected", "version": "1.0.0"}'
START = """{
  "event": "start",
  "sequence_number": "1",
  "stream_id": "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
  "start": {
    "user_id": "3E6F995F-85F7-4705-9741-53B116D28237",
    "call_control_id": "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ",
    "call_session_id": "ff55a038-6f5d-11ef-9692-02420aeffb1f",
    "from": "+13122010094",
    "to": "+13122123456",
    "tags": ["TAG1", "TAG2"],
    "client_state": "aGF2ZSBhIG5pY2UgZGF5ID1d",
    "custom_parameters": {"customer_id": "customer_123"},
    "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
  }
}"""
DTMF = """{
  "event": "dtmf",
  "stream_id": "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
  "occurred_at": "2023-06-15T10:20:30.000000Z",
  "sequence_number": "5",
  "dtmf": {"digit": "1"}
}"""
MARK = """{
  "event": "mark",
  "sequence_number": "6",
  "stream_id": "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
  "mark": {"name": "my label"}
}"""
STOP = """{
  "event": "stop",
  "sequence_number": "5",
  "stream_id": "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
  "stop": {"user_id": "3E6F995F-85F7-4705-9741-53B116D28237",
           "call_control_id": "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ"}
}"""
ERROR = """{
  "stream_id": "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
  "event": "error",
  "payload": {"code": 100004, "title": "invalid_media", "detail": "..."}
}"""


def media(chunk: int, octets: bytes, track: str = "inbound") -> str:
    payload = base64.b64encode(octets).decode()
    content = {"track": track, "chunk": str(chunk), "timestamp": "5", "payload": payload}
    return json.dumps(
        {
            "event": "media",
            "sequence_number": "4",
            "stream_id": "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
            "media": content,
        }
    )


def started_stream(encoding: str = "PCMU", sample_rate: int = 8000) -> TelnyxStream:
    stream = TelnyxStream()
    stream.receive(CONNECTED)
    stream.receive(START.replace("PCMU", encoding).replace("8000", str(sample_rate)))
    return stream


def heard(stream: TelnyxStream, *messages: str) -> Samples:
    pieces = []
    for message in messages:
        for event in stream.receive(message):
            assert isinstance(event, StreamAudio)
            pieces.append(event.samples)
    return np.concatenate(pieces)


def test_a_call_begins() -> None:
    (started,) = TelnyxStream().receive(START)
    assert started == StreamStarted(
        "32DE0DEA-53CB-4B21-89A4-9E1819C043BC",
        caller="+13122010094",
        called="+13122123456",
        parameters={
            "customer_id": "customer_123",
            "call_ref": "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ",
            "direction": "inbound",
        },
    )


def test_a_call_of_ours_is_outbound() -> None:
    (started,) = TelnyxStream().receive(START.replace("aGF2ZSBhIG5pY2UgZGF5ID1d", OUTBOUND_STATE))
    assert isinstance(started, StreamStarted)
    assert started.parameters["direction"] == "outbound"


def test_what_telnyx_sends() -> None:
    stream = started_stream()
    assert heard(stream, media(1, b"\x9e\xff"))[0] == 8828
    assert stream.receive(media(2, b"\x9e", track="outbound")) == []
    assert stream.receive(DTMF) == [StreamDigit("1")]
    assert stream.receive(MARK) == [StreamMark("my label")]
    assert stream.receive(STOP) == [StreamStopped()]
    with pytest.raises(WebSocketProtocolError):
        stream.receive(ERROR)


@pytest.mark.parametrize(("encoding", "silence"), [("PCMU", b"\xff"), ("PCMA", b"\xd5")])
def test_what_we_send(encoding: str, silence: bytes) -> None:
    stream = started_stream(encoding)
    (sound,) = stream.audio(np.zeros(160, dtype=np.int16))
    assert json.loads(sound) == {
        "event": "media",
        "media": {"payload": base64.b64encode(silence * 160).decode()},
    }
    assert json.loads(stream.mark("end")[0]) == {"event": "mark", "mark": {"name": "end"}}
    assert json.loads(stream.clear()[0]) == {"event": "clear"}
    assert stream.digits("1") == []
    assert stream.hang_up() == []


def test_linear_sound_of_16_khz() -> None:
    stream = started_stream("L16", 16000)
    tone = (8000 * np.sin(np.arange(16000) / 10)).astype("<i2")
    messages = [media(n + 1, tone[320 * n : 320 * n + 320].tobytes()) for n in range(50)]
    assert abs(len(heard(stream, *messages)) - 8000) < 200


@pytest.mark.parametrize("order", [(1, 2, 3, 4, 5), (1, 3, 2, 5, 4), (1, 2, 5, 4, 3)])
def test_frames_are_put_in_order(order: tuple[int, ...]) -> None:
    laws = [b"\x80", b"\x90", b"\xa0", b"\xb0", b"\xc0"]
    expected = heard(started_stream(), *(media(n, laws[n - 1]) for n in range(1, 6)))
    got = heard(started_stream(), *(media(n, laws[n - 1]) for n in order))
    assert np.array_equal(got, expected)


def test_a_lost_frame_is_not_waited_for_long() -> None:
    stream = started_stream()
    samples = heard(stream, *(media(n, b"\x80") for n in (1, *range(3, 12))))
    assert len(samples) == 10
    assert stream.receive(media(2, b"\x80")) == [], "too late"


@pytest.mark.parametrize(
    "message",
    [
        b"\x00",
        "{}",
        "nonsense",
        START,
        DTMF.replace('"1"', '"x"'),
        MARK.replace('"my label"', "[]"),
        media(1, b"\x80").replace('"1"', '"one"'),
        media(1, b"\x80").replace("gA==", "=gA="),
    ],
)
def test_what_telnyx_never_sends(message: str | bytes) -> None:
    with pytest.raises(WebSocketProtocolError):
        started_stream().receive(message)


@pytest.mark.parametrize(
    ("encoding", "sample_rate"), [("OPUS", 16000), ("G722", 8000), ("PCMU", 16000), ("L16", 7)]
)
def test_a_codec_that_we_do_not_speak(encoding: str, sample_rate: int) -> None:
    with pytest.raises(WebSocketProtocolError):
        started_stream(encoding, sample_rate)


@pytest.mark.parametrize("text", [media(1, b"\x80"), DTMF, MARK, STOP])
def test_nothing_comes_before_the_start(text: str) -> None:
    with pytest.raises(WebSocketProtocolError):
        TelnyxStream().receive(text)


@given(st.dictionaries(st.sampled_from(["event", "media", "start", "dtmf", "mark"]), JSON_VALUES))
def test_any_object_is_understood_or_a_protocol_error(content: dict[str, object]) -> None:
    for stream in (TelnyxStream(), started_stream()):
        with contextlib.suppress(WebSocketProtocolError):
            stream.receive(json.dumps(content))
