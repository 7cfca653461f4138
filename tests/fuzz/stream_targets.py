"""Fuzz targets of providers' streams: a line is a text message, one behind `#` a binary one.

Only WebSocketProtocolError may come out, and what was understood must be of a sensible kind.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.media_stream import (
    MediaStreamProtocol,
    StreamAudio,
    StreamDigit,
    StreamEvent,
    StreamStarted,
)
from voicebot.gateway.websocket.telnyx import TelnyxStream
from voicebot.gateway.websocket.telnyx_signature import TelnyxSignatures
from voicebot.gateway.websocket.twilio import TwilioStream
from voicebot.gateway.websocket.twilio_signature import is_from_twilio
from voicebot.gateway.websocket.vonage import VonageStream
from voicebot.gateway.websocket.vonage_signature import is_from_vonage

TWILIO = (
    b'{"event": "connected", "protocol": "Call", "version": "1.0.0"}\n'
    b'{"event": "start", "sequenceNumber": "1", "start": {"accountSid": "AC1", "streamSid": "MZ1",'
    b' "callSid": "CA1", "tracks": ["inbound"], "mediaFormat": {"encoding": "audio/x-mulaw",'
    b' "sampleRate": 8000, "channels": 1}, "customParameters": {"caller": "+48600100200"}},'
    b' "streamSid": "MZ1"}\n'
    b'{"event": "media", "sequenceNumber": "4", "media": {"track": "inbound", "chunk": "2",'
    b' "timestamp": "5", "payload": "no+JhoaJjpzS"}, "streamSid": "MZ1"}\n'
    b'{"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "1"}, "streamSid": "MZ1"}\n'
    b'{"event": "mark", "sequenceNumber": "4", "mark": {"name": "0-1"}}\n'
    b'{"event": "stop", "sequenceNumber": "5", "stop": {"accountSid": "AC1", "callSid": "CA1"}}'
)
TELNYX = (
    b'{"event": "connected", "version": "1.0.0"}\n'
    b'{"event": "start", "sequence_number": "1", "stream_id": "32DE0DEA", "start": {"user_id": "3",'
    b' "call_control_id": "v2:T02", "from": "+13122010094", "to": "+13122123456", "tags": ["TAG1"],'
    b' "client_state": "aGF2ZSBhIG5pY2UgZGF5ID1d", "custom_parameters": {"customer_id": "c"},'
    b' "media_format": {"encoding": "L16", "sample_rate": 16000, "channels": 1}}}\n'
    b'{"event": "media", "sequence_number": "4", "media": {"track": "inbound", "chunk": "2",'
    b' "timestamp": "5", "payload": "no+Jho=="}, "stream_id": "32DE0DEA"}\n'
    b'{"event": "media", "media": {"chunk": "1", "payload": "no+Jho=="}}\n'
    b'{"event": "dtmf", "dtmf": {"digit": "1"}}\n{"event": "mark", "mark": {"name": "0-1"}}\n'
    b'{"event": "error", "payload": {"code": 100004, "title": "invalid_media"}}'
)
VONAGE = (
    b'{"event":"websocket:connected","content-type":"audio/l16;rate=16000","caller":"48600100200"}\n'
    b"#" + bytes(range(64)) * 10 + b"\n"
    b'{"event":"websocket:dtmf","digit":"5","duration":260}\n'
    b'{"event":"websocket:notify","payload":{"mark":"0-1"}}\n{"event":"websocket:cleared"}'
)
SIGNATURES = (
    b"Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjF9.c2ln\nRSOYDt4T1cUTdK1PDd93/VVr8B8=",
    b"1771200000\nc2lnbmF0dXJl\nhttps://bot.example:443/streams/twilio/voice?a=b\nCallSid=CA1",
)
_FRAME = np.arange(160, dtype=np.int16)
_TELNYX_SIGNATURES = TelnyxSignatures("A" * 43 + "=")


def twilio(data: bytes) -> None:
    _talk(TwilioStream, data)


def telnyx(data: bytes) -> None:
    _talk(TelnyxStream, data)


def vonage(data: bytes) -> None:
    _talk(VonageStream, data)


def signatures(data: bytes) -> None:
    """Nothing that is made up is believed."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    now = 1_771_200_000.0
    for one in lines[:10]:
        for other in lines[:10]:
            pairs = [tuple(one.partition("=")[::2])]
            assert not is_from_twilio("token", one, "https://bot.example/" + other, pairs)
            assert not _TELNYX_SIGNATURES.is_genuine(one, other, data, now)
        assert not is_from_vonage("secret", one, data, now)


def _talk(make: Callable[[], MediaStreamProtocol], data: bytes) -> None:
    protocol = make()
    has_started = False
    for line in data.split(b"\n"):
        message = line[1:] if line.startswith(b"#") else line.decode("utf-8", "surrogateescape")
        try:
            events = protocol.receive(message)
        except WebSocketProtocolError:
            return
        for event in events:
            _check(event)
            has_started |= isinstance(event, StreamStarted)
        if has_started:
            for sent in (*protocol.audio(_FRAME), *protocol.mark("0-1"), *protocol.clear()):
                assert isinstance(sent, str | bytes)


def _check(event: StreamEvent) -> None:
    match event:
        case StreamAudio():
            assert event.samples.dtype == np.int16
            assert event.samples.ndim == 1
        case StreamDigit():
            assert event.digit in set("0123456789*#ABCD")
        case StreamStarted():
            for text in (event.stream_ref, event.caller, event.called, *event.parameters.values()):
                assert text.isprintable()
                assert len(text) <= 256
                text.encode()
