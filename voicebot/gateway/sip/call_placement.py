"""Places one call by the first of several ways that works, and waits until somebody answers."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Sequence

from voicebot.clock import Clock
from voicebot.errors import CallFailed
from voicebot.gateway.sip.agent.agent_driver import AgentDriver
from voicebot.gateway.sip.call_leg import OnEarly, SipCallLeg
from voicebot.gateway.sip.leg_table import LegTable
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.reason_header import NO_ANSWER
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia
from voicebot.gateway.sip.trunks.trunk_terms import TrunkTerms

log = logging.getLogger(__name__)

FIRST_SIGN_S = 4.0
"""A way of a call that gives no sign for so long is given up for the next one. Timer B, 32 s,
is longer than anybody waits; four copies of an INVITE have left by then."""


class CallPlacement:
    """How every call leaves, to a URI or through a trunk."""

    def __init__(
        self,
        clock: Clock,
        driver: AgentDriver,
        legs: LegTable,
        local_host_for: Callable[[str], str],
    ) -> None:
        """local_host_for: our own address as a host at this one sees it."""
        self._clock = clock
        self._driver = driver
        self._legs = legs
        self._local_host_for = local_host_for

    async def call_first_of(
        self,
        peers: Sequence[Peer],
        target: SipUri,
        caller: str,
        ends_at: float,
        headers: Sequence[tuple[str, str]] = (),
        terms: TrunkTerms | None = None,
        has_alternative: bool = False,
        on_early: OnEarly | None = None,
    ) -> SipCallLeg:
        """Call by the first of these ways that does not fail by itself (RFC 3263 4.3).

        The next one is tried on 503, where nothing can be sent, and where nobody answers at
        all. ends_at: monotonic time until which somebody must have taken the call. terms: of
        the trunk that all these ways lead to. has_alternative: another trunk may do as well.
        Raises CallFailed.
        """
        for number, peer in enumerate(peers, start=1):
            leg = await self._place(peer, target, caller, ends_at, headers, terms, on_early)
            is_last = number == len(peers)
            try:
                await self._wait_for_answer(leg, ends_at, is_last and not has_alternative)
            except CallFailed as failure:
                failure.is_way_at_fault = is_worth_another_way(failure, leg.call.has_provisional)
                if is_last or not failure.is_way_at_fault:
                    raise
                log.info("next way of a call is tried", extra={"status": failure.status})
            else:
                return leg
        raise CallFailed("the host of the address can't be found")

    async def _place(
        self,
        peer: Peer,
        target: SipUri,
        caller: str,
        ends_at: float,
        headers: Sequence[tuple[str, str]],
        terms: TrunkTerms | None,
        on_early: OnEarly | None,
    ) -> SipCallLeg:
        user_agent = self._driver.running()
        line = await self._legs.open_line()
        local = LocalMedia(self._local_host_for(peer.host), line.local_port)
        now = self._clock.monotonic()
        expires_s = max(math.ceil(ends_at - now), 1)
        call = user_agent.place_call(
            target, caller, local, peer, now, headers, expires_s, terms=terms
        )
        return self._legs.add(call, line, on_early)

    async def _wait_for_answer(self, leg: SipCallLeg, ends_at: float, is_last: bool) -> None:
        """Returns once it is up; else the call is cancelled. Raises CallFailed."""
        call = leg.call
        outcome = self._legs.expect_outcome(call)
        self._driver.pump()
        first_sign_at = self._clock.monotonic() + FIRST_SIGN_S
        is_up = False
        reason = None
        try:
            if not is_last and first_sign_at < ends_at:
                await asyncio.wait([outcome], timeout=FIRST_SIGN_S)
                if not outcome.done() and not call.has_provisional:
                    raise CallFailed("nobody is there", 408)
            async with asyncio.timeout(max(ends_at - self._clock.monotonic(), 0)):
                await outcome
            is_up = True
        except TimeoutError:
            reason = NO_ANSWER
            raise CallFailed("nobody answered", 408) from None
        finally:
            self._legs.forget_outcome(call)
            if not is_up:
                # Also when our own task was cancelled: the phone must not ring on.
                self._legs.pop(call.call_ref)
                leg.close()
                if self._driver.user_agent is not None:
                    self._driver.user_agent.hang_up(call, self._clock.monotonic(), reason)
                    self._driver.pump()


def is_worth_another_way(failure: CallFailed, has_provisional: bool) -> bool:
    """RFC 3263 4.3: 503, a transport failure (503 here, too), or no answer of any kind."""
    return failure.status == 503 or (failure.status == 408 and not has_provisional)
