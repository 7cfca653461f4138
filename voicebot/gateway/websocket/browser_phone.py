"""The browser phone's protocol over a WebSocket, without I/O.

Binary messages are audio in both directions: 16-bit little-endian PCM, mono, 8 kHz, any whole
number of samples up to MAX_AUDIO_BYTES. Text messages are JSON objects with a `type`:

    browser -> server   {"type": "digit", "digit": "5"}    {"type": "hangup"}
    server -> browser   {"type": "answered", "call_id": "..."}
                        {"type": "clear"}                   play nothing that is still buffered
                        {"type": "ended", "reason": "..."}
"""

from __future__ import annotations

import json

import numpy as np

from voicebot.audio import Samples
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.json_message import (
    MAX_AUDIO_BYTES,
    digit_field,
    parse_object,
    text_field,
)
from voicebot.gateway.websocket.media_stream import (
    Message,
    StreamAudio,
    StreamDigit,
    StreamEvent,
    StreamStopped,
)

MAX_TEXT_CHARACTERS = 1000


class BrowserPhone:
    """One browser's side of a call, as a MediaStreamProtocol without a beginning of its own.

    Any malformed message raises WebSocketProtocolError: the connection is then closed.
    """

    def receive(self, message: Message) -> list[StreamEvent]:
        if isinstance(message, bytes):
            if len(message) % 2 or len(message) > MAX_AUDIO_BYTES:
                raise WebSocketProtocolError("audio: whole 16-bit samples, 2 s at most")
            return [StreamAudio(np.frombuffer(message, dtype="<i2").astype(np.int16))]
        if len(message) > MAX_TEXT_CHARACTERS:
            raise WebSocketProtocolError("control message: too long")
        content = parse_object(message)
        match text_field(content, "type"):
            case "digit":
                return [StreamDigit(digit_field(content, "digit"))]
            case "hangup":
                return [StreamStopped()]
        raise WebSocketProtocolError("control message: unknown type")

    def audio(self, samples: Samples) -> list[Message]:
        return [samples.astype("<i2").tobytes()]

    def mark(self, name: str) -> list[Message]:
        """Our page knows no marks: it plays what comes at once."""
        return []

    def clear(self) -> list[Message]:
        return [json.dumps({"type": "clear"})]

    def digits(self, digits: str) -> list[Message]:
        """A browser has no use for keys."""
        return []

    def hang_up(self) -> list[Message]:
        """See `ended_message`, which has a reason."""
        return []


def answered_message(call_id: str) -> str:
    return json.dumps({"type": "answered", "call_id": call_id})


def ended_message(reason: str) -> str:
    return json.dumps({"type": "ended", "reason": reason})
