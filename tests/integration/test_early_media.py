"""Audio before the answer, on the wire: a raw peer that lets us hear itself while it rings."""

from __future__ import annotations

import asyncio
import socket

from tests.integration.sip_endpoint_bench import Application, UdpPeer, running_endpoint
from tests.integration.trunk_bench import trunked_endpoint
from tests.sip_messages import response, sdp
from voicebot.audio import AudioFrame
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.incoming_call import IncomingCall


class EarlyApplication(Application):
    """Plays before it answers, and answers only when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def decide(self, incoming: IncomingCall) -> SipCallLeg | None:
        await incoming.answer_early()
        await self.may_answer.wait()
        return await incoming.answer()


def rtp_socket() -> socket.socket:
    rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    rtp.bind(("127.0.0.1", 0))
    rtp.setblocking(False)
    return rtp


async def heard_packet(rtp: socket.socket) -> bytes:
    async with asyncio.timeout(10):
        return await asyncio.get_running_loop().sock_recv(rtp, 2048)


async def test_audio_flows_both_ways_while_it_rings():
    loop = asyncio.get_running_loop()
    early: asyncio.Queue[SipCallLeg] = asyncio.Queue()
    with rtp_socket() as rtp:
        port = int(rtp.getsockname()[1])
        async with running_endpoint(Application()) as endpoint, UdpPeer.open(endpoint.port) as peer:
            uri = f"sip:phone@127.0.0.1:{peer.port}"
            contact = f"sip:phone@127.0.0.1:{peer.port}"
            calling = asyncio.create_task(
                endpoint.call(uri, "infolinia", timeout_s=30, on_early=early.put_nowait)
            )
            invite = await peer.request("INVITE")
            peer.send(response(invite, 183, body=sdp(port=port), contact=contact))
            packet = await heard_packet(rtp)
            assert packet[1] & 0x7F == 8
            leg = await early.get()
            # Ringback that the other side plays: a loud alternating signal, in A-law.
            header = b"\x80\x08" + bytes(10)
            target = ("127.0.0.1", leg.rtp_port)
            async with asyncio.timeout(10):
                for number in range(500):
                    sequenced = header[:2] + number.to_bytes(2, "big")
                    stamped = sequenced + (160 * number).to_bytes(4, "big") + b"ring"
                    await loop.sock_sendto(rtp, stamped + b"\xaa\x2a" * 80, target)
                    event = await leg.events.get()
                    if (
                        isinstance(event, AudioFrame)
                        and abs(event.samples.astype(int)).max() > 1000
                    ):
                        break
                else:
                    raise AssertionError("nothing was heard before the answer")
            assert not calling.done()
            peer.send(response(invite, 200, body=sdp(port=port), contact=contact))
            assert await calling is leg
            hanging_up = asyncio.create_task(leg.hang_up("done"))
            peer.send(response(await peer.request("BYE"), 200))
            await hanging_up


async def test_ringback_that_nobody_asked_for_is_no_part_of_the_call():
    with rtp_socket() as rtp:
        port = int(rtp.getsockname()[1])
        async with running_endpoint(Application()) as endpoint, UdpPeer.open(endpoint.port) as peer:
            contact = f"sip:phone@127.0.0.1:{peer.port}"
            calling = asyncio.create_task(endpoint.call(contact, "infolinia", timeout_s=30))
            invite = await peer.request("INVITE")
            peer.send(response(invite, 183, body=sdp(port=port), contact=contact))
            for _ in range(10):
                await heard_packet(rtp)
            peer.send(response(invite, 200, body=sdp(port=port), contact=contact))
            leg = await calling
            async with asyncio.timeout(10):
                while not isinstance(event := await leg.events.get(), AudioFrame):
                    pass
            assert event.rtp_time == 0
            hanging_up = asyncio.create_task(leg.hang_up("done"))
            peer.send(response(await peer.request("BYE"), 200))
            await hanging_up


async def test_ringback_of_a_trunk_is_heard_by_who_asks_for_it():
    early: asyncio.Queue[SipCallLeg] = asyncio.Queue()
    callee = EarlyApplication()
    async with (
        running_endpoint(callee) as carrier,
        trunked_endpoint({"carrier": {"port": carrier.port}}) as endpoint,
    ):
        calling = asyncio.create_task(
            endpoint.call("+48600100200", "bot", timeout_s=30, on_early=early.put_nowait)
        )
        async with asyncio.timeout(20):
            leg = await early.get()
            while not isinstance(await leg.events.get(), AudioFrame):
                pass
        assert not calling.done()
        callee.may_answer.set()
        assert await calling is leg
        assert early.empty()
