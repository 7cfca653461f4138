"""The browser phone's protocol: audio in whole frames, and nothing hostile gets through."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.audio import FRAME_SAMPLES
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.browser_phone import (
    MAX_AUDIO_BYTES,
    MAX_FRAMES,
    START_FRAMES,
    BrowserPhone,
    DigitMessage,
    HangUpMessage,
    answered_message,
    audio_message,
    clear_message,
    ended_message,
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)


@given(st.binary(max_size=MAX_AUDIO_BYTES + 10))
def test_any_bytes_are_audio_or_a_protocol_error(data: bytes) -> None:
    phone = BrowserPhone()
    with contextlib.suppress(WebSocketProtocolError):
        phone.receive_audio(data)
        assert len(data) % 2 == 0


@given(st.text() | _JSON.map(lambda value: json.dumps(value)) | st.just("[" * 900))
def test_any_text_is_understood_or_a_protocol_error(text: str) -> None:
    with contextlib.suppress(WebSocketProtocolError):
        BrowserPhone().receive_text(text)


@given(_JSON, _JSON)
def test_any_digit_message_is_a_key_or_a_protocol_error(kind: object, digit: object) -> None:
    with contextlib.suppress(WebSocketProtocolError):
        BrowserPhone().receive_text(json.dumps({"type": kind, "digit": digit}))
    with contextlib.suppress(WebSocketProtocolError):
        message = BrowserPhone().receive_text(json.dumps({"type": "digit", "digit": digit}))
        assert isinstance(message, DigitMessage)
        assert message.digit in list("0123456789*#ABCD")


@given(st.lists(st.integers(0, 700), min_size=1, max_size=12))
def test_audio_is_the_same_however_it_is_cut(lengths: list[int]) -> None:
    total = min(sum(lengths), MAX_FRAMES * FRAME_SAMPLES)
    sent = np.arange(total, dtype=np.int16)
    phone = BrowserPhone()
    position = 0
    for length in lengths:
        phone.receive_audio(sent[position : position + length].astype("<i2").tobytes())
        position += length
    frames = []
    while (frame := phone.next_frame()) is not None:
        frames.append(frame)
    n_frames = total // FRAME_SAMPLES
    if n_frames < START_FRAMES:
        assert frames == []
    else:
        assert np.array_equal(np.concatenate(frames), sent[: n_frames * FRAME_SAMPLES])


def frames_of(*values: int) -> bytes:
    """One frame for each value, filled with it."""
    return b"".join(np.full(FRAME_SAMPLES, value, dtype="<i2").tobytes() for value in values)


def test_playing_starts_when_a_few_frames_are_there_and_again_after_a_gap() -> None:
    phone = BrowserPhone()
    phone.receive_audio(frames_of(1, 2))
    assert phone.next_frame() is None
    phone.receive_audio(frames_of(3))
    assert [int(phone.next_frame()[0]) for _ in range(3)] == [1, 2, 3]
    assert phone.next_frame() is None
    phone.receive_audio(frames_of(4))
    assert phone.next_frame() is None
    assert phone.n_missing_frames == 1


def test_a_backlog_loses_its_oldest_frames() -> None:
    phone = BrowserPhone()
    phone.receive_audio(frames_of(*range(MAX_FRAMES + 5)))
    assert phone.n_dropped_frames == 5
    frame = phone.next_frame()
    assert frame is not None
    assert frame[0] == 5


def test_control_messages() -> None:
    phone = BrowserPhone()
    assert phone.receive_text('{"type": "digit", "digit": "#"}') == DigitMessage("#")
    assert phone.receive_text('{"type": "hangup"}') == HangUpMessage()
    with pytest.raises(WebSocketProtocolError):
        phone.receive_text('{"type": "digit", "digit": "55"}')


def test_what_the_browser_is_told() -> None:
    assert json.loads(answered_message("x")) == {"type": "answered", "call_id": "x"}
    assert json.loads(clear_message()) == {"type": "clear"}
    assert json.loads(ended_message("busy")) == {"type": "ended", "reason": "busy"}
    assert audio_message(np.array([1, -2], dtype=np.int16)) == b"\x01\x00\xfe\xff"
