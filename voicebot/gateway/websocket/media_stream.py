"""What the media protocols of all providers have in common: one call, one connection.

A protocol object is sans I/O: messages in, events out; audio, marks and clears in, messages
out. `stream_leg` joins one to a call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from voicebot.audio import Samples

Message = str | bytes
"""str: a text message; bytes: a binary one."""


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """The call begins.

    stream_ref: the provider's name of it. caller, called: numbers, where told; personal.
    parameters: what the provider's side passed on, as names and texts.
    """

    stream_ref: str
    caller: str = ""
    called: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StreamAudio:
    """The caller's sound: int16, mono, 8 kHz, any number of samples.

    timestamp_ms: since the stream's start, where the provider tells it.
    """

    samples: Samples
    timestamp_ms: int | None = None


@dataclass(frozen=True, slots=True)
class StreamDigit:
    """One of 0-9 * # A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class StreamMark:
    """The provider has played everything up to the mark of this name, or cleared it."""

    name: str


@dataclass(frozen=True, slots=True)
class StreamStopped:
    """The caller hung up, or the provider ended the stream."""


StreamEvent = StreamStarted | StreamAudio | StreamDigit | StreamMark | StreamStopped


class MediaStreamProtocol(Protocol):
    """One provider's protocol on one connection.

    `receive` raises WebSocketProtocolError for what the protocol does not allow: the
    connection is then closed. The methods below it return the messages to send, in order;
    none before `StreamStarted`.
    """

    def receive(self, message: Message) -> list[StreamEvent]: ...

    def audio(self, samples: Samples) -> list[Message]:
        """Play this: int16, mono, 8 kHz, 20 ms."""

    def mark(self, name: str) -> list[Message] | None:
        """Tell us (StreamMark) when everything sent so far has been played.

        None where the provider has no such thing; empty where it has to wait for a later
        `audio` or `mark`.
        """

    def clear(self) -> list[Message]:
        """Play nothing of what is still buffered."""

    def digits(self, digits: str) -> list[Message]:
        """Press keys towards the caller; empty where the provider has no such thing."""

    def hang_up(self) -> list[Message]:
        """What is to be sent before the connection is closed from our side."""
