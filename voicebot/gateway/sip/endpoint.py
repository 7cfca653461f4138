"""A SIP endpoint: user agent, sockets and audio lines joined into calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence

from voicebot.clock import Clock
from voicebot.errors import CallFailed, SipParseError
from voicebot.gateway.sip.agent.agent_driver import AgentDriver
from voicebot.gateway.sip.agent.session_timer import SessionTimerPolicy
from voicebot.gateway.sip.agent.sip_call import (
    CallEnded,
    CallOffered,
    HangUpCompleted,
    ReferralEnded,
    ReferReceived,
    SessionChangeEnded,
    UserAgentEvent,
)
from voicebot.gateway.sip.agent.transaction import Timers
from voicebot.gateway.sip.agent.user_agent import Profile, UserAgent
from voicebot.gateway.sip.call_leg import OnEarly, SipCallLeg
from voicebot.gateway.sip.call_placement import CallPlacement
from voicebot.gateway.sip.incoming_call import IncomingCall
from voicebot.gateway.sip.leg_table import LegTable
from voicebot.gateway.sip.media_watch import MediaWatch
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.network.rate_limit import RequestLimiter
from voicebot.gateway.sip.network.resolver import NameServers
from voicebot.gateway.sip.network.transport import ConnectionLimits, SipTransport
from voicebot.gateway.sip.overload import LoadProbe, OverloadControl
from voicebot.gateway.sip.sdp.media_negotiation import MediaPolicy
from voicebot.gateway.sip.session_control import SessionControl
from voicebot.gateway.sip.transfers import Transfers
from voicebot.gateway.sip.trunk_service import TrunkService, TrunkStatus
from voicebot.media.pacer import Pacer
from voicebot.settings import DialSettings, SipSettings, TrunkSettings

log = logging.getLogger(__name__)

_STOP_PATIENCE_S = 5.0


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
        self._clock = clock
        self._on_call = on_call
        self._timers = timers or Timers()
        self._limiter = RequestLimiter(settings.max_requests_per_source_s)
        self._count_other_calls = count_other_calls
        self._driver = AgentDriver(
            clock, self._limiter, lambda message: self._transport.send(message), self._handle
        )
        self._transport = SipTransport(
            settings, clock, self._driver.receive, self._driver.cannot_send, limits, name_servers
        )
        self.transfers = Transfers(
            clock,
            lambda: self._driver.running().referrals,
            self._driver.pump,
            self._start_handler,
        )
        self._sessions = SessionControl(clock, self._driver.running, self._driver.pump)
        self._legs = LegTable(settings, pacer, clock, self._driver, self.transfers, self._sessions)
        self._placement = CallPlacement(clock, self._driver, self._legs, self._local_host_for)
        self.trunks = TrunkService(
            settings,
            trunks or {},
            dial or DialSettings(),
            clock,
            self._transport,
            self._placement,
            self._driver.pump,
        )
        self.overload = OverloadControl(settings)
        self._load_probe = LoadProbe(self.overload, clock, count_waiting, self._load_changed)
        self._media_watch = MediaWatch(settings, clock, self._legs)
        self._watches: list[asyncio.Task[None]] = []
        self._incoming: dict[str, IncomingCall] = {}
        self._handlers: set[asyncio.Task[None]] = set()

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
        user_agent = self._driver.user_agent
        return user_agent.n_calls if user_agent else 0

    @property
    def is_taking_calls(self) -> bool:
        """Started, and not being stopped."""
        user_agent = self._driver.user_agent
        return user_agent is not None and not user_agent.is_draining

    @property
    def reasons_to_refuse(self) -> list[str]:
        """Why new calls of any kind get none of us now; empty: they are taken."""
        user_agent = self._driver.user_agent
        if user_agent is None or user_agent.is_draining:
            return ["the node is stopping" if user_agent else "SIP is not running"]
        reasons = self.overload.reasons()
        if user_agent.core.is_full:
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
        if self._driver.user_agent is not None:
            self._driver.user_agent.is_draining = True

    @property
    def n_transactions(self) -> int:
        user_agent = self._driver.user_agent
        return user_agent.n_transactions if user_agent else 0

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
        user_agent = UserAgent(profile, self._timers)
        self._driver.start(user_agent)
        self.trunks.attach(user_agent)
        loop = asyncio.get_running_loop()
        self._watches = [
            loop.create_task(self._media_watch.run()),
            loop.create_task(self._load_probe.run()),
        ]
        log.info("SIP endpoint listens", extra={"port": self.port})

    async def stop(self) -> None:
        """End every call politely, then close. New calls get 503 meanwhile."""
        if self._driver.user_agent is None:
            return
        self._driver.user_agent.is_draining = True
        for incoming in list(self._incoming.values()):
            if incoming.is_pending:
                incoming.reject(503)
        legs = list(self._legs)
        for leg in legs:
            leg.end("shutdown")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_PATIENCE_S):
                await asyncio.gather(*(leg.hang_up("shutdown") for leg in legs))
                if self._handlers:
                    await asyncio.wait(self._handlers)
        await self.trunks.stop()
        tasks = [*self._handlers, *self._watches]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._driver.stop()
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
        on_early: OnEarly | None = None,
    ) -> SipCallLeg:
        """Call a number or a SIP URI and return when somebody answers.

        A number goes through the trunks, by the dialling rules. A URI goes where it says and
        obeys no rules: it must come from the operator, never from the far end of a call.
        caller: user part of the address we show to a URI. headers: more fields of the INVITE
        to it. trunk: "" leaves the choice. campaign: for its caps. on_early: called once the
        other side lets us hear something before the answer; without it that is forgotten. Where
        the first way fails after that, it is called for the next one's leg again.
        Raises CallFailed: refused, not reachable, not answered in `timeout_s` (408), neither
        number nor SIP URI (status 0); DialRefused, one of those: forbidden by the rules.
        """
        if _is_number(uri):
            return await self.trunks.dialler.call(
                uri, trunk, campaign, timeout_s, on_early=on_early
            )
        target = _parse_target(uri)
        ends_at = self._clock.monotonic() + timeout_s
        peers = await self._transport.resolve_targets(target)
        if not peers:
            raise CallFailed("the host of the address can't be found")
        return await self._placement.call_first_of(
            peers, target, caller, ends_at, headers, on_early=on_early
        )

    def _load_changed(self, is_overloaded: bool) -> None:
        if self._driver.user_agent is not None:
            self._driver.user_agent.core.is_overloaded = is_overloaded

    def _handle(self, event: UserAgentEvent) -> None:
        reference = event.call.call_ref
        if isinstance(event, CallOffered):
            incoming = IncomingCall(event.call, self._legs, self._driver, self._clock)
            self._incoming[reference] = incoming
            self._start_handler(self._run_handler(incoming))
        elif isinstance(event, ReferReceived):
            self.transfers.refer_received(event, self._legs.get(reference))
        elif isinstance(event, ReferralEnded):
            self.transfers.referral_ended(event)
        elif isinstance(event, SessionChangeEnded):
            self._sessions.change_ended(event)
        else:
            if isinstance(event, CallEnded | HangUpCompleted):
                self._sessions.call_over(reference)
            self._legs.handle(event)

    def _start_handler(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)

    async def _run_handler(self, incoming: IncomingCall) -> None:
        status = 480
        try:
            await self._on_call(incoming)
        except CallFailed:
            log.info("call over before it began", extra={"call_ref": incoming.call_ref})
        except Exception:  # the top of a call: other calls go on
            log.exception("call handler failed", extra={"call_ref": incoming.call_ref})
            status = 500
            leg = self._legs.get(incoming.call_ref)
            if leg is not None:
                leg.end("error")
                await leg.hang_up("error")
        finally:
            self._incoming.pop(incoming.call_ref, None)
            if incoming.is_pending and self._driver.user_agent is not None:
                incoming.reject(status)

    def _local_host_for(self, peer_host: str) -> str:
        return self._settings.public_host or self._transport.local_host_towards(peer_host)


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
