"""Which way messages take: Via on requests, the source of what came in, hops inside a dialog."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.messages.message import SipRequest
from voicebot.gateway.sip.messages.peer import Peer, Transport
from voicebot.gateway.sip.messages.syntax import split_commas
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.network.server_location import default_port, is_address, named_transport


def note_source(request: SipRequest, source: Peer) -> None:
    """Write into the top Via where the request really came from (18.2.1, RFC 3581 4)."""
    via = request.via
    params = dict(via.params)
    # Whatever a sender claims here about itself is not taken over.
    params.pop("received", None)
    if via.wants_rport:
        params["rport"] = str(source.port)
    if via.wants_rport or via.host != source.host:
        params["received"] = source.host
    if params == via.params:
        return
    _, *others = split_commas(request.headers.get("Via") or "")
    stamped = replace(via, params=params)
    request.headers.replace_first("Via", ", ".join([str(stamped), *others]))


def response_peer(request: SipRequest, source: Peer) -> Peer:
    """Where answers go (RFC 3261 18.2.2, RFC 3581 4).

    maddr is not followed: it would let any stranger send our answers wherever he likes, and
    we never listen on multicast.
    """
    sent_by_port = request.via.sent_by[1]
    if source.is_reliable:
        # Back on the connection it came on; where that is gone, on a new one to sent-by's port.
        # A connection over TLS that has to be made anew leads to who sent-by says.
        domain = request.via.host if source.transport == "TLS" else ""
        return Peer(source.transport, source.host, sent_by_port, source.connection_id, domain)
    return Peer("UDP", source.host, source.port if request.via.wants_rport else sent_by_port)


def is_behind_nat(request: SipRequest, source: Peer) -> bool:
    """The sender names the same unreachable address in Via and Contact, and no proxy stands by.

    Its requests come from elsewhere, so ours have to go there: to Contact they would be lost.
    """
    contact = request.contact
    if contact is None or request.record_routes or not contact.uri.is_sip:
        return False
    return request.via.host == contact.uri.host and contact.uri.host != source.host


def transport_towards(uri: SipUri, default: Transport) -> Transport:
    """The transport that a URI names, among ours."""
    try:
        return named_transport(uri) or default
    except ValueError:
        # RFC 5630 3.1: a sips URI is never reached over less than TLS.
        return "TLS" if uri.scheme == "sips" else default


def dialog_peer(dialog: SipDialog, first_peer: Peer, behind_nat: bool) -> Peer:
    """Where our requests inside a dialog are sent.

    first_peer: where its first message came from or went to. A connection is kept in use
    (RFC 5923) while the next hop is the host at its other end.
    """
    target = dialog.next_hop
    if not target.host:
        return first_peer  # tel: and the like name nobody on the network
    transport = transport_towards(target, first_peer.transport)
    if dialog.is_secure:
        # Whatever the other side's Contact says later (RFC 5630 3.1: no downgrade).
        transport = "TLS"
    if behind_nat and not dialog.route_set and transport == first_peer.transport:
        return first_peer
    # A name without a port is one to look up by SRV (RFC 3263 4.2); 0 says so.
    port = target.port or (default_port(transport) if is_address(target.host) else 0)
    if transport == first_peer.transport != "UDP" and _may_be_same_host(target.host, first_peer):
        return Peer(transport, target.host, port, first_peer.connection_id, first_peer.domain)
    return Peer(transport, target.host, port)


def _may_be_same_host(host: str, peer: Peer) -> bool:
    """Also for a name, which nobody has looked up: a proxy writes its own into Record-Route."""
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(peer.host)
    except ValueError:
        return True
