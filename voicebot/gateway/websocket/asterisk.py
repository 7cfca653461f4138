"""Asterisk's chan_websocket: media in binary messages, events and commands in text ones.

Asterisk's documentation: Configuration / Channel Drivers / WebSocket; details that it leaves
open are those of channels/chan_websocket.c. Asterisk connects to us, once a call, and cuts
what we send into its own 20 ms frames. Control messages come as plain text (all versions
since 20.16, 22.6 and 23.0) or as JSON (since 20.18, 22.8 and 23.2, with `f(json)`); MEDIA_START
tells which, and we answer in kind.

    MEDIA_START connection_id:e226... channel:WebSocket/voicebot format:alaw optimal_frame_size:160
    {"event": "MEDIA_START", "connection_id": "e226...", "format": "alaw", ...}
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from voicebot.audio import Samples
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.json_message import (
    DIGITS,
    MAX_TEXT_CHARACTERS,
    integer_field,
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
from voicebot.media.codecs.g711 import CODECS

MAX_HELD = 50
"""1 s: so much is kept while Asterisk wants nothing (MEDIA_XOFF); the oldest goes first."""

MAX_EARLY_MESSAGES = 100
"""Sound that comes before MEDIA_START (Asterisk issue 1712) for this long is let go; then it
is no chan_websocket."""

MAX_WAITING_MARKS = 200
"""Of marks that an Asterisk never answers, no more are remembered."""

MAX_AUDIO_BYTES = 65_500
"""Asterisk's own limit of a message (AST_WEBSOCKET_MAX_RX_PAYLOAD_SIZE)."""

_SLIN_RATES = {
    "slin": 8000, "slin12": 12000, "slin16": 16000, "slin24": 24000, "slin32": 32000,
    "slin44": 44100, "slin48": 48000, "slin96": 96000, "slin192": 192000,
}  # fmt: skip
_TEXT_FIELDS = ("connection_id", "channel_id", "format", "digit", "correlation_id")
_LAWS = {"alaw": CODECS["PCMA"], "ulaw": CODECS["PCMU"]}
_EVENT = re.compile(r"[A-Z][A-Z_]{0,63}")
_PERSONAL = frozenset(("caller", "called"))


@dataclass(slots=True)
class _Coding:
    """How the channel's format is read and written, and in frames of how many bytes."""

    decode: Callable[[bytes], Samples]
    encode: Callable[[Samples], bytes]
    forget: Callable[[], None]
    frame_bytes: int


class AsteriskStream:
    """One channel on one connection; see MediaStreamProtocol.

    `audio` wants every frame, silent ones too: at those it sends what MEDIA_XOFF held back.
    """

    def __init__(self, parameters: Mapping[str, str] | None = None) -> None:
        """parameters: those of the URL, which the dialplan gives with `v(name=value)`; caller
        and called are the numbers, which chan_websocket itself does not tell."""
        self._parameters = {
            printable(name): printable(text) for name, text in (parameters or {}).items()
        }
        self._coding: _Coding | None = None
        self._is_json = False
        self._has_mark_command = False
        self._n_early = 0
        self._is_on_hold = False
        self._held: deque[Message] = deque()
        self._spurts = TalkSpurts()
        self._rest = b""
        self._waiting_marks: deque[str] = deque(maxlen=MAX_WAITING_MARKS)
        self._cleared_marks: list[str] = []

    def receive(self, message: Message) -> list[StreamEvent]:
        cleared: list[StreamEvent] = [StreamMark(name) for name in self._cleared_marks]
        self._cleared_marks.clear()
        if isinstance(message, bytes):
            return cleared + self._receive_media(message)
        return cleared + self._receive_control(message)

    def audio(self, samples: Samples) -> list[Message]:
        coding = self._coding
        if coding is None:
            return []
        messages: list[Message] = []
        for frame in self._spurts.take(samples):
            data = self._rest + coding.encode(frame)
            # What does not fill a frame would be thrown away by Asterisk.
            end = len(data) - len(data) % coding.frame_bytes
            self._rest = data[end:]
            if end:
                messages.append(data[:end])
        return self._send(*messages)

    def mark(self, name: str) -> list[Message]:
        self._waiting_marks.append(name)
        # Before MARK_MEDIA existed, the end of a bulk transfer was the one thing queued behind
        # the sound and told when its turn came; it needs no beginning.
        command = "MARK_MEDIA" if self._has_mark_command else "STOP_MEDIA_BUFFERING"
        return self._send(self._command(command, name))

    def clear(self) -> list[Message]:
        self._held.clear()
        self._spurts.clear()
        self._rest = b""
        if self._coding is not None:
            self._coding.forget()
        # FLUSH_MEDIA throws the marks away with the sound, and tells nobody.
        self._cleared_marks.extend(self._waiting_marks)
        self._waiting_marks.clear()
        return [self._command("FLUSH_MEDIA")]

    def digits(self, digits: str) -> list[Message]:
        return []

    def hang_up(self) -> list[Message]:
        return [self._command("HANGUP")]

    def _receive_media(self, data: bytes) -> list[StreamEvent]:
        if len(data) > MAX_AUDIO_BYTES:
            raise WebSocketProtocolError("audio: longer than Asterisk's messages are")
        if self._coding is None:
            self._n_early += 1
            if self._n_early > MAX_EARLY_MESSAGES:
                raise WebSocketProtocolError("audio without MEDIA_START")
            return []
        samples = self._coding.decode(data)
        return [StreamAudio(samples)] if len(samples) else []

    def _receive_control(self, text: str) -> list[StreamEvent]:
        if len(text) > MAX_TEXT_CHARACTERS:
            raise WebSocketProtocolError("control message: too long")
        is_json = text.lstrip().startswith("{")
        event, fields = _read_json(text) if is_json else _read_plain(text)
        if event == "MEDIA_START":
            return self._start(fields, is_json)
        if self._coding is None:
            raise WebSocketProtocolError(f"{event} before MEDIA_START")
        match event:
            case "DTMF_END":
                digit = fields.get("digit", "").upper()
                if digit not in DIGITS:
                    raise WebSocketProtocolError("DTMF_END: one of 0-9 * # A-D is expected")
                return [StreamDigit(digit)]
            case "MEDIA_MARK_PROCESSED" | "MEDIA_BUFFERING_COMPLETED":
                return self._mark_played(fields.get("correlation_id", ""))
            case "MEDIA_XOFF":
                self._is_on_hold = True
            case "MEDIA_XON":
                self._is_on_hold = False
        # STATUS, QUEUE_DRAINED, ERROR and what later versions will add ask nothing of us.
        return []

    def _start(self, fields: dict[str, str], is_json: bool) -> list[StreamEvent]:
        if self._coding is not None:
            raise WebSocketProtocolError("MEDIA_START a second time")
        size = fields.get("optimal_frame_size", "")
        if not (size.isascii() and size.isdecimal() and len(size) <= 5) or int(size) > 65_500:
            raise WebSocketProtocolError("MEDIA_START: no optimal_frame_size")
        if int(size) == 0:
            raise WebSocketProtocolError("MEDIA_START: passthrough mode can't be interrupted")
        self._coding = _coding(fields.get("format", ""), int(size))
        self._is_json = is_json
        # ptime came into MEDIA_START together with JSON, in the versions that know MARK_MEDIA.
        self._has_mark_command = is_json or "ptime" in fields
        known = {name: text for name, text in self._parameters.items() if name not in _PERSONAL}
        return [
            StreamStarted(
                fields.get("connection_id") or fields.get("channel_id", ""),
                caller=self._parameters.get("caller", ""),
                called=self._parameters.get("called", ""),
                parameters=known,
            )
        ]

    def _mark_played(self, name: str) -> list[StreamEvent]:
        # One that was on its way when the sound was cleared has been told already.
        if name not in self._waiting_marks:
            return []
        self._waiting_marks.remove(name)
        return [StreamMark(name)]

    def _send(self, *messages: Message) -> list[Message]:
        """These, behind what was held back; nothing while Asterisk's queue is full."""
        self._held.extend(messages)
        if self._is_on_hold:
            while len(self._held) > MAX_HELD:
                self._held.popleft()
            return []
        sent = list(self._held)
        self._held.clear()
        return sent

    def _command(self, name: str, correlation_id: str = "") -> str:
        if not self._is_json:
            return f"{name} {correlation_id}" if correlation_id else name
        fields = {"command": name}
        if correlation_id:
            fields["correlation_id"] = correlation_id
        return json.dumps(fields)


def _coding(format_name: str, frame_bytes: int) -> _Coding:
    if format_name in _LAWS:
        law = _LAWS[format_name]
        return _Coding(law.decode, law.encode, lambda: None, frame_bytes)
    if format_name in _SLIN_RATES:
        if frame_bytes % 2:
            raise WebSocketProtocolError("MEDIA_START: half a sample in a frame")
        audio = LinearAudio(_SLIN_RATES[format_name])
        return _Coding(audio.decode, audio.encode, audio.forget_outbound, frame_bytes)
    raise WebSocketProtocolError("MEDIA_START: format is none of alaw, ulaw, slin")


def _read_json(text: str) -> tuple[str, dict[str, str]]:
    message = parse_object(text)
    event = text_field(message, "event", required=True)
    if not _EVENT.fullmatch(event):
        raise WebSocketProtocolError("control message: no event")
    fields = {name: text_field(message, name) for name in _TEXT_FIELDS if name in message}
    size = integer_field(message, "optimal_frame_size")
    return event, fields if size is None else fields | {"optimal_frame_size": str(size)}


def _read_plain(text: str) -> tuple[str, dict[str, str]]:
    """`EVENT name:value name:value`; or `EVENT id`, the id of a mark."""
    event, _, rest = text.strip().partition(" ")
    if not _EVENT.fullmatch(event):
        raise WebSocketProtocolError("control message: no event")
    if event in ("MEDIA_MARK_PROCESSED", "MEDIA_BUFFERING_COMPLETED"):
        return event, {"correlation_id": printable(rest.strip())}
    fields = (field.partition(":") for field in rest.split(" ") if field)
    return event, {name: printable(value) for name, _, value in fields}
