"""RTP packets (RFC 3550 section 5.1) from and to bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from voicebot.errors import RtpParseError

HEADER = struct.Struct("!BBHII")
HEADER_BYTES = HEADER.size
MAX_DATAGRAM_BYTES = 2048

RTCP_TYPES = range(192, 224)
"""RFC 5761 section 4: second bytes that mean RTCP where both come to one port."""


class Extension(NamedTuple):
    """The header extension; `data` is a multiple of four bytes long."""

    profile: int
    data: bytes


class RtpPacket(NamedTuple):
    """One packet. Padding is not part of `payload`; `padding_bytes` tells how much there was."""

    payload_type: int
    sequence_number: int
    timestamp: int
    ssrc: int
    payload: bytes
    is_marked: bool = False
    csrcs: tuple[int, ...] = ()
    extension: Extension | None = None
    padding_bytes: int = 0


_packet: Callable[[tuple[object, ...]], RtpPacket] = partial(tuple.__new__, RtpPacket)
"""In half the time of the constructor."""


def parse_packet(data: bytes) -> RtpPacket:
    """Read one datagram. Raises RtpParseError, and nothing else, where it is no RTP."""
    if len(data) < HEADER_BYTES:
        raise RtpParseError("shorter than an RTP header")
    flags, second, sequence_number, timestamp, ssrc = HEADER.unpack_from(data)
    if flags == 0x80:
        # Nearly every packet: no padding, extension or CSRC.
        payload = data[HEADER_BYTES:]
        return _packet(
            (second & 0x7F, sequence_number, timestamp, ssrc, payload, second > 0x7F, (), None, 0)
        )
    if flags >> 6 != 2:
        raise RtpParseError("RTP version is not 2")
    position = HEADER_BYTES
    n_csrcs = flags & 0x0F
    if len(data) < position + 4 * n_csrcs:
        raise RtpParseError("CSRC list is cut off")
    csrcs = struct.unpack_from(f"!{n_csrcs}I", data, position)
    position += 4 * n_csrcs
    extension = None
    if flags & 0x10:
        if len(data) < position + 4:
            raise RtpParseError("header extension is cut off")
        profile, n_words = struct.unpack_from("!HH", data, position)
        position += 4
        if len(data) < position + 4 * n_words:
            raise RtpParseError("header extension is cut off")
        extension = Extension(profile, data[position : position + 4 * n_words])
        position += 4 * n_words
    padding_bytes = 0
    if flags & 0x20:
        padding_bytes = data[-1]
        if not 0 < padding_bytes <= len(data) - position:
            raise RtpParseError("padding is longer than the packet")
    return RtpPacket(
        second & 0x7F,
        sequence_number,
        timestamp,
        ssrc,
        data[position : len(data) - padding_bytes],
        second > 0x7F,
        csrcs,
        extension,
        padding_bytes,
    )


def build_packet(packet: RtpPacket) -> bytes:
    """The datagram; `parse_packet` reads it back."""
    flags = 0x80 | len(packet.csrcs)
    if packet.extension is not None:
        flags |= 0x10
    if packet.padding_bytes:
        flags |= 0x20
    parts = [
        HEADER.pack(
            flags,
            packet.payload_type | packet.is_marked << 7,
            packet.sequence_number,
            packet.timestamp,
            packet.ssrc,
        ),
        struct.pack(f"!{len(packet.csrcs)}I", *packet.csrcs),
    ]
    if packet.extension is not None:
        words = len(packet.extension.data) // 4
        parts.append(struct.pack("!HH", packet.extension.profile, words) + packet.extension.data)
    parts.append(packet.payload)
    if packet.padding_bytes:
        parts.append(bytes(packet.padding_bytes - 1) + bytes([packet.padding_bytes]))
    return b"".join(parts)
