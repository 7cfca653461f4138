"""jambonz's `listen` verb: the caller's sound to us and ours back, on one WebSocket.

jambonz' documentation: Verbs / listen, with bidirectionalAudio.streaming. The first text says
whose call it is, at which rate its sound comes, and what `metadata` the application gave; then
come binary messages of 16-bit PCM, and texts for keys and marks:

    {"callSid": "...", "from": "+48...", "to": "+48...", "sampleRate": 8000, "mixType": "mono"}
    {"event": "dtmf", "dtmf": "5", "duration": "1600"}
    {"type": "mark", "data": {"name": "m1", "event": "playout"}}      or "cleared"

We send 16-bit PCM at 8 kHz, `mark`, `killAudio` with `clearMarks`, and `disconnect`.
`application` is what jambonz's call hook gets for an answer.
"""

from __future__ import annotations

import json
from typing import TypedDict

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.json_message import (
    JsonObject,
    digit_field,
    integer_field,
    object_field,
    parse_object,
    printable,
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
from voicebot.gateway.websocket.talk_spurts import TalkSpurts

SUBPROTOCOLS = ("audio.jambonz.org", "audio.drachtio.org")
"""The documented name of it, and the one that mod_audio_fork was built with."""

USERNAME = "jambonz"
"""Of the basic auth that our application asks jambonz to use."""

MAX_AUDIO_BYTES = 64_000
"""2 s at 16 kHz; mod_audio_fork keeps no more than its buffer of 2 s either."""

MAX_PARAMETERS = 32

_NUMBERS = frozenset(("from", "to", "callerId", "callerName"))


class JambonzStream:
    """One `listen` of one call; see MediaStreamProtocol. `audio` wants silent frames, too."""

    def __init__(self) -> None:
        self._inbound: LinearAudio | None = None
        self._outbound = LinearAudio(SAMPLE_RATE)
        self._spurts = TalkSpurts()

    def receive(self, message: Message) -> list[StreamEvent]:
        if isinstance(message, bytes):
            return self._receive_audio(message)
        content = parse_object(message)
        if self._inbound is None:
            return [self._start(content)]
        if content.get("event") == "dtmf":
            return [StreamDigit(digit_field(content, "dtmf"))]
        if content.get("type") == "mark":
            # The event is playout or cleared; either way it is behind us.
            name = text_field(object_field(content, "data"), "name", required=True)
            return [StreamMark(name)]
        # playDone, buffer overrun and what else there may be ask nothing of us.
        return []

    def audio(self, samples: Samples) -> list[Message]:
        return [self._outbound.encode(frame) for frame in self._spurts.take(samples)]

    def mark(self, name: str) -> list[Message]:
        return [json.dumps({"type": "mark", "data": {"name": name}})]

    def clear(self) -> list[Message]:
        self._spurts.clear()
        return [json.dumps({"type": "killAudio"}), json.dumps({"type": "clearMarks"})]

    def digits(self, digits: str) -> list[Message]:
        return []

    def hang_up(self) -> list[Message]:
        # It ends `listen`; the verb behind it in our application ends the call.
        return [json.dumps({"type": "disconnect"})]

    def _start(self, content: JsonObject) -> StreamStarted:
        call = text_field(content, "callSid", required=True)
        if text_field(content, "mixType") not in ("", "mono"):
            raise WebSocketProtocolError("mixType: mono is expected")
        rate = integer_field(content, "sampleRate")
        self._inbound = LinearAudio(SAMPLE_RATE if rate is None else rate)
        # jambonz puts the application's metadata among its own fields.
        texts = {
            printable(name): printable(text)
            for name, text in content.items()
            if type(text) is str and name not in _NUMBERS
        }
        return StreamStarted(
            call,
            caller=text_field(content, "from"),
            called=text_field(content, "to"),
            parameters=dict(list(texts.items())[:MAX_PARAMETERS]),
        )

    def _receive_audio(self, data: bytes) -> list[StreamEvent]:
        if self._inbound is None:
            raise WebSocketProtocolError("audio before the first message")
        if len(data) > MAX_AUDIO_BYTES:
            raise WebSocketProtocolError("audio: too long a message")
        samples = self._inbound.decode(data)
        return [StreamAudio(samples)] if len(samples) else []


class Verb(TypedDict, total=False):
    """One step of a jambonz application."""

    verb: str
    url: str
    actionHook: str
    wsAuth: dict[str, str]
    mixType: str
    sampleRate: int
    passDtmf: bool
    bidirectionalAudio: dict[str, bool | int]
    status: int
    reason: str
    headers: dict[str, str]


def application(stream_url: str, token: str, ended_url: str) -> list[Verb]:
    """What the bot's calls are to do: stream, then hang up.

    stream_url: wss:// address of the stream. token: password that jambonz gives there.
    ended_url: hook that jambonz calls when the stream is over.
    """
    return [
        {"verb": "answer"},
        {
            "verb": "listen",
            "url": stream_url,
            "actionHook": ended_url,
            "wsAuth": {"username": USERNAME, "password": token},
            "mixType": "mono",
            "sampleRate": SAMPLE_RATE,
            "passDtmf": True,
            "bidirectionalAudio": {
                "enabled": True,
                "streaming": True,
                "sampleRate": SAMPLE_RATE,
            },
        },
        {"verb": "hangup"},
    ]


def ended_application() -> list[Verb]:
    """The answer to the hook that tells of the stream's end."""
    return [{"verb": "hangup"}]


def busy_application(retry_after_s: int) -> list[Verb]:
    """Refuse the call: no line is free."""
    return [
        {
            "verb": "sip:decline",
            "status": 503,
            "reason": "Service Unavailable",
            "headers": {"Retry-After": str(retry_after_s)},
        }
    ]
