"""Session timers (RFC 4028): a call whose other side has vanished does not stay up for ever."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.message import Refusal, SipMessage, SipRequest, SipResponse

LEAST_INTERVAL_S = 90
"""No session timer is shorter, whatever a peer says (4)."""

_MAX_INTERVAL_S = 2**31 - 1
_LONGEST_MARGIN_S = 32.0
_LEAST_RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class SessionTimerPolicy:
    """What we ask for and accept.

    expires_s: 0 asks for no timer, though one of the other side is still kept. second_s: how
    long a second of these header fields lasts; tests shorten it.
    """

    expires_s: int = 1800
    min_s: int = LEAST_INTERVAL_S
    second_s: float = 1.0


class SessionTimer:
    """Says when to refresh and when to give up, from one refresh to the next."""

    def __init__(self, interval_s: int, is_refresher: bool, second_s: float, now: float) -> None:
        """interval_s: as agreed, in seconds of the header field."""
        self.interval_s = interval_s
        self.is_refresher = is_refresher
        # 10: BYE is to arrive before proxies on the way give the call up.
        margin_s = min(_LONGEST_MARGIN_S, interval_s / 3)
        self.expires_at = now + (interval_s - margin_s) * second_s
        self._second_s = second_s
        self._refresh_at = now + interval_s / 2 * second_s if is_refresher else None

    def next_timeout(self) -> float:
        return self.expires_at if self._refresh_at is None else self._refresh_at

    def is_expired(self, now: float) -> bool:
        return now >= self.expires_at

    def is_refresh_due(self, now: float) -> bool:
        """True: refresh now. While no new timer takes its place it asks again, ever sooner."""
        if self._refresh_at is None or now < self._refresh_at:
            return False
        rest_s = (self.expires_at - now) / 2
        self._refresh_at = now + rest_s if rest_s >= _LEAST_RETRY_S * self._second_s else None
        return True


def check_interval(request: SipRequest, policy: SessionTimerPolicy) -> Refusal | None:
    """422 for a timer that is too short, to those who know what that means (9).

    Raises SipParseError where the field can't be read.
    """
    asked = _read_session_expires(request)
    if asked is not None and asked[0] < policy.min_s and "timer" in request.supported:
        return 422, [("Min-SE", str(policy.min_s))]
    return None


def accept_timer(
    request: SipRequest, policy: SessionTimerPolicy, now: float
) -> tuple[SessionTimer | None, list[tuple[str, str]]]:
    """The timer that our 2xx to a request starts, and the fields that say so (9, table 2)."""
    asked = _read_session_expires(request)
    refresher = "uas"
    if asked is None or asked[0] < policy.min_s:
        # Without the option the other side lets us refresh; what a proxy asks is too much.
        if asked is not None or policy.expires_s == 0:
            return None, []
        interval_s = max(policy.expires_s, policy.min_s, read_min_se(request))
    else:
        interval_s, wanted = asked
        if policy.expires_s:
            least_s = max(policy.expires_s, policy.min_s, read_min_se(request))
            interval_s = min(interval_s, least_s)
        if wanted is not None and "timer" in request.supported:
            refresher = wanted
    fields = [("Session-Expires", f"{interval_s};refresher={refresher}")]
    if refresher == "uac":
        fields.append(("Require", "timer"))
    return SessionTimer(interval_s, refresher == "uas", policy.second_s, now), fields


def timer_of_answer(
    response: SipResponse, policy: SessionTimerPolicy, now: float
) -> SessionTimer | None:
    """The timer that a 2xx to our request starts; None: the other side wants none (7.2)."""
    try:
        agreed = _read_session_expires(response)
    except SipParseError:
        return None
    if agreed is None:
        return None
    interval_s, refresher = agreed
    is_refresher = refresher != "uas"
    # A peer must not have us refresh without a pause.
    return SessionTimer(max(interval_s, LEAST_INTERVAL_S), is_refresher, policy.second_s, now)


def timer_fields(
    policy: SessionTimerPolicy, running: SessionTimer | None, min_se_s: int
) -> list[tuple[str, str]]:
    """What an INVITE or UPDATE of ours asks for (7.1, 7.4).

    min_se_s: the largest Min-SE that a 422 told us; 0: none did.
    """
    least_s = max(policy.min_s, min_se_s)
    if running is not None:
        # The one who refreshes stays the one: uac is who sends this request.
        refresher = "uac" if running.is_refresher else "uas"
        value = f"{max(running.interval_s, least_s)};refresher={refresher}"
    elif policy.expires_s or min_se_s:
        value = str(max(policy.expires_s, least_s))
    else:
        return []
    fields = [("Session-Expires", value)]
    if min_se_s or policy.min_s > LEAST_INTERVAL_S:
        fields.append(("Min-SE", str(least_s)))
    return fields


def read_min_se(message: SipMessage) -> int:
    """Min-SE in seconds; 0 without a readable one."""
    value = (message.headers.get("Min-SE") or "").partition(";")[0].strip(syntax.WHITESPACE)
    try:
        return syntax.parse_number(value, _MAX_INTERVAL_S, "Min-SE")
    except SipParseError:
        return 0


def _read_session_expires(message: SipMessage) -> tuple[int, str | None] | None:
    """Interval and refresher."""
    value = message.headers.get("Session-Expires")
    if value is None:
        return None
    number, semicolon, _ = value.partition(";")
    interval_s = syntax.parse_number(
        number.strip(syntax.WHITESPACE), _MAX_INTERVAL_S, "Session-Expires"
    )
    parameters = syntax.parse_parameters(value, len(number)) if semicolon else {}
    refresher = (parameters.get("refresher") or "").lower()
    return interval_s, refresher if refresher in ("uac", "uas") else None
