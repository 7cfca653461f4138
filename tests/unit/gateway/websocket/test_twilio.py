"""Twilio's messages, as www.twilio.com/docs/voice/media-streams/websocket-messages shows them."""

from __future__ import annotations

import base64
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
    StreamEvent,
    StreamMark,
    StreamStarted,
    StreamStopped,
)
from voicebot.gateway.websocket.twilio import TwilioStream

CONNECTED = '{"event": "connected", "protocol": "Call", "version": "1.0.0"}'
START = """{
  "event": "start",
  "sequenceNumber": "1",
  "start": {
    "accountSid": "ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "streamSid": "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "callSid": "CAXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "tracks": ["inbound"],
    "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    "customParameters": {"FirstName": "Jane", "caller": "+48600100200", "called": "+48221234567"}
  },
  "streamSid": "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
}"""
MEDIA = """{
  "event": "media",
  "sequenceNumber": "4",
  "media": {"track": "inbound", "chunk": "2", "timestamp": "5", "payload": "no+JhoaJjpzS"},
  "streamSid": "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
}"""
OWN_VOICE = MEDIA.replace('"inbound"', '"outbound"')
STOP = """{
  "event": "stop",
  "sequenceNumber": "5",
  "stop": {
    "accountSid": "ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "callSid": "CAXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
  },
  "streamSid": "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
}"""
DTMF = """{
  "event": "dtmf",
  "streamSid": "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
  "sequenceNumber": "5",
  "dtmf": {"track": "inbound_track", "digit": "1"}
}"""
MARK = """{
  "event": "mark",
  "sequenceNumber": "4",
  "streamSid": "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
  "mark": {"name": "my label"}
}"""
DOCUMENTED = (CONNECTED, START, MEDIA, OWN_VOICE, STOP, DTMF, MARK)


def started_stream() -> TwilioStream:
    stream = TwilioStream()
    stream.receive(CONNECTED)
    stream.receive(START)
    return stream


def test_a_call_begins() -> None:
    stream = TwilioStream()
    assert stream.receive(CONNECTED) == []
    (started,) = stream.receive(START)
    assert started == StreamStarted(
        "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        caller="+48600100200",
        called="+48221234567",
        parameters={
            "FirstName": "Jane",
            "caller": "+48600100200",
            "called": "+48221234567",
            "call_ref": "CAXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        },
    )


def test_what_twilio_sends() -> None:
    stream = started_stream()
    (audio,) = stream.receive(MEDIA)
    assert isinstance(audio, StreamAudio)
    assert len(audio.samples) == len(base64.b64decode("no+JhoaJjpzS"))
    assert audio.timestamp_ms == 5
    assert audio.samples[0] == 8828  # 0x9E in G.711
    assert stream.receive(OWN_VOICE) == []
    expected: list[StreamEvent] = [StreamDigit("1"), StreamMark("my label"), StreamStopped()]
    assert [event for text in (DTMF, MARK, STOP) for event in stream.receive(text)] == expected
    assert stream.receive('{"event": "something new", "sequenceNumber": "9"}') == []


def test_what_we_send() -> None:
    stream = started_stream()
    (media,) = stream.audio(np.zeros(160, dtype=np.int16))
    assert json.loads(media) == {
        "event": "media",
        "streamSid": "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "media": {"payload": base64.b64encode(b"\xff" * 160).decode()},
    }
    assert json.loads(stream.mark("my label")[0]) == {
        "event": "mark",
        "streamSid": "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "mark": {"name": "my label"},
    }
    assert json.loads(stream.clear()[0]) == {
        "event": "clear",
        "streamSid": "MZXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    }
    assert stream.digits("12") == []
    assert stream.hang_up() == []


@pytest.mark.parametrize("text", [MEDIA, DTMF, MARK, STOP])
def test_nothing_comes_before_the_start(text: str) -> None:
    stream = TwilioStream()
    stream.receive(CONNECTED)
    with pytest.raises(WebSocketProtocolError):
        stream.receive(text)


@pytest.mark.parametrize(
    "message",
    [
        b"\x00\x01",
        "",
        "[]",
        "{}",
        "nonsense",
        "[" * 5000,
        START,
        MEDIA.replace("no+J", "no J"),
        MEDIA.replace('"5"', '"-5"'),
        MEDIA.replace('"no+JhoaJjpzS"', "7"),
        DTMF.replace('"1"', '"12"'),
        DTMF.replace('"1"', '""'),
        MARK.replace('"my label"', "null"),
        '{"event": ["media"]}',
        '{"event": "media", "media": []}',
        "x" * 70_000,
    ],
)
def test_what_twilio_never_sends(message: str | bytes) -> None:
    with pytest.raises(WebSocketProtocolError):
        started_stream().receive(message)


@pytest.mark.parametrize(
    ("old", "new"),
    [("8000", "16000"), ("audio/x-mulaw", "audio/l16"), ('"channels": 1', '"channels": 2')],
)
def test_another_format_is_refused(old: str, new: str) -> None:
    with pytest.raises(WebSocketProtocolError):
        TwilioStream().receive(START.replace(old, new))


@given(st.dictionaries(st.sampled_from(["event", "media", "start", "dtmf", "mark"]), JSON_VALUES))
def test_any_object_is_understood_or_a_protocol_error(content: dict[str, object]) -> None:
    for stream in (TwilioStream(), started_stream()):
        with contextlib.suppress(WebSocketProtocolError):
            stream.receive(json.dumps(content))
