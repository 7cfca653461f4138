"""A running endpoint with trunks, and a trunk that says what a test wants."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import cast

from tests.integration.sip_endpoint_bench import QUICK, Application
from voicebot.clock import SystemClock
from voicebot.gateway.sip.agent.transaction import Timers
from voicebot.gateway.sip.endpoint import SipEndpoint
from voicebot.gateway.sip.messages.message import SipRequest, make_response, parse_datagram
from voicebot.media.pacer import Pacer
from voicebot.settings import DialSettings, SipSettings, TrunkSettings

Fields = Mapping[str, object]


@contextlib.asynccontextmanager
async def trunked_endpoint(
    trunks: Mapping[str, Fields],
    *,
    application: Application | None = None,
    dial: Fields | None = None,
    timers: Timers = QUICK,
    **settings: object,
) -> AsyncIterator[SipEndpoint]:
    """trunks: fields of TrunkSettings by name; without OPTIONS unless they say so."""
    clock = SystemClock()
    values = {"host": "127.0.0.1", "port": 0, "rtp_port_min": 20000, "rtp_port_max": 29999}
    known = {
        name: TrunkSettings.model_validate(
            {"host": "127.0.0.1", "transport": "udp", "options_interval_s": 0, **fields}
        )
        for name, fields in trunks.items()
    }
    endpoint = SipEndpoint(
        SipSettings.model_validate({**values, **settings}),
        Pacer(clock),
        clock,
        (application or Application()).on_call,
        timers,
        trunks=known,
        dial=DialSettings.model_validate(dial or {}),
    )
    await endpoint.start()
    try:
        yield endpoint
    finally:
        await endpoint.stop()


Answer = tuple[int, tuple[tuple[str, str], ...]]
"""Status and header fields."""


class ScriptedTrunk(asyncio.DatagramProtocol):
    """Answers each request with what `decide` says of it; None: with nothing."""

    def __init__(self, decide: Callable[[SipRequest], Answer | None]) -> None:
        self.decide = decide
        self.requests: list[SipRequest] = []
        self._heard = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, decide: Callable[[SipRequest], Answer | None]
    ) -> AsyncIterator[ScriptedTrunk]:
        loop = asyncio.get_running_loop()
        transport, trunk = await loop.create_datagram_endpoint(
            lambda: cls(decide), local_addr=("127.0.0.1", 0)
        )
        try:
            yield trunk
        finally:
            transport.close()
            await asyncio.sleep(0)

    @property
    def port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def of(self, method: str) -> list[SipRequest]:
        """Different requests of that method; what was repeated counts once."""
        found = {
            str(request.via.branch): request
            for request in self.requests
            if request.method == method
        }
        return list(found.values())

    async def wait_for(self, method: str, number: int = 1) -> SipRequest:
        """The number-th request of that method."""
        async with asyncio.timeout(20):
            while len(self.of(method)) < number:
                self._heard.clear()
                await self._heard.wait()
        return self.of(method)[number - 1]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        request = parse_datagram(data)
        if not isinstance(request, SipRequest) or self._transport is None:
            return
        self.requests.append(request)
        self._heard.set()
        answer = None if request.method == "ACK" else self.decide(request)
        if answer is not None:
            status, headers = answer
            response = make_response(request, status, to_tag="trunk", headers=headers)
            self._transport.sendto(response.to_bytes(), addr)


def always(status: int, *headers: tuple[str, str]) -> Callable[[SipRequest], Answer | None]:
    return lambda request: (status, headers)


def silence(request: SipRequest) -> Answer | None:
    """Never answers."""
    return None
