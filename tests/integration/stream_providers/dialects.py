"""How Twilio, Telnyx and Vonage speak over a WebSocket, by their documents.

Written from the documents alone: it shares no code with the gateway but the codecs' tables.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from tests.integration.stream_providers.fake_stream import (
    Clear,
    HangUp,
    Mark,
    Message,
    Sound,
)
from voicebot.audio import Samples
from voicebot.media.codecs.g711 import PCMA, PCMU

BURST_FRAMES = 5
"""100 ms at once, as some networks deliver."""


class TwilioDialect:
    """www.twilio.com/docs/voice/media-streams/websocket-messages"""

    def __init__(self, call_sid: str, parameters: dict[str, str]) -> None:
        self._call_sid = call_sid
        self._stream_sid = "MZ18ad3ab5a668481ce02b83e7395059f0"
        self._parameters = parameters
        self._sequence = 0
        self._chunk = 0

    def opening(self) -> list[Message]:
        start = {
            "accountSid": "AC14d6d2a5aa8f4b5e9ef1e7e6fd7f4a1c",
            "streamSid": self._stream_sid,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": self._parameters,
        }
        connected = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        return [json.dumps(connected), self._event("start", start)]

    def sound(self, samples: Samples) -> list[Message]:
        self._chunk += 1
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str(20 * self._chunk),
            "payload": base64.b64encode(PCMU.encode(samples)).decode(),
        }
        return [self._event("media", media)]

    def digit(self, digit: str) -> Message:
        return self._event("dtmf", {"track": "inbound_track", "digit": digit})

    def marked(self, name: str) -> list[Message]:
        return [self._event("mark", {"name": name})]

    def closing(self) -> list[Message]:
        return [self._event("stop", {"accountSid": "AC14d6", "callSid": self._call_sid})]

    def read(self, message: Message) -> list[Sound | Mark | Clear | HangUp]:
        content = _object(message)
        assert content.pop("streamSid") == self._stream_sid
        match content:
            case {"event": "media", "media": {"payload": str(payload)}}:
                return [Sound(PCMU.decode(base64.b64decode(payload, validate=True)))]
            case {"event": "mark", "mark": {"name": str(name)}}:
                return [Mark(name)]
            case {"event": "clear"}:
                return [Clear()]
        raise AssertionError(f"Twilio knows no such message: {str(message)[:200]}")

    def _event(self, event: str, content: dict[str, Any]) -> str:
        self._sequence += 1
        return json.dumps(
            {
                "event": event,
                "sequenceNumber": str(self._sequence),
                event: content,
                "streamSid": self._stream_sid,
            }
        )


class TelnyxDialect:
    """developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket

    Every tenth frame comes before the one that it follows: "media frame order is not guaranteed".
    """

    def __init__(self, call_control_id: str, caller: str, called: str) -> None:
        self._call_control_id = call_control_id
        self._caller = caller
        self._called = called
        self._stream_id = "32DE0DEA-53CB-4B21-89A4-9E1819C043BC"
        self._chunk = 0
        self._kept_back: str | None = None

    def opening(self) -> list[Message]:
        start = {
            "user_id": "3E6F995F-85F7-4705-9741-53B116D28237",
            "call_control_id": self._call_control_id,
            "call_session_id": "ff55a038-6f5d-11ef-9692-02420aeffb1f",
            "from": self._caller,
            "to": self._called,
            "tags": [],
            "client_state": "",
            "media_format": {"encoding": "PCMA", "sample_rate": 8000, "channels": 1},
        }
        connected = {"event": "connected", "version": "1.0.0"}
        begun = {
            "event": "start",
            "sequence_number": "1",
            "stream_id": self._stream_id,
            "start": start,
        }
        return [json.dumps(connected), json.dumps(begun)]

    def sound(self, samples: Samples) -> list[Message]:
        self._chunk += 1
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str(20 * self._chunk),
            "payload": base64.b64encode(PCMA.encode(samples)).decode(),
        }
        message = self._event("media", {"media": media})
        if self._kept_back is not None:
            kept_back, self._kept_back = self._kept_back, None
            return [message, kept_back]
        if self._chunk % 10 == 0:
            self._kept_back = message
            return []
        return [message]

    def digit(self, digit: str) -> Message:
        return self._event("dtmf", {"dtmf": {"digit": digit}})

    def marked(self, name: str) -> list[Message]:
        return [self._event("mark", {"mark": {"name": name}})]

    def closing(self) -> list[Message]:
        stop = {"user_id": "3E6F", "call_control_id": self._call_control_id}
        return [self._event("stop", {"stop": stop})]

    def read(self, message: Message) -> list[Sound | Mark | Clear | HangUp]:
        match _object(message):
            case {"event": "media", "media": {"payload": str(payload)}}:
                octets = base64.b64decode(payload, validate=True)
                assert len(octets) >= 160, "20 ms to 30 s are allowed"
                return [Sound(PCMA.decode(octets))]
            case {"event": "mark", "mark": {"name": str(name)}}:
                return [Mark(name)]
            case {"event": "clear"}:
                return [Clear()]
        raise AssertionError(f"Telnyx knows no such message: {str(message)[:200]}")

    def _event(self, event: str, content: dict[str, Any]) -> str:
        return json.dumps(
            {
                "event": event,
                "sequence_number": str(self._chunk + 1),
                "stream_id": self._stream_id,
                **content,
            }
        )


class VonageDialect:
    """developer.vonage.com/en/voice/voice-api/guides/websockets; sound comes in bursts."""

    def __init__(self, endpoint: dict[str, Any]) -> None:
        """endpoint: of the NCCO that connected us."""
        self._endpoint = endpoint
        self._rate = int(endpoint["content-type"].removeprefix("audio/l16;rate="))
        self._burst: list[Message] = []

    def opening(self) -> list[Message]:
        first = {
            "event": "websocket:connected",
            "content-type": self._endpoint["content-type"],
            **self._endpoint["headers"],
        }
        return [json.dumps(first)]

    def sound(self, samples: Samples) -> list[Message]:
        self._burst.append(np.repeat(samples, self._rate // 8000).astype("<i2").tobytes())
        if len(self._burst) < BURST_FRAMES:
            return []
        burst, self._burst = self._burst, []
        return burst

    def digit(self, digit: str) -> Message:
        return json.dumps({"event": "websocket:dtmf", "digit": digit, "duration": 260})

    def marked(self, name: str) -> list[Message]:
        return [json.dumps({"event": "websocket:notify", "payload": json.loads(name)})]

    def closing(self) -> list[Message]:
        return []

    def read(self, message: Message) -> list[Sound | Mark | Clear | HangUp]:
        if isinstance(message, bytes):
            assert len(message) == self._rate // 25, "each message holds 20 ms"
            return [Sound(np.frombuffer(message, "<i2")[:: self._rate // 8000].astype(np.int16))]
        match _object(message):
            case {"action": "notify", "payload": payload}:
                return [Mark(json.dumps(payload))]
            case {"action": "clear"}:
                return [Clear()]
        raise AssertionError(f"Vonage knows no such message: {message[:200]}")


def _object(message: Message) -> dict[str, Any]:
    assert isinstance(message, str), "a text message is expected"
    value = json.loads(message)
    assert isinstance(value, dict)
    return value
