"""Keeps trunks registered and watches whether they are alive, for as long as the endpoint runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from voicebot.clock import Clock
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse, make_response
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.trunks.registration import Registration, RegistrationState, retry_after_s
from voicebot.gateway.sip.trunks.trunk import Trunk, TrunkDirectory

log = logging.getLogger(__name__)

PROBE_S = 8.0
"""An OPTIONS that nobody answers for so long counts as lost; its transaction may run on."""

UNREGISTER_S = 2.0


class RequestSender(Protocol):
    """How requests outside calls leave; the endpoint."""

    async def resolve(self, uri: SipUri) -> Sequence[Peer]: ...

    async def ask(self, request: SipRequest, peer: Peer) -> SipResponse:
        """The final answer; 408 and 503 where there is none."""

    def options_for(self, trunk: Trunk) -> SipRequest: ...

    def contact_for(self, trunk: Trunk, peer: Peer) -> SipUri: ...

    def registration_for(self, trunk: Trunk) -> Registration: ...

    def keep_connected(self, peer: Peer, on_lost: Callable[[], None]) -> None:
        """Keep the way to this peer open; once for each."""

    def release(self, peer: Peer) -> None: ...


class TrunkKeeper:
    """One task for each trunk's health and one for each registration."""

    def __init__(self, trunks: TrunkDirectory, sender: RequestSender, clock: Clock) -> None:
        self._trunks = trunks
        self._sender = sender
        self._clock = clock
        self._tasks: list[asyncio.Task[None]] = []
        self._kept: dict[str, Peer] = {}
        self._lost: dict[str, asyncio.Event] = {}

    def start(self) -> None:
        for trunk in self._trunks:
            if trunk.settings.options_interval_s > 0:
                self._spawn(self._watch(trunk), f"health of trunk {trunk.name}")
            if trunk.settings.register_expires_s > 0:
                trunk.registration = self._sender.registration_for(trunk)
                self._spawn(self._keep_registered(trunk), f"registration with {trunk.name}")

    async def stop(self) -> None:
        """Take our addresses back, as far as that is quick."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for peer in self._kept.values():
            self._sender.release(peer)
        self._kept.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(UNREGISTER_S):
                await asyncio.gather(*(self._unregister(trunk) for trunk in self._trunks))

    # Health

    async def _watch(self, trunk: Trunk) -> None:
        health = trunk.health
        while (due := health.next_timeout()) is not None:
            await self._sleep_until(due)
            if not health.handle_timeout(self._clock.monotonic()):
                continue
            was_in = health.is_in(self._clock.monotonic())
            response = await self._probe(trunk)
            now = self._clock.monotonic()
            health.note_probe(response.status, now, retry_after_s(response))
            if health.is_in(now) != was_in:
                state = "out" if was_in else "in"
                extra = {"trunk": trunk.name, "state": state, "status": response.status}
                log.warning("trunk changed its state", extra=extra)

    async def _probe(self, trunk: Trunk) -> SipResponse:
        request = self._sender.options_for(trunk)
        try:
            async with asyncio.timeout(PROBE_S):
                peers = await self._sender.resolve(trunk.next_hop)
                return await self._ask_first_of(peers, request)
        except TimeoutError:
            return make_response(request, 408)

    # Registration

    async def _keep_registered(self, trunk: Trunk) -> None:
        registration = trunk.registration
        while registration is not None and (due := registration.next_timeout()) is not None:
            lost = self._lost.setdefault(trunk.name, asyncio.Event())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(due - self._clock.monotonic(), 0.0)):
                    await lost.wait()
                    lost.clear()
                    registration.flow_lost(self._clock.monotonic())
            state, status = registration.state, registration.last_status
            await self._register(trunk, registration)
            if (registration.state, registration.last_status) != (state, status):
                _log_registration(trunk, registration)

    async def _register(self, trunk: Trunk, registration: Registration) -> None:
        """One registration with all that its challenges ask for."""
        peers = await self._sender.resolve(trunk.next_hop)
        if peers:
            registration.contact = self._sender.contact_for(trunk, peers[0])
        registration.handle_timeout(self._clock.monotonic())
        await self._exchange(registration, peers)
        if registration.is_registered(self._clock.monotonic()):
            trunk.registrar_addresses = frozenset(peer.host for peer in peers)
            self._keep_connected(trunk, peers[0])

    def _keep_connected(self, trunk: Trunk, peer: Peer) -> None:
        """Calls come in on the way on which we registered, as long as it stays open."""
        before = self._kept.get(trunk.name)
        if before == peer:
            return
        if before is not None:
            self._sender.release(before)
        self._kept[trunk.name] = peer
        self._sender.keep_connected(peer, lambda: self._lost[trunk.name].set())

    async def _unregister(self, trunk: Trunk) -> None:
        registration = trunk.registration
        if registration is None:
            return
        registration.stop(self._clock.monotonic())
        peers = await self._sender.resolve(trunk.next_hop)
        await self._exchange(registration, peers)

    async def _exchange(self, registration: Registration, peers: Sequence[Peer]) -> None:
        while (request := registration.request_to_send()) is not None:
            response = await self._ask_first_of(peers, request)
            registration.receive_response(response, self._clock.monotonic())

    # Both

    async def _ask_first_of(self, peers: Sequence[Peer], request: SipRequest) -> SipResponse:
        """RFC 3263 4.3: the next one on a timeout, 503 or a transport failure."""
        response = make_response(request, 503)
        for peer in peers:
            response = await self._sender.ask(request, peer)
            if response.status not in (408, 503):
                break
        return response

    async def _sleep_until(self, due: float) -> None:
        await asyncio.sleep(max(due - self._clock.monotonic(), 0.0))

    def _spawn(self, work: Awaitable[None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(_guard(work, name), name=name)
        self._tasks.append(task)


async def _guard(work: Awaitable[None], name: str) -> None:
    try:
        await work
    except Exception:  # the top of a worker: calls and other trunks go on
        log.exception("a trunk is not kept any more", extra={"worker": name})


def _log_registration(trunk: Trunk, registration: Registration) -> None:
    is_good = registration.state is RegistrationState.REGISTERED
    log.log(
        logging.INFO if is_good else logging.WARNING,
        "registration with a trunk",
        extra={
            "trunk": trunk.name,
            "state": str(registration.state),
            "status": registration.last_status,
        },
    )
