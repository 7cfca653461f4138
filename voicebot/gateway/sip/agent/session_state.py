"""What of a call can change while it is up, and what change is on its way."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicebot.gateway.sip.agent.session_timer import SessionTimer
from voicebot.gateway.sip.messages.message import SipMessage


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A re-INVITE or UPDATE of ours that is not answered. is_change: not just a refresh."""

    method: str
    is_change: bool


@dataclass(eq=False)
class SessionState:
    """Kept by the user agent in each call.

    direction: what we want at most; sendonly while we hold. agreed_direction: what it was
    before the change under way, and is again if that is refused. change_at: after a glare, when
    to try again. min_se_s: the largest that a 422 told us. peer_methods: from Allow; empty
    where it was not told.
    """

    direction: str = "sendrecv"
    agreed_direction: str = "sendrecv"
    wants_change: bool = False
    wants_refresh: bool = False
    pending: PendingChange | None = None
    change_at: float | None = None
    n_glares: int = 0
    timer: SessionTimer | None = None
    min_se_s: int = 0
    peer_methods: frozenset[str] = field(default_factory=frozenset)

    def next_timeout(self) -> float | None:
        times = (self.change_at, self.timer.next_timeout() if self.timer else None)
        return min((time for time in times if time is not None), default=None)

    def note_allowed(self, message: SipMessage) -> None:
        """Remember which methods the other side takes (RFC 3261 20.5)."""
        if "Allow" in message.headers:
            values = message.headers.values("Allow")
            self.peer_methods = frozenset(value.upper() for value in values if value)
