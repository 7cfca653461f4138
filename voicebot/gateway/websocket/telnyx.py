"""Telnyx media streaming in both directions (`stream_bidirectional_mode: rtp`), without I/O.

Messages: developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket. All are
JSON texts with an `event`; sound is base64 of an RTP payload without its header.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable

from voicebot.audio import Samples
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.chunk_order import ChunkOrder
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
from voicebot.gateway.websocket.linear_audio import LinearAudio
from voicebot.gateway.websocket.media_stream import (
    Message,
    StreamAudio,
    StreamDigit,
    StreamEvent,
    StreamMark,
    StreamStarted,
    StreamStopped,
)
from voicebot.media.codecs.g711 import CODECS

OUTBOUND_STATE = base64.b64encode(b"outbound").decode("ascii")
"""`client_state` of calls that we started: the start message brings it back."""


class TelnyxStream:
    """One stream. `StreamStarted.parameters` has `call_ref`, the call_control_id."""

    def __init__(self) -> None:
        self._has_started = False
        self._order = ChunkOrder[StreamAudio]()
        self._decode: Callable[[bytes], Samples]
        self._encode: Callable[[Samples], bytes]

    def receive(self, message: Message) -> list[StreamEvent]:
        content = parse_object(message)
        event = text_field(content, "event", required=True)
        if event == "start":
            return [self._start(content)]
        if event in ("media", "dtmf", "mark", "stop") and not self._has_started:
            raise WebSocketProtocolError(f"{event}: comes before start")
        match event:
            case "media":
                return self._audio(object_field(content, "media"))
            case "dtmf":
                return [StreamDigit(digit_field(object_field(content, "dtmf"), "digit"))]
            case "mark":
                name = text_field(object_field(content, "mark"), "name", required=True)
                return [StreamMark(name)]
            case "stop":
                return [StreamStopped()]
            case "error":
                raise WebSocketProtocolError("Telnyx reports an error")
        # `connected`, and what Telnyx may yet invent.
        return []

    def audio(self, samples: Samples) -> list[Message]:
        payload = base64.b64encode(self._encode(samples)).decode("ascii")
        return [json.dumps({"event": "media", "media": {"payload": payload}})]

    def mark(self, name: str) -> list[Message]:
        return [json.dumps({"event": "mark", "mark": {"name": name}})]

    def clear(self) -> list[Message]:
        return [json.dumps({"event": "clear"})]

    def digits(self, digits: str) -> list[Message]:
        """A stream can't press keys."""
        return []

    def hang_up(self) -> list[Message]:
        """Nothing: the call goes on without the stream until it is hung up by call control."""
        return []

    def _start(self, content: JsonObject) -> StreamStarted:
        if self._has_started:
            raise WebSocketProtocolError("start: comes twice")
        start = object_field(content, "start")
        self._choose_codec(object_field(start, "media_format"))
        parameters = texts_field(start, "custom_parameters")
        parameters["call_ref"] = text_field(start, "call_control_id", required=True)
        parameters["direction"] = (
            "outbound" if _is_ours(text_field(start, "client_state")) else "inbound"
        )
        started = StreamStarted(
            text_field(content, "stream_id", required=True),
            caller=text_field(start, "from"),
            called=text_field(start, "to"),
            parameters=parameters,
        )
        self._has_started = True
        return started

    def _choose_codec(self, media_format: JsonObject) -> None:
        encoding = text_field(media_format, "encoding", required=True)
        if integer_field(media_format, "channels") not in (None, 1):
            raise WebSocketProtocolError("media_format: one channel is expected")
        sample_rate = integer_field(media_format, "sample_rate")
        if encoding in CODECS and sample_rate in (None, 8000):
            self._encode, self._decode = CODECS[encoding].encode, CODECS[encoding].decode
        elif encoding == "L16" and sample_rate is not None:
            linear = LinearAudio(sample_rate)
            self._encode, self._decode = linear.encode, linear.decode
        else:
            raise WebSocketProtocolError("media_format: PCMU, PCMA or L16 is expected")

    def _audio(self, media: JsonObject) -> list[StreamEvent]:
        payload = base64_field(media, "payload")
        chunk = integer_field(media, "chunk")
        timestamp_ms = integer_field(media, "timestamp")
        if text_field(media, "track") not in ("", "inbound"):
            return []  # our own voice
        # "Media frame order is not guaranteed."
        return [*self._order.receive(chunk, StreamAudio(self._decode(payload), timestamp_ms))]


def _is_ours(client_state: str) -> bool:
    try:
        return base64.b64decode(client_state, validate=True) == b"outbound"
    except (binascii.Error, ValueError):
        return False
