"""Where a SIP message came from, or goes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Transport = Literal["UDP", "TCP", "TLS"]


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of one hop.

    host: an IP address without brackets; a name only on the way out, where transport looks it up.
    port: 0, with a name: found by DNS too.
    connection_id: the TCP or TLS connection the message came on and answers go back on; 0: any,
    or a new one.
    domain: whose certificate the other end of TLS must show (RFC 5922); empty: `host`.
    """

    transport: Transport
    host: str
    port: int
    connection_id: int = 0
    domain: str = ""

    @property
    def tls_name(self) -> str:
        return self.domain or self.host

    @property
    def is_reliable(self) -> bool:
        return self.transport != "UDP"


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """Bytes to put on the wire. `key`: the client transaction that fails if that can't be done."""

    data: bytes
    peer: Peer
    key: object = None
