"""Looks up where SIP requests go: DNS by dnspython, the hosts file, and a small cache."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import dns.asyncresolver
import dns.exception
import dns.rdataclass
import dns.rdatatype
import dns.resolver
from dns.rdata import Rdata
from dns.rdtypes.IN.NAPTR import NAPTR
from dns.rdtypes.IN.SRV import SRV

from voicebot.clock import Clock
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.network.server_location import (
    Naptr,
    Question,
    Records,
    ServerLocation,
    Srv,
    is_address,
)

log = logging.getLogger(__name__)

AddressFamily = Literal["ipv4", "ipv6", "both"]

HOSTS_FILE = Path("/etc/hosts")
LOOKUP_S = 3.0
"""For one question over all name servers and attempts; a caller waits meanwhile."""

ATTEMPT_S = 1.0
MAX_CACHED = 1000
MAX_TTL_S = 3600.0
MIN_TTL_S = 1.0
NOTHING_FOUND_S = 10.0
"""For how long it is believed that there is no such record, or that nobody answers."""

_LOCAL_SUFFIXES = (".local", ".localhost")


@dataclass(frozen=True, slots=True)
class NameServers:
    """Name servers other than the machine's own."""

    addresses: tuple[str, ...]
    port: int = 53


class RecordCache:
    """Answers with the time until which they hold; the ones unused for longest go first."""

    def __init__(self, max_entries: int = MAX_CACHED) -> None:
        self._max_entries = max_entries
        self._entries: OrderedDict[Question, tuple[Records, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, question: Question, now: float) -> Records | None:
        entry = self._entries.get(question)
        if entry is None:
            return None
        records, expires_at = entry
        if now >= expires_at:
            del self._entries[question]
            return None
        self._entries.move_to_end(question)
        return records

    def put(self, question: Question, records: Records, ttl_s: float, now: float) -> None:
        ttl_s = min(max(ttl_s, MIN_TTL_S), MAX_TTL_S)
        self._entries[question] = (records, now + ttl_s)
        self._entries.move_to_end(question)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)


class Resolver:
    """Turns URIs into the addresses to try. One for an endpoint; nothing here blocks the loop."""

    def __init__(
        self,
        clock: Clock,
        family: AddressFamily = "both",
        name_servers: NameServers | None = None,
        hosts_file: Path = HOSTS_FILE,
        rng: random.Random | None = None,
    ) -> None:
        """family: what our sockets reach. name_servers: None: the machine's."""
        self._clock = clock
        self._family = family
        self._hosts_file = hosts_file
        self._cache = RecordCache()
        # Spreads load, keeps no secret.
        self._rng = rng or random.Random()
        self._dns = _dns_resolver(name_servers)

    async def targets(self, uri: SipUri) -> list[Peer]:
        """Peers to try in this order (RFC 3263). Empty: not found, or no transport of ours."""
        try:
            location = ServerLocation(uri, self._rng)
        except ValueError:
            return []
        while questions := location.questions():
            answers = await asyncio.gather(*(self._answer(question) for question in questions))
            for question, records in zip(questions, answers, strict=True):
                location.receive(question, records)
        return location.targets()

    async def _answer(self, question: Question) -> Records:
        now = self._clock.monotonic()
        cached = self._cache.get(question, now)
        if cached is not None:
            return cached
        records, ttl_s = await self._look_up(question)
        self._cache.put(question, records, ttl_s, self._clock.monotonic())
        return records

    async def _look_up(self, question: Question) -> tuple[Records, float]:
        name = question.name
        is_local = "." not in name or name.endswith(_LOCAL_SUFFIXES)
        if question.kind == "NAPTR":
            return ((), NOTHING_FOUND_S) if is_local else await self._ask_naptr(name)
        if question.kind == "SRV":
            is_local = name.endswith(_LOCAL_SUFFIXES) or name.count(".") < 3
            return ((), NOTHING_FOUND_S) if is_local else await self._ask_srv(name)
        written = await asyncio.to_thread(self._read_hosts, name)
        if written:
            return written, NOTHING_FOUND_S
        if not is_local:
            addresses, ttl_s = await self._ask_addresses(name)
            if addresses:
                return addresses, ttl_s
        return await self._ask_system(name), NOTHING_FOUND_S

    async def _ask_naptr(self, name: str) -> tuple[list[Naptr], float]:
        rdatas, ttl_s = await self._ask(name, dns.rdatatype.NAPTR)
        records = [
            Naptr(
                rdata.order,
                rdata.preference,
                rdata.flags.decode("ascii", "replace"),
                rdata.service.decode("ascii", "replace"),
                rdata.replacement.to_text(),
            )
            for rdata in rdatas
            if isinstance(rdata, NAPTR)
        ]
        return records, ttl_s

    async def _ask_srv(self, name: str) -> tuple[list[Srv], float]:
        rdatas, ttl_s = await self._ask(name, dns.rdatatype.SRV)
        records = [
            Srv(rdata.priority, rdata.weight, rdata.port, rdata.target.to_text())
            for rdata in rdatas
            if isinstance(rdata, SRV)
        ]
        return records, ttl_s

    async def _ask_addresses(self, name: str) -> tuple[list[str], float]:
        kinds = {
            "ipv4": [dns.rdatatype.A],
            "ipv6": [dns.rdatatype.AAAA],
            "both": [dns.rdatatype.A, dns.rdatatype.AAAA],
        }[self._family]
        answers = await asyncio.gather(*(self._ask(name, kind) for kind in kinds))
        addresses = [rdata.to_text() for rdatas, _ in answers for rdata in rdatas]
        return addresses, min(ttl_s for rdatas, ttl_s in answers if rdatas or not addresses)

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> tuple[Sequence[Rdata], float]:
        """Nothing where there is nothing, or nobody answers in time."""
        if self._dns is None:
            return [], NOTHING_FOUND_S
        try:
            answer = await self._dns.resolve(
                name, kind, search=False, raise_on_no_answer=False, lifetime=LOOKUP_S
            )
        except dns.resolver.NXDOMAIN:
            return [], NOTHING_FOUND_S
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            log.warning("DNS does not answer", extra={"kind": type(error).__name__})
            return [], MIN_TTL_S
        if answer.rrset is None:
            return [], NOTHING_FOUND_S
        return list(answer.rrset), float(answer.rrset.ttl)

    async def _ask_system(self, name: str) -> list[str]:
        """What only the operating system knows: names of the local network, search domains."""
        family = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6, "both": socket.AF_UNSPEC}
        try:
            async with asyncio.timeout(LOOKUP_S):
                found = await asyncio.get_running_loop().getaddrinfo(
                    name, None, family=family[self._family], type=socket.SOCK_DGRAM
                )
        except (OSError, UnicodeError):
            return []
        return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))

    def _read_hosts(self, name: str) -> list[str]:
        """What an administrator wrote into the hosts file goes before DNS, as everywhere else."""
        try:
            text = self._hosts_file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        found = []
        for line in text.splitlines():
            address, *names = line.partition("#")[0].split() or [""]
            if name.lower() in (each.lower() for each in names) and self._reaches(address):
                found.append(address)
        return found

    def _reaches(self, address: str) -> bool:
        if not is_address(address):
            return False
        return self._family == "both" or (":" in address) == (self._family == "ipv6")


def _dns_resolver(name_servers: NameServers | None) -> dns.asyncresolver.Resolver | None:
    """None: this machine has no name server."""
    try:
        resolver = dns.asyncresolver.Resolver(configure=name_servers is None)
    except dns.resolver.NoResolverConfiguration:
        return None
    if name_servers is not None:
        resolver.nameservers = list(name_servers.addresses)
        resolver.port = name_servers.port
    resolver.timeout = ATTEMPT_S
    return resolver
