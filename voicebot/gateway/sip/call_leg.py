"""One SIP party's connection: signalling and audio of one call, seen by the rest as a leg."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicebot.gateway.rtp.transport import RtpLine
from voicebot.gateway.sip.sdp import NegotiatedMedia
from voicebot.gateway.sip.sip_call import SipCall
from voicebot.gateway.sip.syntax import printable_text
from voicebot.media.events import LegEnded, LegEvent
from voicebot.media.playout import Playout
from voicebot.media.recorder import Recorder
from voicebot.records import Direction


class SipCallLeg:
    """A `CallLeg` over SIP and RTP."""

    kind = "sip"

    def __init__(
        self, call: SipCall, line: RtpLine, start_hang_up: Callable[[SipCallLeg], None]
    ) -> None:
        """start_hang_up: sends the BYE; `hang_up_completed()` follows, perhaps at once."""
        self.call = call
        self._line = line
        self._start_hang_up = start_hang_up
        self._is_over = False
        self._hung_up = asyncio.Event()

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
        """`reason` also ends `events`, for whoever reads them; a BYE tells the other side none."""
        self.end(reason)
        if not self._hung_up.is_set():
            self._start_hang_up(self)
            await self._hung_up.wait()

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
            srtp=media.srtp,
        )
        self._line.start()

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
            self._line.events.put_nowait(LegEnded(reason))

    def hang_up_completed(self) -> None:
        self._hung_up.set()

    def close(self) -> None:
        """Stop the audio and free its ports."""
        self._line.close()
