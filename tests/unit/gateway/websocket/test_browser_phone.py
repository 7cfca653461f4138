"""The browser phone's protocol: audio and keys, and nothing hostile gets through."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.websocket.hostile import JSON_VALUES
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.browser_phone import (
    MAX_AUDIO_BYTES,
    BrowserPhone,
    answered_message,
    ended_message,
)
from voicebot.gateway.websocket.media_stream import StreamAudio, StreamDigit, StreamStopped


@given(st.binary(max_size=MAX_AUDIO_BYTES + 10))
def test_any_bytes_are_audio_or_a_protocol_error(data: bytes) -> None:
    with contextlib.suppress(WebSocketProtocolError):
        (event,) = BrowserPhone().receive(data)
        assert isinstance(event, StreamAudio)
        assert event.samples.astype("<i2").tobytes() == data


@given(st.text() | JSON_VALUES.map(lambda value: json.dumps(value)) | st.just("[" * 900))
def test_any_text_is_understood_or_a_protocol_error(text: str) -> None:
    with contextlib.suppress(WebSocketProtocolError):
        BrowserPhone().receive(text)


@given(JSON_VALUES, JSON_VALUES)
def test_any_digit_message_is_a_key_or_a_protocol_error(kind: object, digit: object) -> None:
    with contextlib.suppress(WebSocketProtocolError):
        BrowserPhone().receive(json.dumps({"type": kind, "digit": digit}))
    with contextlib.suppress(WebSocketProtocolError):
        (event,) = BrowserPhone().receive(json.dumps({"type": "digit", "digit": digit}))
        assert isinstance(event, StreamDigit)
        assert event.digit in list("0123456789*#ABCD")


def test_control_messages() -> None:
    phone = BrowserPhone()
    assert phone.receive('{"type": "digit", "digit": "#"}') == [StreamDigit("#")]
    assert phone.receive('{"type": "hangup"}') == [StreamStopped()]


@pytest.mark.parametrize(
    "message",
    [
        b"\x00",
        b"\x00" * (MAX_AUDIO_BYTES + 2),
        "{",
        "[]",
        '{"type": "boo"}',
        '{"type": "digit", "digit": "55"}',
        '{"type": "hangup", "x": "' + "x" * 1000 + '"}',
    ],
)
def test_what_a_page_of_ours_never_sends(message: str | bytes) -> None:
    with pytest.raises(WebSocketProtocolError):
        BrowserPhone().receive(message)


def test_what_the_browser_is_told() -> None:
    phone = BrowserPhone()
    assert json.loads(answered_message("x")) == {"type": "answered", "call_id": "x"}
    assert json.loads(ended_message("busy")) == {"type": "ended", "reason": "busy"}
    assert [json.loads(message) for message in phone.clear()] == [{"type": "clear"}]
    assert phone.audio(np.array([1, -2], dtype=np.int16)) == [b"\x01\x00\xfe\xff"]
    assert phone.mark("0-1") == phone.digits("1") == phone.hang_up() == []
