"""Calls a number: by the dialling rules, through the trunks, on to the next one where one fails."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from voicebot.clock import Clock
from voicebot.errors import CallFailed, CallRedirected, DialRefused, SipParseError
from voicebot.gateway.sip.call_leg import OnEarly, SipCallLeg
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.trunks.dial_rules import DialRules
from voicebot.gateway.sip.trunks.trunk import Trunk, TrunkDirectory
from voicebot.gateway.sip.trunks.trunk_terms import TrunkTerms

log = logging.getLogger(__name__)

MAX_REDIRECTS = 3


class CallPlacer(Protocol):
    """How one call leaves; the endpoint."""

    async def resolve(self, uri: SipUri) -> Sequence[Peer]: ...

    async def call_through(
        self,
        peers: Sequence[Peer],
        target: SipUri,
        terms: TrunkTerms,
        ends_at: float,
        has_alternative: bool,
        on_early: OnEarly | None = None,
    ) -> SipCallLeg:
        """Raises CallFailed; `is_way_at_fault` says whether another trunk may do better.

        has_alternative: do not wait long for a first sign of life.
        """

    def n_calls_up(self, trunk: str) -> int:
        """Calls that we placed through it and that were answered."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What holds for every trunk and number that one call is tried with."""

    campaign: str
    ends_at: float
    headers: Sequence[tuple[str, str]]
    on_early: OnEarly | None


class Dialler:
    """Everything that calls a number goes through here."""

    def __init__(
        self,
        trunks: TrunkDirectory,
        rules: DialRules,
        placer: CallPlacer,
        clock: Clock,
        user: str,
        follow_redirects: bool,
    ) -> None:
        """user: our own user part, for trunks that have no other for us."""
        self._trunks = trunks
        self._rules = rules
        self._placer = placer
        self._clock = clock
        self._user = user
        self._follow_redirects = follow_redirects
        self._placing: dict[str, int] = {}

    async def call(
        self,
        number: str,
        trunk: str = "",
        campaign: str = "",
        timeout_s: float = 60,
        headers: Sequence[tuple[str, str]] = (),
        on_early: OnEarly | None = None,
    ) -> SipCallLeg:
        """The leg of who answers. trunk: that one alone; "" leaves the choice. headers: more
        fields of the INVITE. on_early: called once there is something to hear before the
        answer, for each trunk that gets so far; only the last one's leg may be answered.

        Raises DialRefused for what the rules forbid, and CallFailed.
        """
        wish = _Wish(campaign, self._clock.monotonic() + timeout_s, headers, on_early)
        candidates = self._candidates(trunk)
        for _ in range(MAX_REDIRECTS):
            try:
                return await self._through_one_of(candidates, number, wish)
            except CallRedirected as redirection:
                if not self._follow_redirects:
                    raise
                number = self._redirected_to(redirection)
        return await self._through_one_of(candidates, number, wish)

    def may_dial(self, uri: SipUri) -> bool:
        """Whether an address from the far end names a number that we would call."""
        try:
            self._rules.permitted(self._rules.number_in(uri))
        except DialRefused:
            return False
        return True

    async def call_named(
        self,
        uri: SipUri,
        campaign: str = "",
        timeout_s: float = 60,
        headers: Sequence[tuple[str, str]] = (),
    ) -> SipCallLeg:
        """Call the number in an address from the far end (REFER). Raises as `call` does."""
        return await self.call(self._rules.number_in(uri), "", campaign, timeout_s, headers)

    def _candidates(self, name: str) -> list[Trunk]:
        now = self._clock.monotonic()
        if not name:
            candidates = self._trunks.candidates(now)
        else:
            named = self._trunks.get(name)
            candidates = [named] if named is not None else []
        if not candidates:
            raise CallFailed("there is no such trunk" if name else "there is no trunk", 503)
        return candidates

    async def _through_one_of(
        self,
        candidates: Sequence[Trunk],
        number: str,
        wish: _Wish,
    ) -> SipCallLeg:
        failure: CallFailed | None = None
        is_retry = False
        for position, trunk in enumerate(candidates, start=1):
            now = self._clock.monotonic()
            if failure is not None and now >= wish.ends_at:
                break
            try:
                self._check_load(trunk)
                dialled = self._rules.check(number, trunk.name, wish.campaign, now, is_retry)
            except DialRefused as refusal:
                if not refusal.rule.startswith("trunk_"):
                    raise
                failure = failure or refusal
                continue
            is_retry = True
            try:
                has_alternative = position < len(candidates)
                return await self._through(trunk, dialled, wish, has_alternative)
            except CallFailed as error:
                # A challenge that we can't answer is the trunk's as well, never the callee's.
                if not error.is_way_at_fault and error.status not in (401, 407):
                    raise
                failure = error
                log.info(
                    "a call failed with its trunk",
                    extra={"trunk": trunk.name, "status": error.status},
                )
        raise failure or CallFailed("there is no trunk", 503)

    async def _through(
        self,
        trunk: Trunk,
        number: str,
        wish: _Wish,
        has_alternative: bool,
    ) -> SipCallLeg:
        self._placing[trunk.name] = self._placing.get(trunk.name, 0) + 1
        try:
            peers = await self._placer.resolve(trunk.next_hop)
            if not peers:
                raise CallFailed("the trunk's host can't be found", 503, is_way_at_fault=True)
            terms = TrunkTerms.of(trunk, self._user)
            terms = replace(terms, headers=(*terms.headers, *wish.headers))
            leg = await self._placer.call_through(
                peers, trunk.uri_of(number), terms, wish.ends_at, has_alternative, wish.on_early
            )
        except CallFailed as error:
            # Of what a phone or a person decides the trunk is innocent.
            status = error.status if error.is_way_at_fault else 486
            trunk.health.note_answer(status, self._clock.monotonic())
            raise
        finally:
            self._placing[trunk.name] -= 1
        trunk.health.note_answer(200, self._clock.monotonic())
        return leg

    def _check_load(self, trunk: Trunk) -> None:
        n_calls = self._placing.get(trunk.name, 0) + self._placer.n_calls_up(trunk.name)
        if n_calls >= trunk.settings.max_calls:
            raise DialRefused("the trunk has as many calls as it may", "trunk_calls")

    def _redirected_to(self, redirection: CallRedirected) -> str:
        """The first number that we may call. Raises DialRefused for the last one otherwise."""
        refusal = DialRefused("the call was redirected to nobody", "host")
        for text in redirection.targets:
            try:
                number = self._rules.number_in(SipUri.parse(text))
                self._rules.permitted(number)
            except DialRefused as error:
                refusal = error
            except SipParseError:
                continue
            else:
                return number
        raise refusal
