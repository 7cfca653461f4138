"""Calls through trunks and from trunks: passwords, failover, health, and toll fraud."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.phones.process import running
from tests.integration.sip_endpoint_bench import Application, UdpPeer, running_endpoint
from tests.integration.test_sipp_signalling import run_sipp, scenario
from tests.integration.trunk_bench import (
    Answer,
    ScriptedTrunk,
    always,
    silence,
    trunked_endpoint,
)
from tests.peers import need
from tests.sip_messages import request, sdp
from voicebot.errors import CallFailed, CallRedirected, DialRefused
from voicebot.gateway.sip.auth.digest import Account, Challenge
from voicebot.gateway.sip.auth.digest_client import DigestClient
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse, parse_datagram

SCENARIOS = Path(__file__).resolve().parents[1] / "data" / "sipp"
MOBILE = "+48600100200"
OTHER = "+48600100201"
PBX = {"inbound_username": "pbx", "inbound_password": "secret"}
STRICT = {"inbound": "trunks"}
# SIPp gives up at a challenge of another algorithm, as some old PBXs do.
MD5 = {**STRICT, "digest_algorithms": ("MD5",)}
US = "sip:infolinia@127.0.0.1"


@contextlib.asynccontextmanager
async def sipp_server(name: str) -> AsyncIterator[tuple[int, asyncio.subprocess.Process]]:
    """SIPp plays the other side of one call."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    async with running(
        need("sipp"),
        *("-sf", str(SCENARIOS / f"{name}.xml"), "-i", "127.0.0.1", "-p", str(port), "-m", "1"),
        *("-nostdin", "-timeout", "30s", "-timeout_error", "-nd"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    ) as process:
        yield port, process


def account(port: int, password: str = "secret") -> dict[str, object]:
    return {"port": port, "username": "bot", "password": password}


# We are challenged


@pytest.mark.peer
@pytest.mark.parametrize("name", ["challenging_server", "challenging_with_a_stale_nonce"])
async def test_challenge_of_sipp_is_answered(name: str):
    async with (
        sipp_server(name) as (port, process),
        trunked_endpoint({"carrier": account(port)}) as endpoint,
    ):
        leg = await endpoint.call(MOBILE, "bot", timeout_s=20)
        await leg.hang_up("done")
        async with asyncio.timeout(20):
            assert await process.wait() == 0


@pytest.mark.peer
async def test_wrong_password_ends_the_call():
    async with (
        sipp_server("challenging_server") as (port, process),
        trunked_endpoint({"carrier": account(port, "guess")}) as endpoint,
    ):
        with pytest.raises(CallFailed) as caught:
            await endpoint.call(MOBILE, "bot", timeout_s=20)
        # What the scenario answers to a digest that it does not find right.
        assert caught.value.status == 403
        async with asyncio.timeout(20):
            assert await process.wait() == 0


async def test_challenges_without_end_are_answered_once():
    challenge = ("WWW-Authenticate", str(Challenge("carrier", "nonce")))
    async with (
        ScriptedTrunk.open(always(401, challenge)) as trunk,
        trunked_endpoint({"carrier": account(trunk.port)}) as endpoint,
    ):
        with pytest.raises(CallFailed) as caught:
            await endpoint.call(MOBILE, "bot", timeout_s=20)
        assert caught.value.status == 401
        assert len(trunk.of("INVITE")) == 2


# We challenge


@pytest.mark.peer
async def test_caller_with_the_password_is_taken():
    application = Application()
    async with trunked_endpoint({"pbx": PBX}, application=application, **MD5) as endpoint:
        await run_sipp(endpoint.port, *scenario("challenged_caller"))
        assert await application.next_end() == "hangup"
        assert application.n_calls == 1


@pytest.mark.peer
async def test_caller_with_a_wrong_password_is_not():
    application = Application()
    async with trunked_endpoint({"pbx": PBX}, application=application, **MD5) as endpoint:
        await run_sipp(endpoint.port, *scenario("caller_with_wrong_password"))
        assert application.n_calls == 0


class Caller:
    """A PBX that can be made to cheat."""

    def __init__(self, peer: UdpPeer) -> None:
        self._peer = peer
        self._digest = DigestClient(Account("pbx", "secret"))
        self._n_sent = 0

    def invite(self, *extra: str, uri: str = US) -> bytes:
        self._n_sent += 1
        return request(
            "INVITE",
            uri,
            body=sdp(),
            branch=f"z9hG4bK-{id(self)}-{self._n_sent}",
            call_id=f"call-{id(self)}-{self._n_sent}",
            contact=f"sip:pbx@127.0.0.1:{self._peer.port}",
            sent_by=f"127.0.0.1:{self._peer.port}",
            extra=extra,
        )

    async def send(self, *extra: str, uri: str = US) -> SipResponse:
        """The final answer. A call that is taken is hung up at once."""
        self._peer.send(self.invite(*extra, uri=uri))
        while True:
            response = await self._peer.response()
            if response.status >= 200 and response.call_id.endswith(f"-{self._n_sent}"):
                break
        if response.status == 200:
            for cseq, method in ((1, "ACK"), (2, "BYE")):
                self._peer.send(self._in_dialog(method, cseq, response))
            await self._peer.response(200)
        return response

    def _in_dialog(self, method: str, cseq: int, answer: SipResponse) -> bytes:
        return request(
            method,
            str(answer.to.uri),
            cseq=cseq,
            branch=f"z9hG4bK-{answer.call_id}-{method}",
            call_id=answer.call_id,
            to_tag=answer.to.tag or "",
            sent_by=f"127.0.0.1:{self._peer.port}",
        )

    async def challenged(self) -> str:
        """An Authorization field with the right digest."""
        response = await self.send()
        assert response.status == 401
        asked = parse_datagram(self.invite())
        assert isinstance(asked, SipRequest)
        assert self._digest.learn(asked, response, 0)
        self._digest.authorize(asked)
        return f"Authorization: {asked.headers.get('Authorization')}"


async def test_right_digest_is_taken_once_and_its_replay_refused():
    application = Application()
    async with (
        trunked_endpoint({"pbx": PBX}, application=application, **STRICT) as endpoint,
        UdpPeer.open(endpoint.port) as peer,
        UdpPeer.open(endpoint.port) as thief_peer,
    ):
        caller = Caller(peer)
        right = await caller.challenged()
        assert (await caller.send(right)).status == 200
        thief = Caller(thief_peer)
        for _ in range(3):
            replayed = await thief.send(right)
            assert replayed.status == 401
        assert application.n_calls == 1


async def test_digest_of_one_number_is_not_taken_for_another():
    application = Application()
    async with (
        trunked_endpoint({"pbx": PBX}, application=application, **STRICT) as endpoint,
        UdpPeer.open(endpoint.port) as peer,
    ):
        caller = Caller(peer)
        right = await caller.challenged()
        assert (await caller.send(right, uri="sip:+4915112345678@127.0.0.1")).status == 401
        assert application.n_calls == 0


async def test_invented_nonce_is_refused_though_the_password_is_right():
    application = Application()
    async with (
        trunked_endpoint({"pbx": PBX}, application=application, **STRICT) as endpoint,
        UdpPeer.open(endpoint.port) as peer,
    ):
        caller = Caller(peer)
        digest = DigestClient(Account("pbx", "secret"))
        real = await caller.send()
        realm = Challenge.parse(real.headers.get("WWW-Authenticate") or "").realm
        asked = parse_datagram(caller.invite())
        assert isinstance(asked, SipRequest)
        real.headers.remove("WWW-Authenticate")
        real.headers.add("WWW-Authenticate", str(Challenge(realm, "aW52ZW50ZWQ=", "SHA-256")))
        assert digest.learn(asked, real, 0)
        digest.authorize(asked)
        refused = await caller.send(f"Authorization: {asked.headers.get('Authorization')}")
        assert refused.status == 401
        assert not Challenge.parse(refused.headers.get("WWW-Authenticate") or "").is_stale
        assert application.n_calls == 0


async def test_strangers_get_403_where_no_password_would_help():
    application = Application()
    trunks = {"carrier": {"sources": ("192.0.2.0/24",)}}
    async with (
        trunked_endpoint(trunks, application=application, **STRICT) as endpoint,
        UdpPeer.open(endpoint.port) as peer,
    ):
        assert (await Caller(peer).send()).status == 403
        assert application.n_calls == 0


async def test_trunk_known_by_its_address_is_let_in():
    application = Application()
    trunks = {"carrier": {"sources": ("127.0.0.0/8",)}}
    async with trunked_endpoint(trunks, application=application, **STRICT) as endpoint:
        async with UdpPeer.open(endpoint.port) as peer:
            assert (await Caller(peer).send()).status == 200
        assert application.n_calls == 1


# Failover and health


async def test_call_fails_over_to_the_second_trunk_on_503():
    callee = Application()
    async with (
        ScriptedTrunk.open(always(503)) as broken,
        running_endpoint(callee) as carrier,
        trunked_endpoint(
            {"a": {"port": broken.port}, "b": {"port": carrier.port, "order": 1}}
        ) as endpoint,
    ):
        leg = await endpoint.call(MOBILE, "bot", timeout_s=20)
        assert len(broken.of("INVITE")) == 1
        assert callee.n_calls == 1
        assert callee.incoming[0].called == MOBILE
        await leg.hang_up("done")


async def test_call_fails_over_when_the_first_trunk_is_silent():
    callee = Application()
    async with (
        ScriptedTrunk.open(silence) as dead,
        running_endpoint(callee) as carrier,
        trunked_endpoint(
            {"a": {"port": dead.port}, "b": {"port": carrier.port, "order": 1}}
        ) as endpoint,
    ):
        leg = await endpoint.call(MOBILE, "bot", timeout_s=30)
        assert dead.of("INVITE")
        assert callee.n_calls == 1
        await leg.hang_up("done")


async def test_options_take_a_trunk_out_and_back_in():
    status = 503

    def decide(request: SipRequest) -> Answer | None:
        return (status if request.method == "OPTIONS" else 486, ())

    async with (
        ScriptedTrunk.open(decide) as trunk,
        ScriptedTrunk.open(always(486)) as spare,
        trunked_endpoint(
            {
                "a": {"port": trunk.port, "options_interval_s": 0.05},
                "b": {"port": spare.port, "order": 1},
            }
        ) as endpoint,
    ):
        await trunk.wait_for("OPTIONS", 4)
        async with asyncio.timeout(20):
            while endpoint.trunk_status[0].is_in:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        with pytest.raises(CallFailed):
            await endpoint.call(MOBILE, "bot", timeout_s=20)
        assert (len(trunk.of("INVITE")), len(spare.of("INVITE"))) == (0, 1)
        status = 200
        async with asyncio.timeout(20):
            while not endpoint.trunk_status[0].is_in:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        with pytest.raises(CallFailed):
            await endpoint.call(MOBILE, "bot", timeout_s=20)
        assert (len(trunk.of("INVITE")), len(spare.of("INVITE"))) == (1, 1)


async def test_invite_says_who_calls_and_takes_the_proxy():
    async with ScriptedTrunk.open(always(486)) as proxy:
        trunk = {
            "host": "carrier.invalid",
            "transport": "",
            "outbound_proxy": f"sip:127.0.0.1:{proxy.port}",
            "caller_id": "+48221234567",
            "identity": "p-asserted-identity",
            "hide_number": True,
            "username": "bot",
        }
        async with trunked_endpoint({"carrier": trunk}) as endpoint:
            with pytest.raises(CallFailed):
                await endpoint.call("600 100 200", "x", timeout_s=20)
            invite = await proxy.wait_for("INVITE")
            assert str(invite.uri) == f"sip:{MOBILE}@carrier.invalid;user=phone"
            assert invite.headers.get("Route") == f"<sip:127.0.0.1:{proxy.port};lr>"
            assert invite.from_.uri.host == "anonymous.invalid"
            assert invite.headers.get("Privacy") == "id"
            asserted = invite.headers.get("P-Asserted-Identity")
            assert asserted == "<sip:+48221234567@carrier.invalid;user=phone>"
            assert invite.contact is not None
            assert invite.contact.uri.user == "bot"


# Toll fraud


async def test_unauthenticated_invite_to_a_foreign_number_makes_no_call():
    """Neither with a shut door nor with an open one does a call that comes in make one go out."""
    for settings, expected in ((STRICT, 403), ({"inbound": "open"}, 200)):
        async with (
            ScriptedTrunk.open(always(486)) as trunk,
            trunked_endpoint({"carrier": {"port": trunk.port}}, **settings) as endpoint,
            UdpPeer.open(endpoint.port) as peer,
        ):
            caller = Caller(peer)
            for number in ("+4915112345678", "0049151123456", MOBILE):
                answer = await caller.send(uri=f"sip:{number}@127.0.0.1")
                assert answer.status == expected
            await asyncio.sleep(0.3)
            assert trunk.of("INVITE") == []


@pytest.mark.parametrize(
    "target", ["sip:+4915112345678@127.0.0.1", "sip:+48701234567@127.0.0.1", "tel:+8816123456"]
)
async def test_redirection_to_a_forbidden_number_calls_nobody(target: str):
    contact = ("Contact", f"<{target}>")
    async with (
        ScriptedTrunk.open(always(302, contact)) as trunk,
        trunked_endpoint(
            {"carrier": {"port": trunk.port}}, dial={"follow_redirects": True}
        ) as endpoint,
    ):
        with pytest.raises(DialRefused):
            await endpoint.call(MOBILE, "bot", timeout_s=20)
        await asyncio.sleep(0.3)
        assert [invite.uri.user for invite in trunk.of("INVITE")] == [MOBILE]


async def test_redirection_to_a_strange_host_sends_it_nothing():
    async with ScriptedTrunk.open(always(486)) as evil:
        contact = ("Contact", f"<sip:{OTHER}@127.0.0.2:{evil.port}>")
        async with (
            ScriptedTrunk.open(always(302, contact)) as trunk,
            trunked_endpoint(
                {"carrier": {"port": trunk.port}}, dial={"follow_redirects": True}
            ) as endpoint,
        ):
            with pytest.raises(DialRefused):
                await endpoint.call(MOBILE, "bot", timeout_s=20)
            await asyncio.sleep(0.3)
            assert evil.requests == []


async def test_redirection_is_followed_where_the_rules_allow_it():
    def decide(request: SipRequest) -> Answer | None:
        if request.uri.user == MOBILE:
            return (302, (("Contact", f"<sip:{OTHER}@127.0.0.1>"),))
        return (486, ())

    for follows, expected in ((True, [MOBILE, OTHER]), (False, [MOBILE])):
        async with (
            ScriptedTrunk.open(decide) as trunk,
            trunked_endpoint(
                {"carrier": {"port": trunk.port}}, dial={"follow_redirects": follows}
            ) as endpoint,
        ):
            with pytest.raises(CallFailed if follows else CallRedirected):
                await endpoint.call(MOBILE, "bot", timeout_s=20)
            assert [invite.uri.user for invite in trunk.of("INVITE")] == expected


async def test_caps_hold_against_many_calls_at_once():
    async with (
        ScriptedTrunk.open(always(486)) as trunk,
        trunked_endpoint(
            {"carrier": {"port": trunk.port}}, dial={"max_campaign_calls_per_minute": 3}
        ) as endpoint,
    ):
        calls = [endpoint.call(MOBILE, "bot", timeout_s=20, campaign="march") for _ in range(10)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        refusals = [result for result in results if isinstance(result, DialRefused)]
        assert {refusal.rule for refusal in refusals} == {"campaign_minute"}
        assert len(refusals) == 7
        assert len(trunk.of("INVITE")) == 3


async def test_no_more_calls_at_a_time_than_the_trunk_may_carry():
    callee = Application()
    async with (
        running_endpoint(callee) as carrier,
        trunked_endpoint({"carrier": {"port": carrier.port, "max_calls": 2}}) as endpoint,
    ):
        legs = [await endpoint.call(MOBILE, "bot", timeout_s=20) for _ in range(2)]
        with pytest.raises(DialRefused) as caught:
            await endpoint.call(MOBILE, "bot", timeout_s=20)
        assert caught.value.rule == "trunk_calls"
        await legs[0].hang_up("done")
        legs.append(await endpoint.call(MOBILE, "bot", timeout_s=20))
        assert callee.n_calls == 3
