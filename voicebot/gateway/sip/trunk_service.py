"""Joins the trunks to a running endpoint: who may call in, how numbers are called, what is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from voicebot.clock import Clock
from voicebot.errors import CallFailed
from voicebot.gateway.sip.agent.sip_call import CallState
from voicebot.gateway.sip.agent.sips import contact_uri
from voicebot.gateway.sip.agent.user_agent import UserAgent
from voicebot.gateway.sip.call_leg import OnEarly, SipCallLeg
from voicebot.gateway.sip.call_placement import CallPlacement
from voicebot.gateway.sip.dialler import Dialler
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.network.transport import SipTransport
from voicebot.gateway.sip.trunk_keeper import TrunkKeeper
from voicebot.gateway.sip.trunks.caller_identity import own_address
from voicebot.gateway.sip.trunks.dial_rules import DialRules
from voicebot.gateway.sip.trunks.inbound_gate import InboundGate
from voicebot.gateway.sip.trunks.registration import Registration
from voicebot.gateway.sip.trunks.trunk import Trunk, TrunkDirectory
from voicebot.gateway.sip.trunks.trunk_terms import TrunkTerms
from voicebot.records import Direction
from voicebot.settings import DialSettings, SipSettings, TrunkSettings


@dataclass(frozen=True, slots=True)
class TrunkStatus:
    """For metrics: nothing personal in it. is_registered: None: it is not to be."""

    name: str
    is_in: bool
    is_registered: bool | None
    n_calls: int


class TrunkService:
    """Exists as long as its endpoint; `attach` when that listens, `stop` before it closes."""

    def __init__(
        self,
        settings: SipSettings,
        trunks: Mapping[str, TrunkSettings],
        dial: DialSettings,
        clock: Clock,
        transport: SipTransport,
        placement: CallPlacement,
        pump: Callable[[], None],
    ) -> None:
        """pump: sends what the user agent has to send. Raises SettingsError."""
        self._settings = settings
        self._clock = clock
        self._transport = transport
        self._placement = placement
        self._pump = pump
        self._user_agent: UserAgent | None = None
        self.trunks = TrunkDirectory(trunks, clock.monotonic())
        self.rules = DialRules(dial, trunks)
        self.dialler = Dialler(
            self.trunks, self.rules, self, clock, settings.user, dial.follow_redirects
        )
        self._keeper = TrunkKeeper(self.trunks, self, clock)
        self._gate = InboundGate(
            self.trunks,
            settings.inbound == "open",
            settings.public_host or settings.user,
            settings.digest_algorithms,
        )

    def attach(self, user_agent: UserAgent) -> None:
        """Begin: needs a running loop."""
        self._user_agent = user_agent
        user_agent.core.admissions.append(self._gate.admit)
        user_agent.core.terms_of = self._terms_of
        self._keeper.start()

    async def stop(self) -> None:
        await self._keeper.stop()
        self._user_agent = None

    def status(self) -> Iterator[TrunkStatus]:
        now = self._clock.monotonic()
        for trunk in self.trunks:
            registration = trunk.registration
            is_registered = registration.is_registered(now) if registration else None
            n_calls = self.n_calls_up(trunk.name)
            yield TrunkStatus(trunk.name, trunk.health.is_in(now), is_registered, n_calls)

    def _terms_of(self, request: SipRequest, source: Peer) -> TrunkTerms | None:
        trunk = self._gate.trunk_of(request, source)
        return TrunkTerms.of(trunk, self._settings.user) if trunk else None

    # For the dialler

    async def resolve(self, uri: SipUri) -> list[Peer]:
        return await self._transport.resolve_targets(uri)

    def keep_connected(self, peer: Peer, on_lost: Callable[[], None]) -> None:
        self._transport.keep_connected(peer, on_lost)

    def release(self, peer: Peer) -> None:
        self._transport.release(peer)

    async def call_through(
        self,
        peers: Sequence[Peer],
        target: SipUri,
        terms: TrunkTerms,
        ends_at: float,
        has_alternative: bool,
        on_early: OnEarly | None = None,
    ) -> SipCallLeg:
        user = self._settings.user
        return await self._placement.call_first_of(
            peers, target, user, ends_at, (), terms, has_alternative, on_early
        )

    def n_calls_up(self, trunk: str) -> int:
        if self._user_agent is None:
            return 0
        return sum(
            call.trunk == trunk
            and call.direction is Direction.OUTBOUND
            and call.state is CallState.UP
            for call in self._user_agent.core.calls.values()
        )

    # For the keeper

    async def ask(self, request: SipRequest, peer: Peer) -> SipResponse:
        answer: asyncio.Future[SipResponse] = asyncio.get_running_loop().create_future()

        def take(response: SipResponse) -> None:
            if not answer.done():
                answer.set_result(response)

        self._running().outside.send(request, peer, take, self._clock.monotonic())
        self._pump()
        return await answer

    def options_for(self, trunk: Trunk) -> SipRequest:
        own = own_address(trunk, self._settings.user)
        return self._running().outside.options(trunk.uri_of(), own, trunk.proxy)

    def contact_for(self, trunk: Trunk, peer: Peer) -> SipUri:
        profile = self._running().core.profile
        user = trunk.user(profile.user)
        local_host = profile.local_host_for(peer.host)
        return contact_uri(user, local_host, peer, profile.port, profile.tls_port, False)

    def registration_for(self, trunk: Trunk) -> Registration:
        settings = trunk.settings
        user = trunk.user(self._settings.user)
        return Registration(
            registrar=SipUri("sip", "", settings.host, settings.port or None),
            address_of_record=SipUri("sip", user, settings.host),
            # Known better once the registrar's address is.
            contact=SipUri("sip", user, self._settings.host),
            expires_s=settings.register_expires_s,
            account=trunk.account,
            token=self._running().core.token,
            now=self._clock.monotonic(),
            route=trunk.proxy,
        )

    def _running(self) -> UserAgent:
        if self._user_agent is None:
            raise CallFailed("the endpoint is not running", 503)
        return self._user_agent
