"""Asterisk's AudioSocket, without I/O: a call as messages on one TCP connection.

Asterisk's documentation: Configuration / Channel Drivers / AudioSocket. Each message is one
octet of kind, two of length (big-endian), and so much payload. Asterisk connects to us and
first says the call's UUID; nothing tells the caller's number.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Callable
from enum import IntEnum

import numpy as np

from voicebot.audio import Samples
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.json_message import DIGITS
from voicebot.gateway.websocket.linear_audio import LinearAudio
from voicebot.gateway.websocket.media_stream import (
    Message,
    StreamAudio,
    StreamDigit,
    StreamEvent,
    StreamStarted,
    StreamStopped,
)


class Kind(IntEnum):
    """Of those messages that hold no sound."""

    HANG_UP = 0x00
    UUID = 0x01
    DIGIT = 0x03
    ERROR = 0xFF


RATES_HZ = {
    0x10: 8000, 0x11: 12000, 0x12: 16000, 0x13: 24000, 0x14: 32000,
    0x15: 44100, 0x16: 48000, 0x17: 96000, 0x18: 192000,
}  # fmt: skip
"""Kinds that hold signed 16-bit little-endian PCM; those above 0x10 since Asterisk 20.17, 22.7
and 23.1, and only where the channel was dialled with such a codec."""

_AUDIO_8000 = 0x10
_HEADER = struct.Struct(">BH")


def pack(kind: int, payload: bytes = b"") -> bytes:
    """One message; payload: 65,535 octets at most."""
    return _HEADER.pack(kind, len(payload)) + payload


class AudioSocketStream:
    """One call on one connection; see MediaStreamProtocol.

    `receive` takes the octets as TCP cuts them. AudioSocket knows no marks and no clearing:
    Asterisk plays what comes as it comes.
    """

    def __init__(self, is_known: Callable[[uuid.UUID], bool] = lambda _: True) -> None:
        """is_known: whether a call with this UUID is expected; any other is refused."""
        self._is_known = is_known
        self._buffer = bytearray()
        self._is_started = False
        self._is_over = False
        self._kind = _AUDIO_8000
        self._audio = LinearAudio(RATES_HZ[_AUDIO_8000])

    def receive(self, message: Message) -> list[StreamEvent]:
        if isinstance(message, str):
            raise WebSocketProtocolError("AudioSocket: octets are expected, not text")
        self._buffer += message
        events: list[StreamEvent] = []
        sound: list[Samples] = []
        at = 0
        while not self._is_over and len(self._buffer) - at >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._buffer, at)
            end = at + _HEADER.size + length
            if not self._is_started and length > 16:
                # Nobody who has not said which call this is fills our memory.
                raise WebSocketProtocolError("AudioSocket: the call's UUID comes first")
            if end > len(self._buffer):
                break
            payload = bytes(self._buffer[at + _HEADER.size : end])
            at = end
            if kind in RATES_HZ and self._is_started:
                sound.append(self._decode(kind, payload))
                continue
            _flush(sound, events)
            events += self._receive_one(kind, payload)
        _flush(sound, events)
        del self._buffer[:at]
        return events

    def audio(self, samples: Samples) -> list[Message]:
        data = self._audio.encode(samples)
        return [pack(self._kind, data)] if data else []

    def mark(self, name: str) -> None:
        """Asterisk tells nothing of what it has played."""

    def clear(self) -> list[Message]:
        self._audio.forget_outbound()
        return []

    def digits(self, digits: str) -> list[Message]:
        # Asterisk takes sound and hang-up only (ast_audiosocket_receive_frame).
        return []

    def hang_up(self) -> list[Message]:
        return [pack(Kind.HANG_UP)]

    def _receive_one(self, kind: int, payload: bytes) -> list[StreamEvent]:
        if kind == Kind.HANG_UP or kind == Kind.ERROR:
            self._is_over = True
            return [StreamStopped()]
        if not self._is_started:
            if kind != Kind.UUID or len(payload) != 16:
                raise WebSocketProtocolError("AudioSocket: the call's UUID comes first")
            return [self._start(uuid.UUID(bytes=payload))]
        if kind == Kind.DIGIT:
            digit = payload.decode("latin-1").upper()
            if digit not in DIGITS:
                raise WebSocketProtocolError("AudioSocket: one of 0-9 * # A-D is expected")
            return [StreamDigit(digit)]
        raise WebSocketProtocolError("AudioSocket: unknown kind of message")

    def _start(self, call: uuid.UUID) -> StreamStarted:
        if not self._is_known(call):
            raise WebSocketProtocolError("AudioSocket: no call of this UUID is expected")
        self._is_started = True
        return StreamStarted(str(call))

    def _decode(self, kind: int, payload: bytes) -> Samples:
        if kind != self._kind:
            self._kind = kind
            self._audio = LinearAudio(RATES_HZ[kind])
        return self._audio.decode(payload)


def _flush(sound: list[Samples], events: list[StreamEvent]) -> None:
    """One event for all sound that came between other messages."""
    if sound:
        samples = np.concatenate(sound)
        sound.clear()
        if len(samples):
            events.append(StreamAudio(samples))
