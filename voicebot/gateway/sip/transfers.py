"""Transfer as the application sees it: referring parties elsewhere, and being referred by them.

Until `allow` is called nobody may refer us anywhere: every REFER gets 603.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence

from voicebot.clock import Clock
from voicebot.errors import CallFailed, DialRefused
from voicebot.gateway.sip.agent.referral import ReceivedRefer, SentReferral
from voicebot.gateway.sip.agent.referrals import Referrals
from voicebot.gateway.sip.agent.sip_call import ReferralEnded, ReferReceived
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.dialler import Dialler
from voicebot.gateway.sip.messages.refer import ReferTarget
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.records import TransferOutcome

log = logging.getLogger(__name__)

HeaderFields = Sequence[tuple[str, str]]
PlaceCall = Callable[[SipUri, HeaderFields], Awaitable[SipCallLeg]]
"""Call this address with these fields in the INVITE. Raises CallFailed or DialRefused."""


class Referral:
    """The other side of a running call asks us to call somebody else in its place.

    `follow` it or `refuse` it, once. The target has passed the dial rules by then.
    """

    def __init__(self, transfers: Transfers, leg: SipCallLeg, refer: ReceivedRefer) -> None:
        self.leg = leg
        self._transfers = transfers
        self._refer = refer

    @property
    def target(self) -> SipUri:
        """Whom to call. Personal."""
        return self._refer.target.uri

    @property
    def is_attended(self) -> bool:
        """The new call replaces one that the referrer has with the target already."""
        return self._refer.target.replaces is not None

    @property
    def header_fields(self) -> HeaderFields:
        """What the INVITE to the target must carry (RFC 3891, 3892)."""
        fields = []
        if self._refer.target.replaces is not None:
            # Required: a phone that does not know it would ring for a second call.
            fields += [("Replaces", str(self._refer.target.replaces)), ("Require", "replaces")]
        if self._refer.referred_by is not None:
            fields.append(("Referred-By", self._refer.referred_by))
        return fields

    async def follow(self, place_call: PlaceCall) -> SipCallLeg:
        """Accept, place the call, and let the referrer know how it goes; returns the new leg.

        The referrer hangs up `leg` then. Raises CallFailed or DialRefused where the call does
        not come about; `leg` goes on as before.
        """
        self._transfers.accept(self.leg, self._refer)
        status = 500
        try:
            new_leg = await place_call(self.target, self.header_fields)
            status = 200
        except CallFailed as failure:
            status = failure.status if failure.status >= 300 else 503
            raise
        except DialRefused:
            status = 403
            raise
        finally:
            self._transfers.tell(self.leg, self._refer, status)
        return new_leg

    def refuse(self, status: int = 603) -> None:
        """Also after `follow`, where it changes nothing."""
        self._transfers.refuse(self._refer, status)


OnRefer = Callable[[Referral], Awaitable[None]]
MayDial = Callable[[SipUri], bool]
OnTransferred = Callable[[SipCallLeg, SipCallLeg | None], Awaitable[None]]


class Transfers:
    """Joins the user agent's referrals to the legs they concern. Made by the endpoint."""

    def __init__(
        self,
        clock: Clock,
        referrals: Callable[[], Referrals],
        pump: Callable[[], None],
        start: Callable[[Coroutine[None, None, None]], None],
    ) -> None:
        """referrals: those of the running user agent; raises CallFailed without one.
        pump: sends what the user agent has to send. start: runs a task until the endpoint stops.
        """
        self._clock = clock
        self._referrals = referrals
        self._pump = pump
        self._start = start
        self._on_refer: OnRefer | None = None
        self._may_dial: MayDial | None = None
        self._waiting: dict[SentReferral, asyncio.Future[TransferOutcome]] = {}
        self._following: set[str] = set()

    def allow(self, on_refer: OnRefer, may_dial: MayDial) -> None:
        """Let the other side of a call refer us to whom `may_dial` allows.

        on_refer: runs as a task for each such referral; one that it leaves open is refused.
        """
        self._on_refer = on_refer
        self._may_dial = may_dial

    def allow_through(self, dialler: Dialler, on_transferred: OnTransferred) -> None:
        """Follow referrals by calls through the trunks, to numbers that the rules allow.

        on_transferred: told the old and the new leg once the call was answered, before anybody
        else gets to run; None: the call did not come about. It goes on as long as it likes. The
        referrer hangs up the old leg, and may have done so before: see `is_following`.
        """

        async def place(target: SipUri, headers: HeaderFields) -> SipCallLeg:
            return await dialler.call_named(target, headers=headers)

        async def follow(referral: Referral) -> None:
            new_leg = None
            try:
                new_leg = await referral.follow(place)
            except (CallFailed, DialRefused):
                log.info("referral led to no call", extra={"call_ref": referral.leg.leg_id})
            await on_transferred(referral.leg, new_leg)

        self.allow(follow, dialler.may_dial)

    async def refer(
        self, leg: SipCallLeg, target: ReferTarget, timeout_s: float
    ) -> TransferOutcome:
        """Raises CallFailed where the leg is over."""
        referral = self._referrals().send_refer(
            leg.call, target, timeout_s, self._clock.monotonic()
        )
        if referral is None:
            raise CallFailed("the call is over")
        waiting: asyncio.Future[TransferOutcome] = asyncio.get_running_loop().create_future()
        self._waiting[referral] = waiting
        self._pump()
        try:
            return await waiting
        finally:
            self._waiting.pop(referral, None)

    def is_following(self, leg: SipCallLeg) -> bool:
        """The other side of this leg referred us to somebody who is being called. It may hang
        up before he answers; whoever it talked to should not be let go for that."""
        return leg.leg_id in self._following

    # For Referral

    def accept(self, leg: SipCallLeg, refer: ReceivedRefer) -> None:
        self._following.add(leg.leg_id)
        self._referrals().accept(refer, self._clock.monotonic())
        self._pump()

    def refuse(self, refer: ReceivedRefer, status: int) -> None:
        self._referrals().refuse(refer, status, self._clock.monotonic())
        self._pump()

    def tell(self, leg: SipCallLeg, refer: ReceivedRefer, status: int) -> None:
        self._following.discard(leg.leg_id)
        try:
            referrals = self._referrals()
        except CallFailed:
            return  # the endpoint was stopped meanwhile
        referrals.tell(refer, status, self._clock.monotonic())
        self._pump()

    # For the endpoint

    def referral_ended(self, event: ReferralEnded) -> None:
        waiting = self._waiting.get(event.referral)
        if waiting is not None and not waiting.done() and event.referral.outcome is not None:
            waiting.set_result(event.referral.outcome)

    def refer_received(self, event: ReferReceived, leg: SipCallLeg | None) -> None:
        refer = event.refer
        if leg is None or self._on_refer is None or self._may_dial is None:
            self.refuse(refer, 603)
        elif not self._may_dial(refer.target.uri):
            log.warning("referral to a forbidden target", extra={"call_ref": event.call.call_ref})
            self.refuse(refer, 403)
        else:
            self._start(self._run(self._on_refer, Referral(self, leg, refer)))

    async def _run(self, on_refer: OnRefer, referral: Referral) -> None:
        call_ref = referral.leg.leg_id
        try:
            await on_refer(referral)
        except (CallFailed, DialRefused):
            log.info("referral led to no call", extra={"call_ref": call_ref})
        except Exception:  # the top of a call: other calls go on
            log.exception("referral handler failed", extra={"call_ref": call_ref})
        finally:
            with contextlib.suppress(CallFailed):  # the endpoint was stopped meanwhile
                referral.refuse()
