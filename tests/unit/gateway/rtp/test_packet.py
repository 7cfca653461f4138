"""RTP packets from and to bytes; strangers' bytes give the documented error only."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import RtpParseError
from voicebot.gateway.rtp.packet import Extension, RtpPacket, build_packet, parse_packet

uint16 = st.integers(0, 0xFFFF)
uint32 = st.integers(0, 0xFFFFFFFF)

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 127),
    sequence_number=uint16,
    timestamp=uint32,
    ssrc=uint32,
    payload=st.binary(max_size=200),
    is_marked=st.booleans(),
    csrcs=st.lists(uint32, max_size=15).map(tuple),
    extension=st.none()
    | st.builds(
        Extension,
        uint16,
        st.lists(st.binary(min_size=4, max_size=4), max_size=5).map(b"".join),
    ),
    padding_bytes=st.integers(0, 255),
)


@given(packets)
def test_what_is_built_is_read_back(packet: RtpPacket) -> None:
    assert parse_packet(build_packet(packet)) == packet


def test_plain_packet_byte_by_byte() -> None:
    data = bytes.fromhex("80 88 1234 00000140 deadbeef d5d5")
    assert parse_packet(data) == RtpPacket(8, 0x1234, 320, 0xDEADBEEF, b"\xd5\xd5", is_marked=True)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "shorter"),
        ("80 08 0001 00000000 000000", "shorter"),
        ("00 08 0001 00000000 00000001", "version"),
        ("c0 08 0001 00000000 00000001", "version"),
        ("82 08 0001 00000000 00000001 00000002", "CSRC"),
        ("90 08 0001 00000000 00000001 0000", "extension"),
        ("90 08 0001 00000000 00000001 0000 0002 00000000", "extension"),
        ("a0 08 0001 00000000 00000001 d5d5d504ff", "padding"),
        ("a0 08 0001 00000000 00000001 d5d5d500", "padding"),
        ("a0 08 0001 00000000 00000000", "padding"),
    ],
)
def test_bad_packet_is_refused(data: str, reason: str) -> None:
    with pytest.raises(RtpParseError, match=reason):
        parse_packet(bytes.fromhex(data))


@given(
    st.binary(max_size=64)
    | packets.map(build_packet).flatmap(
        lambda data: st.integers(0, len(data)).map(lambda length: data[:length])
    )
)
def test_any_bytes_give_a_packet_or_the_documented_error(data: bytes) -> None:
    with contextlib.suppress(RtpParseError):
        parse_packet(data)
