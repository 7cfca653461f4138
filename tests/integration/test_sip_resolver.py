"""Where calls go, by a real name server; and where they go when the first way fails."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.integration.certificates import Certificates
from tests.integration.dns_server import DnsServer
from tests.integration.sip_endpoint_bench import QUICK, Application, UdpPeer, running_endpoint
from tests.sip_messages import response
from voicebot.errors import CallFailed
from voicebot.gateway.sip.agent.transaction import Timers
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.endpoint import SipEndpoint
from voicebot.gateway.sip.incoming_call import IncomingCall
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.network.resolver import AddressFamily, Resolver

ZONE = {
    "carrier.test. NAPTR": [
        '20 10 "s" "SIP+D2U" "" _sip._udp.carrier.test.',
        '10 10 "s" "SIP+D2T" "" _sip._tcp.carrier.test.',
    ],
    "_sip._udp.carrier.test. SRV": ["10 0 5066 a.carrier.test."],
    "_sip._tcp.carrier.test. SRV": ["20 0 5068 b.carrier.test.", "10 0 5067 a.carrier.test."],
    "a.carrier.test. A": ["192.0.2.1"],
    "a.carrier.test. AAAA": ["2001:db8::1"],
    "b.carrier.test. A": ["192.0.2.2"],
}


def resolver(
    server: DnsServer,
    clock: FakeClock | None = None,
    family: AddressFamily = "ipv4",
    hosts: Path = Path("/nonexistent"),
) -> Resolver:
    return Resolver(clock or FakeClock(), family, server.name_servers, hosts)


async def found(resolver: Resolver, uri: str) -> list[tuple[str, str, int]]:
    peers = await resolver.targets(SipUri.parse(uri))
    return [(peer.transport, peer.host, peer.port) for peer in peers]


async def test_naptr_srv_and_addresses():
    async with DnsServer.run(ZONE) as server:
        assert await found(resolver(server), "sip:carrier.test") == [
            ("TCP", "192.0.2.1", 5067),
            ("TCP", "192.0.2.2", 5068),
            ("UDP", "192.0.2.1", 5066),
        ]
        both = resolver(server, family="both")
        assert await found(both, "sip:carrier.test;transport=udp") == [
            ("UDP", "192.0.2.1", 5066),
            ("UDP", "2001:db8::1", 5066),
        ]
        assert await found(resolver(server, family="ipv6"), "sip:a.carrier.test:5099") == [
            ("UDP", "2001:db8::1", 5099)
        ]


async def test_answers_are_kept_as_long_as_they_hold():
    clock = FakeClock()
    async with DnsServer.run(ZONE, ttl_s=60) as server:
        kept = resolver(server, clock)
        for _ in range(3):
            assert len(await found(kept, "sip:carrier.test")) == 3
        assert set(server.asked.values()) == {1}
        clock.move(61)
        server.zone = {"carrier.test. A": ["192.0.2.9"]}
        assert await found(kept, "sip:carrier.test") == [("UDP", "192.0.2.9", 5060)]


async def test_hosts_file_goes_first(tmp_path: Path):
    hosts = tmp_path / "hosts"
    hosts.write_text("# ours\n192.0.2.77  pbx.test PBX # the one in the cellar\n::1 pbx.test\n")
    async with DnsServer.run({"pbx.test. A": ["192.0.2.1"]}) as server:
        assert await found(resolver(server, hosts=hosts), "sip:pbx.test:5060") == [
            ("UDP", "192.0.2.77", 5060)
        ]
        assert await found(resolver(server, hosts=hosts), "sip:pbx") == [
            ("UDP", "192.0.2.77", 5060)
        ]
        assert server.asked["pbx. A"] == 0, "a name without a dot is of the local network"


async def test_name_server_that_does_not_answer_holds_nobody_up():
    ticks = 0

    async def heartbeat() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.02)
            ticks += 1

    async with DnsServer.run(ZONE) as server:
        server.is_deaf = True
        beating = asyncio.ensure_future(heartbeat())
        async with asyncio.timeout(20):
            assert await found(resolver(server), "sip:carrier.invalid:5060") == []
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        assert ticks > 20, "the loop went on meanwhile"
        server.is_deaf = False


async def test_transport_that_we_do_not_have_leads_nowhere():
    async with DnsServer.run(ZONE) as server:
        assert await found(resolver(server), "sip:carrier.test;transport=sctp") == []


# Calls


class Refusing(Application):
    """Takes no call: `status` is its answer."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self._status = status

    async def decide(self, incoming: IncomingCall) -> SipCallLeg | None:
        incoming.reject(self._status)
        return None


@contextlib.asynccontextmanager
async def caller_knowing(
    *ports: int, transport: str = "udp", timers: Timers = QUICK
) -> AsyncIterator[tuple[SipEndpoint, str]]:
    """A URI whose SRV records name these ports of 127.0.0.1, in this order."""
    zone = {
        f"_sip._{transport}.trunk.test. SRV": [
            f"{priority} 0 {port} host.trunk.test." for priority, port in enumerate(ports)
        ],
        "host.trunk.test. A": ["127.0.0.1"],
    }
    async with (
        DnsServer.run(zone) as server,
        running_endpoint(
            Application(), name_servers=server.name_servers, timers=timers
        ) as endpoint,
    ):
        yield endpoint, f"sip:anna@trunk.test;transport={transport}"


def closed_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_503_leads_to_the_next_target():
    full, free = Refusing(503), Application()
    async with (
        running_endpoint(full) as first,
        running_endpoint(free) as second,
        caller_knowing(first.port, second.port) as (caller, uri),
    ):
        leg = await caller.call(uri, "debtor")
        assert (full.n_calls, free.n_calls) == (1, 1)
        await leg.hang_up("done")
        assert await free.next_end() == "hangup"
        assert caller.n_calls == 0


async def test_target_without_a_connection_leads_to_the_next():
    free = Application()
    async with (
        running_endpoint(free) as second,
        caller_knowing(closed_port(), second.port, transport="tcp") as (caller, uri),
    ):
        leg = await caller.call(uri, "debtor")
        await leg.hang_up("done")
        assert free.n_calls == 1


async def test_silent_target_is_left_before_anybody_gets_impatient():
    free = Application()
    async with (
        running_endpoint(free) as second,
        UdpPeer.open(second.port) as deaf,
        caller_knowing(deaf.port, second.port) as (caller, uri),
    ):
        async with asyncio.timeout(15):
            leg = await caller.call(uri, "debtor")
        await leg.hang_up("done")
        assert free.n_calls == 1


async def test_target_that_answers_late_is_told_that_nobody_waits():
    """It comes to life after we went on: its 200 is acknowledged and ended (13.2.2.4)."""
    free = Application()
    async with (
        running_endpoint(free) as second,
        UdpPeer.open(second.port) as late,
        caller_knowing(late.port, second.port, timers=Timers()) as (caller, uri),
    ):
        leg = await caller.call(uri, "debtor")
        invite = await late.request("INVITE")
        late.send(response(invite, 180), caller.port)
        assert (await late.request("CANCEL")).call_id == invite.call_id
        await leg.hang_up("done")


@pytest.mark.parametrize("status", [404, 486, 603])
async def test_answer_of_the_called_is_final(status: int):
    busy, free = Refusing(status), Application()
    async with (
        running_endpoint(busy) as first,
        running_endpoint(free) as second,
        caller_knowing(first.port, second.port) as (caller, uri),
    ):
        with pytest.raises(CallFailed) as failure:
            await caller.call(uri, "debtor")
        assert failure.value.status == status
        assert free.n_calls == 0, "who is busy is not called a second time"


async def test_certificate_is_of_the_domain_that_was_dialled_not_of_the_srv_target(
    tmp_path: Path,
):
    """RFC 5922 7.3: DNS may be forged; who answers must prove to be the domain itself."""
    certificates = Certificates(tmp_path)
    honest, forged = Application(), Application()
    async with (
        running_endpoint(forged, **certificates.settings("host.trunk.test")) as wrong,
        running_endpoint(honest, **certificates.settings("trunk.test")) as right,
    ):
        zone = {
            "_sips._tcp.trunk.test. SRV": [
                f"1 0 {wrong.tls_port} host.trunk.test.",
                f"2 0 {right.tls_port} host.trunk.test.",
            ],
            "host.trunk.test. A": ["127.0.0.1"],
        }
        async with (
            DnsServer.run(zone) as server,
            running_endpoint(
                Application(),
                name_servers=server.name_servers,
                **certificates.settings("caller.test"),
            ) as caller,
        ):
            leg = await caller.call("sips:anna@trunk.test", "debtor")
            assert (forged.n_calls, honest.n_calls) == (0, 1)
            assert leg.call.peer == Peer(
                "TLS", "127.0.0.1", right.tls_port or 0, domain="trunk.test"
            )
            await leg.hang_up("done")
