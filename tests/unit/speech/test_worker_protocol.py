from __future__ import annotations

import contextlib
import itertools
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import SpeechWorkerError
from voicebot.speech.worker_protocol import (
    MAX_HEADER_BYTES,
    MAX_PAYLOAD_BYTES,
    Message,
    MessageReader,
    encode,
    pcm,
)

_values = st.one_of(
    st.text(max_size=20), st.integers(), st.booleans(), st.none(), st.lists(st.text(max_size=5))
)
_messages = st.builds(
    Message,
    op=st.text(max_size=10),
    fields=st.dictionaries(st.text(max_size=8).filter(lambda key: key != "op"), _values),
    payload=st.binary(max_size=50),
)


@given(messages=st.lists(_messages, max_size=5), cuts=st.lists(st.integers(0, 2000)))
def test_messages_come_out_as_they_went_in_however_the_stream_is_cut(
    messages: list[Message], cuts: list[int]
) -> None:
    stream = b"".join(encode(message) for message in messages)
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    reader = MessageReader()
    read = [
        message
        for start, end in itertools.pairwise(edges)
        for message in reader.receive(stream[start:end])
    ]
    assert read == messages


@given(data=st.binary(max_size=200))
def test_garbage_raises_the_documented_error_and_no_other(data: bytes) -> None:
    with contextlib.suppress(SpeechWorkerError):
        MessageReader().receive(data)


@pytest.mark.parametrize("header", [b"[]", b"{}", b'{"op": 1}', b"{", b"\xff", b"[" * 100_000])
def test_a_header_that_is_no_message_is_refused(header: bytes) -> None:
    with pytest.raises(SpeechWorkerError):
        MessageReader().receive(struct.pack("!II", len(header), 0) + header)


@pytest.mark.parametrize("lengths", [(MAX_HEADER_BYTES + 1, 0), (2, MAX_PAYLOAD_BYTES + 1)])
def test_a_length_beyond_the_limit_is_refused_before_it_is_waited_for(
    lengths: tuple[int, int],
) -> None:
    with pytest.raises(SpeechWorkerError):
        MessageReader().receive(struct.pack("!II", *lengths))


def test_a_message_too_long_to_be_read_is_not_sent() -> None:
    with pytest.raises(SpeechWorkerError):
        encode(Message("feed", payload=bytes(MAX_PAYLOAD_BYTES + 1)))


def test_audio_goes_through() -> None:
    samples = np.array([-32768, -1, 0, 1, 32767], dtype=np.int16)
    [message] = MessageReader().receive(encode(Message("feed", payload=pcm(samples))))
    assert np.array_equal(message.samples(), samples)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(SpeechWorkerError):
        Message("feed", payload=b"abc").samples()


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (Message.text, 1),
        (Message.number, "1"),
        (Message.number, True),
        (Message.integer, 1.5),
        (Message.integer, False),
        (Message.texts, "ab"),
        (Message.texts, ["a", 1]),
    ],
)
def test_a_field_of_another_type_is_refused(read: object, value: object) -> None:
    with pytest.raises(SpeechWorkerError, match="message x: key"):
        read(Message("x", {"key": value}), "key")  # type: ignore[operator]
