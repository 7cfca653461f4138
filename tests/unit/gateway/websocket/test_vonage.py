"""Vonage's messages, as developer.vonage.com/en/voice/voice-api/guides/websockets shows them."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.websocket.hostile import JSON_VALUES
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.media_stream import (
    StreamAudio,
    StreamDigit,
    StreamMark,
    StreamStarted,
)
from voicebot.gateway.websocket.vonage import VonageStream

CONNECTED = """{
    "event":"websocket:connected",
    "content-type":"audio/l16;rate=16000",
    "language": "en-GB",
    "caller": "447700900123",
    "called": "447700900000",
    "call_ref": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
}"""
DTMF = '{"event":"websocket:dtmf","digit":"5","duration":260}'
CLEARED = '{"event":"websocket:cleared"}'


def started_stream(rate: int = 8000) -> VonageStream:
    stream = VonageStream()
    stream.receive(CONNECTED.replace("16000", str(rate)))
    return stream


def test_a_call_begins() -> None:
    (started,) = VonageStream().receive(CONNECTED)
    assert isinstance(started, StreamStarted)
    assert started.stream_ref == "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
    assert (started.caller, started.called) == ("447700900123", "447700900000")
    assert started.parameters["language"] == "en-GB"


def test_what_vonage_sends() -> None:
    stream = started_stream()
    (audio,) = stream.receive(np.arange(160, dtype="<i2").tobytes())
    assert isinstance(audio, StreamAudio)
    assert np.array_equal(audio.samples, np.arange(160))
    assert stream.receive(DTMF) == [StreamDigit("5")]
    assert stream.receive('{"event":"websocket:dtmf","dtmf":{"digit":"#"}}') == [StreamDigit("#")]
    assert stream.receive(CLEARED) == []
    assert stream.receive('{"event":"something new"}') == []


def test_a_mark_is_a_notification() -> None:
    stream = started_stream()
    (notify,) = stream.mark("0-10")
    assert json.loads(notify) == {"action": "notify", "payload": {"mark": "0-10"}}
    echo = json.dumps({"event": "websocket:notify", "payload": {"mark": "0-10"}})
    assert stream.receive(echo) == [StreamMark("0-10")]


def test_what_we_send() -> None:
    stream = started_stream()
    frame = np.arange(160, dtype=np.int16)
    assert stream.audio(frame) == [frame.astype("<i2").tobytes()]
    assert [json.loads(message) for message in stream.clear()] == [{"action": "clear"}]
    assert stream.digits("1") == []
    assert stream.hang_up() == []


def test_messages_of_16_khz_hold_20_ms_each() -> None:
    stream = started_stream(16000)
    tone = (8000 * np.sin(np.arange(8000) / 5)).astype(np.int16)
    messages = [
        message for n in range(50) for message in stream.audio(tone[160 * n : 160 * n + 160])
    ]
    assert {len(message) for message in messages} == {640}
    assert 46 <= len(messages) <= 50
    heard = np.frombuffer(b"".join(m for m in messages if isinstance(m, bytes)), "<i2")
    assert 7500 < np.abs(heard[4000:].astype(int)).max() < 8500


def test_16_khz_are_heard_as_8_khz() -> None:
    stream = started_stream(16000)
    tone = (8000 * np.sin(np.arange(16000) / 10)).astype("<i2")
    n_samples = 0
    for n in range(50):
        (event,) = stream.receive(tone[320 * n : 320 * n + 320].tobytes())
        assert isinstance(event, StreamAudio)
        n_samples += len(event.samples)
    assert abs(n_samples - 8000) < 200


@pytest.mark.parametrize("message", [b"\x00\x00", DTMF, CLEARED])
def test_nothing_comes_before_the_start(message: str | bytes) -> None:
    with pytest.raises(WebSocketProtocolError):
        VonageStream().receive(message)


@pytest.mark.parametrize(
    "message",
    [
        b"\x00",
        b"\x00" * 40_000,
        "{}",
        "nonsense",
        CONNECTED,
        DTMF.replace('"5"', '"55"'),
        DTMF.replace('"5"', "5"),
        '{"event": "websocket:notify", "payload": []}',
    ],
)
def test_what_vonage_never_sends(message: str | bytes) -> None:
    with pytest.raises(WebSocketProtocolError):
        started_stream().receive(message)


@pytest.mark.parametrize("rate", ["24000", "8000;x", "", "-8000"])
def test_another_format_is_refused(rate: str) -> None:
    with pytest.raises(WebSocketProtocolError):
        VonageStream().receive(CONNECTED.replace("16000", rate))


@given(
    st.dictionaries(st.sampled_from(["event", "digit", "payload", "content-type"]), JSON_VALUES),
    st.binary(max_size=100),
)
def test_anything_is_understood_or_a_protocol_error(
    content: dict[str, object], data: bytes
) -> None:
    for stream in (VonageStream(), started_stream(), started_stream(16000)):
        with contextlib.suppress(WebSocketProtocolError):
            stream.receive(json.dumps(content))
        with contextlib.suppress(WebSocketProtocolError):
            stream.receive(data)
