"""Whatever other people send, a running call sounds on, both ways, with nothing of theirs in it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from tests.integration.phones.echo_client import (
    ECHO_RTP_PORTS,
    EchoServerProcess,
    heard_by_server,
)
from tests.integration.phones.probe_signal import assert_came_through, probe_signal, write_g711
from tests.integration.phones.sipp import SippPhone
from tests.integration.phones.wire_tap import Stream, WireTap
from tests.integration.sip_endpoint_bench import UdpPeer
from tests.integration.test_sip_torture import start_call, wrong_over_tcp, wrong_over_udp
from tests.integration.test_sipp_signalling import run_sipp, scenario
from tests.shared import shared_path
from voicebot.audio import SAMPLE_RATE
from voicebot.gateway.rtp.packet import RtpPacket, build_packet

NO_MEDIA_TIMEOUT_S = 3

pytestmark = pytest.mark.peer


MIN_CALL_S, MAX_CALL_S = 6, 60


@contextlib.asynccontextmanager
async def call_going_on(directory: Path, **sip: object) -> AsyncIterator[EchoServerProcess]:
    """An honest phone talks all the while; afterwards its call must have been whole."""
    said = probe_signal(MAX_CALL_S, seed=17)
    file = write_g711(directory / "said.g711", said, "PCMA")
    async with (
        WireTap.open(directory / "call.pcap") as tap,
        EchoServerProcess.run(directory, **sip) as server,
        SippPhone.call(directory, server.port, {"said": file}) as phone,
    ):
        answered = await server.next("answered")
        leg, rtp_port = answered["leg"], int(str(answered["rtp_port"]))
        await phone.play("said")
        now = asyncio.get_running_loop().time
        began = now()
        yield server
        await asyncio.sleep(max(began + MIN_CALL_S - now(), 0))
        n_spoken = int((now() - began) * SAMPLE_RATE)
        # So much later it has been heard, too.
        await asyncio.sleep(1)
        await phone.hang_up()
        await phone.wait()
        ended = await server.next("ended", leg=leg)
    assert ended["reason"] == "hangup"
    assert n_spoken < len(said), "nothing was said at the end"
    said = said[:n_spoken]
    assert_came_through(heard_by_server(ended), said)
    streams = tap.streams(rtp_port)
    # Others may have sent to the port, too; the honest phone did for the longest time.
    echo = longest(stream for stream in streams if stream.source_port == rtp_port)
    spoken_to = longest(stream for stream in streams if stream.source_port == echo.target_port)
    assert_came_through(echo.samples(), said)
    # Not one packet more was let in than the phone itself had sent.
    assert 0 < ended["stats"]["packets_received"] <= len(spoken_to.packets)


def longest(streams: Iterable[Stream]) -> Stream:
    return max(streams, key=lambda stream: len(stream.packets))


def n_answered(server: EchoServerProcess) -> int:
    """Calls that the server took, the honest one among them."""
    return sum(event["event"] == "answered" for event in server.told)


async def test_ill_mannered_phones(tmp_path: Path):
    async with call_going_on(tmp_path) as server:
        await run_sipp(server.port, *scenario("repeated_invite"))
        assert (await server.next("ended"))["reason"] == "hangup"
        assert n_answered(server) == 2, "a repeated INVITE is one call"
        await run_sipp(server.port, *scenario("cancel_before_answer"))
        await run_sipp(server.port, *scenario("wrong_codec"))
        assert n_answered(server) == 2, "a cancelled or refused one is none"
        await run_sipp(server.port, *scenario("bye_race"))
        assert (await server.next("ended"))["reason"] == "hangup"
        await run_sipp(server.port, *scenario("lost_ack"))
        assert (await server.next("ended"))["reason"] == "lost_ack"
        assert n_answered(server) == 4


async def test_phone_that_sends_no_audio_is_let_go(tmp_path: Path):
    async with (
        call_going_on(tmp_path, no_media_timeout_s=NO_MEDIA_TIMEOUT_S) as server,
        UdpPeer.open(server.port) as mute,
    ):
        await start_call(mute)
        bye = await mute.request("BYE", NO_MEDIA_TIMEOUT_S + 3)
        assert bye.call_id == "honest"
        assert (await server.next("ended"))["reason"] == "no_media"


async def test_garbage(tmp_path: Path):
    """On the SIP port, and on every RTP port that might be the call's."""
    rng = random.Random(4)
    async with call_going_on(tmp_path) as server, UdpPeer.open(server.port) as stranger:
        for _ in range(40):
            for size in (0, 1, 12, 172, 1400):
                stranger.send(rng.randbytes(size))
            stranger.send(b"INVITE sip:x SIP/2.0\r\n" + rng.randbytes(200))
            await asyncio.sleep(0.05)
        loud = RtpPacket(8, 0, 0, 0xBAD, bytes(range(160)))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as intruder:
            for port in range(*ECHO_RTP_PORTS):
                for data in (build_packet(loud), rng.randbytes(172), b""):
                    intruder.sendto(data, ("127.0.0.1", port))
                await asyncio.sleep(0)
        assert n_answered(server) == 1


async def test_torture_messages_over_udp(tmp_path: Path):
    """A server for each transport: a message that comes again another way is a repetition."""
    shared_path("sip_torture")
    async with call_going_on(tmp_path, host="::") as server:
        assert await wrong_over_udp("rfc4475", server.port, "127.0.45.{}") == []
        assert await wrong_over_udp("rfc5118", server.port, "::1") == []


async def test_torture_messages_over_tcp(tmp_path: Path):
    shared_path("sip_torture")
    async with call_going_on(tmp_path, host="::") as server:
        assert await wrong_over_tcp("rfc4475", server.port, "127.0.0.1") == []
        assert await wrong_over_tcp("rfc5118", server.port, "::1") == []
