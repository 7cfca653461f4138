"""A call goes on while strangers aim at its ports: none is heard, and none hears it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import numpy as np
import pytest

from voicebot.audio import FRAME_SAMPLES, AudioFrame, Samples
from voicebot.clock import SystemClock
from voicebot.gateway.rtp.packet import RtpPacket, build_packet, parse_packet
from voicebot.gateway.rtp.rtcp import Bye, ReceiverReport, ReportBlock, build_compound
from voicebot.gateway.rtp.srtp import SrtpContext
from voicebot.gateway.rtp.srtp_keys import SrtpKeys
from voicebot.gateway.rtp.transport import RtpLine, open_rtp_line
from voicebot.media.codecs.g711 import decode_alaw, encode_alaw
from voicebot.media.pacer import Pacer

SUITE = "AES_CM_128_HMAC_SHA1_80"
OUR_SECRET, THEIR_SECRET = b"o" * 30, b"t" * 30
OUR_LOUDNESS, PHONE_LOUDNESS = 3000, 2000
ATTACK = encode_alaw(np.full(FRAME_SAMPLES, 30000, dtype=np.int16))
SSRC, FIRST = 0x600D, 30000
ELSEWHERE = "127.0.0.2"
"""Another host, as far as loopback has one."""


class Phone:
    """The rightful other side: sends a steady tone by its own socket and keeps what it hears."""

    def __init__(self, line: RtpLine, srtp: SrtpContext | None) -> None:
        self.socket = open_socket("127.0.0.1")
        self.address: tuple[str, int] = self.socket.getsockname()
        self.heard: list[bytes] = []
        self.sent: list[bytes] = []
        self.number = FIRST
        self._server = ("127.0.0.1", line.local_port)
        self._srtp = srtp
        tone = np.sin(np.arange(FRAME_SAMPLES) * 2 * np.pi * 400 / 8000)
        self._payload = encode_alaw((tone * PHONE_LOUDNESS).astype(np.int16))

    async def talk(self) -> None:
        while True:
            datagram = build_packet(
                RtpPacket(8, self.number & 0xFFFF, self.number * FRAME_SAMPLES, SSRC, self._payload)
            )
            if self._srtp is not None:
                datagram = self._srtp.protect(datagram) or b""
            self.sent.append(datagram)
            self.socket.sendto(datagram, self._server)
            self.number += 1
            self.listen()
            await asyncio.sleep(0.02)

    def listen(self) -> None:
        for datagram in arrived(self.socket):
            plain = datagram if self._srtp is None else self._srtp.unprotect(datagram)
            assert plain is not None
            self.heard.append(parse_packet(plain).payload)


def open_socket(host: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((host, 0))
    opened.setblocking(False)
    return opened


def arrived(opened: socket.socket) -> list[bytes]:
    datagrams = []
    with contextlib.suppress(BlockingIOError):
        while True:
            datagrams.append(opened.recv(2048))
    return datagrams


@contextlib.asynccontextmanager
async def call(is_encrypted: bool = False) -> AsyncIterator[tuple[RtpLine, Phone]]:
    """Our line, speaking, and the phone, silent until it is told to talk."""
    clock = SystemClock()
    line = await open_rtp_line("127.0.0.1", 30000, 39999, Pacer(clock), clock)
    keys = SrtpKeys(SUITE, THEIR_SECRET, OUR_SECRET)
    phone = Phone(line, SrtpContext(keys) if is_encrypted else None)
    srtp = SrtpKeys(SUITE, OUR_SECRET, THEIR_SECRET) if is_encrypted else None
    line.configure(phone.address, "PCMA", 8, 101, "sendrecv", srtp=srtp)
    line.playout.say(1, np.full(30 * 8000, OUR_LOUDNESS, dtype=np.int16))
    line.start()
    try:
        yield line, phone
    finally:
        line.close()
        phone.socket.close()


@contextlib.asynccontextmanager
async def talking(phone: Phone) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(phone.talk())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def forged(phone: Phone, ssrc: int = SSRC, ahead: int = 1, payload_type: int = 8) -> bytes:
    """What a stranger who has guessed everything would send next."""
    number = phone.number + ahead
    return build_packet(
        RtpPacket(payload_type, number & 0xFFFF, number * FRAME_SAMPLES, ssrc, ATTACK)
    )


def heard_by(line: RtpLine) -> Samples:
    events = [line.events.get_nowait() for _ in range(line.events.qsize())]
    return np.concatenate([event.samples for event in events if isinstance(event, AudioFrame)])


async def until_heard(line: RtpLine) -> None:
    """The phone's audio gets through, from now on."""
    heard_by_now = False
    async with asyncio.timeout(10):
        while not heard_by_now:
            event = await line.events.get()
            if isinstance(event, AudioFrame) and not event.is_concealed:
                heard_by_now = int(np.abs(event.samples).max()) > PHONE_LOUDNESS // 2


@pytest.mark.parametrize("is_encrypted", [False, True], ids=["RTP", "SRTP"])
@pytest.mark.parametrize("host", ["127.0.0.1", ELSEWHERE], ids=["same host", "elsewhere"])
async def test_injected_audio_is_not_heard(host: str, is_encrypted: bool):
    """With the right payload type, the right SSRC or another, the very next sequence number."""
    async with call(is_encrypted) as (line, phone), talking(phone):
        await until_heard(line)
        n_before = line.stats()["packets_received"]
        with open_socket(host) as stranger:
            for number in range(150):
                for ssrc in (SSRC, 0xBAD):
                    stranger.sendto(forged(phone, ssrc), ("127.0.0.1", line.local_port))
                    stranger.sendto(forged(phone, ssrc, 100), ("127.0.0.1", line.local_port))
                if number % 5 == 0:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.3)
            assert arrived(stranger) == []
        samples = heard_by(line)
        stats = line.stats()
    assert int(np.abs(samples).max()) < 1.2 * PHONE_LOUDNESS
    assert int(np.abs(samples[-4000:]).max()) > PHONE_LOUDNESS // 2
    assert stats["packets_refused" if is_encrypted else "packets_foreign"] == 600
    assert stats["packets_received"] > n_before


@pytest.mark.parametrize("host", ["127.0.0.1", ELSEWHERE], ids=["same host", "elsewhere"])
async def test_flood_does_not_silence_the_call(host: str):
    async with call() as (line, phone), talking(phone):
        await until_heard(line)
        with open_socket(host) as stranger:
            for _ in range(20):
                for ahead in range(200):
                    stranger.sendto(forged(phone, ahead=ahead), ("127.0.0.1", line.local_port))
                await asyncio.sleep(0.02)
        heard_by(line)
        await until_heard(line)
        assert int(np.abs(heard_by_after(line)).max(initial=0)) < 1.2 * PHONE_LOUDNESS


def heard_by_after(line: RtpLine) -> Samples:
    return heard_by(line) if line.events.qsize() else np.zeros(0, dtype=np.int16)


@pytest.mark.parametrize("payload_type", [0, 8, 101])
async def test_bleed_before_the_phone_has_spoken(payload_type: int):
    """Who probes every port of the server gets no audio, however long the phone is silent."""
    async with call() as (line, phone):
        with open_socket(ELSEWHERE) as prober:
            for ahead in range(60):
                for port in (line.local_port, line.local_port + 1):
                    data = forged(phone, 0xBAD, ahead, payload_type)
                    prober.sendto(data, ("127.0.0.1", port))
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            assert arrived(prober) == []
        phone.listen()
        n_received = line.stats()["packets_received"]
        async with talking(phone):
            await until_heard(line)
    assert len(phone.heard) > 10  # what we said meanwhile went where signalling said
    assert n_received == 0


async def test_bleed_on_the_phone_s_own_host():
    """Even somebody behind the same NAT gets nothing of a phone that speaks when it is answered."""
    async with call() as (line, phone):
        with open_socket("127.0.0.1") as prober:
            for ahead in range(50):
                data = forged(phone, 0xBAD, ahead)
                prober.sendto(data, ("127.0.0.1", line.local_port))
            async with talking(phone):
                await until_heard(line)
                for ahead in range(50, 100):
                    data = forged(phone, 0xBAD, ahead)
                    prober.sendto(data, ("127.0.0.1", line.local_port))
                    await asyncio.sleep(0.01)
                assert arrived(prober) == []
    assert max(int(np.abs(decode_alaw(frame)).max()) for frame in phone.heard) > OUR_LOUDNESS // 2


@pytest.mark.parametrize("is_encrypted", [False, True], ids=["RTP", "SRTP"])
async def test_forged_reports_change_nothing(is_encrypted: bool):
    """A stranger's BYE and reports of terrible loss: nobody asks him."""
    async with call(is_encrypted) as (line, phone), talking(phone):
        await until_heard(line)
        block = ReportBlock(line._session.ssrc, 255, 5000, 2**31, 9999, 1, 1)
        report = build_compound([ReceiverReport(SSRC, (block,)), Bye((SSRC,), "fraud")])
        with open_socket(ELSEWHERE) as stranger:
            for port in (line.local_port, line.local_port + 1):
                stranger.sendto(report, ("127.0.0.1", port))
            await asyncio.sleep(0.2)
        assert "remote_lost" not in line.stats()
        assert not line._session.remote_has_left
        await until_heard(line)


async def test_srtp_takes_nothing_but_the_phone_s_own_packets_once():
    """Even from the phone's very address, as one who can forge it: replayed, in the clear, under
    another key, with a bit turned over, or our own sent back."""
    async with call(is_encrypted=True) as (line, phone), talking(phone):
        await until_heard(line)
        server = ("127.0.0.1", line.local_port)
        other_key = SrtpContext(SrtpKeys(SUITE, b"x" * 30, b"y" * 30))
        mirror = SrtpContext(SrtpKeys(SUITE, OUR_SECRET, THEIR_SECRET))
        before = line.stats()
        for ahead in range(100):
            damaged = bytearray(phone.sent[-1])
            damaged[40] ^= 1
            attempts = (
                phone.sent[0],
                forged(phone, ahead=ahead),
                other_key.protect(forged(phone, ahead=ahead)) or b"",
                mirror.protect(forged(phone, ahead=ahead)) or b"",
                bytes(damaged),
            )
            for datagram in attempts:
                phone.socket.sendto(datagram, server)
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        stats = line.stats()
        samples = heard_by(line)
    assert stats["packets_refused"] - before["packets_refused"] == 500
    assert int(np.abs(samples).max()) < 1.2 * PHONE_LOUDNESS
    assert stats["packets_received"] > before["packets_received"]
    assert stats["packets_received"] <= len(phone.sent)
