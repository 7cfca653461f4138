"""SIP messages out of a byte stream such as TCP (RFC 3261 §18.3, RFC 5626 §3.5.1)."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    Head,
    SipMessage,
    find_head_end,
    parse_head,
)

PONG = b"\r\n"
"""The answer to a KeepAlivePing."""


@dataclass(frozen=True, slots=True)
class KeepAlivePing:
    """A double CRLF between messages (RFC 5626 §3.5.1); answer with PONG."""


class StreamParser:
    """Cuts a stream into messages.

    After a fault that hides where the next message starts, `is_broken` is True and further
    octets are ignored: answer what was returned, then close the connection. A half message
    waits for its rest without a limit of time: that is the owner's (see `has_partial`).
    """

    def __init__(self) -> None:
        self.is_broken = False
        self._buffer = bytearray()
        self._searched_to = 0  # no end of a header before here
        self._head: Head | None = None  # read, its body still to come

    @property
    def has_partial(self) -> bool:
        """A message has begun and not ended. Limit how long that may last."""
        return self._head is not None or bool(self._buffer.strip(b"\r\n"))

    def feed(self, data: bytes) -> list[SipMessage | SipParseError | KeepAlivePing]:
        """Take in octets; return what they completed, in order."""
        results: list[SipMessage | SipParseError | KeepAlivePing] = []
        if self.is_broken:
            return results
        self._buffer += data
        while not self.is_broken:
            result = self._next()
            if result is None:
                break
            results.append(result)
        return results

    def _next(self) -> SipMessage | SipParseError | KeepAlivePing | None:
        if self._head is None:
            if self._skip_line_ends():
                return KeepAlivePing()
            fault = self._read_head()
            if fault is not None:
                return fault
        return None if self._head is None else self._take_body(self._head)

    def _skip_line_ends(self) -> bool:
        """Drop CRLFs before a message; True: two of them, a ping."""
        while self._buffer.startswith((b"\r", b"\n")):
            if self._buffer.startswith(b"\r\n\r\n"):
                del self._buffer[:4]
                return True
            if b"\r\n\r\n".startswith(self._buffer):
                return False  # the rest of a ping may follow
            del self._buffer[:1]
        return False

    def _read_head(self) -> SipParseError | None:
        if not self._buffer or self._buffer.startswith(b"\r"):
            return None
        end = find_head_end(self._buffer, self._searched_to)
        if end is None:
            if len(self._buffer) > MAX_HEAD_BYTES:
                return self._break(SipParseError("header too large", 513))
            self._searched_to = max(0, len(self._buffer) - 3)
            return None
        head_end, body_start = end
        try:
            head = parse_head(bytes(self._buffer[:head_end]))
        except SipParseError as error:
            return self._break(error)
        del self._buffer[:body_start]
        self._searched_to = 0
        if not head.has_sound_length:
            return self._break(head.error or head.fail("Content-Length is malformed", 400))
        # §18.3: without it the end of the message is unknown on a stream.
        if head.content_length is None:
            return self._break(head.error or head.fail("Content-Length is missing", 400))
        if head.content_length > MAX_BODY_BYTES:
            return self._break(head.fail("body too large", 513))
        self._head = head
        return None

    def _take_body(self, head: Head) -> SipMessage | SipParseError | None:
        length = head.content_length or 0
        if len(self._buffer) < length:
            return None
        self._head = None
        head.message.body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return head.message if head.error is None else head.error

    def _break(self, error: SipParseError) -> SipParseError:
        self.is_broken = True
        self._buffer.clear()
        return error
