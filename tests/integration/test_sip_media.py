"""What signalling agrees on about media, between running endpoints: encryption, and behind NATs."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest

from tests.integration.sip_endpoint_bench import Application, UdpPeer, running_endpoint
from tests.sip_messages import request, sdp
from voicebot.audio import FRAME_SAMPLES
from voicebot.errors import CallFailed
from voicebot.gateway.rtp.packet import RtpPacket, build_packet
from voicebot.gateway.sip.messages.message import SipResponse
from voicebot.gateway.sip.sdp.session_description import SessionDescription

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"
CRYPTO = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n"
UNREACHABLE = "10.255.255.1"
"""What a phone behind a NAT believes to be its address."""


@pytest.mark.parametrize(
    ("ours", "theirs", "is_encrypted"),
    [
        ("mandatory", "mandatory", True),
        ("mandatory", "optional", True),
        ("optional", "optional", True),
        ("off", "optional", False),
        ("optional", "off", False),
    ],
)
async def test_endpoints_agree_on_encryption_and_hear_each_other(
    ours: str, theirs: str, is_encrypted: bool
):
    hotline = Application()
    async with (
        running_endpoint(hotline, srtp=theirs) as called,
        running_endpoint(Application(), srtp=ours) as calling,
    ):
        leg = await calling.call(called.local_uri, "debtor")
        for side in (leg, await hotline.next_leg()):
            assert side.call.media is not None
            assert (side.call.media.srtp is not None) == is_encrypted
            for _ in range(200):
                stats = side.media_stats()
                if stats["packets_received"] >= 20:
                    break
                await asyncio.sleep(0.05)
            assert stats["packets_received"] >= 20
            assert stats["packets_refused"] == 0
        await leg.hang_up("done")


@pytest.mark.parametrize(
    ("ours", "theirs"), [("off", "mandatory"), ("optional", "mandatory"), ("mandatory", "off")]
)
async def test_no_call_without_encryption_in_common(ours: str, theirs: str):
    hotline = Application()
    async with (
        running_endpoint(hotline, srtp=theirs) as called,
        running_endpoint(Application(), srtp=ours) as calling,
    ):
        with pytest.raises(CallFailed) as failure:
            await calling.call(called.local_uri, "debtor")
        assert failure.value.status == 488
    assert hotline.n_calls == 0


def crypto_of(response: SipResponse) -> str:
    (media,) = SessionDescription.parse(response.body).media
    (value,) = [value for name, value in media.attributes if name == "crypto"]
    assert value is not None
    return value


async def test_re_invite_keeps_our_key():
    application = Application()
    secure = sdp().replace("RTP/AVP", "RTP/SAVP") + CRYPTO
    async with (
        running_endpoint(application, srtp="mandatory") as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(request("INVITE", body=secure))
        first = await phone.response(200)
        tag = first.to.tag or ""
        phone.send(request("ACK", to_tag=tag, branch="z9hG4bK-ack"))
        held = secure.replace("a=sendrecv", "a=sendonly")
        phone.send(request("INVITE", to_tag=tag, cseq=2, branch="z9hG4bK-2", body=held))
        async with asyncio.timeout(5):
            while (second := await phone.response(200)).cseq.number != 2:
                pass
        assert crypto_of(second) == crypto_of(first)
        phone.send(request("ACK", to_tag=tag, cseq=2, branch="z9hG4bK-ack2"))
        phone.send(
            request(
                "INVITE",
                to_tag=tag,
                cseq=3,
                branch="z9hG4bK-3",
                body=sdp(),  # in the clear from now on? No.
            )
        )
        assert (await phone.response(488)).cseq.number == 3
        phone.send(request("ACK", to_tag=tag, cseq=3, branch="z9hG4bK-3"))
        assert not application.legs[0].is_over
        phone.send(request("BYE", to_tag=tag, cseq=4, branch="z9hG4bK-4"))
        assert await application.next_end() == "hangup"


@pytest.mark.parametrize("media_sources", ["signalled", "any"])
async def test_phone_behind_a_nat_is_heard_and_a_stranger_only_where_settings_let_him(
    media_sources: str,
):
    """Signalling comes from 127.0.0.1; the SDP names an address that nobody reaches."""
    application = Application()
    async with (
        running_endpoint(application, media_sources=media_sources) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(
            request("INVITE", body=sdp().replace("c=IN IP4 127.0.0.1", f"c=IN IP4 {UNREACHABLE}"))
        )
        answer = await phone.response(200)
        phone.send(request("ACK", to_tag=answer.to.tag or "", branch="z9hG4bK-ack"))
        leg = await application.next_leg()
        server = ("127.0.0.1", leg.rtp_port)
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nat,
        ):
            stranger.bind(("127.0.0.2", 0))
            nat.bind(("127.0.0.1", 0))
            for opened in (stranger, nat):
                opened.setblocking(False)

            async def send(opened: socket.socket, ssrc: int) -> bool:
                """Half a second of audio; whether any came back since the last time."""
                for number in range(25):
                    packet = RtpPacket(8, number, number * FRAME_SAMPLES, ssrc, bytes(160))
                    opened.sendto(build_packet(packet), server)
                    await asyncio.sleep(0.02)
                await asyncio.sleep(0.1)
                n_heard = 0
                with contextlib.suppress(BlockingIOError):
                    while opened.recv(2048):
                        n_heard += 1
                return n_heard > 0

            assert await send(stranger, 5) == (media_sources == "any")
            assert await send(nat, 7)
            while await send(stranger, 6):  # what was still under way
                pass
            assert leg.media_stats()["packets_received"] >= 15
        phone.send(request("BYE", to_tag=answer.to.tag or "", cseq=2, branch="z9hG4bK-bye"))
        assert await application.next_end() == "hangup"
