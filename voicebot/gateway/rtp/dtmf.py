"""Telephone keys as RTP events (RFC 4733)."""

from __future__ import annotations

import struct
from collections import deque
from typing import NamedTuple

from voicebot.audio import FRAME_MS, SAMPLE_RATE
from voicebot.errors import RtpParseError

KEYS = "0123456789*#ABCD"
"""The key's place is its event code (section 3.2)."""

EVENT_FRAMES = 8
"""160 ms a key: well above the 40 ms that detectors need."""

END_PACKETS = 3
"""Section 2.5.1.4: the end is sent three times, so that losing one does no harm."""

PAUSE_FRAMES = 5
"""100 ms between keys, counted from the key's release."""

VOLUME = 10
"""-10 dBm0."""

MAX_STRAGGLER_TICKS = 5 * 48_000
"""5 s at the fastest clock. A timestamp further back is of a stream that began anew."""

_EVENT = struct.Struct("!BBH")
_MAX_DURATION = 0xFFFF
_TIMESTAMP_MASK = 0xFFFFFFFF


class DtmfReceiver:
    """Makes one key press out of the many packets that tell of it.

    A press is known by its RTP timestamp, so lost, doubled and reordered packets do no
    harm. It is reported with the first packet that arrives, whichever that is.
    """

    def __init__(self) -> None:
        self._timestamp: int | None = None
        self._event = -1
        self._duration = 0
        self._has_ended = False

    def receive(self, payload: bytes, timestamp: int, is_marked: bool = False) -> str | None:
        """The key, where this packet begins a new press. Raises RtpParseError."""
        if len(payload) < _EVENT.size:
            raise RtpParseError("telephone event is cut off")
        event, flags, duration = _EVENT.unpack_from(payload)
        if event >= len(KEYS):
            return None  # flash hook, modem tones
        is_new = self._is_new_press(event, timestamp, duration, is_marked)
        if is_new is None:
            return None
        has_ended = flags > 0x7F
        self._timestamp = timestamp
        self._event = event
        self._duration = duration if is_new else max(duration, self._duration)
        self._has_ended = has_ended if is_new else self._has_ended or has_ended
        return KEYS[event] if is_new else None

    def _is_new_press(
        self, event: int, timestamp: int, duration: int, is_marked: bool
    ) -> bool | None:
        """None: a straggler of an earlier press, to be forgotten."""
        if self._timestamp is None:
            return True
        step = (timestamp - self._timestamp) & _TIMESTAMP_MASK
        if step == 0:
            # Some senders keep the timestamp over several keys: then the key tells them apart.
            return event != self._event
        if step > _TIMESTAMP_MASK - MAX_STRAGGLER_TICKS:
            return None
        if event != self._event or is_marked or self._has_ended:
            return True
        # Section 2.5.1.3: a key held for long goes on as a new event right after the old one.
        is_next_segment = step == _MAX_DURATION
        # Some senders move the timestamp on with every packet of a press.
        is_moving = self._duration < duration and step == duration - self._duration
        return not (is_next_segment or is_moving)


class DtmfPacket(NamedTuple):
    """One packet to send instead of this tick's audio. `timestamp`: the event's beginning."""

    payload: bytes
    timestamp: int
    is_marked: bool


class DtmfSender:
    """Presses keys, one after the other, a packet a tick.

    clock_rate: in Hz, of the telephone events agreed on; durations count it.
    """

    def __init__(self, clock_rate: int = SAMPLE_RATE) -> None:
        self.clock_rate = clock_rate
        self._codes: deque[int] = deque()
        self._frame = 0
        self._timestamp = 0

    @property
    def is_active(self) -> bool:
        """Keys are being sent (the pause between two counts)."""
        return bool(self._codes)

    def press(self, digits: str) -> None:
        """Send these keys after those that wait; other characters are left out."""
        self._codes.extend(KEYS.index(key) for key in digits.upper() if key in KEYS)

    def next_packet(self, timestamp: int) -> DtmfPacket | None:
        """What to send in the tick that begins at this RTP timestamp; None in pauses."""
        if not self._codes:
            return None
        if self._frame == 0:
            self._timestamp = timestamp
        frame = self._frame
        self._frame += 1
        packet = None
        if frame < EVENT_FRAMES - 1 + END_PACKETS:
            has_ended = frame >= EVENT_FRAMES - 1
            duration = min(frame + 1, EVENT_FRAMES) * FRAME_MS * self.clock_rate // 1000
            payload = _EVENT.pack(self._codes[0], has_ended << 7 | VOLUME, duration)
            packet = DtmfPacket(payload, self._timestamp, frame == 0)
        if self._frame == EVENT_FRAMES + PAUSE_FRAMES:
            self._codes.popleft()
            self._frame = 0
        return packet
