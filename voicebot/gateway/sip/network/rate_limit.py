"""How many requests one source may send (a flood must not become work)."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections import OrderedDict
from collections.abc import Mapping

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages.message import SipMessage, SipResponse
from voicebot.gateway.sip.messages.peer import Peer

log = logging.getLogger(__name__)

MAX_SOURCES = 10_000
RESPONSE_FACTOR = 10.0
LOG_INTERVAL_S = 60.0
BURST_S = 2.0
"""An idle source may send this many seconds' worth at once."""

_IPV6_NETWORK_BITS = 64
_CALL_ID = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


class SourceLimiter:
    """A token bucket for each source address; of IPv6, for each /64, which is one subscriber's.

    Memory is bounded: the source not heard of for longest is forgotten first. It would begin
    with a full bucket again, and so gains nothing by others' noise beyond one burst.
    """

    def __init__(self, requests_per_s: float, max_sources: int = MAX_SOURCES) -> None:
        self._rate = requests_per_s
        self._burst = max(requests_per_s * BURST_S, 1.0)
        self._max_sources = max_sources
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.n_dropped = 0

    def __len__(self) -> int:
        return len(self._buckets)

    def admits(self, host: str, now: float) -> bool:
        """Whether one more request of this source may be worked on."""
        source = network_of(host)
        tokens, at = self._buckets.get(source, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._rate)
        is_admitted = tokens >= 1
        self._buckets[source] = (tokens - 1 if is_admitted else tokens, now)
        self._buckets.move_to_end(source)
        if len(self._buckets) > self._max_sources:
            self._buckets.popitem(last=False)
        if not is_admitted:
            self.n_dropped += 1
        return is_admitted


class RequestLimiter:
    """Which messages are worked on: all of known calls, and what their source may still send.

    Answers to requests of ours have a wider limit of their own: a trunk may have many.
    """

    def __init__(self, requests_per_s: float) -> None:
        self._requests = SourceLimiter(requests_per_s)
        self._responses = SourceLimiter(requests_per_s * RESPONSE_FACTOR)
        self._told_at: float | None = None

    @property
    def n_dropped(self) -> int:
        return self._requests.n_dropped + self._responses.n_dropped

    def admits(
        self,
        message: bytes | SipMessage | SipParseError,
        source: Peer,
        call_ids: Mapping[str, int],
        now: float,
    ) -> bool:
        """call_ids: of calls that are known. A sender may have borrowed the address of one who
        is in a call with us; that one's BYE counts for more than his flood."""
        is_response = isinstance(message, SipResponse) or (
            isinstance(message, bytes) and message.startswith(b"SIP/")
        )
        limiter = self._responses if is_response else self._requests
        if _call_id_of(message) in call_ids or limiter.admits(source.host, now):
            return True
        if self._told_at is None or now - self._told_at >= LOG_INTERVAL_S:
            self._told_at = now
            log.warning(
                "SIP messages dropped, a source sends too many", extra={"n_dropped": self.n_dropped}
            )
        return False


def _call_id_of(message: bytes | SipMessage | SipParseError) -> str:
    if isinstance(message, bytes):
        return find_call_id(message)
    if isinstance(message, SipParseError):
        return ""
    return message.headers.get("Call-ID") or ""


def network_of(host: str) -> str:
    """What counts as one source."""
    if ":" not in host:
        return host
    try:
        return str(ipaddress.ip_network(f"{host}/{_IPV6_NETWORK_BITS}", strict=False))
    except ValueError:
        return host


def find_call_id(data: bytes) -> str:
    """Of a message that was not parsed; empty where there is none. Cheap, and may be fooled:
    only calls that are known are let through by it."""
    match = _CALL_ID.search(data)
    return match[1].strip().decode("utf-8", "surrogateescape") if match else ""
