"""Keys in INFO requests: application/dtmf-relay and application/dtmf.

Neither was ever standardised. They are as Cisco's and Asterisk's phones write them: a relay body
has lines `Signal=5` and `Duration=160`, a dtmf body the key alone. RFC 6086 has the rules around
them: 415 for a body that is not understood, 469 for an Info-Package, 200 for no body at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicebot.gateway.sip.messages.message import SipRequest

DTMF_RELAY_TYPE = "application/dtmf-relay"
DTMF_TYPE = "application/dtmf"

MAX_INFO_BODY_BYTES = 256

_SIGNAL = re.compile(rb"^[ \t]*signal[ \t]*=[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_KEYS = frozenset("0123456789*#ABCD")
# The numbers of RFC 4733 events, which some phones write in place of the key.
_EVENTS = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
_FLASH = frozenset({"16", "!"})


@dataclass(frozen=True, slots=True)
class InfoVerdict:
    """How to answer an INFO. digit: the key that was pressed; empty: none."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    digit: str = ""


def judge_info(request: SipRequest) -> InfoVerdict:
    """Read an INFO inside a dialog."""
    if request.headers.get("Info-Package") is not None:
        # RFC 6086 4.2.2: with the list of what we take, and it is empty.
        return InfoVerdict(469, (("Recv-Info", ""),))
    if not request.body:
        return InfoVerdict(200)
    kind = request.content_type
    encoding = (request.headers.get("Content-Encoding") or "identity").lower()
    if kind not in (DTMF_RELAY_TYPE, DTMF_TYPE) or encoding != "identity":
        return InfoVerdict(415, (("Accept", f"{DTMF_RELAY_TYPE}, {DTMF_TYPE}"),))
    key = _find_key(request.body, is_relay=kind == DTMF_RELAY_TYPE)
    if key is None:
        return InfoVerdict(400)
    return InfoVerdict(200, digit="" if key in _FLASH else key)


def _find_key(body: bytes, is_relay: bool) -> str | None:
    if len(body) > MAX_INFO_BODY_BYTES:
        return None
    signal = _SIGNAL.search(body)
    if signal is not None:
        text = signal[1]
    elif is_relay:
        return None
    else:
        text = body
    key = text.decode("ascii", "replace").strip().upper()
    key = _EVENTS.get(key, key)
    return key if key in _KEYS or key in _FLASH else None
