"""Who calls through a trunk, as the callee and as the carrier see it (RFC 3323, RFC 3325)."""

from __future__ import annotations

from voicebot.gateway.sip.messages.uri import NameAddr, SipUri
from voicebot.gateway.sip.trunks.trunk import Trunk

# RFC 3323 4.1.1.3: an address that leads nowhere.
_ANONYMOUS = NameAddr("Anonymous", SipUri("sip", "anonymous", "anonymous.invalid"))

_IDENTITY_FIELDS = {
    "p-asserted-identity": "P-Asserted-Identity",
    "p-preferred-identity": "P-Preferred-Identity",
}


def own_address(trunk: Trunk, user: str) -> NameAddr:
    """Us as the trunk knows us: its number for us, else our user name with it, else `user`.

    In the trunk's domain: there the number means something (RFC 3261 19.1.6).
    """
    settings = trunk.settings
    number = settings.caller_id or trunk.user(user)
    params = (("user", "phone"),) if number.startswith("+") else ()
    return NameAddr("", SipUri("sip", number, settings.host, None, params))


def shown_address(trunk: Trunk, user: str) -> NameAddr:
    """From, without its tag: what the callee may see."""
    return _ANONYMOUS if trunk.settings.hide_number else own_address(trunk, user)


def identity_headers(trunk: Trunk, user: str) -> list[tuple[str, str]]:
    """The identity that the carrier goes by, and whether it may pass it on."""
    fields: list[tuple[str, str]] = []
    name = _IDENTITY_FIELDS.get(trunk.settings.identity)
    if name is not None:
        fields.append((name, str(own_address(trunk, user))))
    if trunk.settings.hide_number:
        # RFC 3325 9.3: withheld from whoever is outside the carrier's trust domain.
        fields.append(("Privacy", "id"))
    return fields
