"""What codecs of a byte a tick have in common: cutting and joining them costs no decoding."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.audio import Samples

QUIET_LEVEL = 300
"""Peak (of 32768) below which a frame may be dropped or doubled unheard: about -41 dBFS."""

MIN_PACKET_MS = 10
MAX_PACKET_MS = 60


def join_bytes(pieces: Sequence[tuple[int, bytes]], background: bytes) -> bytes:
    """The pieces laid over `background`, each at its place (bytes)."""
    frame = bytearray(background)
    for start, piece in pieces:
        frame[start : start + len(piece)] = piece
    return bytes(frame[: len(background)])


def is_quiet(samples: Samples) -> bool:
    # int: the absolute value of -32768 does not fit its own type.
    return max(int(samples.max()), -int(samples.min())) < QUIET_LEVEL


def whole_tens_ms(wanted_ms: int) -> int:
    """The nearest length of packet that has whole tens of milliseconds, none too odd."""
    return min(max(wanted_ms // 10 * 10, MIN_PACKET_MS), MAX_PACKET_MS)
