"""The legs of an endpoint's calls, and who waits for one of them to be answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

from voicebot.clock import Clock
from voicebot.errors import CallFailed, CallRedirected, NoMediaPort
from voicebot.gateway.rtp.transport import RtpLine, open_rtp_line
from voicebot.gateway.sip.agent.agent_driver import AgentDriver
from voicebot.gateway.sip.agent.sip_call import (
    CallAnswered,
    CallEnded,
    CallProgressed,
    CallRefused,
    CallState,
    HangUpCompleted,
    KeyReceived,
    MediaChanged,
    SipCall,
    UserAgentEvent,
)
from voicebot.gateway.sip.call_leg import OnEarly, SipCallLeg
from voicebot.gateway.sip.messages.reason_header import Reason, reason_of_end
from voicebot.gateway.sip.session_control import SessionControl
from voicebot.gateway.sip.transfers import Transfers
from voicebot.media.pacer import Pacer
from voicebot.settings import SipSettings

log = logging.getLogger(__name__)


class LegTable:
    """By `leg_id`, from the first audio line of a call until its BYE has been answered."""

    def __init__(
        self,
        settings: SipSettings,
        pacer: Pacer,
        clock: Clock,
        driver: AgentDriver,
        transfers: Transfers,
        sessions: SessionControl,
    ) -> None:
        self._settings = settings
        self._pacer = pacer
        self._clock = clock
        self._driver = driver
        self._transfers = transfers
        self._sessions = sessions
        self._legs: dict[str, SipCallLeg] = {}
        self._outcomes: dict[str, asyncio.Future[None]] = {}

    def __iter__(self) -> Iterator[SipCallLeg]:
        """Of a copy: legs may come and go meanwhile."""
        return iter(list(self._legs.values()))

    def get(self, call_ref: str) -> SipCallLeg | None:
        return self._legs.get(call_ref)

    def pop(self, call_ref: str) -> SipCallLeg | None:
        return self._legs.pop(call_ref, None)

    async def open_line(self) -> RtpLine:
        """Raises CallFailed where no port is free."""
        settings = self._settings
        try:
            return await open_rtp_line(
                settings.host,
                settings.rtp_port_min,
                settings.rtp_port_max,
                self._pacer,
                self._clock,
                accepts_strangers=settings.media_sources == "any",
            )
        except NoMediaPort:
            log.error("no free RTP port")
            raise CallFailed("no free RTP port", 503) from None

    def add(self, call: SipCall, line: RtpLine, on_early: OnEarly | None = None) -> SipCallLeg:
        leg = self._legs[call.call_ref] = SipCallLeg(
            call, line, self.hang_up, self._transfers.refer, self._sessions.change, on_early
        )
        return leg

    def expect_outcome(self, call: SipCall) -> asyncio.Future[None]:
        """Done once the call is answered, or its audio known; CallFailed where that fails."""
        outcome = asyncio.get_running_loop().create_future()
        self._outcomes[call.call_ref] = outcome
        return outcome

    def forget_outcome(self, call: SipCall) -> None:
        self._outcomes.pop(call.call_ref, None)

    def hang_up(self, leg: SipCallLeg) -> None:
        """Let the user agent end the call; the leg has its reason already."""
        user_agent = self._driver.user_agent
        if user_agent is None:
            leg.hang_up_completed()
            return
        reason = reason_of_end(leg.end_reason)
        user_agent.hang_up(leg.call, self._clock.monotonic(), reason)
        self._driver.pump()
        if leg.call.state is CallState.ENDED:
            self._legs.pop(leg.leg_id, None)
            leg.hang_up_completed()

    def handle(self, event: UserAgentEvent) -> None:
        """Let the leg and who waits for it know; events that concern neither change nothing."""
        reference = event.call.call_ref
        leg = self._legs.get(reference)
        outcome = self._outcomes.get(reference)
        if isinstance(event, KeyReceived):
            if leg is not None:
                leg.digit_pressed(event.digit)
        elif isinstance(event, CallProgressed):
            if leg is not None and event.media is not None:
                leg.early_media(event.media)
        elif isinstance(event, CallAnswered | MediaChanged):
            if leg is not None:
                leg.configure(event.media)
                if isinstance(event, CallAnswered):
                    leg.answered()
            _succeed(outcome)
        elif isinstance(event, CallRefused):
            _log_cause(reference, event.cause)
            if leg is not None:
                leg.hang_up_completed()
            _fail(outcome, _failure_of(event))
        elif isinstance(event, CallEnded):
            _log_cause(reference, event.cause)
            if leg is not None:
                leg.end(event.reason)
                if event.call.state is CallState.ENDED:
                    # Otherwise a BYE of ours is on its way, and HangUpCompleted follows.
                    self._legs.pop(reference, None)
                    leg.hang_up_completed()
            _fail(outcome, CallFailed("the call ended before it began"))
        elif isinstance(event, HangUpCompleted):
            self._legs.pop(reference, None)
            if leg is not None:
                leg.hang_up_completed()


def _log_cause(call_ref: str, cause: Reason | None) -> None:
    if cause is not None:
        fields = {"call_ref": call_ref, "protocol": cause.protocol, "cause": cause.cause}
        log.info("the other side says why the call ended", extra=fields)


def _failure_of(refusal: CallRefused) -> CallFailed:
    if refusal.targets:
        return CallRedirected(tuple(str(uri) for uri in refusal.targets), refusal.status)
    return CallFailed("the call was not taken", refusal.status)


def _succeed(outcome: asyncio.Future[None] | None) -> None:
    if outcome is not None and not outcome.done():
        outcome.set_result(None)


def _fail(outcome: asyncio.Future[None] | None, error: CallFailed) -> None:
    if outcome is not None and not outcome.done():
        outcome.set_exception(error)
