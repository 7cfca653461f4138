"""Fuzz targets of the media parsers: hostile octets in, only documented errors out.

Each raises nothing for any input, or the assertion that shows the fault.
"""

from __future__ import annotations

import contextlib
import random
import re

from voicebot.errors import RtpParseError, SdpError
from voicebot.gateway.rtp.dtmf import DtmfReceiver
from voicebot.gateway.rtp.packet import RtpPacket, build_packet, parse_packet
from voicebot.gateway.rtp.rtcp import (
    Bye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    build_compound,
    parse_compound,
)
from voicebot.gateway.rtp.session import RtpSession
from voicebot.gateway.rtp.srtp import SrtpContext
from voicebot.gateway.rtp.srtp_keys import SUITES, SrtpKeys
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia, MediaNegotiation, MediaPolicy
from voicebot.gateway.sip.sdp.sdp_crypto import CryptoAttribute

_SOURCE = ("192.0.2.1", 4000)
_BLOCK = ReportBlock(7, 12, -3, 70000, 55, 1 << 31, 4)


def rtp(data: bytes) -> None:
    """A datagram as a packet, as a key press, and as what a session makes of it."""
    try:
        packet = parse_packet(data)
    except RtpParseError:
        pass
    else:
        assert parse_packet(build_packet(packet)) == packet
        with contextlib.suppress(RtpParseError):
            DtmfReceiver().receive(packet.payload, packet.timestamp, packet.is_marked)
    session = _session()
    for now in range(4):
        session.receive_rtp(data, _SOURCE, now)
    _still_works(session)


def rtcp(data: bytes) -> None:
    """A datagram as a compound packet, and as what a session makes of it."""
    try:
        packets = parse_compound(data)
    except RtpParseError:
        pass
    else:
        again = parse_compound(build_compound(packets)) if packets else []
        assert len(again) == len(packets)
    session = _session()
    _still_works(session)
    session.receive_rtcp(data, _SOURCE, 5.0)
    session.receive_rtcp(data, _SOURCE, 6.0)
    session.stats()
    _still_works(session, 2)


def srtp(data: bytes) -> None:
    """Damaged packets do not get in, and do not keep the next sound one out."""
    if data in _GENUINE:
        return
    for suite in SUITES:
        one, other = _srtp_pair(suite)
        for number in range(2):
            sound = one.protect(_packet(number))
            assert sound is not None
            assert other.unprotect(data) is None
            assert other.unprotect_rtcp(data) is None
            assert other.unprotect(sound) == _packet(number)


def sdp_crypto(data: bytes) -> None:
    """Each line as a crypto attribute; the whole as an offer and an answer under each policy."""
    for line in re.split(rb"[\r\n]+", data)[:40]:
        text = line.decode("utf-8", "surrogateescape").partition("crypto:")[2]
        try:
            attribute = CryptoAttribute.parse(text)
        except SdpError:
            continue
        assert CryptoAttribute.parse(str(attribute)) == attribute
    for policy in ("off", "optional", "mandatory"):
        ours = MediaNegotiation(1, MediaPolicy(srtp=policy))
        try:
            body, media = ours.answer(data, LocalMedia("192.0.2.99", 5000))
        except SdpError:
            pass
        else:
            assert policy != "mandatory" or media.srtp is not None
            assert policy != "off" or media.srtp is None
            assert (b"a=crypto:" in body) == (media.srtp is not None)
        ours.offer(LocalMedia("192.0.2.99", 5000))
        try:
            media = ours.accept(data)
        except SdpError:
            continue
        assert policy != "mandatory" or media.srtp is not None


def rtp_packets() -> list[bytes]:
    keys = bytes.fromhex("0b8a0320")
    return [
        _packet(1),
        build_packet(RtpPacket(101, 9, 160, 7, keys, is_marked=True)),
        build_packet(RtpPacket(13, 9, 160, 7, b"\x40")),
        build_packet(RtpPacket(8, 65535, 0xFFFFFFFF, 7, b"x", False, (1, 2, 3), None, 4)),
        b"\x90\x08\x00\x01" + bytes(8) + b"\xbe\xde\x00\x02" + bytes(40),
        *rtcp_packets(),
    ]


def rtcp_packets() -> list[bytes]:
    return [
        build_compound(
            [
                SenderReport(7, 1 << 63, 160, 50, 8000, (_BLOCK, _BLOCK)),
                SourceDescription(((7, "anna@192.0.2.1"), (8, ""))),
                Bye((7, 8), "do widzenia"),
            ]
        ),
        build_compound([ReceiverReport(7, (_BLOCK,)), Bye(())]),
        b"\x80\xcc\x00\x03" + bytes(12),  # APP, as baresip opens its firewall with
        b"\xa1\xc9\x00\x02" + bytes(7) + b"\x04",
    ]


def srtp_packets() -> list[bytes]:
    packets = [_packet(1)]
    for suite in SUITES:
        one, _ = _srtp_pair(suite)
        packets += filter(None, (one.protect(_packet(number)) for number in range(3)))
        packets += filter(None, (one.protect_rtcp(report) for report in rtcp_packets()))
    return packets


def secure_descriptions() -> list[bytes]:
    descriptions = []
    for policy in ("optional", "mandatory"):
        caller = MediaNegotiation(1, MediaPolicy(srtp=policy))
        callee = MediaNegotiation(2, MediaPolicy(srtp=policy))
        offer = caller.offer(LocalMedia("192.0.2.1", 4000))
        answer, _ = callee.answer(offer, LocalMedia("192.0.2.2", 4000))
        descriptions += [offer, answer]
    return descriptions


def _session() -> RtpSession:
    session = RtpSession(random.Random(1))
    session.configure(_SOURCE, 8, 101)
    session.start_reports(0.0)
    return session


def _still_works(session: RtpSession, first: int = 0) -> None:
    """A report can be made, and after two packets in order the rightful sender is heard."""
    session.next_datagram(b"x", 8, 0, False, 7.0)
    parse_compound(session.handle_timeout(1e6 + first) or session.bye(1e6))
    taken = [
        session.receive_rtp(_packet(first + number), _SOURCE, 8.0 + number) for number in range(4)
    ]
    assert taken[-1] is not None


def _packet(number: int) -> bytes:
    return build_packet(RtpPacket(8, number, number * 160, 7, b"\xd5" * 20))


def _srtp_pair(suite: str) -> tuple[SrtpContext, SrtpContext]:
    one, other = (bytes([fill]) * SUITES[suite].secret_bytes for fill in (1, 2))
    return SrtpContext(SrtpKeys(suite, one, other)), SrtpContext(SrtpKeys(suite, other, one))


_GENUINE = frozenset(srtp_packets())
