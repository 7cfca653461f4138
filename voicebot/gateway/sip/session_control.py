"""Holding and resuming legs from our side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicebot.clock import Clock
from voicebot.errors import CallFailed
from voicebot.gateway.sip.agent.sip_call import SessionChangeEnded
from voicebot.gateway.sip.agent.user_agent import UserAgent
from voicebot.gateway.sip.call_leg import SipCallLeg


class SessionControl:
    """Waits for the other side where the user agent only tells what it said."""

    def __init__(
        self, clock: Clock, user_agent: Callable[[], UserAgent], pump: Callable[[], None]
    ) -> None:
        """user_agent: raises CallFailed where none runs. pump: sends what it has to send."""
        self._clock = clock
        self._user_agent = user_agent
        self._pump = pump
        self._waiting: dict[str, list[asyncio.Future[int]]] = {}

    async def change(self, leg: SipCallLeg, direction: str) -> None:
        """`sendonly` holds, `sendrecv` resumes. Raises CallFailed with the status of a refusal."""
        user_agent = self._user_agent()
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(leg.leg_id, []).append(answer)
        user_agent.change_session(leg.call, self._clock.monotonic(), direction)
        self._pump()
        status = await answer
        if status != 200:
            raise CallFailed("the other side refused the change", status)

    # For the endpoint

    def change_ended(self, event: SessionChangeEnded) -> None:
        self._resolve(event.call.call_ref, event.status)

    def call_over(self, call_ref: str) -> None:
        self._resolve(call_ref, 481)

    def _resolve(self, call_ref: str, status: int) -> None:
        for answer in self._waiting.pop(call_ref, []):
            if not answer.done():
                answer.set_result(status)
