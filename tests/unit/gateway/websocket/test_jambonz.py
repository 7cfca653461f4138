"""jambonz's `listen`, by its documentation and the messages of its own SDK and feature server."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.websocket.hostile import JSON_VALUES
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.jambonz import (
    MAX_AUDIO_BYTES,
    JambonzStream,
    application,
    ended_application,
)
from voicebot.gateway.websocket.media_stream import (
    StreamAudio,
    StreamDigit,
    StreamMark,
    StreamStarted,
)
from voicebot.gateway.websocket.talk_spurts import LEAD_FRAMES

# What jambonz-feature-server's CallInfo gives, with the application's metadata among it.
START: dict[str, object] = {
    "sampleRate": 8000,
    "mixType": "mono",
    "callSid": "ac5c697a-bfae-4335-ad8a-1e2f3a4b5c6d",
    "direction": "inbound",
    "from": "+48600100200",
    "to": "+48221234567",
    "callId": "935f3b60-2775-123d-a6a1-1e2f3a4b5c6d",
    "sipStatus": 200,
    "sipReason": "OK",
    "callStatus": "in-progress",
    "accountSid": "66acafce-44c2-417a-a7c0-1e2f3a4b5c6d",
    "applicationSid": "db7ba948-2410-4845-949f-1e2f3a4b5c6d",
    "fsSipAddress": "172.31.1.74:5060",
    "case": "31524679",
}
FRAME = (4000 * np.sin(np.arange(160) / 5)).astype(np.int16)


def started(**fields: object) -> JambonzStream:
    stream = JambonzStream()
    assert isinstance(stream.receive(json.dumps(START | fields))[0], StreamStarted)
    return stream


def test_the_first_text_tells_whose_call_it_is() -> None:
    (event,) = JambonzStream().receive(json.dumps(START))
    assert isinstance(event, StreamStarted)
    assert event.stream_ref == START["callSid"]
    assert event.caller == "+48600100200"
    assert event.called == "+48221234567"
    assert event.parameters["direction"] == "inbound"
    assert event.parameters["case"] == "31524679"
    assert "+48600100200" not in event.parameters.values()


def test_sound_both_ways() -> None:
    stream = started()
    data = FRAME.astype("<i2").tobytes()
    (event,) = stream.receive(data)
    assert isinstance(event, StreamAudio)
    assert event.samples.tolist() == FRAME.tolist()
    assert stream.audio(FRAME) == [bytes(320)] * LEAD_FRAMES + [data]
    assert stream.audio(FRAME) == [data]


def test_wideband_sound_is_brought_down_and_ours_stays_at_8_khz() -> None:
    stream = started(sampleRate=16000)
    (event,) = stream.receive(bytes(640))
    assert isinstance(event, StreamAudio)
    assert len(event.samples) == 160
    assert stream.audio(FRAME)[-1] == FRAME.astype("<i2").tobytes()


def test_keys() -> None:
    message = {"event": "dtmf", "dtmf": "5", "duration": "1600"}
    assert started().receive(json.dumps(message)) == [StreamDigit("5")]


@pytest.mark.parametrize("fate", ["playout", "cleared"])
def test_marks(fate: str) -> None:
    stream = started()
    (message,) = stream.mark("0-7")
    assert isinstance(message, str)
    assert json.loads(message) == {"type": "mark", "data": {"name": "0-7"}}
    answer = {"type": "mark", "data": {"name": "0-7", "event": fate}}
    assert stream.receive(json.dumps(answer)) == [StreamMark("0-7")]


def test_interruption_and_hanging_up() -> None:
    stream = started()
    clear = [json.loads(text) for text in stream.clear()]
    assert clear == [{"type": "killAudio"}, {"type": "clearMarks"}]
    assert [json.loads(text) for text in stream.hang_up()] == [{"type": "disconnect"}]


@pytest.mark.parametrize(
    "message",
    [{"type": "playDone"}, {"msg": "buffer overrun"}, {"type": "later"}, {"event": ["dtmf"]}],
)
def test_what_asks_nothing_of_us(message: dict[str, object]) -> None:
    assert started().receive(json.dumps(message)) == []


@pytest.mark.parametrize(
    "first",
    [
        bytes(320),
        "",
        "[]",
        "{}",
        json.dumps(START | {"callSid": ""}),
        json.dumps(START | {"callSid": 7}),
        json.dumps(START | {"mixType": "stereo"}),
        json.dumps(START | {"sampleRate": 0}),
        json.dumps(START | {"sampleRate": -8000}),
        json.dumps(START | {"sampleRate": 8000.5}),
        json.dumps(START | {"sampleRate": "a lot"}),
        json.dumps(START | {"from": {}}),
        "[" * 50_000,
    ],
)
def test_a_wrong_first_message_is_refused(first: str | bytes) -> None:
    with pytest.raises(WebSocketProtocolError):
        JambonzStream().receive(first)


@pytest.mark.parametrize(
    "message",
    [
        bytes(321),
        bytes(MAX_AUDIO_BYTES + 2),
        '{"event": "dtmf"}',
        '{"event": "dtmf", "dtmf": "12"}',
        '{"type": "mark"}',
        '{"type": "mark", "data": []}',
        "no JSON",
    ],
)
def test_a_wrong_message_is_refused(message: str | bytes) -> None:
    with pytest.raises(WebSocketProtocolError):
        started().receive(message)


@given(
    st.lists(
        st.binary(max_size=400)
        | st.text(max_size=100)
        | JSON_VALUES.map(json.dumps)
        | st.fixed_dictionaries({}, optional=dict.fromkeys(START, JSON_VALUES)).map(
            lambda fields: json.dumps(START | fields)
        )
        | st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("event", "dtmf", "type", "data"), JSON_VALUES)
        ).map(json.dumps),
        max_size=6,
    )
)
def test_anything_else_is_understood_or_a_protocol_error(messages: list[str | bytes]) -> None:
    stream = JambonzStream()
    with contextlib.suppress(WebSocketProtocolError):
        for message in messages:
            stream.receive(message)


def test_the_application_streams_both_ways_and_then_hangs_up() -> None:
    verbs = application("wss://bot.example/streams/jambonz", "s3cret", "https://bot.example/ended")
    assert [verb["verb"] for verb in verbs] == ["answer", "listen", "hangup"]
    listen = verbs[1]
    assert listen["url"] == "wss://bot.example/streams/jambonz"
    assert listen["wsAuth"] == {"username": "jambonz", "password": "s3cret"}
    assert listen["bidirectionalAudio"] == {"enabled": True, "streaming": True, "sampleRate": 8000}
    assert listen["passDtmf"] is True
    assert ended_application() == [{"verb": "hangup"}]
