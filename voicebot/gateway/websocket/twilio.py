"""Twilio Media Streams on a bidirectional stream (<Connect><Stream>), without I/O.

Messages: www.twilio.com/docs/voice/media-streams/websocket-messages. All are JSON texts with an
`event`; sound is base64 of µ-law at 8 kHz.
"""

from __future__ import annotations

import base64
import json

from voicebot.audio import Samples
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.json_message import (
    JsonObject,
    base64_field,
    digit_field,
    integer_field,
    object_field,
    parse_object,
    text_field,
    texts_field,
)
from voicebot.gateway.websocket.media_stream import (
    Message,
    StreamAudio,
    StreamDigit,
    StreamEvent,
    StreamMark,
    StreamStarted,
    StreamStopped,
)
from voicebot.media.codecs.g711 import PCMU

ENCODING = "audio/x-mulaw"


class TwilioStream:
    """One stream. `StreamStarted.parameters` has our TwiML's own and `call_ref`, the CallSid."""

    def __init__(self) -> None:
        self._stream_sid = ""

    def receive(self, message: Message) -> list[StreamEvent]:
        content = parse_object(message)
        event = text_field(content, "event", required=True)
        if event == "start":
            return [self._start(content)]
        if event in ("media", "dtmf", "mark", "stop") and not self._stream_sid:
            raise WebSocketProtocolError(f"{event}: comes before start")
        match event:
            case "media":
                return _audio(object_field(content, "media"))
            case "dtmf":
                return [StreamDigit(digit_field(object_field(content, "dtmf"), "digit"))]
            case "mark":
                name = text_field(object_field(content, "mark"), "name", required=True)
                return [StreamMark(name)]
            case "stop":
                return [StreamStopped()]
        # `connected`, and what Twilio may yet invent.
        return []

    def audio(self, samples: Samples) -> list[Message]:
        payload = base64.b64encode(PCMU.encode(samples)).decode("ascii")
        return [self._message("media", {"payload": payload})]

    def mark(self, name: str) -> list[Message]:
        return [self._message("mark", {"name": name})]

    def clear(self) -> list[Message]:
        return [self._message("clear")]

    def digits(self, digits: str) -> list[Message]:
        """A stream can't press keys."""
        return []

    def hang_up(self) -> list[Message]:
        """Closing the connection ends <Connect>, and <Hangup/> follows in our TwiML."""
        return []

    def _start(self, content: JsonObject) -> StreamStarted:
        if self._stream_sid:
            raise WebSocketProtocolError("start: comes twice")
        start = object_field(content, "start")
        stream_sid = text_field(start, "streamSid", required=True)
        media_format = object_field(start, "mediaFormat")
        if (
            text_field(media_format, "encoding") != ENCODING
            or integer_field(media_format, "sampleRate") != 8000
            or integer_field(media_format, "channels") != 1
        ):
            raise WebSocketProtocolError("start: µ-law at 8 kHz, mono, is expected")
        parameters = texts_field(start, "customParameters")
        started = StreamStarted(
            stream_sid,
            caller=parameters.get("caller", ""),
            called=parameters.get("called", ""),
            parameters={**parameters, "call_ref": text_field(start, "callSid", required=True)},
        )
        self._stream_sid = stream_sid
        return started

    def _message(self, event: str, content: dict[str, str] | None = None) -> str:
        message: dict[str, object] = {"event": event, "streamSid": self._stream_sid}
        if content is not None:
            message[event] = content
        return json.dumps(message)


def _audio(media: JsonObject) -> list[StreamEvent]:
    payload = base64_field(media, "payload")
    timestamp_ms = integer_field(media, "timestamp")
    if text_field(media, "track") not in ("", "inbound"):
        return []  # our own voice
    return [StreamAudio(PCMU.decode(payload), timestamp_ms)]
