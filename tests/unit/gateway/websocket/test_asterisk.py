"""Asterisk's chan_websocket, by the messages its documentation and driver give."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.websocket.hostile import JSON_VALUES
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.asterisk import (
    MAX_EARLY_MESSAGES,
    MAX_HELD,
    AsteriskStream,
)
from voicebot.gateway.websocket.media_stream import (
    StreamAudio,
    StreamDigit,
    StreamMark,
    StreamStarted,
)
from voicebot.gateway.websocket.talk_spurts import LEAD_FRAMES
from voicebot.media.codecs.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw

# Of Asterisk's documentation, the versions that know plain text alone.
OLD_START = (
    "MEDIA_START connection_id:e226e283-c90a-4ea9-9e37-389000b9ef47 "
    "channel:WebSocket/connectionid format:ulaw optimal_frame_size:160"
)
PLAIN_START = (
    "MEDIA_START connection_id:e226e283-c90a-4ea9-9e37-389000b9ef47 "
    "channel:WebSocket/connectionid channel_id:pbx1-123456789.999 format:ulaw "
    "optimal_frame_size:160 ptime:20"
)
JSON_START = {
    "event": "MEDIA_START",
    "connection_id": "e226e283-c90a-4ea9-9e37-389000b9ef47",
    "channel": "WebSocket/connectionid",
    "channel_id": "pbx1-123456789.999",
    "format": "ulaw",
    "optimal_frame_size": 160,
    "ptime": 20,
    "channel_variables": {"SOME_CHANNEL_VARIABLE": "some value"},
}
FRAME = (4000 * np.sin(np.arange(160) / 5)).astype(np.int16)


def started(start: str = PLAIN_START) -> AsteriskStream:
    stream = AsteriskStream()
    assert isinstance(stream.receive(start)[0], StreamStarted)
    return stream


def speaking(start: str = PLAIN_START) -> AsteriskStream:
    """Behind the lead, in the midst of speech."""
    stream = started(start)
    assert len(stream.audio(FRAME)) in (0, LEAD_FRAMES + 1)
    return stream


@pytest.mark.parametrize("start", [OLD_START, PLAIN_START, json.dumps(JSON_START, indent=2)])
def test_a_call_begins_with_media_start(start: str) -> None:
    stream = AsteriskStream({"caller": "+48600100200", "called": "222", "case": "7"})
    (event,) = stream.receive(start)
    assert event == StreamStarted(
        "e226e283-c90a-4ea9-9e37-389000b9ef47",
        caller="+48600100200",
        called="222",
        parameters={"case": "7"},
    )


@pytest.mark.parametrize(
    ("name", "encode", "decode"),
    [("alaw", encode_alaw, decode_alaw), ("ulaw", encode_ulaw, decode_ulaw)],
)
def test_both_laws_both_ways(name, encode, decode) -> None:
    stream = speaking(PLAIN_START.replace("format:ulaw", f"format:{name}"))
    (event,) = stream.receive(encode(FRAME))
    assert isinstance(event, StreamAudio)
    assert event.samples.tolist() == decode(encode(FRAME)).tolist()
    assert stream.audio(FRAME) == [encode(FRAME)]


def test_slin16_is_resampled_and_sent_in_whole_frames() -> None:
    stream = started(
        PLAIN_START.replace(
            "format:ulaw optimal_frame_size:160", "format:slin16 optimal_frame_size:640"
        )
    )
    sent = [message for _ in range(50) for message in stream.audio(FRAME)]
    assert [len(message) for message in sent] == [640] * (50 + LEAD_FRAMES)
    heard = [event for _ in range(50) for event in stream.receive(bytes(640))]
    n_samples = sum(len(event.samples) for event in heard if isinstance(event, StreamAudio))
    assert n_samples == 50 * 160


def test_what_fills_no_frame_waits_for_the_next() -> None:
    stream = started(PLAIN_START.replace("optimal_frame_size:160", "optimal_frame_size:240"))
    sent = b"".join(message for _ in range(4) for message in stream.audio(FRAME))
    expected = encode_ulaw(np.concatenate((np.zeros(320, dtype=np.int16), np.tile(FRAME, 4))))
    assert sent == expected[: len(sent)]
    assert len(sent) == 4 * 240


def test_speech_has_a_lead_and_silence_is_not_sent() -> None:
    stream = started()
    silence = np.zeros(160, dtype=np.int16)
    assert stream.audio(silence) == []
    assert stream.audio(FRAME) == [encode_ulaw(silence)] * LEAD_FRAMES + [encode_ulaw(FRAME)]
    assert stream.audio(silence) == [encode_ulaw(silence)]
    assert stream.audio(silence) == []


def test_keys() -> None:
    assert started().receive("DTMF_END digit:5") == [StreamDigit("5")]
    assert started().receive("DTMF_END digit:# channel_id:pbx1-1.2") == [StreamDigit("#")]
    message = {"event": "DTMF_END", "channel_id": "pbx1-1.2", "digit": "d"}
    assert started(json.dumps(JSON_START)).receive(json.dumps(message)) == [StreamDigit("D")]


def test_marks_in_plain_text() -> None:
    stream = started()
    assert stream.mark("0-7") == ["MARK_MEDIA 0-7"]
    assert stream.receive("MEDIA_MARK_PROCESSED 0-7") == [StreamMark("0-7")]
    assert stream.receive("MEDIA_MARK_PROCESSED 0-7") == []
    assert stream.receive("MEDIA_MARK_PROCESSED") == []


def test_marks_in_json() -> None:
    stream = started(json.dumps(JSON_START))
    (message,) = stream.mark("0-7")
    assert isinstance(message, str)
    assert json.loads(message) == {"command": "MARK_MEDIA", "correlation_id": "0-7"}
    answer = {"event": "MEDIA_MARK_PROCESSED", "channel_id": "1.2", "correlation_id": "0-7"}
    assert stream.receive(json.dumps(answer)) == [StreamMark("0-7")]


def test_an_asterisk_without_marks_tells_the_end_of_a_transfer() -> None:
    stream = started(OLD_START)
    assert stream.mark("0-7") == ["STOP_MEDIA_BUFFERING 0-7"]
    assert stream.receive("MEDIA_BUFFERING_COMPLETED 0-7") == [StreamMark("0-7")]


def test_clearing_throws_the_marks_away_too() -> None:
    """Asterisk says nothing of them, so the next message of whatever kind does."""
    stream = started()
    stream.mark("0-1")
    stream.mark("0-2")
    assert stream.clear() == ["FLUSH_MEDIA"]
    assert stream.receive("STATUS queue_length:0") == [StreamMark("0-1"), StreamMark("0-2")]
    assert stream.receive("MEDIA_MARK_PROCESSED 0-1") == []


def test_clearing_and_hanging_up_in_json() -> None:
    stream = started(json.dumps(JSON_START))
    assert [json.loads(text) for text in stream.clear()] == [{"command": "FLUSH_MEDIA"}]
    assert [json.loads(text) for text in stream.hang_up()] == [{"command": "HANGUP"}]
    assert started().hang_up() == ["HANGUP"]


def test_nothing_is_sent_into_a_full_queue() -> None:
    stream = speaking()
    assert stream.receive("MEDIA_XOFF") == []
    assert stream.audio(FRAME) == []
    assert stream.mark("0-1") == []
    assert stream.audio(-FRAME) == []
    assert stream.receive("MEDIA_XON") == []
    assert stream.audio(FRAME) == [
        encode_ulaw(FRAME), "MARK_MEDIA 0-1", encode_ulaw(-FRAME), encode_ulaw(FRAME)
    ]  # fmt: skip
    assert stream.audio(FRAME) == [encode_ulaw(FRAME)]


def test_what_was_held_back_comes_though_nobody_speaks_any_more() -> None:
    stream = speaking()
    silence = np.zeros(160, dtype=np.int16)
    stream.receive("MEDIA_XOFF")
    stream.audio(FRAME)
    stream.mark("0-1")
    stream.audio(silence)
    stream.receive("MEDIA_XON")
    assert stream.audio(silence) == [encode_ulaw(FRAME), "MARK_MEDIA 0-1", encode_ulaw(silence)]


def test_what_waits_for_a_full_queue_is_bounded_and_can_be_cleared() -> None:
    stream = speaking()
    stream.receive("MEDIA_XOFF")
    for _ in range(5 * MAX_HELD):
        stream.audio(FRAME)
    stream.receive("MEDIA_XON")
    assert len(stream.audio(FRAME)) == MAX_HELD + 1
    stream.receive("MEDIA_XOFF")
    stream.audio(FRAME)
    assert stream.clear() == ["FLUSH_MEDIA"]
    stream.receive("MEDIA_XON")
    assert len(stream.audio(FRAME)) == LEAD_FRAMES + 1


def test_sound_before_the_start_is_let_go_but_not_for_ever() -> None:
    """Asterisk 22.7 at times sends the first frames ahead of MEDIA_START (issue 1712)."""
    stream = AsteriskStream()
    for _ in range(MAX_EARLY_MESSAGES):
        assert stream.receive(bytes(160)) == []
    with pytest.raises(WebSocketProtocolError):
        stream.receive(bytes(160))


def test_later_events_are_no_fault() -> None:
    stream = started()
    assert stream.receive("QUEUE_DRAINED") == []
    assert stream.receive("MEDIA_ROTATED axis:z") == []
    assert stream.receive("ERROR channel_id:1.2 error_text:Unable to parse JSON command") == []


@pytest.mark.parametrize(
    "start",
    [
        "",
        "media_start",
        "STATUS queue_length:0",
        "DTMF_END digit:5",
        "MEDIA_START",
        OLD_START.replace("ulaw", "opus"),
        OLD_START.replace("160", "0"),
        OLD_START.replace("160", "65501"),
        OLD_START.replace("160", "-160"),
        OLD_START.replace("160", "١٦٠"),
        OLD_START.replace("160", "9" * 5000),
        OLD_START.replace("ulaw", "slin").replace("160", "321"),
        json.dumps(JSON_START | {"optimal_frame_size": True}),
        json.dumps(JSON_START | {"optimal_frame_size": 1e9}),
        json.dumps(JSON_START | {"format": None}),
        json.dumps(JSON_START | {"event": "MEDIA\nSTART"}),
        "{",
        "[]",
    ],
)
def test_a_wrong_start_is_refused(start: str) -> None:
    with pytest.raises(WebSocketProtocolError):
        AsteriskStream().receive(start)


@pytest.mark.parametrize(
    "message",
    [
        PLAIN_START,
        "DTMF_END",
        "DTMF_END digit:55",
        '{"event": "DTMF_END", "digit": 5}',
        "lower case",
        "X" * 100_000,
        bytes(65_501),
    ],
)
def test_a_wrong_message_is_refused(message: str | bytes) -> None:
    with pytest.raises(WebSocketProtocolError):
        started().receive(message)


@given(
    st.lists(
        st.binary(max_size=400)
        | st.text(max_size=100)
        | st.from_regex(r"\A(DTMF_END|MEDIA_START|MEDIA_XOFF|MEDIA_MARK_PROCESSED)[ a-z:0-9]*\Z")
        | JSON_VALUES.map(json.dumps)
        | st.fixed_dictionaries({}, optional=dict.fromkeys(JSON_START, JSON_VALUES)).map(
            lambda fields: json.dumps(JSON_START | fields)
        ),
        max_size=6,
    )
)
def test_anything_else_is_understood_or_a_protocol_error(messages: list[str | bytes]) -> None:
    stream = AsteriskStream()
    with contextlib.suppress(WebSocketProtocolError):
        for message in messages:
            stream.receive(message)
            stream.audio(FRAME)
            stream.mark("m")
            stream.clear()
