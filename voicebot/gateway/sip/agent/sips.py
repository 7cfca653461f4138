"""sips URIs: TLS on every hop, or no call (RFC 5630)."""

from __future__ import annotations

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import Refusal, SipRequest
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.network.server_location import default_port


def uri_schemes(serves_tls: bool) -> frozenset[str]:
    """Schemes of a Request-URI that we take; another one gets 416 (RFC 3261 8.2.2.1)."""
    return frozenset({"sip", "sips"}) if serves_tls else frozenset({"sip"})


def refuse_unprotected(request: SipRequest, source: Peer, local_host: str) -> Refusal | None:
    """480 for a sips request that came to us in the clear: somebody broke the promise.

    RFC 5630 5.3 wants 480 with Warning 380 where a sips URI can't be served.
    """
    if request.uri.scheme != "sips" or source.transport == "TLS":
        return None
    host = f"[{local_host}]" if ":" in local_host else local_host
    return 480, [("Warning", f'380 {host} "SIPS Not Allowed"')]


def needs_sips(invite: SipRequest, is_inbound: bool) -> bool:
    """Whether our Contact in this call must be a sips URI (RFC 3261 8.1.1.8, 12.1.1)."""
    if invite.uri.scheme == "sips":
        return True
    try:
        if not is_inbound:
            routes = invite.routes
            return bool(routes) and routes[0].uri.scheme == "sips"
        hops = invite.record_routes
        first = hops[0] if hops else invite.contact
    except SipParseError:
        return False
    return first is not None and first.uri.scheme == "sips"


def contact_uri(
    user: str, host: str, peer: Peer, port: int, tls_port: int, is_sips: bool
) -> SipUri:
    """Our address as this peer reaches it: the transport it uses, and that one's port."""
    if is_sips:
        return SipUri("sips", user, host, tls_port or default_port("TLS"))
    if peer.transport == "UDP":
        return SipUri("sip", user, host, port)
    if peer.transport == "TLS":
        port = tls_port or default_port("TLS")
    # RFC 5630 3.1.4 deprecates transport=tls, and has no other way for a sip URI.
    return SipUri("sip", user, host, port, (("transport", peer.transport.lower()),))
