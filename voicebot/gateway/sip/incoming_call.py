"""A call that comes in, until it is decided what becomes of it."""

from __future__ import annotations

from voicebot.clock import Clock
from voicebot.errors import CallFailed, SdpError
from voicebot.gateway.sip.agent.agent_driver import AgentDriver
from voicebot.gateway.sip.agent.sip_call import CallState, SipCall
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.leg_table import LegTable
from voicebot.gateway.sip.messages.syntax import printable_text
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia


class IncomingCall:
    """Somebody who calls us and waits for a decision: ring, answer or reject."""

    def __init__(self, call: SipCall, legs: LegTable, driver: AgentDriver, clock: Clock) -> None:
        self._call = call
        self._legs = legs
        self._driver = driver
        self._clock = clock

    @property
    def call_ref(self) -> str:
        """The `leg_id` that the leg will have."""
        return self._call.call_ref

    @property
    def caller(self) -> str:
        """User part of From: a number, most often. Personal, and only what the caller claims."""
        return printable_text(self._call.invite.from_.uri.user)

    @property
    def caller_name(self) -> str:
        """Display name of From. Personal."""
        return printable_text(self._call.invite.from_.display_name)

    @property
    def called(self) -> str:
        """User part of To: who was dialled at first."""
        return printable_text(self._call.invite.to.uri.user)

    @property
    def request_uri(self) -> SipUri:
        """Who is meant at this hop."""
        return self._call.invite.uri

    @property
    def is_pending(self) -> bool:
        """Neither answered nor rejected nor given up by the caller."""
        return self._call.state is CallState.INVITED

    @property
    def replaces(self) -> SipCallLeg | None:
        """The leg that ends as `replaced` once this call is answered: its party was transferred
        to this caller (RFC 3891). To go on with a bridge, call `Bridge.replace` right then."""
        replaced = self._call.replaces
        return self._legs.get(replaced.call_ref) if replaced else None

    def ring(self) -> None:
        """Let the caller hear ringing."""
        self._driver.running().ring(self._call, self._clock.monotonic())
        self._driver.pump()

    def reject(self, status: int) -> None:
        """Do not take the call. `status`: 400 to 699, such as 404 or 486."""
        leg = self._legs.pop(self.call_ref)
        if leg is not None:
            leg.end("rejected")
        self._driver.running().reject(self._call, status, self._clock.monotonic())
        self._driver.pump()

    async def answer_early(self) -> SipCallLeg:
        """Let the caller hear us before the call is taken (183); `answer()` gives the same leg.

        Raises CallFailed where that can't be done; the call still waits for its decision unless
        it is over.
        """
        call = self._call
        line = await self._legs.open_line()
        if not self.is_pending or self._legs.get(call.call_ref) is not None:
            line.close()
            raise CallFailed("the caller gave up, or hears us already", 487)
        local = LocalMedia(call.local_host, line.local_port)
        try:
            media = self._driver.running().answer_early(call, local, self._clock.monotonic())
        except SdpError as error:
            line.close()
            raise CallFailed("no early audio with this caller", error.status_hint) from None
        leg = self._legs.add(call, line)
        if media is not None:
            leg.configure(media)
        self._driver.pump()
        return leg

    async def answer(self) -> SipCallLeg:
        """Take the call. Raises CallFailed where it is over by then or has no audio for us."""
        call = self._call
        early_leg = self._legs.get(call.call_ref)
        if early_leg is not None and call.local_media is not None:
            self._driver.running().answer(call, call.local_media, self._clock.monotonic())
            self._driver.pump()
            self._end_replaced()
            return early_leg
        try:
            line = await self._legs.open_line()
        except CallFailed:
            self.reject(503)
            raise
        if not self.is_pending or self._driver.user_agent is None:
            line.close()
            raise CallFailed("the caller gave up", 487)
        local = LocalMedia(call.local_host, line.local_port)
        try:
            media = self._driver.user_agent.answer(call, local, self._clock.monotonic())
        except SdpError as error:
            line.close()
            self.reject(error.status_hint)
            raise CallFailed("no audio in common", error.status_hint) from None
        leg = self._legs.add(call, line)
        if media is not None:
            leg.configure(media)
            self._driver.pump()
            self._end_replaced()
            return leg
        # We offered; where the caller listens is in its ACK.
        outcome = self._legs.expect_outcome(call)
        self._driver.pump()
        try:
            await outcome
        finally:
            self._legs.forget_outcome(call)
        self._end_replaced()
        return leg

    def _end_replaced(self) -> None:
        leg = self.replaces
        if leg is not None:
            leg.end("replaced")
            self._legs.hang_up(leg)
