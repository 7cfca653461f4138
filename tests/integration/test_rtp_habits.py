"""What telephones do besides sending audio: leave silence out, send RTCP elsewhere, change keys."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest

from voicebot.audio import FRAME_SAMPLES, AudioFrame
from voicebot.clock import SystemClock
from voicebot.gateway.rtp.packet import RtpPacket, build_packet
from voicebot.gateway.rtp.rtcp import (
    ReceiverReport,
    ReportBlock,
    SenderReport,
    build_compound,
    parse_compound,
)
from voicebot.gateway.rtp.srtp_keys import SrtpKeys
from voicebot.gateway.rtp.transport import RtpLine, open_rtp_line
from voicebot.media.codecs.g711 import encode_alaw
from voicebot.media.pacer import Pacer

SUITE = "AES_CM_128_HMAC_SHA1_80"
TONE = encode_alaw(
    (8000 * np.sin(np.arange(FRAME_SAMPLES) * 2 * np.pi * 400 / 8000)).astype(np.int16)
)


@contextlib.asynccontextmanager
async def open_line(pacer: Pacer | None = None) -> AsyncIterator[RtpLine]:
    clock = SystemClock()
    line = await open_rtp_line("127.0.0.1", 30000, 39999, pacer or Pacer(clock), clock)
    try:
        yield line
    finally:
        line.close()


@contextlib.contextmanager
def phone_sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp,
    ):
        for opened in (rtp, rtcp):
            opened.bind(("127.0.0.1", 0))
            opened.setblocking(False)
        yield rtp, rtcp


def arrived(opened: socket.socket) -> list[bytes]:
    datagrams = []
    with contextlib.suppress(BlockingIOError):
        while True:
            datagrams.append(opened.recv(2048))
    return datagrams


def loudness(frames: list[AudioFrame]) -> float:
    samples = np.concatenate([frame.samples for frame in frames]).astype(np.float64)
    return float(np.sqrt((samples**2).mean()))


async def frames_of(line: RtpLine, count: int) -> list[AudioFrame]:
    frames: list[AudioFrame] = []
    async with asyncio.timeout(20):
        while len(frames) < count:
            event = await line.events.get()
            if isinstance(event, AudioFrame):
                frames.append(event)
    return frames


async def test_silence_that_is_left_out_is_filled_with_soft_noise():
    async with open_line() as line:
        with phone_sockets() as (phone, _):
            server = ("127.0.0.1", line.local_port)
            line.configure(phone.getsockname(), "PCMA", 8, 101, "sendrecv")
            line.start()
            number = 0
            for _ in range(25):
                number += 1
                packet = RtpPacket(8, number, number * FRAME_SAMPLES, 7, TONE)
                phone.sendto(build_packet(packet), server)
                await asyncio.sleep(0.02)
            number += 1
            noise = RtpPacket(13, number, number * FRAME_SAMPLES, 7, b"\x32")  # -50 dBov
            phone.sendto(build_packet(noise), server)
            await frames_of(line, 60)
            quiet = await frames_of(line, 20)
            assert 20 * np.log10(loudness(quiet) / 32768) == pytest.approx(-50, abs=1.5)
            for step in range(25):  # a second later they speak again, on the same clock
                number += 1
                timestamp = (number + 80) * FRAME_SAMPLES
                packet = RtpPacket(8, number, timestamp, 7, TONE, is_marked=step == 0)
                phone.sendto(build_packet(packet), server)
                await asyncio.sleep(0.02)
            async with asyncio.timeout(10):
                while loudness(await frames_of(line, 1)) < 3000:
                    pass
            assert line.stats()["packets_lost"] == 0


@pytest.mark.parametrize("is_muxed", [False, True])
async def test_reports_go_where_signalling_says_and_tell_how_we_are_heard(is_muxed: bool):
    async with open_line() as line:
        with phone_sockets() as (phone, control):
            server = ("127.0.0.1", line.local_port)
            line.configure(
                phone.getsockname(),
                *("PCMA", 8, 101, "sendrecv"),
                control=control.getsockname(),
                is_rtcp_muxed=is_muxed,
            )
            line.start()
            reports: list[SenderReport] = []
            async with asyncio.timeout(20):
                for number in range(1000):
                    packet = RtpPacket(8, number, number * FRAME_SAMPLES, 7, TONE)
                    phone.sendto(build_packet(packet), server)
                    await asyncio.sleep(0.02)
                    for datagram in arrived(phone if is_muxed else control):
                        if 192 <= datagram[1] <= 223:
                            reports += [
                                report
                                for report in parse_compound(datagram)
                                if isinstance(report, SenderReport)
                            ]
                    if reports:
                        break
            (report,) = reports
            (block,) = report.blocks
            assert (block.ssrc, block.cumulative_lost) == (7, 0)
            n_sent = report.packets
            first = line._session._first_sequence
            theirs = ReportBlock(report.ssrc, 25, n_sent // 10, first + n_sent - 1, 160, 0, 0)
            answer = build_compound([ReceiverReport(7, (theirs,))])
            target = server if is_muxed else ("127.0.0.1", line.local_port + 1)
            (phone if is_muxed else control).sendto(answer, target)
            for _ in range(200):
                stats = line.stats()
                if "remote_mos" in stats:
                    break
                await asyncio.sleep(0.05)
            assert stats["remote_loss_percent"] == round(100 * (n_sent // 10) / n_sent, 2)
            assert 3.0 < stats["remote_mos"] < 4.0
            if not is_muxed:
                assert not [data for data in arrived(phone) if 192 <= data[1] <= 223]


async def test_keys_change_in_the_middle_of_the_call():
    """As re-INVITEs have it, one side a while before the other; nothing but a moment is lost."""
    pacer = Pacer(SystemClock())
    async with open_line(pacer) as one, open_line(pacer) as other:
        old, new = (bytes([fill]) * 30 for fill in (1, 3))
        theirs = bytes([2]) * 30

        def agree(line: RtpLine, local: bytes, remote: bytes) -> None:
            peer = other if line is one else one
            line.configure(
                ("127.0.0.1", peer.local_port),
                *("PCMA", 8, 101, "sendrecv"),
                srtp=SrtpKeys(SUITE, local, remote),
            )

        agree(one, old, theirs)
        agree(other, theirs, old)
        for line in (one, other):
            line.playout.say(1, np.full(8000 * 10, 5000, dtype=np.int16))
            line.start()
        await frames_of(other, 30)
        agree(other, theirs, new)  # has taken the offer; what comes still has the old key
        await frames_of(other, 25)
        assert other.stats()["packets_refused"] == 0
        agree(one, new, theirs)
        await frames_of(other, 25)
        assert other.stats()["packets_refused"] == 0
        assert one.stats()["packets_refused"] == 0
        for line in (one, other):
            line_frames = await frames_of(line, 10)
            assert loudness(line_frames) > 4000
        assert other.stats()["packets_received"] > 60
