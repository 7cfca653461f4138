"""Fuzz targets of digest values and dialled numbers: only the documented errors come out."""

from __future__ import annotations

import contextlib

from voicebot.errors import DialRefused, SipParseError
from voicebot.gateway.sip.auth.digest import Challenge, Credentials, digest_response
from voicebot.gateway.sip.auth.digest_server import DigestServer
from voicebot.gateway.sip.messages.message import SipRequest
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.trunks.dial_rules import DialRules
from voicebot.settings import DialSettings

_SERVER = DigestServer("bot", {"pbx": "secret"})
_RULES = DialRules(DialSettings())


def digest(data: bytes) -> None:
    """A challenge to us, credentials of a stranger, and what the server makes of them."""
    # No header value that was read has a line end in it, and none can be written.
    text = data.decode("utf-8", "surrogateescape").replace("\r", " ").replace("\n", " ")
    with contextlib.suppress(SipParseError):
        challenge = Challenge.parse(text)
        assert Challenge.parse(str(challenge)) == challenge
    with contextlib.suppress(SipParseError):
        given = Credentials.parse(text)
        digest_response(given, "secret", "INVITE")
    request = SipRequest("INVITE", SipUri("sip", "infolinia", "192.0.2.1"))
    request.headers.add("Authorization", text)
    assert _SERVER.check(request, now=1.0).username is None


def dialled_number(data: bytes) -> None:
    """A number, as it may stand in a REFER; what is let through begins as the rules say."""
    text = data.decode("utf-8", "surrogateescape")
    with contextlib.suppress(DialRefused):
        assert _RULES.permitted(text).startswith("+48")
    with contextlib.suppress(DialRefused, SipParseError):
        _RULES.number_in(SipUri.parse(text))


def digest_values() -> list[bytes]:
    nonce = Challenge.parse(_SERVER.challenge(0.0)[0][1]).nonce
    given = Credentials("pbx", "bot", nonce, "sip:infolinia@192.0.2.1", "0" * 64, "SHA-256")
    counted = str(given).replace("nc=00000000", "nc=00000001")
    return [_SERVER.challenge(0.0)[0][1].encode(), counted.encode()]


def numbers() -> list[bytes]:
    texts = (
        "+48600100200",
        "0048 600-100-200",
        "sip:+48600100200@h;user=phone",
        "tel:+48600100200",
    )
    return [text.encode() for text in texts]
