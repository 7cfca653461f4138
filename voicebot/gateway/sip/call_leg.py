"""One SIP party's connection: signalling and audio of one call, seen by the rest as a leg."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from voicebot.errors import CallFailed, SipParseError
from voicebot.gateway.rtp.transport import RtpLine
from voicebot.gateway.sip.agent.media_sources import media_hosts
from voicebot.gateway.sip.agent.sip_call import SipCall
from voicebot.gateway.sip.messages.refer import ReferTarget
from voicebot.gateway.sip.messages.replaces import Replaces
from voicebot.gateway.sip.messages.syntax import printable_text
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.sdp.offer_answer import NegotiatedMedia
from voicebot.media.events import DigitPressed, LegEnded, LegEvent
from voicebot.media.playout import Playout
from voicebot.media.recorder import Recorder
from voicebot.records import Direction, TransferOutcome

Refer = Callable[["SipCallLeg", ReferTarget, float], Awaitable[TransferOutcome]]
OnEarly = Callable[["SipCallLeg"], None]
"""Told once there is audio before the answer."""


class SipCallLeg:
    """A `CallLeg` over SIP and RTP."""

    kind = "sip"

    def __init__(
        self,
        call: SipCall,
        line: RtpLine,
        start_hang_up: Callable[[SipCallLeg], None],
        refer: Refer,
        change: Callable[[SipCallLeg, str], Awaitable[None]],
        on_early: OnEarly | None = None,
    ) -> None:
        """start_hang_up: sends the BYE; `hang_up_completed()` follows, perhaps at once.
        refer: sends a REFER and waits for its outcome. change: offers another direction and
        waits for the answer."""
        self.call = call
        self._refer = refer
        self._line = line
        self._start_hang_up = start_hang_up
        self._is_over = False
        self._hung_up = asyncio.Event()
        self._change = change
        self._held_since: float | None = None
        self._on_early = on_early
        self._is_early = True
        self.end_reason = ""

    @property
    def leg_id(self) -> str:
        return self.call.call_ref

    @property
    def direction(self) -> Direction:
        return self.call.direction

    @property
    def remote_party(self) -> str:
        invite = self.call.invite
        is_inbound = self.call.direction is Direction.INBOUND
        uri = invite.from_.uri if is_inbound else invite.to.uri
        return printable_text(uri.user or uri.host)

    @property
    def local_party(self) -> str:
        invite = self.call.invite
        is_inbound = self.call.direction is Direction.INBOUND
        return printable_text(invite.uri.user if is_inbound else invite.from_.uri.user)

    @property
    def events(self) -> asyncio.Queue[LegEvent]:
        return self._line.events

    @property
    def playout(self) -> Playout:
        return self._line.playout

    @property
    def recorder(self) -> Recorder | None:
        return self._line.recorder

    @recorder.setter
    def recorder(self, recorder: Recorder | None) -> None:
        self._line.recorder = recorder

    @property
    def rtp_port(self) -> int:
        return self._line.local_port

    def send_digits(self, digits: str) -> None:
        self._line.send_digits(digits)

    async def hang_up(self, reason: str) -> None:
        """`reason` also ends `events`, for whoever reads them. The other side hears it where it
        is out of the ordinary (Reason of RFC 3326)."""
        self.end(reason)
        if not self._hung_up.is_set():
            self._start_hang_up(self)
            await self._hung_up.wait()

    async def refer(self, target_uri: str, timeout_s: float = 30.0) -> TransferOutcome:
        """Ask the other side to call `target_uri` in our place (blind transfer, RFC 5589 6).

        Hang up once it `is_done`; otherwise the call goes on as before. Raises CallFailed where
        the leg is over or the address is no SIP URI.
        """
        try:
            target = SipUri.parse(target_uri)
        except SipParseError:
            raise CallFailed("the address is no SIP URI") from None
        return await self._refer(self, ReferTarget(target.without_headers()), timeout_s)

    async def refer_to_leg(self, other: SipCallLeg, timeout_s: float = 30.0) -> TransferOutcome:
        """Ask the other side to take our place in `other` (attended transfer, RFC 5589 7).

        Who is called by it hangs `other` up; hang this leg up once it `is_done`. Raises
        CallFailed where one of the legs is over.
        """
        dialog = other.call.dialog
        if other.is_over or dialog is None:
            raise CallFailed("the other call is over")
        replaces = Replaces(dialog.call_id, dialog.remote.tag or "0", dialog.local.tag or "0")
        return await self._refer(self, ReferTarget(dialog.remote_target, replaces), timeout_s)

    async def hold(self) -> None:
        """Hear nothing more until `resume()`. What is put into `playout` still goes out.

        Returns when the other side agrees. Raises CallFailed with the status of its refusal;
        the call then goes on as before.
        """
        await self._change(self, "sendonly")

    async def resume(self) -> None:
        """Hear the other side again. Raises CallFailed as `hold` does."""
        await self._change(self, "sendrecv")

    def media_stats(self) -> dict[str, float]:
        return self._line.stats()

    # For the endpoint

    def configure(self, media: NegotiatedMedia) -> None:
        """Take over what offer and answer agreed on; the first time, audio starts."""
        self._line.configure(
            (media.remote_address, media.remote_port),
            media.codec,
            media.payload_type,
            media.dtmf_payload_type,
            media.direction,
            ptime_ms=media.ptime_ms,
            dtmf_clock_rate=media.dtmf_clock_rate,
            srtp=media.srtp,
            control=media.remote_rtcp,
            is_rtcp_muxed=media.is_rtcp_muxed,
            known_hosts=media_hosts(self.call),
        )
        self._line.start()

    def early_media(self, media: NegotiatedMedia) -> None:
        """The other side lets us hear something before it takes the call."""
        self.configure(media)
        on_early, self._on_early = self._on_early, None
        if on_early is not None:
            self._is_early = False
            on_early(self)

    def answered(self) -> None:
        """The call begins: unless somebody listened, what was heard till now is forgotten."""
        if self._is_early:
            self._is_early = False
            self._line.restart()

    def seconds_held(self, now: float) -> float:
        """How long the other side lets us say nothing; 0: it does not hold us."""
        media = self.call.media
        if media is None or media.may_send:
            self._held_since = None
        elif self._held_since is None:
            self._held_since = now
        return 0.0 if self._held_since is None else now - self._held_since

    @property
    def is_over(self) -> bool:
        """Ended or being hung up."""
        return self._is_over

    def seconds_without_media(self, now: float) -> float:
        return self._line.seconds_without_media(now)

    def end(self, reason: str) -> None:
        """Stop the audio and say why in `events`, once."""
        self.close()
        if not self._is_over:
            self._is_over = True
            self.end_reason = reason
            self._line.events.put_nowait(LegEnded(reason))

    def digit_pressed(self, digit: str) -> None:
        """The key came by INFO, not with the audio."""
        self._line.events.put_nowait(DigitPressed(digit))

    def hang_up_completed(self) -> None:
        self._hung_up.set()

    def close(self) -> None:
        """Stop the audio and free its ports."""
        self._line.close()
