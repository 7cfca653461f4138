"""The header fields that say who calls through a trunk (RFC 3261 8.1.1.3, RFC 3323, RFC 3325)."""

from __future__ import annotations

from voicebot.gateway.sip.trunks import Trunk
from voicebot.gateway.sip.uri import NameAddr, SipUri

# RFC 3323 4.1.1.3: an address that leads nowhere.
_ANONYMOUS = NameAddr("Anonymous", SipUri("sip", "anonymous", "anonymous.invalid"))

_IDENTITY_FIELDS = {
    "p-asserted-identity": "P-Asserted-Identity",
    "p-preferred-identity": "P-Preferred-Identity",
}


def caller_address(trunk: Trunk, user: str) -> NameAddr:
    """Us as the trunk knows us: its number for us, else our user name with it, else `user`.

    In the trunk's domain, as carriers look at a From of their own (RFC 3325 9.1).
    """
    settings = trunk.settings
    number = settings.caller_id or settings.username or user
    return NameAddr("", SipUri("sip", number, settings.host, None, _phone(number)))


def identity_headers(trunk: Trunk, user: str, local_tag: str) -> list[tuple[str, str]]:
    """From, the identity that only the carrier sees, Privacy, and the way through the proxy.

    user: our own user part, where the trunk has no other for us.
    """
    settings = trunk.settings
    ours = caller_address(trunk, user)
    shown = _ANONYMOUS if settings.hide_number else ours
    fields = [("From", str(shown.with_tag(local_tag)))]
    identity = _IDENTITY_FIELDS.get(settings.identity)
    if identity is not None:
        fields.append((identity, str(ours)))
    if settings.hide_number:
        # RFC 3325 9.3: the carrier may use the identity but not pass it on.
        fields.append(("Privacy", "id"))
    if trunk.proxy is not None:
        fields.append(("Route", str(NameAddr("", trunk.proxy))))
    return fields


def _phone(number: str) -> tuple[tuple[str, str | None], ...]:
    return (("user", "phone"),) if number.startswith("+") else ()
