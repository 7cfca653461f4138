"""Connections that are kept, long requests, floods and full houses, with real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.integration.sip_endpoint_bench import (
    Application,
    SlowApplication,
    TcpPeer,
    UdpPeer,
    running_endpoint,
)
from tests.sip_messages import request, response, sdp
from voicebot.clock import SystemClock
from voicebot.errors import CallFailed
from voicebot.gateway.sip.agent.large_request import MAX_DATAGRAM_BYTES
from voicebot.gateway.sip.endpoint import SipEndpoint
from voicebot.gateway.sip.messages.message import SipRequest
from voicebot.gateway.sip.messages.peer import OutgoingMessage, Peer
from voicebot.gateway.sip.network.transport import SipTransport
from voicebot.settings import SipSettings, TrunkSettings


class Trunk:
    """The other end of connections that we keep."""

    def __init__(self) -> None:
        self.connections: asyncio.Queue[TcpPeer] = asyncio.Queue()
        self.port = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def run(cls) -> AsyncIterator[Trunk]:
        trunk = cls()
        opened: list[TcpPeer] = []

        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            opened.append(TcpPeer(reader, writer))
            trunk.connections.put_nowait(opened[-1])

        server = await asyncio.start_server(take, "127.0.0.1", 0)
        trunk.port = server.sockets[0].getsockname()[1]
        try:
            yield trunk
        finally:
            server.close()
            for connection in opened:
                await connection.close()

    async def connection(self) -> TcpPeer:
        async with asyncio.timeout(10):
            return await self.connections.get()


@contextlib.asynccontextmanager
async def running_transport() -> AsyncIterator[SipTransport]:
    unsent: list[OutgoingMessage] = []
    transport = SipTransport(
        SipSettings(port=0), SystemClock(), lambda message, peer: None, unsent.append
    )
    await transport.start()
    try:
        yield transport
    finally:
        await transport.stop()


async def test_kept_connection_is_pinged_and_made_anew_when_it_is_lost():
    lost = asyncio.Event()
    async with Trunk.run() as trunk, running_transport() as transport:
        peer = Peer("TCP", "127.0.0.1", trunk.port)
        transport.keep_connected(peer, lost.set, interval_s=0.1)
        first = await trunk.connection()
        async with asyncio.timeout(10):
            for _ in range(2):
                assert await first.reader.readexactly(4) == b"\r\n\r\n"
                first.send(b"\r\n")
        assert not lost.is_set()
        await first.close()
        async with asyncio.timeout(10):
            await lost.wait()
        second = await trunk.connection()
        async with asyncio.timeout(10):
            assert await second.reader.readexactly(4) == b"\r\n\r\n"


async def test_connection_whose_pings_are_not_answered_is_given_up():
    lost = asyncio.Event()
    async with Trunk.run() as trunk, running_transport() as transport:
        transport.keep_connected(Peer("TCP", "127.0.0.1", trunk.port), lost.set, interval_s=0.1)
        dead = await trunk.connection()
        async with asyncio.timeout(10):
            assert await dead.reader.readexactly(4) == b"\r\n\r\n"
            await lost.wait()
        await trunk.connection()


async def test_released_connection_is_not_made_anew():
    async with Trunk.run() as trunk, running_transport() as transport:
        peer = Peer("TCP", "127.0.0.1", trunk.port)
        transport.keep_connected(peer, lambda: None, interval_s=0.1)
        first = await trunk.connection()
        transport.release(peer)
        await first.close()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await trunk.connections.get()


async def test_messages_to_one_peer_share_one_connection():
    async with Trunk.run() as trunk, running_transport() as transport:
        peer = Peer("TCP", "127.0.0.1", trunk.port)
        for number in range(3):
            data = request("OPTIONS", transport="TCP", call_id=f"c{number}")
            transport.send(OutgoingMessage(data, peer))
        connection = await trunk.connection()
        for number in range(3):
            message = await connection.message()
            assert message is not None
            assert message.call_id == f"c{number}"
        assert trunk.connections.empty()


async def test_datagrams_keep_a_way_through_nat_open():
    async with running_transport() as transport, UdpPeer.open(transport.port) as trunk:
        peer = Peer("UDP", "127.0.0.1", trunk.port)
        transport.keep_connected(peer, lambda: None, interval_s=0.05)
        async with asyncio.timeout(5):
            for _ in range(2):
                assert await trunk.heard.get() == b"\r\n\r\n"
        transport.release(peer)


# Requests too long for a datagram

LONG_NAME = "x" * MAX_DATAGRAM_BYTES


async def test_long_invite_goes_over_tcp():
    async with (
        Trunk.run() as trunk,
        running_endpoint(Application()) as caller,
    ):
        calling = asyncio.ensure_future(
            caller.call(f"sip:{LONG_NAME}@127.0.0.1:{trunk.port}", "debtor", timeout_s=5)
        )
        invite = await (connection := await trunk.connection()).message()
        assert isinstance(invite, SipRequest)
        assert invite.via.transport == "TCP"
        connection.send(response(invite, 486))
        with pytest.raises(CallFailed) as failure:
            await calling
        assert failure.value.status == 486


async def test_long_invite_goes_over_udp_to_who_has_no_tcp():
    async with running_endpoint(Application()) as caller, UdpPeer.open(caller.port) as phone:
        calling = asyncio.ensure_future(
            caller.call(f"sip:{LONG_NAME}@127.0.0.1:{phone.port}", "debtor", timeout_s=5)
        )
        invite = await phone.request("INVITE")
        assert invite.via.transport == "UDP"
        phone.send(response(invite, 486))
        with pytest.raises(CallFailed) as failure:
            await calling
        assert failure.value.status == 486


# Floods


async def in_call(endpoint: SipEndpoint, phone: UdpPeer) -> str:
    """A call that is up; our tag in it."""
    contact = f"sip:phone@127.0.0.1:{phone.port}"
    phone.send(request("INVITE", call_id="honest", body=sdp(), contact=contact))
    tag = (await phone.response(200)).to.tag or ""
    phone.send(request("ACK", call_id="honest", to_tag=tag, branch="z9hG4bK-ack"))
    return tag


async def test_flood_is_dropped_and_a_running_call_of_the_same_address_is_heard():
    application = Application()
    async with (
        running_endpoint(application, max_requests_per_source_s=5) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
        UdpPeer.open(endpoint.port) as flood,
    ):
        tag = await in_call(endpoint, phone)
        for number in range(200):
            flood.send(request("OPTIONS", call_id=f"f{number}", branch=f"z9hG4bK-f{number}"))
        phone.send(request("BYE", call_id="honest", to_tag=tag, cseq=2, branch="z9hG4bK-bye"))
        assert (await phone.response(200)).cseq.method == "BYE"
        assert await application.next_end() == "hangup"
        # The burst of two seconds, and what a slow machine adds meanwhile.
        assert flood.heard.qsize() < 100
        assert endpoint.n_dropped_requests > 100


async def test_flood_over_tcp_is_dropped_too():
    async with (
        running_endpoint(Application(), max_requests_per_source_s=5) as endpoint,
        TcpPeer.open(endpoint.port) as flood,
    ):
        for number in range(200):
            flood.send(
                request(
                    "OPTIONS", transport="TCP", call_id=f"f{number}", branch=f"z9hG4bK-f{number}"
                )
            )
        async with asyncio.timeout(10):
            while endpoint.n_dropped_requests < 100:
                await flood.response(200)


# Full, late and closing


async def statuses(peer: UdpPeer, number: int) -> tuple[int, int]:
    """Of a new INVITE and of OPTIONS, which tells dispatchers the same."""
    peer.send(request("INVITE", call_id=f"i{number}", branch=f"z9hG4bK-i{number}", body=sdp()))
    answer = await peer.response()
    while answer.status == 100:
        answer = await peer.response()
    if answer.status >= 300:
        assert answer.headers.get("Retry-After") or answer.status != 503
        peer.send(request("ACK", call_id=f"i{number}", branch=f"z9hG4bK-i{number}"))
    peer.send(request("OPTIONS", call_id=f"o{number}", branch=f"z9hG4bK-o{number}"))
    while (options := await peer.response()).cseq.method != "OPTIONS":
        pass
    return answer.status, options.status


async def test_overloaded_node_takes_no_new_calls_and_keeps_its_own():
    application = Application()
    waiting = 0
    async with (
        running_endpoint(application, count_waiting=lambda: waiting) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
        UdpPeer.open(endpoint.port) as other,
    ):
        tag = await in_call(endpoint, phone)
        await application.next_leg()
        assert endpoint.reasons_to_refuse == []
        waiting = 1000
        for _ in range(200):
            await asyncio.sleep(0.05)
            if endpoint.reasons_to_refuse:
                break
        assert endpoint.reasons_to_refuse == ["too many utterances wait for recognition"]
        assert await statuses(other, 1) == (503, 503)
        phone.send(request("BYE", call_id="honest", to_tag=tag, cseq=2, branch="z9hG4bK-bye"))
        assert (await phone.response(200)).cseq.method == "BYE"


async def test_draining_node_lets_its_call_finish():
    application = SlowApplication()
    application.may_answer.set()
    async with (
        running_endpoint(application) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
        UdpPeer.open(endpoint.port) as other,
    ):
        tag = await in_call(endpoint, phone)
        endpoint.drain()
        assert await statuses(other, 1) == (503, 503)
        assert endpoint.reasons_to_refuse == ["the node is stopping"]
        assert endpoint.n_calls == 1
        phone.send(request("BYE", call_id="honest", to_tag=tag, cseq=2, branch="z9hG4bK-bye"))
        assert await application.next_end() == "hangup"
        assert endpoint.n_calls == 0


async def test_trunk_is_registered_with_anew_when_its_connection_is_lost():
    settings = TrunkSettings(
        host="127.0.0.1", transport="tcp", username="bot", register_expires_s=600
    )
    async with Trunk.run() as carrier:
        trunks = {"carrier": settings.model_copy(update={"port": carrier.port})}
        async with running_endpoint(Application(), trunks=trunks):
            for _ in range(2):
                connection = await carrier.connection()
                while True:
                    message = await connection.message(timeout_s=20)
                    assert isinstance(message, SipRequest), "connected, but does not register"
                    contact = str(message.contact.uri if message.contact else "")
                    connection.send(
                        response(message, 200, contact=contact, extra=("Expires: 600",))
                    )
                    if message.method == "REGISTER":
                        break
                await asyncio.sleep(0.2)
                await connection.close()
