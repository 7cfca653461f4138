"""Where a SIP URI's requests go (RFC 3263): which DNS records to ask for, and what they mean.

No I/O: ask what `questions()` names, tell each answer with `receive()`, until no question is
left; then `targets()` is the list to try, best first.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from voicebot.gateway.sip.messages.peer import Peer, Transport
from voicebot.gateway.sip.messages.uri import SipUri

MAX_TARGETS = 16
"""However many records a stranger's domain has."""

RecordKind = Literal["NAPTR", "SRV", "ADDRESS"]

_NAPTR_TRANSPORTS: dict[str, Transport] = {
    "SIP+D2U": "UDP",
    "SIP+D2T": "TCP",
    "SIPS+D2T": "TLS",
}
_TRANSPORTS: dict[str, Transport] = {"udp": "UDP", "tcp": "TCP", "tls": "TLS"}
_SRV_PREFIXES: dict[Transport, str] = {
    "UDP": "_sip._udp.",
    "TCP": "_sip._tcp.",
    "TLS": "_sips._tcp.",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to look up. ADDRESS: A and AAAA, as far as we can reach them."""

    kind: RecordKind
    name: str


@dataclass(frozen=True, slots=True)
class Naptr:
    """RFC 3403, as RFC 3263 4.1 uses it."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


@dataclass(frozen=True, slots=True)
class Srv:
    """RFC 2782."""

    priority: int
    weight: int
    port: int
    target: str


Records = Sequence[Naptr] | Sequence[Srv] | Sequence[str]


def default_port(transport: Transport) -> int:
    """RFC 3261 18.2.1."""
    return 5061 if transport == "TLS" else 5060


def named_transport(uri: SipUri) -> Transport | None:
    """The transport that the URI itself asks for; None: any.

    sips is TLS whatever else it says (RFC 5630 3.1.3); `transport=tls` is of old, and common.
    Raises ValueError for one that we don't have.
    """
    named = (uri.param("transport") or "").lower()
    if uri.scheme == "sips":
        # TLS runs on TCP, so `sips:...;transport=tcp` is what the RFC wants to see.
        if named in ("", "tcp", "tls"):
            return "TLS"
    elif named in ("", "udp", "tcp", "tls"):
        return _TRANSPORTS.get(named)
    raise ValueError("a transport that we don't have")


class ServerLocation:
    """Finds the targets of one URI. `maddr` is not followed: see `routing.response_peer`."""

    def __init__(self, uri: SipUri, rng: random.Random) -> None:
        """rng: draws lots among SRV records of one priority. Raises ValueError."""
        self._uri = uri
        self._rng = rng
        self._domain = uri.host
        self._transport = named_transport(uri)
        self._open: list[Question] = []
        self._answered: dict[Question, Records] = {}
        self._services: list[tuple[Transport, str]] = []
        """SRV names to use, the preferred one first."""
        self._hosts: list[tuple[Transport, str, int]] = []
        """Name or address, each with its port, in order."""
        self._begin()

    def questions(self) -> list[Question]:
        """What to look up now, at once; empty: done."""
        return [question for question in self._open if question not in self._answered]

    def receive(self, question: Question, records: Records) -> None:
        """The records of this question; none where there are none or nobody answers."""
        self._answered[question] = records
        if not self.questions():
            self._go_on()

    def targets(self) -> list[Peer]:
        """Addresses to try in this order; empty: nothing was found."""
        peers: list[Peer] = []
        for transport, host, port in self._hosts:
            addresses = [host] if is_address(host) else self._answers_of(Question("ADDRESS", host))
            for address in addresses:
                peer = Peer(transport, str(address), port, domain=self._domain)
                if peer not in peers:
                    peers.append(peer)
        return peers[:MAX_TARGETS]

    # RFC 3263 4.1 and 4.2

    def _begin(self) -> None:
        transport = self._transport or ("TLS" if self._uri.scheme == "sips" else "UDP")
        if is_address(self._domain) or self._uri.port is not None:
            self._take_host(transport)
        elif self._transport is None or self._uri.scheme == "sips":
            self._open = [Question("NAPTR", self._domain)]
        else:
            self._ask_services([(transport, _SRV_PREFIXES[transport] + self._domain)])

    def _go_on(self) -> None:
        """Everything asked has been answered."""
        asked, self._open = self._open, []
        kind = asked[0].kind if asked else None
        if kind == "NAPTR":
            self._choose_services(self._answers_of(asked[0]))
        elif kind == "SRV":
            self._choose_hosts()

    def _choose_services(self, records: Iterable[object]) -> None:
        """NAPTR: by order, then by preference, of those services that we have."""
        found = sorted(
            (record for record in records if isinstance(record, Naptr)),
            key=lambda record: (record.order, record.preference),
        )
        services: list[tuple[Transport, str]] = []
        for record in found:
            transport = _NAPTR_TRANSPORTS.get(record.service.upper())
            if transport is None or record.flags.lower() != "s":
                continue
            # 4.1: for a sips URI, services that are not SIPS are discarded.
            if self._uri.scheme == "sips" and transport != "TLS":
                continue
            services.append((transport, record.replacement.rstrip(".")))
        if not services:
            wanted: list[Transport] = ["TLS"] if self._uri.scheme == "sips" else ["UDP", "TCP"]
            # Not TLS for a sip URI: where nobody announced it, the certificate most often is
            # of a web server's.
            services = [(each, _SRV_PREFIXES[each] + self._domain) for each in wanted]
        self._ask_services(services)

    def _ask_services(self, services: list[tuple[Transport, str]]) -> None:
        self._services = services
        self._open = [Question("SRV", name) for _, name in services]

    def _choose_hosts(self) -> None:
        is_refused = False
        for transport, name in self._services:
            records = [
                record
                for record in self._answers_of(Question("SRV", name))
                if isinstance(record, Srv)
            ]
            # RFC 2782: a single "." as target: decidedly no such service here.
            is_refused |= any(record.target in (".", "") for record in records)
            usable = [record for record in records if record.target not in (".", "")]
            for record in in_order(usable, self._rng):
                self._hosts.append((transport, record.target.rstrip("."), record.port))
        self._hosts = self._hosts[:MAX_TARGETS]
        if self._hosts:
            self._ask_addresses()
        elif not is_refused:
            # 4.2: no SRV record at all: the name itself, at the default port.
            self._take_host(self._services[0][0])

    def _take_host(self, transport: Transport) -> None:
        port = self._uri.port if self._uri.port is not None else default_port(transport)
        self._hosts = [(transport, self._domain, port)]
        self._ask_addresses()

    def _ask_addresses(self) -> None:
        names = dict.fromkeys(host for _, host, _ in self._hosts if not is_address(host))
        self._open = [Question("ADDRESS", name) for name in names]

    def _answers_of(self, question: Question) -> Records:
        return self._answered.get(question, ())


def in_order(records: Iterable[Srv], rng: random.Random) -> list[Srv]:
    """By priority; among equals drawn by weight (RFC 2782)."""
    waiting = sorted(records, key=lambda record: (record.priority, record.weight))
    drawn: list[Srv] = []
    while waiting:
        # Sorted, so those of weight 0 stand first, and have the small chance they are due.
        equals = [record for record in waiting if record.priority == waiting[0].priority]
        lot = rng.randint(0, sum(record.weight for record in equals))
        for record in equals:
            lot -= record.weight
            if lot <= 0:
                drawn.append(record)
                waiting.remove(record)
                break
    return drawn


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
