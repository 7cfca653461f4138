"""Finds the session description in the body of a SIP message, alone or in a multipart one."""

from __future__ import annotations

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.headers import Headers
from voicebot.gateway.sip.messages.message import SipMessage, parse_fields

SDP_TYPE = "application/sdp"
# A body has an offer, perhaps a location, perhaps a signature: more parts mean mischief.
MAX_PARTS = 16

_MULTIPART_TYPES = frozenset({"multipart/mixed", "multipart/alternative", "multipart/related"})


def find_sdp(message: SipMessage) -> bytes | None:
    """The first session description; None without one. Raises nothing."""
    if not message.body:
        return None
    return _find_sdp(message.headers, message.body)


def has_foreign_body(message: SipMessage) -> bool:
    """True: a body that must be understood, and that we do not (415)."""
    if not message.body or find_sdp(message) is not None:
        return False
    disposition = message.headers.get("Content-Disposition") or ""
    return _parameter(disposition, "handling") != "optional"


def accepts_sdp(message: SipMessage) -> bool:
    """Whether an answer may carry a session description (Accept, RFC 3261 §20.1)."""
    fields = message.headers.get_all("Accept")
    if not fields:
        return True  # absent means application/sdp; empty means nothing is acceptable
    for value in message.headers.values("Accept"):
        media_range = value.partition(";")[0].strip(syntax.WHITESPACE).lower()
        if media_range in (SDP_TYPE, "application/*", "*/*"):
            weight = _parameter(value, "q") or "1"
            if weight.strip("0."):
                return True
    return False


def _find_sdp(headers: Headers, body: bytes) -> bytes | None:
    value = headers.get("Content-Type")
    if value is None:
        # §20.15 asks for a type; where it is forgotten the body speaks for itself.
        return body if body.startswith(b"v=0") else None
    media_type = value.partition(";")[0].strip(syntax.WHITESPACE).lower()
    if media_type == SDP_TYPE:
        return body
    if media_type not in _MULTIPART_TYPES:
        return None
    boundary = _parameter(value, "boundary")
    if not boundary:
        return None
    delimiter = b"\r\n--" + boundary.encode("utf-8", "surrogateescape")
    for part in (b"\r\n" + body).split(delimiter, MAX_PARTS)[1:MAX_PARTS]:
        found = _sdp_of_part(part)
        if found is not None:
            return found
    return None


def _sdp_of_part(part: bytes) -> bytes | None:
    """`part`: from the end of the delimiter to the next one."""
    if part.startswith(b"--"):
        return None
    head, _, body = part.partition(b"\r\n\r\n")
    headers = Headers()
    parse_fields(head.strip(b"\r\n \t"), headers)
    media_type = (headers.get("Content-Type") or "").partition(";")[0].strip(syntax.WHITESPACE)
    return body if media_type.lower() == SDP_TYPE else None


def _parameter(value: str, name: str) -> str | None:
    semicolon = value.find(";")
    if semicolon < 0:
        return None
    try:
        return syntax.parse_parameters(value, semicolon).get(name)
    except SipParseError:
        return None
