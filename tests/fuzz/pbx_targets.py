"""Fuzz targets of what Asterisk, jambonz and browsers stream; see stream_targets."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable

import numpy as np

from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.asterisk import AsteriskStream
from voicebot.gateway.websocket.audiosocket import AudioSocketStream, pack
from voicebot.gateway.websocket.browser_phone import BrowserPhone
from voicebot.gateway.websocket.jambonz import JambonzStream
from voicebot.gateway.websocket.media_stream import (
    MediaStreamProtocol,
    StreamAudio,
    StreamDigit,
    StreamEvent,
    StreamMark,
    StreamStarted,
)

_FRAME = np.arange(160, dtype=np.int16)
_CALL = uuid.UUID("40325ec2-5efd-4bd3-805f-53576e581d13")

ASTERISK = (
    b"MEDIA_START connection_id:e226e283 channel:WebSocket/c channel_id:1.2 format:slin16 "
    b"optimal_frame_size:640 ptime:20\n#" + bytes(range(32)) * 20 + b"\n"
    b"DTMF_END digit:5 channel_id:1.2\nMEDIA_XOFF\nMEDIA_XON\nMEDIA_MARK_PROCESSED 0-1\n"
    b"STATUS channel_id:1.2 queue_length:43 xon_level:800 xoff_level:900 queue_full:false\n"
    b"ERROR channel_id:1.2 error_text:MARK_MEDIA not supported in passthrough mode"
)
ASTERISK_JSON = (
    b'{"event": "MEDIA_START", "connection_id": "e226e283", "channel": "WebSocket/c", '
    b'"channel_id": "1.2", "format": "alaw", "optimal_frame_size": 160, "ptime": 20, '
    b'"channel_variables": {"A": "b"}}\n#' + bytes(range(32)) * 5 + b"\n"
    b'{"event": "DTMF_END", "channel_id": "1.2", "digit": "5"}\n'
    b'{"event": "MEDIA_MARK_PROCESSED", "channel_id": "1.2", "correlation_id": "0-1"}\n'
    b'{"event": "MEDIA_XOFF", "channel_id": "1.2"}\n{"event": "MEDIA_XON", "channel_id": "1.2"}'
)
JAMBONZ = (
    b'{"sampleRate": 16000, "mixType": "mono", "callSid": "ac5c697a", "direction": "inbound", '
    b'"from": "+48600100200", "to": "+48221234567", "callId": "935f3b60", "sipStatus": 200}\n#'
    + bytes(range(32))
    * 20
    + b'\n{"event": "dtmf", "dtmf": "5", "duration": "1600"}\n{"type": "playDone"}\n'
    b'{"type": "mark", "data": {"name": "0-1", "event": "playout"}}'
)
BROWSER = b'{"type": "digit", "digit": "5"}\n#' + bytes(range(64)) * 5 + b'\n{"type": "hangup"}'


def audiosocket_calls() -> list[bytes]:
    hello = pack(0x01, _CALL.bytes)
    sound = [pack(kind, bytes(range(160)) * 4) for kind in (0x10, 0x12, 0x15)]
    return [hello + b"".join(sound) + pack(0x03, b"5") + pack(end) for end in (0x00, 0xFF)]


def asterisk(data: bytes) -> None:
    _talk(AsteriskStream, data)


def jambonz(data: bytes) -> None:
    _talk(JambonzStream, data)


def audiosocket(data: bytes) -> None:
    """Whole and in pieces."""
    for step in (max(len(data), 1), 1 + len(data) // 7):
        protocol = AudioSocketStream()
        with contextlib.suppress(WebSocketProtocolError):
            for start in range(0, len(data), step):
                _check(protocol.receive(data[start : start + step]))


def browser_phone(data: bytes) -> None:
    phone = BrowserPhone()
    with contextlib.suppress(WebSocketProtocolError):
        for message in _messages(data):
            _check(phone.receive(message))


def _talk(make: Callable[[], MediaStreamProtocol], data: bytes) -> None:
    protocol = make()
    has_started = False
    with contextlib.suppress(WebSocketProtocolError):
        for message in _messages(data):
            events = protocol.receive(message)
            _check(events)
            has_started |= any(isinstance(event, StreamStarted) for event in events)
            if has_started:
                sent = (*protocol.audio(_FRAME), *(protocol.mark("0-1") or ()), *protocol.clear())
                assert all(isinstance(item, str | bytes) for item in sent)


def _messages(data: bytes) -> list[str | bytes]:
    return [
        line[1:] if line.startswith(b"#") else line.decode("utf-8", "surrogateescape")
        for line in data.split(b"\n")
    ]


def _check(events: list[StreamEvent]) -> None:
    for event in events:
        match event:
            case StreamAudio():
                assert event.samples.dtype == np.int16
                assert event.samples.ndim == 1
            case StreamDigit():
                assert event.digit in set("0123456789*#ABCD")
            case StreamMark():
                event.name.encode()
            case StreamStarted():
                texts = (event.stream_ref, event.caller, event.called)
                for text in (*texts, *event.parameters, *event.parameters.values()):
                    assert text.isprintable()
                    assert len(text) <= 256
                    text.encode()
