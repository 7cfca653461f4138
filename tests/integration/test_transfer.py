"""Transfers and bridges with real telephones: SIPp plays the parts, baresip is itself."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
import soundfile

from tests.integration.phones.baresip import HANG_UP_AFTER_S, Baresip
from tests.integration.phones.probe_signal import assert_came_through, probe_signal, write_file
from tests.integration.phones.sipp_script import SippScript, sipp
from tests.integration.sip_endpoint_bench import (
    Application,
    UdpPeer,
    end_of,
    running_endpoint,
)
from voicebot.audio import Samples
from voicebot.errors import CallFailed
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.endpoint import SipEndpoint
from voicebot.gateway.sip.incoming_call import IncomingCall
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.transfers import HeaderFields, Referral
from voicebot.media.bridge import Bridge
from voicebot.media.events import DigitPressed, LegEnded
from voicebot.media.recorder import Recorder
from voicebot.records import TransferOutcome
from voicebot.settings import DialSettings, TrunkSettings

pytestmark = pytest.mark.peer

AGENT = "sip:agent@127.0.0.1:9"
TRYING = "SIP/2.0 100 Trying"


class Lobby(Application):
    """Answers every call and leaves its events to the test."""

    async def on_call(self, incoming: IncomingCall) -> None:
        self.incoming.append(incoming)
        leg = await incoming.answer()
        self.legs.append(leg)
        self._answered.put_nowait(leg)


# We refer the other side


@pytest.mark.parametrize("status", [200, 503])
async def test_referred_phone_tells_how_it_went(tmp_path: Path, status: int):
    script = (
        SippScript()
        .call()
        .expect("REFER", f"Refer-To: <{AGENT}>", "Referred-By: <sip:infolinia@")
        .answer(202)
        .notify(TRYING, "active;expires=60")
        .notify(f"SIP/2.0 {status} Told", "terminated;reason=noresource")
        .expect("BYE")
        .answer(200)
    )
    lobby = Lobby()
    async with (
        running_endpoint(lobby) as endpoint,
        sipp(script, tmp_path, endpoint.port) as phone,
    ):
        leg = await lobby.next_leg()
        outcome = await leg.refer(AGENT)
        assert outcome == TransferOutcome(status)
        # A failed transfer leaves the call as it was.
        assert not leg.is_over
        await leg.hang_up("transferred")
        await phone.finished()


async def test_refused_referral(tmp_path: Path):
    script = SippScript().call().expect("REFER").answer(603).expect("BYE").answer(200)
    lobby = Lobby()
    async with (
        running_endpoint(lobby) as endpoint,
        sipp(script, tmp_path, endpoint.port) as phone,
    ):
        leg = await lobby.next_leg()
        assert await leg.refer(AGENT) == TransferOutcome(603)
        assert not leg.is_over
        await leg.hang_up("done")
        await phone.finished()
        with pytest.raises(CallFailed):
            await leg.refer(AGENT)


async def test_phone_that_hangs_up_before_it_tells(tmp_path: Path):
    script = (
        SippScript()
        .call()
        .expect("REFER")
        .answer(202)
        .hang_up()
        .notify("SIP/2.0 200 OK", "terminated;reason=noresource")
    )
    lobby = Lobby()
    async with (
        running_endpoint(lobby) as endpoint,
        sipp(script, tmp_path, endpoint.port) as phone,
    ):
        leg = await lobby.next_leg()
        assert await leg.refer(AGENT) == TransferOutcome(200)
        await phone.finished()


async def test_attended_referral_names_the_other_call(tmp_path: Path):
    lobby = Lobby()
    agent_script = SippScript().call().expect("BYE").answer(200)
    async with (
        running_endpoint(lobby) as endpoint,
        sipp(agent_script, tmp_path, endpoint.port, "agent") as agent,
    ):
        agent_leg = await lobby.next_leg()
        dialog = agent_leg.call.dialog
        assert dialog is not None
        replaces = "%3B".join(
            [
                re.escape(dialog.call_id.replace("@", "%40")),
                f"to-tag%3D{dialog.remote.tag}",
                f"from-tag%3D{dialog.local.tag}",
            ]
        )
        script = (
            SippScript()
            .call()
            .expect("REFER", f"Refer-To: <sip:sipp@127.0.0.1:{agent.port}.Replaces={replaces}>")
            .answer(202)
            .notify("SIP/2.0 200 OK", "terminated;reason=noresource")
            .expect("BYE")
            .answer(200)
        )
        async with sipp(script, tmp_path, endpoint.port) as phone:
            leg = await lobby.next_leg()
            assert (await leg.refer_to_leg(agent_leg)).is_done
            await leg.hang_up("transferred")
            await phone.finished()
        await agent_leg.hang_up("transferred")
        await agent.finished()


async def test_baresip_goes_where_it_is_sent(tmp_path: Path):
    lobby, agent_side = Lobby(), Lobby()
    wav = write_file(tmp_path / "quiet.wav", probe_signal(0.5), HANG_UP_AFTER_S)
    async with (
        running_endpoint(lobby) as endpoint,
        running_endpoint(agent_side) as agent,
        Baresip.open(tmp_path, microphone=wav) as phone,
    ):
        await phone.dial(endpoint.local_uri)
        leg = await lobby.next_leg()
        outcome = await leg.refer(agent.local_uri, timeout_s=15)
        assert outcome.is_done
        agent_leg = await agent_side.next_leg()
        assert agent_leg.remote_party == "48600100200"
        await leg.hang_up("transferred")
        await agent_leg.hang_up("done")


async def test_baresip_is_sent_to_nobody(tmp_path: Path):
    class Busy(Application):
        async def decide(self, incoming: IncomingCall) -> SipCallLeg | None:
            incoming.reject(486)
            return None

    lobby = Lobby()
    wav = write_file(tmp_path / "quiet.wav", probe_signal(0.5), HANG_UP_AFTER_S)
    async with (
        running_endpoint(lobby) as endpoint,
        running_endpoint(Busy()) as agent,
        Baresip.open(tmp_path, microphone=wav) as phone,
    ):
        await phone.dial(endpoint.local_uri)
        leg = await lobby.next_leg()
        assert await leg.refer(agent.local_uri, timeout_s=15) == TransferOutcome(486)
        assert not leg.is_over
        await leg.hang_up("done")


# The other side refers us


class Follower:
    """Follows every referral by a call of our own, and keeps what came of it."""

    def __init__(self, endpoint: SipEndpoint) -> None:
        self._endpoint = endpoint
        self.legs: asyncio.Queue[SipCallLeg] = asyncio.Queue()
        self.referrals: list[Referral] = []
        endpoint.transfers.allow(self.on_refer, lambda uri: uri.user != "forbidden")

    async def on_refer(self, referral: Referral) -> None:
        self.referrals.append(referral)
        self.legs.put_nowait(await referral.follow(self._place))

    async def _place(self, target: SipUri, headers: HeaderFields) -> SipCallLeg:
        return await self._endpoint.call(str(target), "infolinia", 10, headers)


def referrer(refer_to: str, final: str) -> SippScript:
    """Refers us somewhere, checks the news, hangs up."""
    return (
        SippScript()
        .call()
        .request("REFER", f"Refer-To: {refer_to}", "Referred-By: <sip:boss@127.0.0.1>")
        .expect_answer(202)
        .expect("NOTIFY", "Event: refer", "Subscription-State: active;expires=", TRYING)
        .answer(200)
        .expect("NOTIFY", "Subscription-State: terminated", f"SIP/2.0 {final}")
        .answer(200)
        .hang_up()
    )


async def test_we_go_where_we_are_sent(tmp_path: Path):
    target = SippScript().take_call("Referred-By: <sip:boss@127.0.0.1>").expect("BYE").answer(200)
    lobby = Lobby()
    async with running_endpoint(lobby) as endpoint, sipp(target, tmp_path, name="target") as agent:
        follower = Follower(endpoint)
        script = referrer(f"<sip:agent@127.0.0.1:{agent.port}>", "200 OK")
        async with sipp(script, tmp_path, endpoint.port) as phone:
            leg = await lobby.next_leg()
            async with asyncio.timeout(10):
                new_leg = await follower.legs.get()
            await phone.finished()
            assert await end_of(leg) == "hangup"
        assert not new_leg.is_over
        assert not follower.referrals[0].is_attended
        await new_leg.hang_up("done")
        await agent.finished()


async def test_we_take_a_call_over_from_who_sends_us(tmp_path: Path):
    target = (
        SippScript()
        .take_call("Replaces: 7@there;to-tag=theirs;from-tag=ours", "Require: replaces")
        .expect("BYE")
        .answer(200)
    )
    async with (
        running_endpoint(Lobby()) as endpoint,
        sipp(target, tmp_path, name="target") as agent,
    ):
        follower = Follower(endpoint)
        refer_to = (
            f"<sip:agent@127.0.0.1:{agent.port}"
            "?Replaces=7%40there%3Bto-tag%3Dtheirs%3Bfrom-tag%3Dours>"
        )
        async with sipp(referrer(refer_to, "200 OK"), tmp_path, endpoint.port) as phone:
            async with asyncio.timeout(10):
                new_leg = await follower.legs.get()
            assert follower.referrals[0].is_attended
            await phone.finished()
        await new_leg.hang_up("done")
        await agent.finished()


async def test_who_sends_us_to_nobody_is_told_so(tmp_path: Path):
    target = SippScript().expect("INVITE").answer(486).expect("ACK")
    lobby = Lobby()
    async with running_endpoint(lobby) as endpoint, sipp(target, tmp_path, name="target") as agent:
        Follower(endpoint)
        script = referrer(f"<sip:agent@127.0.0.1:{agent.port}>", "486 Busy Here")
        async with sipp(script, tmp_path, endpoint.port) as phone:
            await phone.finished()
            await agent.finished()
        assert await end_of(lobby.legs[0]) == "hangup"


@pytest.mark.parametrize(("is_allowed", "status"), [(True, 403), (False, 603)])
async def test_a_referral_to_a_forbidden_number_dials_nothing(
    tmp_path: Path, is_allowed: bool, status: int
):
    lobby, target_side = Lobby(), Lobby()
    async with running_endpoint(lobby) as endpoint, running_endpoint(target_side) as target:
        follower = Follower(endpoint) if is_allowed else None
        user = "forbidden" if is_allowed else "anybody"
        script = (
            SippScript()
            .call()
            .request("REFER", f"Refer-To: <sip:{user}@127.0.0.1:{target.port}>")
            .expect_answer(status)
            .pause(500)
            .hang_up()
        )
        async with sipp(script, tmp_path, endpoint.port) as phone:
            await phone.finished()
        assert target_side.legs == []
        assert follower is None or follower.referrals == []


@pytest.mark.parametrize("is_attended", [False, True])
async def test_a_referral_to_a_number_goes_through_the_trunk(tmp_path: Path, is_attended: bool):
    """The caller and the agent are joined by a bridge, which goes on with who was called."""
    patterns = ["INVITE sip:.?48221234567@"]
    if is_attended:
        patterns.append("Replaces: 7@there;to-tag=theirs;from-tag=ours")
    target = SippScript().take_call(*patterns).expect("BYE").answer(200)
    lobby = Lobby()
    async with sipp(target, tmp_path, name="target") as carrier:
        trunks = {
            "carrier": TrunkSettings(host="127.0.0.1", port=carrier.port, options_interval_s=0)
        }
        async with (
            running_endpoint(lobby, trunks=trunks, dial=DialSettings()) as endpoint,
            sipp(SippScript().call().expect("BYE").answer(200), tmp_path, endpoint.port) as caller,
        ):
            caller_leg = await lobby.next_leg()
            headers = "?Replaces=7%40there%3Bto-tag%3Dtheirs%3Bfrom-tag%3Dours"
            script = referrer(
                f"<sip:+48221234567@127.0.0.1{headers if is_attended else ''}>", "200 OK"
            )
            new_legs = asyncio.Queue[SipCallLeg]()
            bridges: list[Bridge] = []

            async def go_on(old_leg: SipCallLeg, new_leg: SipCallLeg | None) -> None:
                assert new_leg is not None
                assert bridges[0].replace(old_leg, new_leg)
                new_legs.put_nowait(new_leg)

            endpoint.transfers.allow_through(endpoint.trunks.dialler, go_on)
            async with sipp(script, tmp_path, endpoint.port, "agent") as agent:
                bridges.append(Bridge(caller_leg, await lobby.next_leg()))
                talking = asyncio.create_task(bridges[0].run())
                await agent.finished()
            new_leg = new_legs.get_nowait()
            assert bridges[0].legs == (caller_leg, new_leg)
            assert not talking.done()
            await new_leg.hang_up("done")
            async with asyncio.timeout(5):
                assert (await talking).leg is new_leg
            await caller_leg.hang_up("done")
            await caller.finished()
            await carrier.finished()


@pytest.mark.parametrize(
    "target",
    [
        "sip:+48700123456@127.0.0.1",  # premium rate
        "sip:+4915112345678@127.0.0.1",  # another country
        "sip:+48221234567@192.0.2.77",  # no trunk's host
        "sip:agent@127.0.0.1",
        "tel:112",
    ],
)
async def test_the_rules_of_dialling_hold_for_referrals(tmp_path: Path, target: str):
    called: list[SipCallLeg | None] = []

    async def never(old_leg: SipCallLeg, new_leg: SipCallLeg | None) -> None:
        called.append(new_leg)

    async with UdpPeer.open(0) as carrier:
        trunks = {
            "carrier": TrunkSettings(host="127.0.0.1", port=carrier.port, options_interval_s=0)
        }
        async with running_endpoint(Lobby(), trunks=trunks, dial=DialSettings()) as endpoint:
            endpoint.transfers.allow_through(endpoint.trunks.dialler, never)
            script = (
                SippScript()
                .call()
                .request("REFER", f"Refer-To: <{target}>")
                .expect_answer(403)
                .pause(300)
                .hang_up()
            )
            async with sipp(script, tmp_path, endpoint.port) as phone:
                await phone.finished()
        assert carrier.heard.empty()
        assert called == []


@pytest.mark.parametrize("status", [200, 486])
async def test_an_agent_who_hangs_up_before_his_referral_is_answered(tmp_path: Path, status: int):
    target = SippScript().expect("INVITE").answer(180).pause(2500)
    if status == 200:
        target.answer(200, with_sdp=True).expect("ACK").expect("BYE").answer(200)
    else:
        target.answer(486).expect("ACK")
    script = (
        SippScript()
        .call()
        .pause(300)
        .request("REFER", "Refer-To: <sip:+48221234567@127.0.0.1>", "Refer-Sub: false")
        .expect_answer(202)
        .hang_up()
    )
    lobby = Lobby()
    async with sipp(target, tmp_path, name="target") as carrier:
        trunks = {
            "carrier": TrunkSettings(host="127.0.0.1", port=carrier.port, options_interval_s=0)
        }
        async with (
            running_endpoint(lobby, trunks=trunks, dial=DialSettings()) as endpoint,
            sipp(SippScript().call().expect("BYE").answer(200), tmp_path, endpoint.port) as caller,
        ):
            caller_leg = await lobby.next_leg()
            news = asyncio.Queue[SipCallLeg | None]()

            async def tell(old_leg: SipCallLeg, new_leg: SipCallLeg | None) -> None:
                news.put_nowait(new_leg)

            endpoint.transfers.allow_through(endpoint.trunks.dialler, tell)
            async with sipp(script, tmp_path, endpoint.port, "agent") as agent:
                agent_leg = await lobby.next_leg()
                bridge = Bridge(caller_leg, agent_leg)
                async with asyncio.timeout(10):
                    assert (await bridge.run()).leg is agent_leg
                    assert endpoint.transfers.is_following(agent_leg)
                    new_leg = await news.get()
                await agent.finished()
            assert not endpoint.transfers.is_following(agent_leg)
            assert (new_leg is not None) == (status == 200)
            if new_leg is not None:
                assert not bridge.replace(agent_leg, new_leg)
                talking = asyncio.create_task(Bridge(caller_leg, new_leg).run())
                await new_leg.hang_up("done")
                assert (await talking).leg is new_leg
            await caller_leg.hang_up("done")
            await caller.finished()
            await carrier.finished()


async def test_baresip_sends_us_somewhere(tmp_path: Path):
    target = SippScript().take_call().expect("BYE").answer(200)
    wav = write_file(tmp_path / "quiet.wav", probe_signal(0.5), HANG_UP_AFTER_S)
    lobby = Lobby()
    async with (
        running_endpoint(lobby) as endpoint,
        sipp(target, tmp_path, name="target") as agent,
        Baresip.open(tmp_path, microphone=wav) as phone,
    ):
        follower = Follower(endpoint)
        await phone.dial(endpoint.local_uri)
        leg = await lobby.next_leg()
        phone.transfer(f"sip:agent@127.0.0.1:{agent.port}")
        async with asyncio.timeout(10):
            new_leg = await follower.legs.get()
        # It hangs up by itself once our NOTIFY tells that the call was taken.
        async with asyncio.timeout(10):
            assert await end_of(leg) == "hangup"
        await new_leg.hang_up("done")
        await agent.finished()


# Replaces


async def test_a_new_call_takes_over_the_one_it_names(tmp_path: Path):
    lobby = Lobby()
    async with (
        running_endpoint(lobby) as endpoint,
        sipp(SippScript().call().expect("BYE").answer(200), tmp_path, endpoint.port) as old,
    ):
        old_leg = await lobby.next_leg()
        dialog = old_leg.call.dialog
        assert dialog is not None
        wrong = f"Replaces: {dialog.call_id};to-tag=guessed;from-tag={dialog.remote.tag}"
        async with sipp(
            SippScript().refused_call(481, wrong), tmp_path, endpoint.port, "wrong"
        ) as stranger:
            await stranger.finished()
        assert not old_leg.is_over
        right = f"Replaces: {dialog.call_id};to-tag={dialog.local.tag};from-tag={dialog.remote.tag}"
        script = SippScript().call(right, "Require: replaces").expect("BYE").answer(200)
        async with sipp(script, tmp_path, endpoint.port, "new") as new:
            new_leg = await lobby.next_leg()
            await old.finished()
            assert await end_of(old_leg) == "replaced"
            assert not new_leg.is_over
            await new_leg.hang_up("done")
            await new.finished()
        assert endpoint.n_calls == 0


# INFO


async def test_keys_in_info_requests(tmp_path: Path):
    def key(script: SippScript, body: str, kind: str) -> SippScript:
        return script.request("INFO", body=body, kind=kind)

    script = SippScript().call()
    key(script, "Signal=4\nDuration=160\n", "application/dtmf-relay").expect_answer(200)
    key(script, "#", "application/dtmf").expect_answer(200)
    key(script, "x", "text/plain").expect_answer(415)
    script.request("INFO").expect_answer(200).hang_up()
    lobby = Lobby()
    async with running_endpoint(lobby) as endpoint:
        async with sipp(script, tmp_path, endpoint.port) as phone:
            leg = await lobby.next_leg()
            await phone.finished()
        digits = []
        while not isinstance(event := await leg.events.get(), LegEnded):
            if isinstance(event, DigitPressed):
                digits.append(event.digit)
        assert digits == ["4", "#"]


# Bridge


async def test_two_phones_talk_and_both_are_recorded(tmp_path: Path):
    """The agent's phone says back what it hears, so the caller's own words in what is sent to
    the caller went through both phones."""
    said = probe_signal(5, seed=17)
    wav = write_file(tmp_path / "said.wav", said, HANG_UP_AFTER_S)
    caller_directory, agent_directory = tmp_path / "caller", tmp_path / "agent"
    caller_directory.mkdir()
    agent_directory.mkdir()
    lobby = Lobby()
    async with (
        running_endpoint(lobby) as endpoint,
        Baresip.open(caller_directory, microphone=wav) as caller,
        Baresip.open(agent_directory, repeats=True, user="agent") as agent,
    ):
        await agent.dial(endpoint.local_uri)
        agent_leg = await lobby.next_leg()
        await caller.dial(endpoint.local_uri)
        caller_leg = await lobby.next_leg()
        recorder = caller_leg.recorder = Recorder(tmp_path / "call.wav")
        agent_recorder = agent_leg.recorder = Recorder(tmp_path / "agent.wav")
        bridge = asyncio.create_task(Bridge(caller_leg, agent_leg).run())
        await caller.play(wav)
        await asyncio.sleep(7)
        agent.hang_up()
        async with asyncio.timeout(10):
            ended = await bridge
        assert (ended.leg, ended.reason) == (agent_leg, "hangup")
        # The bot can take the caller back.
        assert not caller_leg.is_over
        position = recorder.duration_samples
        back = probe_signal(2, seed=19)
        caller_leg.playout.say(1, back)
        await asyncio.sleep(3)
        caller.hang_up()
        assert await end_of(caller_leg) == "hangup"
        for one in (recorder, agent_recorder):
            one.close()
            await one.wait_closed()
    from_agent, to_agent = read_both(agent_recorder.path)
    assert_came_through(to_agent, said)
    assert_came_through(from_agent, said)
    from_caller, to_caller = read_both(recorder.path)
    assert_came_through(from_caller, said)
    assert_came_through(to_caller[:position], said)
    assert_came_through(to_caller[position:], back)


def read_both(path: Path) -> tuple[Samples, Samples]:
    samples, _ = soundfile.read(path, dtype="int16", always_2d=True)
    return samples[:, 0], samples[:, 1]
