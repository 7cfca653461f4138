"""RTCP packets (RFC 3550 section 6) from and to bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from voicebot.errors import RtpParseError

_SENDER_REPORT = 200
_RECEIVER_REPORT = 201
_SOURCE_DESCRIPTION = 202
_BYE = 203
_CNAME = 1
_HEADER = struct.Struct("!BBH")
_BLOCK_BYTES = 24
_MAX_ITEM_BYTES = 255


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """How one source was received. fraction_lost: of 256. jitter: RTP ticks.

    last_sender_report, delay: in units of 1/65536 s, as LSR and DLSR of section 6.4.1.
    """

    ssrc: int
    fraction_lost: int
    cumulative_lost: int
    highest_sequence: int
    jitter: int
    last_sender_report: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """ntp_time: 64 bits, 32 of them fraction."""

    ssrc: int
    ntp_time: int
    rtp_timestamp: int
    packets: int
    octets: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    blocks: tuple[ReportBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDescription:
    """cnames: (ssrc, CNAME) pairs; other items are not kept."""

    cnames: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]
    reason: str = ""


RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Bye


def parse_compound(data: bytes) -> list[RtcpPacket]:
    """Read a datagram of RTCP packets; kinds we don't use (APP, feedback ...) are left out.

    Raises RtpParseError, and nothing else.
    """
    packets: list[RtcpPacket] = []
    position = 0
    if not data:
        raise RtpParseError("empty RTCP datagram")
    while position < len(data):
        if len(data) - position < _HEADER.size:
            raise RtpParseError("RTCP header is cut off")
        flags, kind, n_words = _HEADER.unpack_from(data, position)
        if flags >> 6 != 2:
            raise RtpParseError("RTCP version is not 2")
        end = position + 4 * (n_words + 1)
        if end > len(data):
            raise RtpParseError("RTCP packet is cut off")
        body = data[position + _HEADER.size : end]
        if flags & 0x20:
            if end != len(data) or not body or not 0 < body[-1] <= len(body):
                raise RtpParseError("bad RTCP padding")
            body = body[: -body[-1]]
        packet = _parse_one(kind, flags & 0x1F, body)
        if packet is not None:
            packets.append(packet)
        position = end
    return packets


def build_compound(packets: list[RtcpPacket]) -> bytes:
    """The datagram; `parse_compound` reads it back."""
    return b"".join(_build_one(packet) for packet in packets)


def _parse_one(kind: int, count: int, body: bytes) -> RtcpPacket | None:
    if kind == _SENDER_REPORT:
        if len(body) < 24 + count * _BLOCK_BYTES:
            raise RtpParseError("sender report is cut off")
        ssrc, ntp_time, rtp_timestamp, n_packets, octets = struct.unpack_from("!IQIII", body)
        blocks = _parse_blocks(body, 24, count)
        return SenderReport(ssrc, ntp_time, rtp_timestamp, n_packets, octets, blocks)
    if kind == _RECEIVER_REPORT:
        if len(body) < 4 + count * _BLOCK_BYTES:
            raise RtpParseError("receiver report is cut off")
        return ReceiverReport(int.from_bytes(body[:4]), _parse_blocks(body, 4, count))
    if kind == _SOURCE_DESCRIPTION:
        return _parse_description(body, count)
    if kind == _BYE:
        if len(body) < 4 * count:
            raise RtpParseError("BYE is cut off")
        ssrcs = struct.unpack_from(f"!{count}I", body)
        rest = body[4 * count :]
        if rest and len(rest) < 1 + rest[0]:
            raise RtpParseError("reason of BYE is cut off")
        reason = rest[1 : 1 + rest[0]].decode("utf-8", "replace") if rest else ""
        return Bye(ssrcs, reason)
    return None


def _parse_blocks(body: bytes, start: int, count: int) -> tuple[ReportBlock, ...]:
    blocks = []
    for position in range(start, start + count * _BLOCK_BYTES, _BLOCK_BYTES):
        ssrc, lost, highest, jitter, last, delay = struct.unpack_from("!IIIIII", body, position)
        cumulative = lost & 0xFFFFFF
        if cumulative & 0x800000:
            cumulative -= 0x1000000  # duplicates can make it negative
        blocks.append(ReportBlock(ssrc, lost >> 24, cumulative, highest, jitter, last, delay))
    return tuple(blocks)


def _parse_description(body: bytes, count: int) -> SourceDescription:
    cnames = []
    position = 0
    for _ in range(count):
        if len(body) < position + 4:
            raise RtpParseError("source description is cut off")
        ssrc = int.from_bytes(body[position : position + 4])
        position += 4
        while True:
            if position >= len(body):
                raise RtpParseError("source description has no end")
            item = body[position]
            if item == 0:
                position = (position // 4 + 1) * 4
                break
            if position + 2 > len(body) or position + 2 + body[position + 1] > len(body):
                raise RtpParseError("source description is cut off")
            text = body[position + 2 : position + 2 + body[position + 1]]
            if item == _CNAME:
                cnames.append((ssrc, text.decode("utf-8", "replace")))
            position += 2 + len(text)
    return SourceDescription(tuple(cnames))


def _build_one(packet: RtcpPacket) -> bytes:
    match packet:
        case SenderReport():
            body = struct.pack(
                "!IQIII",
                packet.ssrc,
                packet.ntp_time,
                packet.rtp_timestamp,
                packet.packets,
                packet.octets,
            )
            return _frame(_SENDER_REPORT, len(packet.blocks), body + _build_blocks(packet.blocks))
        case ReceiverReport():
            body = packet.ssrc.to_bytes(4) + _build_blocks(packet.blocks)
            return _frame(_RECEIVER_REPORT, len(packet.blocks), body)
        case SourceDescription():
            chunks = []
            for ssrc, cname in packet.cnames:
                text = cname.encode()[:_MAX_ITEM_BYTES]
                chunk = ssrc.to_bytes(4) + bytes([_CNAME, len(text)]) + text
                # At least one zero ends the chunk's items (section 6.5).
                chunks.append(chunk + bytes(4 - len(chunk) % 4))
            return _frame(_SOURCE_DESCRIPTION, len(packet.cnames), b"".join(chunks))
        case Bye():
            body = struct.pack(f"!{len(packet.ssrcs)}I", *packet.ssrcs)
            if packet.reason:
                text = packet.reason.encode()[:_MAX_ITEM_BYTES]
                reason = bytes([len(text)]) + text
                body += reason + bytes(-len(reason) % 4)
            return _frame(_BYE, len(packet.ssrcs), body)


def _build_blocks(blocks: tuple[ReportBlock, ...]) -> bytes:
    return b"".join(
        struct.pack(
            "!IIIIII",
            block.ssrc,
            block.fraction_lost << 24 | block.cumulative_lost & 0xFFFFFF,
            block.highest_sequence,
            block.jitter,
            block.last_sender_report,
            block.delay,
        )
        for block in blocks
    )


def _frame(kind: int, count: int, body: bytes) -> bytes:
    return _HEADER.pack(0x80 | count, kind, len(body) // 4) + body
