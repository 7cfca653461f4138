"""A real name server on loopback that knows a few records and can be deaf."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import cast

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from voicebot.gateway.sip.network.resolver import NameServers


class DnsServer(asyncio.DatagramProtocol):
    """zone: "name type" to record texts, such as `{"sip.test. A": ["127.0.0.1"]}`."""

    def __init__(self, zone: dict[str, list[str]], ttl_s: int = 60) -> None:
        self.zone = zone
        self.ttl_s = ttl_s
        self.is_deaf = False
        self.asked: Counter[str] = Counter()
        self._transport: asyncio.DatagramTransport | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def run(cls, zone: dict[str, list[str]], ttl_s: int = 60) -> AsyncIterator[DnsServer]:
        loop = asyncio.get_running_loop()
        transport, server = await loop.create_datagram_endpoint(
            lambda: cls(zone, ttl_s), local_addr=("127.0.0.1", 0)
        )
        try:
            yield server
        finally:
            transport.close()
            await asyncio.sleep(0)

    @property
    def name_servers(self) -> NameServers:
        assert self._transport is not None
        return NameServers(("127.0.0.1",), self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        key = f"{question.name.to_text()} {kind}"
        self.asked[key] += 1
        if self.is_deaf or self._transport is None:
            return
        answer = dns.message.make_response(query)
        texts = self.zone.get(key)
        if texts:
            answer.answer.append(dns.rrset.from_text(question.name, self.ttl_s, "IN", kind, *texts))
        elif not any(known.startswith(f"{question.name.to_text()} ") for known in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)
