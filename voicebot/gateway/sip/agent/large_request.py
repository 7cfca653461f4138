"""Requests too long for a datagram go over TCP (RFC 3261 18.1.1)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from voicebot.gateway.sip.messages.message import SipRequest
from voicebot.gateway.sip.messages.peer import Peer, Transport
from voicebot.gateway.sip.messages.syntax import split_commas

MAX_DATAGRAM_BYTES = 1300
"""18.1.1: the limit where the path's MTU is not known. It is not."""

REMEMBER_S = 600.0
MAX_REMEMBERED = 1000


class LargeRequests:
    """Decides which requests leave UDP for TCP, and remembers who takes no TCP."""

    def __init__(self) -> None:
        self._without_tcp: OrderedDict[tuple[str, int], float] = OrderedDict()

    def way_of(self, request: SipRequest, peer: Peer, now: float) -> Peer:
        """Where the request goes. Its top Via is changed where that is not `peer`."""
        if peer.transport != "UDP" or len(request.to_bytes()) <= MAX_DATAGRAM_BYTES:
            return peer
        if self._without_tcp.get((peer.host, peer.port), now) > now:
            return peer
        set_via_transport(request, "TCP")
        return replace(peer, transport="TCP")

    def tcp_failed(self, peer: Peer, now: float) -> None:
        """18.1.1: the request is tried again over UDP; later ones to this peer go there at once."""
        self._without_tcp[(peer.host, peer.port)] = now + REMEMBER_S
        while len(self._without_tcp) > MAX_REMEMBERED:
            self._without_tcp.popitem(last=False)


def set_via_transport(request: SipRequest, transport: Transport) -> None:
    """Of the top Via: what it says must be the transport that carries the request."""
    _, *others = split_commas(request.headers.get("Via") or "")
    via = replace(request.via, transport=transport)
    request.headers.replace_first("Via", ", ".join([str(via), *others]))
