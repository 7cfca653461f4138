"""Referrals in progress (RFC 3515): one that we sent, one that we follow. No I/O, no clock.

A REFER starts a subscription by itself. Whoever follows it tells with NOTIFYs how the new call
goes, until one says that the subscription is terminated.
"""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.gateway.sip.agent.transaction import ServerTransaction
from voicebot.gateway.sip.messages.refer import ReferTarget
from voicebot.gateway.sip.messages.subscription_state import SubscriptionState
from voicebot.records import TransferOutcome

LEFT_PATIENCE_S = 3.0
"""How long after hanging up the other side may still tell how the transfer went."""

LINGER_S = 32.0
"""64*T1: NOTIFYs that come this long after the outcome are still answered 200."""

EXPIRES_S = 180
"""How long a subscription to a referral that we follow lasts: longer than a phone rings."""


class SentReferral:
    """What became of a REFER of ours; `outcome` is set once it is known."""

    def __init__(self, event_id: str, deadline: float) -> None:
        """event_id: CSeq number of the REFER. deadline: until then the outcome must be told."""
        self.event_id = event_id
        self.outcome: TransferOutcome | None = None
        self._deadline = deadline
        self._is_taken_on = False
        self._linger_until: float | None = None

    @property
    def is_over(self) -> bool:
        """Nothing more is expected: it can be forgotten."""
        return self.outcome is not None and self._linger_until is None

    def receive_answer(self, status: int, has_no_subscription: bool) -> None:
        """The final answer to the REFER; 408 and 503 also where nobody answered."""
        if self.outcome is not None:
            return
        if status >= 300:
            self.outcome = TransferOutcome(status)
            return
        self._is_taken_on = True
        if has_no_subscription:
            self.outcome = TransferOutcome(202)

    def receive_notify(self, state: SubscriptionState, status: int | None, now: float) -> None:
        """status: of the sipfrag; None: it could not be read."""
        # RFC 7647: the first NOTIFY may come before the answer, and proves it.
        self._is_taken_on = True
        if self.outcome is None:
            if status is not None and status >= 200:
                self.outcome = TransferOutcome(status)
                self._linger_until = now + LINGER_S
            elif state.is_terminated:
                # Some end the subscription with the first NOTIFY and never tell more.
                self.outcome = TransferOutcome(202)
        if state.is_terminated:
            self._linger_until = None

    def party_left(self, now: float) -> None:
        """The call that was referred ended; RFC 5057: its dialog lives on for the NOTIFYs."""
        self._deadline = min(self._deadline, now + LEFT_PATIENCE_S)

    def next_timeout(self) -> float | None:
        return self._deadline if self.outcome is None else self._linger_until

    def handle_timeout(self, now: float, has_left: bool = False) -> None:
        """has_left: the referred call is over."""
        if self.outcome is None:
            if now >= self._deadline:
                # Whoever took it on and left is most likely where he was sent.
                is_gone = has_left and self._is_taken_on
                self.outcome = TransferOutcome(202 if is_gone else 408)
        elif self._linger_until is not None and now >= self._linger_until:
            self._linger_until = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A NOTIFY to send. status: of the sipfrag."""

    status: int
    state: SubscriptionState


class FollowedReferral:
    """What we owe to somebody whose REFER we follow."""

    def __init__(self, has_subscription: bool) -> None:
        """has_subscription: False where the REFER asked for no NOTIFY (RFC 4488)."""
        self._is_active = has_subscription
        self._expires_at: float | None = None
        self._last_status = 100

    @property
    def is_over(self) -> bool:
        return not self._is_active

    def accept(self, now: float) -> Notification | None:
        """Call right after the 202: the first NOTIFY must follow at once (2.4.4)."""
        self._expires_at = now + EXPIRES_S
        return self.tell(100, now)

    def tell(self, status: int, now: float) -> Notification | None:
        """The new call got this status; None: there is nothing (more) to tell."""
        if not self._is_active:
            return None
        self._last_status = status
        if status >= 200:
            self._is_active = False
            # 2.4.7: there is nothing left to subscribe to.
            return Notification(status, SubscriptionState("terminated", "noresource"))
        left_s = EXPIRES_S if self._expires_at is None else max(self._expires_at - now, 1.0)
        return Notification(status, SubscriptionState("active", expires_s=round(left_s)))

    def refused(self) -> None:
        """The other side answered a NOTIFY with an error: it wants no more (RFC 6665 4.2.2)."""
        self._is_active = False

    def next_timeout(self) -> float | None:
        return self._expires_at if self._is_active else None

    def handle_timeout(self, now: float) -> Notification | None:
        """The NOTIFY that ends an expired subscription."""
        if not self._is_active or self._expires_at is None or now < self._expires_at:
            return None
        self._is_active = False
        return Notification(self._last_status, SubscriptionState("terminated", "timeout"))


@dataclass(frozen=True, eq=False)
class ReceivedRefer:
    """A REFER that waits for its answer, and afterwards for the news of the new call.

    event_id: of its subscription, where the dialog has several; else None. referred_by: what
    the referrer says of himself, proven by nothing.
    """

    transaction: ServerTransaction
    target: ReferTarget
    referred_by: str | None
    event_id: str | None
    followed: FollowedReferral
