"""A provisional answer of ours that must arrive (RFC 3262)."""

from __future__ import annotations

from voicebot.gateway.sip.agent.transaction import InviteServerTransaction, Resender, Timers
from voicebot.gateway.sip.messages.message import SipResponse


class ProvisionalAnswer:
    """Repeated from T1 on, twice as long each time, until its PRACK comes (3)."""

    def __init__(
        self,
        transaction: InviteServerTransaction,
        response: SipResponse,
        rseq: int,
        timers: Timers,
        now: float,
    ) -> None:
        """rseq: the number in its RSeq."""
        self.transaction = transaction
        self.response = response
        self.rseq = rseq
        # Unlike the 2xx there is no upper bound of T2.
        self._resender = Resender(timers.t1_s, timers.give_up_s, now)
        self._deadline = now + timers.give_up_s

    @property
    def has_sdp(self) -> bool:
        return bool(self.response.body)

    def next_timeout(self) -> float:
        return min(self._resender.due, self._deadline)

    def is_lost(self, now: float) -> bool:
        return now >= self._deadline

    def is_due(self, now: float) -> bool:
        """True: send it again now."""
        if now < self._resender.due:
            return False
        self._resender.repeated(now)
        return True
