"""RTCP packets from and to bytes."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import RtpParseError
from voicebot.gateway.rtp.rtcp import (
    Bye,
    ReceiverReport,
    ReportBlock,
    RtcpPacket,
    SenderReport,
    SourceDescription,
    build_compound,
    parse_compound,
)

uint32 = st.integers(0, 0xFFFFFFFF)
texts = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x17F), max_size=100)
blocks = st.lists(
    st.builds(
        ReportBlock,
        uint32,
        st.integers(0, 255),
        st.integers(-0x800000, 0x7FFFFF),
        uint32,
        uint32,
        uint32,
        uint32,
    ),
    max_size=3,
).map(tuple)
rtcp_packets: st.SearchStrategy[RtcpPacket] = st.one_of(
    st.builds(SenderReport, uint32, st.integers(0, (1 << 64) - 1), uint32, uint32, uint32, blocks),
    st.builds(ReceiverReport, uint32, blocks),
    st.builds(SourceDescription, st.lists(st.tuples(uint32, texts), max_size=3).map(tuple)),
    st.builds(Bye, st.lists(uint32, max_size=3).map(tuple), texts),
)
compounds = st.lists(rtcp_packets, min_size=1, max_size=4)


@given(compounds)
def test_what_is_built_is_read_back(packets: list[RtcpPacket]) -> None:
    data = build_compound(packets)
    assert len(data) % 4 == 0
    assert parse_compound(data) == packets


def test_sender_report_byte_by_byte() -> None:
    data = bytes.fromhex(
        "81c8000c 11111111 0123456789abcdef 00000140 00000002 00000140"
        "22222222 80fffffe 00010005 00000007 45678 9ab 00010000".replace(" ", "")
    )
    block = ReportBlock(0x22222222, 0x80, -2, 0x10005, 7, 0x456789AB, 0x10000)
    assert parse_compound(data) == [
        SenderReport(0x11111111, 0x0123456789ABCDEF, 320, 2, 320, (block,))
    ]


def test_kinds_we_do_not_use_and_padding_are_passed_over() -> None:
    application = bytes.fromhex("80cc0002 00000001 6e616d65")
    padded = bytes.fromhex("a0c90002 00000005 00000004")
    assert parse_compound(application + padded) == [ReceiverReport(5)]


def test_other_items_of_a_description_are_passed_over() -> None:
    # NAME "ab", CNAME "c", end
    data = bytes.fromhex("81ca0003 00000001 0202 6162 0101 63 00".replace(" ", ""))
    assert parse_compound(data) == [SourceDescription(((1, "c"),))]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "80c9",
        "40c90001 00000001",
        "80c90002 00000001",
        "81c90001 00000001",
        "80c80001 00000001",
        "82cb0001 00000001",
        "81cb0002 00000001 05616263",
        "81ca0000",
        "81ca0001 00000001",
        "81ca0002 00000001 01ff6162",
        "a0c90001 00000000",
        "a0c90001 00000009",
        "a0c90001 00000004 80c90001 00000001",
    ],
)
def test_bad_datagram_is_refused(data: str) -> None:
    with pytest.raises(RtpParseError):
        parse_compound(bytes.fromhex(data))


@given(
    st.binary(max_size=80)
    | st.tuples(compounds.map(build_compound), st.integers(0, 200), st.integers(0, 255)).map(
        lambda drawn: drawn[0][: drawn[1] % (len(drawn[0]) + 1)] + bytes([drawn[2]])
    )
)
def test_any_bytes_give_packets_or_the_documented_error(data: bytes) -> None:
    with contextlib.suppress(RtpParseError):
        parse_compound(data)
