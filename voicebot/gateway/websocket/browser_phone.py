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
from collections import deque
from dataclasses import dataclass

import numpy as np

from voicebot.audio import FRAME_SAMPLES, Samples
from voicebot.errors import WebSocketProtocolError

MAX_AUDIO_BYTES = 32_000
"""2 s in one message; a browser sends 20 to 100 ms."""

MAX_TEXT_CHARACTERS = 1000
START_FRAMES = 3
"""60 ms are gathered before the first frame is given out: browsers send in bursts."""

MAX_FRAMES = 25
"""500 ms: more than that is a backlog after a stall, and the oldest of it is dropped."""

_DIGITS = frozenset("0123456789*#ABCD")


@dataclass(frozen=True, slots=True)
class DigitMessage:
    digit: str


@dataclass(frozen=True, slots=True)
class HangUpMessage:
    pass


BrowserMessage = DigitMessage | HangUpMessage


class BrowserPhone:
    """One browser's side of a call: takes messages in, gives frames out.

    Any malformed message raises WebSocketProtocolError: the connection is then closed.
    """

    def __init__(self) -> None:
        self._frames: deque[Samples] = deque()
        self._rest: Samples = np.zeros(0, dtype=np.int16)
        self._is_filling = True
        self.n_received_frames = 0
        self.n_dropped_frames = 0
        self.n_missing_frames = 0

    def receive_audio(self, data: bytes) -> None:
        """A binary message. Frames beyond MAX_FRAMES push the oldest ones out."""
        if len(data) % 2 or len(data) > MAX_AUDIO_BYTES:
            raise WebSocketProtocolError("audio: whole 16-bit samples, 2 s at most, are expected")
        samples = np.concatenate((self._rest, np.frombuffer(data, dtype="<i2").astype(np.int16)))
        n_frames = len(samples) // FRAME_SAMPLES
        for index in range(n_frames):
            self._frames.append(samples[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES])
        self._rest = samples[n_frames * FRAME_SAMPLES :]
        self.n_received_frames += n_frames
        while len(self._frames) > MAX_FRAMES:
            self._frames.popleft()
            self.n_dropped_frames += 1

    def receive_text(self, text: str) -> BrowserMessage:
        """A text message."""
        if len(text) > MAX_TEXT_CHARACTERS:
            raise WebSocketProtocolError("control message: too long")
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise WebSocketProtocolError("control message: no JSON") from None
        if not isinstance(message, dict):
            raise WebSocketProtocolError("control message: no object")
        match message.get("type"):
            case "digit":
                digit = message.get("digit")
                if not isinstance(digit, str) or digit not in _DIGITS:
                    raise WebSocketProtocolError("digit: one of 0-9 * # A-D is expected")
                return DigitMessage(digit)
            case "hangup":
                return HangUpMessage()
        raise WebSocketProtocolError("control message: unknown type")

    def next_frame(self) -> Samples | None:
        """The next 160 samples; None while too few have arrived."""
        if self._is_filling and len(self._frames) < START_FRAMES:
            return None
        self._is_filling = False
        if not self._frames:
            self._is_filling = True
            if self.n_received_frames:
                self.n_missing_frames += 1
            return None
        return self._frames.popleft()


def answered_message(call_id: str) -> str:
    return json.dumps({"type": "answered", "call_id": call_id})


def clear_message() -> str:
    return json.dumps({"type": "clear"})


def ended_message(reason: str) -> str:
    return json.dumps({"type": "ended", "reason": reason})


def audio_message(samples: Samples) -> bytes:
    """One frame for the browser."""
    return samples.astype("<i2").tobytes()
