"""A SIP endpoint: user agent, sockets and audio lines joined into calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

from voicebot.clock import Clock
from voicebot.errors import CallFailed, CallRedirected, NoMediaPort, SdpError, SipParseError
from voicebot.gateway.rtp.transport import RtpLine, open_rtp_line
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.media_negotiation import LocalMedia, MediaPolicy
from voicebot.gateway.sip.message import SipMessage
from voicebot.gateway.sip.overload import LoadProbe, OverloadControl
from voicebot.gateway.sip.peer import OutgoingMessage, Peer
from voicebot.gateway.sip.rate_limit import RequestLimiter
from voicebot.gateway.sip.reason_header import NO_ANSWER, Reason, reason_of_end
from voicebot.gateway.sip.resolver import NameServers
from voicebot.gateway.sip.session_control import SessionControl
from voicebot.gateway.sip.session_timer import SessionTimerPolicy
from voicebot.gateway.sip.sip_call import (
    CallAnswered,
    CallEnded,
    CallOffered,
    CallProgressed,
    CallRefused,
    CallState,
    HangUpCompleted,
    KeyReceived,
    MediaChanged,
    ReferralEnded,
    ReferReceived,
    SessionChangeEnded,
    SipCall,
    UserAgentEvent,
)
from voicebot.gateway.sip.syntax import printable_text
from voicebot.gateway.sip.transaction import Timers
from voicebot.gateway.sip.transfers import Transfers
from voicebot.gateway.sip.transport import ConnectionLimits, SipTransport
from voicebot.gateway.sip.trunk_service import TrunkService, TrunkStatus
from voicebot.gateway.sip.trunk_terms import TrunkTerms
from voicebot.gateway.sip.uri import SipUri
from voicebot.gateway.sip.user_agent import Profile, UserAgent
from voicebot.media.pacer import Pacer
from voicebot.settings import DialSettings, SipSettings, TrunkSettings

log = logging.getLogger(__name__)

_MEDIA_CHECK_INTERVAL_S = 1.0
_STOP_PATIENCE_S = 5.0
FIRST_SIGN_S = 4.0
"""A way of a call that gives no sign for so long is given up for the next one. Timer B, 32 s,
is longer than anybody waits; four copies of an INVITE have left by then."""


class IncomingCall:
    """Somebody who calls us and waits for a decision: ring, answer or reject."""

    def __init__(self, endpoint: SipEndpoint, call: SipCall) -> None:
        self._endpoint = endpoint
        self._call = call

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

    def ring(self) -> None:
        """Let the caller hear ringing."""
        self._endpoint.ring(self._call)

    def reject(self, status: int) -> None:
        """Do not take the call. `status`: 400 to 699, such as 404 or 486."""
        self._endpoint.reject(self._call, status)

    async def answer_early(self) -> SipCallLeg:
        """Let the caller hear us before the call is taken (183); `answer()` gives the same leg.

        Raises CallFailed where that can't be done; the call still waits for its decision unless
        it is over.
        """
        return await self._endpoint.answer_early(self._call)

    async def answer(self) -> SipCallLeg:
        """Take the call. Raises CallFailed where it is over by then or has no audio for us."""
        return await self._endpoint.answer(self._call)

    @property
    def replaces(self) -> SipCallLeg | None:
        """The leg that ends as `replaced` once this call is answered: its party was transferred
        to this caller (RFC 3891). To go on with a bridge, call `Bridge.replace` right then."""
        return self._endpoint.replaced_leg(self._call)


class SipEndpoint:
    """Takes and places calls on one address, over UDP and TCP."""

    def __init__(
        self,
        settings: SipSettings,
        pacer: Pacer,
        clock: Clock,
        on_call: Callable[[IncomingCall], Awaitable[None]],
        timers: Timers | None = None,
        limits: ConnectionLimits | None = None,
        name_servers: NameServers | None = None,
        count_waiting: Callable[[], int] = int,
        count_other_calls: Callable[[], int] = int,
        trunks: Mapping[str, TrunkSettings] | None = None,
        dial: DialSettings | None = None,
    ) -> None:
        """on_call: runs as a task of its own for each incoming call, until the call's end if it
        likes. When it returns or raises without a decision the call is rejected.

        name_servers: None: the machine's own. count_waiting: utterances that wait for a speech
        worker. count_other_calls: calls beside SIP's that count for `max_calls`.
        """
        self._settings = settings
        self._pacer = pacer
        self._clock = clock
        self._on_call = on_call
        self._timers = timers or Timers()
        self._transport = SipTransport(
            settings, clock, self._receive, self._cannot_send, limits, name_servers
        )
        self._user_agent: UserAgent | None = None
        self._wake_up: asyncio.TimerHandle | None = None
        self._legs: dict[str, SipCallLeg] = {}
        self._outcomes: dict[str, asyncio.Future[None]] = {}
        self._incoming: dict[str, SipCall] = {}
        self._handlers: set[asyncio.Task[None]] = set()
        self._media_watch: asyncio.Task[None] | None = None
        self._limiter = RequestLimiter(settings.max_requests_per_source_s)
        self._count_other_calls = count_other_calls
        self.overload = OverloadControl(settings)
        self._load_probe = LoadProbe(self.overload, clock, count_waiting, self._load_changed)
        self._load_watch: asyncio.Task[None] | None = None
        self.trunks = TrunkService(
            settings, trunks or {}, dial or DialSettings(), clock, self, self._pump
        )
        self.transfers = Transfers(
            clock, lambda: self._running().referrals, self._pump, self._start_handler
        )
        self._sessions = SessionControl(clock, self._running, self._pump)

    @property
    def port(self) -> int:
        """The port of UDP and TCP; the real one after `start()`."""
        return self._transport.port

    @property
    def tls_port(self) -> int | None:
        """None: nobody can connect to us over TLS."""
        return self._transport.tls_port if self._transport.serves_tls else None

    @property
    def local_uri(self) -> str:
        """What to dial to reach us, at least from this machine."""
        host = self._local_host_for("::1" if self._settings.host == "::1" else "127.0.0.1")
        return str(SipUri("sip", self._settings.user, host, self.port))

    @property
    def n_calls(self) -> int:
        """Calls that are ringing, being placed or up."""
        return self._user_agent.n_calls if self._user_agent else 0

    @property
    def is_taking_calls(self) -> bool:
        """Started, and not being stopped."""
        return self._user_agent is not None and not self._user_agent.is_draining

    @property
    def reasons_to_refuse(self) -> list[str]:
        """Why new calls of any kind get none of us now; empty: they are taken."""
        if self._user_agent is None or self._user_agent.is_draining:
            return ["the node is stopping" if self._user_agent else "SIP is not running"]
        reasons = self.overload.reasons()
        if self._user_agent.core.is_full:
            reasons.append("the limit of calls is reached")
        return reasons

    @property
    def n_dropped_requests(self) -> int:
        """Messages of sources that sent too many."""
        return self._limiter.n_dropped

    @property
    def trunk_status(self) -> list[TrunkStatus]:
        """How each trunk is doing, for metrics."""
        return list(self.trunks.status())

    def drain(self) -> None:
        """From now on OPTIONS and INVITE get 503; running calls go on."""
        if self._user_agent is not None:
            self._user_agent.is_draining = True

    @property
    def n_transactions(self) -> int:
        return self._user_agent.n_transactions if self._user_agent else 0

    async def start(self) -> None:
        """Listen. Raises OSError where the address is taken."""
        await self._transport.start()
        profile = Profile(
            user=self._settings.user,
            port=self.port,
            media_policy=MediaPolicy(self._settings.codecs, self._settings.srtp),
            max_calls=self._settings.max_calls,
            local_host_for=self._local_host_for,
            tls_port=self._transport.tls_port,
            serves_tls=self._transport.serves_tls,
            count_other_calls=self._count_other_calls,
            session_timer=SessionTimerPolicy(
                self._settings.session_expires_s,
                self._settings.min_session_expires_s,
                self._timers.session_second_s,
            ),
        )
        self._user_agent = UserAgent(profile, self._timers)
        self.trunks.attach(self._user_agent)
        self._media_watch = asyncio.get_running_loop().create_task(self._watch_media())
        self._load_watch = asyncio.get_running_loop().create_task(self._load_probe.run())
        log.info("SIP endpoint listens", extra={"port": self.port})

    async def stop(self) -> None:
        """End every call politely, then close. New calls get 503 meanwhile."""
        if self._user_agent is None:
            return
        self._user_agent.is_draining = True
        for call in list(self._incoming.values()):
            self.reject(call, 503)
        legs = list(self._legs.values())
        for leg in legs:
            leg.end("shutdown")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_PATIENCE_S):
                await asyncio.gather(*(leg.hang_up("shutdown") for leg in legs))
                if self._handlers:
                    await asyncio.wait(self._handlers)
        await self.trunks.stop()
        watches = (self._media_watch, self._load_watch)
        tasks = [*self._handlers, *(watch for watch in watches if watch is not None)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._wake_up is not None:
            self._wake_up.cancel()
        self._user_agent = None
        for leg in legs:
            leg.close()
        await self._transport.stop()

    async def call(
        self,
        uri: str,
        caller: str,
        timeout_s: float = 60,
        headers: Sequence[tuple[str, str]] = (),
        trunk: str = "",
        campaign: str = "",
        on_early: Callable[[SipCallLeg], None] | None = None,
    ) -> SipCallLeg:
        """Call a number or a SIP URI and return when somebody answers.

        A number goes through the trunks, by the dialling rules. A URI goes where it says and
        obeys no rules: it must come from the operator, never from the far end of a call.
        caller: user part of the address we show to a URI. headers: more fields of the INVITE
        to it. trunk: "" leaves the choice. campaign: for its caps. on_early: called once a
        URI's side lets us hear something before the answer; without it that is forgotten.
        Raises CallFailed: refused, not reachable, not answered in `timeout_s` (408), neither
        number nor SIP URI (status 0); DialRefused, one of those: forbidden by the rules.
        """
        if _is_number(uri):
            return await self.trunks.dialler.call(uri, trunk, campaign, timeout_s)
        target = _parse_target(uri)
        ends_at = self._clock.monotonic() + timeout_s
        peers = await self._transport.resolve_targets(target)
        if not peers:
            raise CallFailed("the host of the address can't be found")
        return await self.call_first_of(peers, target, caller, ends_at, headers, on_early=on_early)

    async def call_first_of(
        self,
        peers: Sequence[Peer],
        target: SipUri,
        caller: str,
        ends_at: float,
        headers: Sequence[tuple[str, str]] = (),
        terms: TrunkTerms | None = None,
        has_alternative: bool = False,
        on_early: Callable[[SipCallLeg], None] | None = None,
    ) -> SipCallLeg:
        """Call by the first of these ways that does not fail by itself (RFC 3263 4.3).

        The next one is tried on 503, where nothing can be sent, and where nobody answers at
        all. ends_at: monotonic time until which somebody must have taken the call. terms: of
        the trunk that all these ways lead to. has_alternative: another trunk may do as well.
        Raises CallFailed.
        """
        for number, peer in enumerate(peers, start=1):
            call = await self._place_call(peer, target, caller, ends_at, headers, terms, on_early)
            is_last = number == len(peers)
            try:
                return await self._outcome_of(call, ends_at, is_last and not has_alternative)
            except CallFailed as failure:
                failure.is_way_at_fault = is_worth_another_way(failure, call.has_provisional)
                if is_last or not failure.is_way_at_fault:
                    raise
                log.info("next way of a call is tried", extra={"status": failure.status})
        raise CallFailed("the host of the address can't be found")

    async def _place_call(
        self,
        peer: Peer,
        target: SipUri,
        caller: str,
        ends_at: float,
        headers: Sequence[tuple[str, str]],
        terms: TrunkTerms | None,
        on_early: Callable[[SipCallLeg], None] | None,
    ) -> SipCall:
        user_agent = self._running()
        line = await self._open_line()
        local = LocalMedia(self._local_host_for(peer.host), line.local_port)
        now = self._clock.monotonic()
        expires_s = max(math.ceil(ends_at - now), 1)
        call = user_agent.place_call(
            target, caller, local, peer, now, headers, expires_s, terms=terms
        )
        self._legs[call.call_ref] = self._leg_of(call, line, on_early)
        self._outcomes[call.call_ref] = asyncio.get_running_loop().create_future()
        self._pump()
        return call

    async def _outcome_of(self, call: SipCall, ends_at: float, is_last: bool) -> SipCallLeg:
        """The leg of an answered call; else the call is cancelled. Raises CallFailed."""
        outcome, leg = self._outcomes[call.call_ref], self._legs[call.call_ref]
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
            self._outcomes.pop(call.call_ref, None)
            if not is_up:
                # Also when our own task was cancelled: the phone must not ring on.
                self._legs.pop(call.call_ref, None)
                leg.close()
                if self._user_agent is not None:
                    self._user_agent.hang_up(call, self._clock.monotonic(), reason)
                    self._pump()
        return leg

    def _leg_of(
        self,
        call: SipCall,
        line: RtpLine,
        on_early: Callable[[SipCallLeg], None] | None = None,
    ) -> SipCallLeg:
        return SipCallLeg(
            call, line, self._hang_up, self.transfers.refer, self._sessions.change, on_early
        )

    async def resolve(self, uri: SipUri) -> list[Peer]:
        """Where requests for `uri` may go, best first; empty: nowhere."""
        return await self._transport.resolve_targets(uri)

    def keep_connected(self, peer: Peer, on_lost: Callable[[], None]) -> None:
        """Keep the way to this peer open (RFC 5626); on_lost: told when a connection has gone."""
        self._transport.keep_connected(peer, on_lost)

    def release(self, peer: Peer) -> None:
        """Undo `keep_connected`."""
        self._transport.release(peer)

    # For IncomingCall

    def ring(self, call: SipCall) -> None:
        self._running().ring(call, self._clock.monotonic())
        self._pump()

    def reject(self, call: SipCall, status: int) -> None:
        self._incoming.pop(call.call_ref, None)
        leg = self._legs.pop(call.call_ref, None)
        if leg is not None:
            leg.end("rejected")
        self._running().reject(call, status, self._clock.monotonic())
        self._pump()

    async def answer_early(self, call: SipCall) -> SipCallLeg:
        line = await self._open_line()
        if call.state is not CallState.INVITED or call.call_ref in self._legs:
            line.close()
            raise CallFailed("the caller gave up, or hears us already", 487)
        local = LocalMedia(call.local_host, line.local_port)
        try:
            media = self._running().answer_early(call, local, self._clock.monotonic())
        except SdpError as error:
            line.close()
            raise CallFailed("no early audio with this caller", error.status_hint) from None
        leg = self._legs[call.call_ref] = self._leg_of(call, line)
        if media is not None:
            leg.configure(media)
        self._pump()
        return leg

    async def answer(self, call: SipCall) -> SipCallLeg:
        early_leg = self._legs.get(call.call_ref)
        if early_leg is not None and call.local_media is not None:
            self._incoming.pop(call.call_ref, None)
            self._running().answer(call, call.local_media, self._clock.monotonic())
            self._pump()
            self._end_replaced(call)
            return early_leg
        try:
            line = await self._open_line()
        except CallFailed:
            self.reject(call, 503)
            raise
        if call.state is not CallState.INVITED or self._user_agent is None:
            line.close()
            raise CallFailed("the caller gave up", 487)
        local = LocalMedia(call.local_host, line.local_port)
        leg = self._leg_of(call, line)
        try:
            media = self._user_agent.answer(call, local, self._clock.monotonic())
        except SdpError as error:
            line.close()
            self.reject(call, error.status_hint)
            raise CallFailed("no audio in common", error.status_hint) from None
        self._incoming.pop(call.call_ref, None)
        self._legs[call.call_ref] = leg
        if media is not None:
            leg.configure(media)
            self._pump()
            self._end_replaced(call)
            return leg
        # We offered; where the caller listens is in its ACK.
        outcome = asyncio.get_running_loop().create_future()
        self._outcomes[call.call_ref] = outcome
        self._pump()
        try:
            await outcome
        finally:
            self._outcomes.pop(call.call_ref, None)
        self._end_replaced(call)
        return leg

    def replaced_leg(self, call: SipCall) -> SipCallLeg | None:
        return self._legs.get(call.replaces.call_ref) if call.replaces else None

    def _end_replaced(self, call: SipCall) -> None:
        leg = self.replaced_leg(call)
        if leg is not None:
            leg.end("replaced")
            self._hang_up(leg)

    # Between user agent and transport

    def _receive(self, message: bytes | SipMessage | SipParseError, source: Peer) -> None:
        if self._user_agent is None:
            return
        now = self._clock.monotonic()
        if not self._limiter.admits(message, source, self._user_agent.core.call_ids, now):
            return
        if isinstance(message, SipParseError):
            self._user_agent.receive_malformed(message, source)
        else:
            self._user_agent.receive(message, source, now)
        self._pump()

    def _load_changed(self, is_overloaded: bool) -> None:
        if self._user_agent is not None:
            self._user_agent.core.is_overloaded = is_overloaded

    def _cannot_send(self, message: OutgoingMessage) -> None:
        if self._user_agent is not None:
            self._user_agent.transport_failed(message, self._clock.monotonic())
            # Not from here: `send`, which may have called us, is in the middle of a pump.
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Send what is to be sent, hand events on, set the alarm."""
        user_agent = self._user_agent
        if user_agent is None:
            return
        for message in user_agent.datagrams_to_send():
            self._transport.send(message)
        while (event := user_agent.next_event()) is not None:
            self._handle(event)
        if self._wake_up is not None:
            self._wake_up.cancel()
            self._wake_up = None
        due = user_agent.next_timeout()
        if due is not None:
            delay_s = max(due - self._clock.monotonic(), 0.0)
            self._wake_up = asyncio.get_running_loop().call_later(delay_s, self._alarm)

    def _alarm(self) -> None:
        if self._user_agent is not None:
            self._user_agent.handle_timeout(self._clock.monotonic())
            self._pump()

    def _handle(self, event: UserAgentEvent) -> None:
        reference = event.call.call_ref
        leg = self._legs.get(reference)
        outcome = self._outcomes.get(reference)
        if isinstance(event, CallOffered):
            self._incoming[reference] = event.call
            self._start_handler(self._run_handler(event.call))
        elif isinstance(event, KeyReceived):
            if leg is not None:
                leg.digit_pressed(event.digit)
        elif isinstance(event, ReferReceived):
            self.transfers.refer_received(event, leg)
        elif isinstance(event, ReferralEnded):
            self.transfers.referral_ended(event)
        elif isinstance(event, SessionChangeEnded):
            self._sessions.change_ended(event)
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
            self._incoming.pop(reference, None)
            self._sessions.call_over(reference)
            _log_cause(reference, event.cause)
            if leg is not None:
                leg.end(event.reason)
                if event.call.state is CallState.ENDED:
                    # Otherwise a BYE of ours is on its way, and HangUpCompleted follows.
                    self._legs.pop(reference, None)
                    leg.hang_up_completed()
            _fail(outcome, CallFailed("the call ended before it began"))
        elif isinstance(event, HangUpCompleted):
            self._sessions.call_over(reference)
            self._legs.pop(reference, None)
            if leg is not None:
                leg.hang_up_completed()

    def _start_handler(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)

    async def _run_handler(self, call: SipCall) -> None:
        incoming = IncomingCall(self, call)
        status = 480
        try:
            await self._on_call(incoming)
        except CallFailed:
            log.info("call over before it began", extra={"call_ref": call.call_ref})
        except Exception:  # the top of a call: other calls go on
            log.exception("call handler failed", extra={"call_ref": call.call_ref})
            status = 500
            leg = self._legs.get(call.call_ref)
            if leg is not None:
                leg.end("error")
                await leg.hang_up("error")
        finally:
            if incoming.is_pending and self._user_agent is not None:
                self.reject(call, status)

    # Running calls

    def _hang_up(self, leg: SipCallLeg) -> None:
        if self._user_agent is None:
            leg.hang_up_completed()
            return
        reason = reason_of_end(leg.end_reason)
        self._user_agent.hang_up(leg.call, self._clock.monotonic(), reason)
        self._pump()
        if leg.call.state is CallState.ENDED:
            self._incoming.pop(leg.leg_id, None)
            self._legs.pop(leg.leg_id, None)
            leg.hang_up_completed()

    async def _watch_media(self) -> None:
        while True:
            await asyncio.sleep(_MEDIA_CHECK_INTERVAL_S)
            now = self._clock.monotonic()
            for leg in list(self._legs.values()):
                if leg.is_over or leg.call.state is not CallState.UP:
                    continue  # early audio may stay silent: ringing has its own limit
                if leg.seconds_without_media(now) > self._settings.no_media_timeout_s:
                    log.info("call without media ended", extra={"call_ref": leg.leg_id})
                    leg.end("no_media")
                    self._hang_up(leg)
                elif leg.seconds_held(now) > self._settings.max_hold_s:
                    log.info("call held for too long ended", extra={"call_ref": leg.leg_id})
                    leg.end("held_too_long")
                    self._hang_up(leg)

    async def _open_line(self) -> RtpLine:
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

    def _local_host_for(self, peer_host: str) -> str:
        return self._settings.public_host or self._transport.local_host_towards(peer_host)

    def _running(self) -> UserAgent:
        if self._user_agent is None:
            raise CallFailed("the endpoint is not running", 503)
        return self._user_agent


def _parse_target(uri: str) -> SipUri:
    try:
        target = SipUri.parse(uri)
    except SipParseError:
        raise CallFailed("the address is no SIP URI") from None
    if not target.is_sip or not target.host:
        raise CallFailed("the address is no sip: or sips: URI")
    return target


def _is_number(uri: str) -> bool:
    return ":" not in uri and "@" not in uri


def _log_cause(call_ref: str, cause: Reason | None) -> None:
    if cause is not None:
        fields = {"call_ref": call_ref, "protocol": cause.protocol, "cause": cause.cause}
        log.info("the other side says why the call ended", extra=fields)


def _failure_of(refusal: CallRefused) -> CallFailed:
    if refusal.targets:
        return CallRedirected(tuple(str(uri) for uri in refusal.targets), refusal.status)
    return CallFailed("the call was not taken", refusal.status)


def is_worth_another_way(failure: CallFailed, has_provisional: bool) -> bool:
    """RFC 3263 4.3: 503, a transport failure (503 here, too), or no answer of any kind."""
    return failure.status == 503 or (failure.status == 408 and not has_provisional)


def _succeed(outcome: asyncio.Future[None] | None) -> None:
    if outcome is not None and not outcome.done():
        outcome.set_result(None)


def _fail(outcome: asyncio.Future[None] | None, error: CallFailed) -> None:
    if outcome is not None and not outcome.done():
        outcome.set_exception(error)
