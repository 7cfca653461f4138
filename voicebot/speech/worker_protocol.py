"""What a node and a speech worker say to each other, as bytes. No I/O.

A message is two lengths (header, payload; 4 bytes each, big-endian), a JSON header with `op`
and its fields, and a payload of int16 little-endian PCM at 8 kHz. It needs a byte stream that
keeps order and nothing else, so a worker may as well sit on another machine.

node to worker
    load         recognizer, voice, emotion, models_directory     first, once
    open         utterance, call, kind, phrases, language
    feed         utterance + PCM
    transcribe   utterance, request, is_guess            a guess waits for all that are none
    forget       request                                 not wanted any more
    close        utterance
    synthesize   request, call, text, rate
    emotion      request + PCM                           one utterance, so far or whole
    stats        request
worker to node
    hello        protocol, pid, load_s, recognizer, synthesizer, emotion, versions
    failed       reason                                  can't load; the worker ends
    interim      utterance, text
    transcript   request, text, confidence, no_speech, alternatives, audio_s, cpu_ms
    audio        request, is_last + PCM
    embedding    request + float32, little-endian
    error        request, reason
    stats        request, recognition_queue, synthesis_queue, recognition_busy_s,
                 synthesis_busy_s, running_s, rss_mb
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from voicebot.audio import Samples
from voicebot.errors import SpeechWorkerError

PROTOCOL_VERSION = 1
MAX_HEADER_BYTES = 256 * 1024
MAX_PAYLOAD_BYTES = 8 * 1024 * 1024

_LENGTHS = struct.Struct("!II")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: what is asked, its fields, and audio where it carries some."""

    op: str
    fields: dict[str, object] = field(default_factory=dict)
    payload: bytes = b""

    def text(self, key: str) -> str:
        value = self.fields.get(key)
        if not isinstance(value, str):
            raise SpeechWorkerError(f"message {self.op}: {key} is no text")
        return value

    def number(self, key: str) -> float:
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SpeechWorkerError(f"message {self.op}: {key} is no number")
        return value

    def integer(self, key: str) -> int:
        value = self.fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise SpeechWorkerError(f"message {self.op}: {key} is no whole number")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.fields.get(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise SpeechWorkerError(f"message {self.op}: {key} is no list of texts")
        return tuple(value)

    def samples(self) -> Samples:
        """The payload as audio; read-only."""
        if len(self.payload) % 2:
            raise SpeechWorkerError(f"message {self.op}: audio of an odd number of bytes")
        return np.frombuffer(self.payload, dtype="<i2")

    def embedding(self) -> npt.NDArray[np.float32]:
        """The payload as numbers; read-only."""
        if len(self.payload) % 4:
            raise SpeechWorkerError(f"message {self.op}: numbers of an odd length")
        return np.frombuffer(self.payload, dtype="<f4").astype(np.float32, copy=False)


def encode(message: Message) -> bytes:
    """The message as it goes over the stream."""
    header = json.dumps({"op": message.op, **message.fields}, ensure_ascii=False).encode()
    if len(header) > MAX_HEADER_BYTES or len(message.payload) > MAX_PAYLOAD_BYTES:
        raise SpeechWorkerError(f"message {message.op}: too long")
    return _LENGTHS.pack(len(header), len(message.payload)) + header + message.payload


def pcm(samples: Samples) -> bytes:
    """Samples as a payload."""
    return samples.astype("<i2", copy=False).tobytes()


def vector(numbers: npt.NDArray[np.float32]) -> bytes:
    """Numbers as a payload."""
    return numbers.astype("<f4", copy=False).tobytes()


class MessageReader:
    """Cuts a byte stream into messages, however the stream was chopped."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive(self, data: bytes) -> list[Message]:
        """Take in what arrived; the messages that are now complete.

        Raises SpeechWorkerError where the bytes are no message: the stream is of no use then.
        """
        self._buffer += data
        messages = []
        start = 0
        while len(self._buffer) - start >= _LENGTHS.size:
            header_bytes, payload_bytes = _LENGTHS.unpack_from(self._buffer, start)
            if header_bytes > MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
                raise SpeechWorkerError("a message of a speech worker is too long")
            header_at = start + _LENGTHS.size
            payload_at = header_at + header_bytes
            end = payload_at + payload_bytes
            if len(self._buffer) < end:
                break
            messages.append(
                _parse(
                    bytes(self._buffer[header_at:payload_at]), bytes(self._buffer[payload_at:end])
                )
            )
            start = end
        # Once for all messages: cutting the front off for each would be quadratic.
        del self._buffer[:start]
        return messages


def _parse(header: bytes, payload: bytes) -> Message:
    try:
        fields = json.loads(header)
    except (ValueError, RecursionError):
        raise SpeechWorkerError("a message of a speech worker is no JSON") from None
    if not isinstance(fields, dict) or not isinstance(fields.get("op"), str):
        raise SpeechWorkerError("a message of a speech worker has no op")
    return Message(op=fields.pop("op"), fields=fields, payload=payload)
