"""A running endpoint whose calls are answered by a small application, and raw peers for it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from typing import cast

from voicebot.clock import SystemClock
from voicebot.gateway.sip.agent.transaction import Timers
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.endpoint import SipEndpoint
from voicebot.gateway.sip.incoming_call import IncomingCall
from voicebot.gateway.sip.messages.message import (
    SipMessage,
    SipRequest,
    SipResponse,
    parse_datagram,
)
from voicebot.gateway.sip.messages.stream import StreamParser
from voicebot.gateway.sip.network.resolver import NameServers
from voicebot.gateway.sip.network.transport import ConnectionLimits
from voicebot.media.events import LegEnded
from voicebot.media.pacer import Pacer
from voicebot.settings import DialSettings, SipSettings, TrunkSettings

QUICK = Timers(t1_s=0.05, t2_s=0.4, t4_s=0.5)


class Application:
    """Answers every call and notes how it went. Override `decide` with what a test needs."""

    def __init__(self) -> None:
        self.legs: list[SipCallLeg] = []
        self.incoming: list[IncomingCall] = []
        self.ends: asyncio.Queue[str] = asyncio.Queue()
        self.n_calls = 0
        self._answered: asyncio.Queue[SipCallLeg] = asyncio.Queue()

    async def on_call(self, incoming: IncomingCall) -> None:
        self.n_calls += 1
        self.incoming.append(incoming)
        leg = await self.decide(incoming)
        if leg is None:
            return
        self.legs.append(leg)
        self._answered.put_nowait(leg)
        self.ends.put_nowait(await end_of(leg))

    async def decide(self, incoming: IncomingCall) -> SipCallLeg | None:
        return await incoming.answer()

    async def next_leg(self) -> SipCallLeg:
        """The next call that was answered."""
        async with asyncio.timeout(5):
            return await self._answered.get()

    async def next_end(self) -> str:
        """Why the next call ended."""
        async with asyncio.timeout(10):
            return await self.ends.get()


class SlowApplication(Application):
    """Rings and answers only when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def decide(self, incoming: IncomingCall) -> SipCallLeg | None:
        incoming.ring()
        await self.may_answer.wait()
        return await incoming.answer()


async def end_of(leg: SipCallLeg) -> str:
    while True:
        event = await leg.events.get()
        if isinstance(event, LegEnded):
            return event.reason


@contextlib.asynccontextmanager
async def running_endpoint(
    application: Application,
    *,
    host: str = "127.0.0.1",
    timers: Timers = QUICK,
    limits: ConnectionLimits | None = None,
    name_servers: NameServers | None = None,
    trunks: Mapping[str, TrunkSettings] | None = None,
    dial: DialSettings | None = None,
    count_waiting: Callable[[], int] = int,
    **settings: object,
) -> AsyncIterator[SipEndpoint]:
    clock = SystemClock()
    values = {"host": host, "port": 0, "rtp_port_min": 20000, "rtp_port_max": 29999, **settings}
    endpoint = SipEndpoint(
        SipSettings.model_validate(values),
        Pacer(clock),
        clock,
        application.on_call,
        timers,
        limits,
        name_servers,
        count_waiting,
        trunks=trunks,
        dial=dial,
    )
    await endpoint.start()
    try:
        yield endpoint
    finally:
        await endpoint.stop()


class UdpPeer(asyncio.DatagramProtocol):
    """A raw UDP socket that says what a test wants and keeps what it hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self._target = ("", 0)
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, endpoint_port: int, host: str = "127.0.0.1", port: int = 0
    ) -> AsyncIterator[UdpPeer]:
        """`host`: our own address and the endpoint's family."""
        loop = asyncio.get_running_loop()
        target = "::1" if ":" in host else "127.0.0.1"
        _, peer = await loop.create_datagram_endpoint(
            cls,
            local_addr=(host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
        )
        peer._target = (target, endpoint_port)
        try:
            yield peer
        finally:
            peer.close()
            await asyncio.sleep(0)

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.put_nowait(data)

    def send(self, data: bytes, port: int = 0) -> None:
        """port: another one than the endpoint's."""
        assert self._transport is not None
        self._transport.sendto(data, (self._target[0], port or self._target[1]))

    async def response(self, status: int | None = None, timeout_s: float = 5) -> SipResponse:
        """The next response (with that status), passing over anything else."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = parse_datagram(await self.heard.get())
                if isinstance(message, SipResponse) and status in (None, message.status):
                    return message

    async def request(self, method: str, timeout_s: float = 5) -> SipRequest:
        async with asyncio.timeout(timeout_s):
            while True:
                message = parse_datagram(await self.heard.get())
                if isinstance(message, SipRequest) and message.method == method:
                    return message

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class TcpPeer:
    """A raw TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer
        self._parser = StreamParser()
        self._waiting: list[SipMessage] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, endpoint_port: int, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[TcpPeer]:
        peer = cls(*await asyncio.open_connection(host, endpoint_port, ssl=tls))
        try:
            yield peer
        finally:
            await peer.close()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def message(self, timeout_s: float = 5) -> SipMessage | None:
        """The next message; None: the endpoint closed the connection."""
        async with asyncio.timeout(timeout_s):
            while not self._waiting:
                data = await self.reader.read(65536)
                if not data:
                    return None
                for result in self._parser.feed(data):
                    assert isinstance(result, SipRequest | SipResponse)
                    self._waiting.append(result)
        return self._waiting.pop(0)

    async def response(self, status: int | None = None, timeout_s: float = 5) -> SipResponse:
        while True:
            message = await self.message(timeout_s)
            assert message is not None, "the connection was closed"
            if isinstance(message, SipResponse) and status in (None, message.status):
                return message

    async def is_closed(self) -> bool:
        """Whether the endpoint has closed the connection, or resets it."""
        try:
            return await self.message() is None
        except ConnectionError:
            return True

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
