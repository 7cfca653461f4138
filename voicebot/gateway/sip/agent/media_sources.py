"""Which hosts a call's signalling speaks of: besides the SDP's, its audio may come from them."""

from __future__ import annotations

import contextlib
import ipaddress

from voicebot.errors import SipParseError
from voicebot.gateway.sip.agent.sip_call import SipCall
from voicebot.records import Direction

MAX_HOSTS = 16
"""A request of a hundred Vias names no more."""


def media_hosts(call: SipCall) -> frozenset[str]:
    """Literal addresses: where signalling comes from, Contact, and what proxies noted in Via.

    A phone behind a NAT writes an address into its SDP that nobody reaches. Its audio comes from
    the NAT, which signalling shows: it comes from there itself, or the first proxy has noted it
    (`received`, RFC 3261 18.2.1), or has put it into Contact.
    """
    hosts = [call.peer.host]
    if call.dialog is not None:
        hosts.append(call.dialog.remote_target.host)
    if call.direction is Direction.INBOUND:
        with contextlib.suppress(SipParseError):  # only the top one has been read so far
            hosts += [via.params.get("received") or "" for via in call.invite.vias]
    return frozenset(filter(None, map(_literal, hosts[:MAX_HOSTS])))


def _literal(host: str) -> str | None:
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
    return None if address.is_unspecified or address.is_multicast else str(address)
