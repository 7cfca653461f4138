"""Vonage Voice API's WebSocket endpoint, without I/O.

Messages: developer.vonage.com/en/voice/voice-api/guides/websockets. Binary messages are sound,
20 ms of 16-bit PCM at 8 or 16 kHz each, in both directions; texts are JSON with an `event` from
Vonage and an `action` from us.
"""

from __future__ import annotations

import json
import re

from voicebot.audio import FRAME_MS, Samples
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.json_message import (
    MAX_AUDIO_BYTES,
    JsonObject,
    digit_field,
    object_field,
    parse_object,
    scalars,
    text_field,
)
from voicebot.gateway.websocket.linear_audio import LinearAudio
from voicebot.gateway.websocket.media_stream import (
    Message,
    StreamAudio,
    StreamDigit,
    StreamEvent,
    StreamMark,
    StreamStarted,
)

_CONTENT_TYPE = re.compile(r"audio/l16; ?rate=(8000|16000)")


class VonageStream:
    """One connection. The headers of our NCCO come back as `StreamStarted.parameters`."""

    def __init__(self) -> None:
        self._linear: LinearAudio | None = None
        self._message_bytes = 0
        self._rest = b""

    def receive(self, message: Message) -> list[StreamEvent]:
        if isinstance(message, bytes):
            if self._linear is None:
                raise WebSocketProtocolError("audio: comes before websocket:connected")
            if len(message) > MAX_AUDIO_BYTES:
                raise WebSocketProtocolError("audio: too much in one message")
            return [StreamAudio(self._linear.decode(message))]
        content = parse_object(message)
        event = text_field(content, "event", required=True)
        if event == "websocket:connected":
            return [self._start(content)]
        if self._linear is None:
            raise WebSocketProtocolError("a message comes before websocket:connected")
        if event == "websocket:dtmf":
            # Some gateways nest it.
            holder = content if "digit" in content else object_field(content, "dtmf")
            return [StreamDigit(digit_field(holder, "digit"))]
        if event == "websocket:notify":
            return [StreamMark(text_field(object_field(content, "payload"), "mark"))]
        # `websocket:cleared`, and what Vonage may yet invent.
        return []

    def audio(self, samples: Samples) -> list[Message]:
        if self._linear is None:
            raise RuntimeError("nothing can be sent before websocket:connected")
        data = self._rest + self._linear.encode(samples)
        # Each message must hold 20 ms exactly; a resampler gives a little more or less.
        n_whole = len(data) // self._message_bytes * self._message_bytes
        self._rest = data[n_whole:]
        return [
            data[start : start + self._message_bytes]
            for start in range(0, n_whole, self._message_bytes)
        ]

    def mark(self, name: str) -> list[Message]:
        return [json.dumps({"action": "notify", "payload": {"mark": name}})]

    def clear(self) -> list[Message]:
        self._rest = b""
        if self._linear is not None:
            self._linear.forget_outbound()
        return [json.dumps({"action": "clear"})]

    def digits(self, digits: str) -> list[Message]:
        """The WebSocket can't press keys."""
        return []

    def hang_up(self) -> list[Message]:
        """Closing the connection ends `connect`, the only action of our NCCO, and so the call."""
        return []

    def _start(self, content: JsonObject) -> StreamStarted:
        if self._linear is not None:
            raise WebSocketProtocolError("websocket:connected: comes twice")
        match = _CONTENT_TYPE.fullmatch(text_field(content, "content-type", required=True))
        if match is None:
            raise WebSocketProtocolError("content-type: audio/l16;rate=8000 or 16000 is expected")
        sample_rate = int(match[1])
        self._linear = LinearAudio(sample_rate)
        self._message_bytes = 2 * sample_rate * FRAME_MS // 1000
        parameters = scalars(content)
        return StreamStarted(
            parameters.get("call_ref", ""),
            caller=parameters.get("caller", ""),
            called=parameters.get("called", ""),
            parameters=parameters,
        )
