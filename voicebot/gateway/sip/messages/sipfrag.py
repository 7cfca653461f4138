"""message/sipfrag (RFC 3420): the status line with which a NOTIFY tells how a referral goes."""

from __future__ import annotations

import re

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.reasons import REASONS

SIPFRAG_TYPE = "message/sipfrag"
SIPFRAG_CONTENT_TYPE = f"{SIPFRAG_TYPE};version=2.0"
"""RFC 3515 2.4.5 shows it so; peers that compare it whole expect the version."""

MAX_LINE_BYTES = 1024

_STATUS_LINE = re.compile(rb"SIP/2\.0[ \t]+([1-6][0-9]{2})(?:[ \t][^\r\n]*)?", re.IGNORECASE)


def make_sipfrag(status: int) -> bytes:
    """RFC 3515 2.4.5: the status line alone, as anything more would tell who else is called."""
    return f"SIP/2.0 {status} {REASONS.get(status, '')}\r\n".encode()


def parse_sipfrag(body: bytes) -> int:
    """The status it tells. What follows the status line is nobody's business here.

    Raises SipParseError where it does not begin with a status line.
    """
    line = body[: MAX_LINE_BYTES + 1].lstrip(b"\r\n").split(b"\n", 1)[0].rstrip(b"\r")
    match = _STATUS_LINE.fullmatch(line)
    if match is None or len(line) > MAX_LINE_BYTES:
        raise SipParseError("the sipfrag has no status line")
    return int(match[1])
