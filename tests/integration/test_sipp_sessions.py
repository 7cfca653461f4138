"""SIPp changes calls, has them changed, and answers calls of ours in all manners."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from tests.integration.phones.process import output, running
from tests.integration.sip_endpoint_bench import (
    Application,
    SlowApplication,
    end_of,
    running_endpoint,
)
from tests.integration.test_sipp_signalling import (
    free_port,
    run_sipp,
    scenario,
)
from tests.peers import need
from voicebot.errors import CallFailed, CallRedirected
from voicebot.gateway.sip.agent.transaction import Timers
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.incoming_call import IncomingCall

pytestmark = pytest.mark.peer

SHORT_SECONDS = Timers(t1_s=0.05, t2_s=0.4, t4_s=0.5, session_second_s=0.0015)
"""A session timer of 1800 s is refreshed after 1.35 s and over after 2.65 s."""


@pytest.mark.parametrize(
    "name",
    ["hold_and_resume", "hold_by_address", "reinvite_new_codec", "update", "timer_too_short"],
)
async def test_caller_changes_the_call(name: str):
    application = Application()
    async with running_endpoint(application) as endpoint:
        await run_sipp(endpoint.port, *scenario(name))
        assert await application.next_end() == "hangup"
        assert endpoint.n_calls == 0


class EarlyApplication(Application):
    """Lets the caller hear something before it takes the call."""

    async def decide(self, incoming: IncomingCall) -> SipCallLeg | None:
        leg = await incoming.answer_early()
        assert await incoming.answer() is leg
        return leg


async def test_answer_waits_until_early_audio_is_acknowledged():
    application = EarlyApplication()
    async with running_endpoint(application) as endpoint:
        await run_sipp(endpoint.port, *scenario("prack"))
        assert await application.next_end() == "hangup"


async def test_invite_that_expires_is_given_up():
    application = SlowApplication()
    async with running_endpoint(application) as endpoint:
        await run_sipp(endpoint.port, *scenario("expires"))
        assert endpoint.n_calls == 0


@pytest.mark.parametrize("name", ["timer_refreshed", "timer_refreshed_by_invite"])
async def test_we_refresh_the_session(name: str):
    application = Application()
    async with running_endpoint(application, timers=SHORT_SECONDS) as endpoint:
        await run_sipp(endpoint.port, *scenario(name))
        assert await application.next_end() == "hangup"


async def test_session_that_nobody_refreshes_is_over():
    application = Application()
    async with running_endpoint(application, timers=SHORT_SECONDS) as endpoint:
        await run_sipp(endpoint.port, *scenario("timer_expires"))
        assert await application.next_end() == "session_expired"
        assert endpoint.n_calls == 0


# Our own changes


async def test_we_hold_and_resume():
    application = Application()
    async with running_endpoint(application) as endpoint:
        sipp = asyncio.create_task(run_sipp(endpoint.port, *scenario("we_hold")))
        leg = await application.next_leg()
        await leg.hold()
        assert directions(leg) == (True, False)
        await leg.resume()
        assert directions(leg) == (True, True)
        await leg.hang_up("done")
        await sipp


async def test_refused_hold_leaves_the_call_up():
    application = Application()
    async with running_endpoint(application) as endpoint:
        sipp = asyncio.create_task(run_sipp(endpoint.port, *scenario("we_hold_refused")))
        leg = await application.next_leg()
        with pytest.raises(CallFailed) as failure:
            await leg.hold()
        assert failure.value.status == 488
        assert directions(leg) == (True, True)
        await leg.hang_up("done")
        await sipp


async def test_hold_that_meets_a_reinvite_comes_again():
    application = Application()
    async with running_endpoint(application) as endpoint:
        sipp = asyncio.create_task(run_sipp(endpoint.port, *scenario("glare")))
        leg = await application.next_leg()
        await leg.hold()
        assert directions(leg) == (True, False)
        await leg.hang_up("done")
        await sipp


async def test_call_that_is_held_too_long_is_ended():
    application = Application()
    async with running_endpoint(application, max_hold_s=1) as endpoint:
        sipp = asyncio.create_task(run_sipp(endpoint.port, *scenario("holds_for_ever")))
        assert await application.next_end() == "held_too_long"
        await sipp
        assert endpoint.n_calls == 0


def directions(leg: SipCallLeg) -> tuple[bool, bool]:
    """Whether we may send and may receive."""
    media = leg.call.media
    assert media is not None
    return media.may_send, media.may_receive


# Calls of ours


@contextlib.asynccontextmanager
async def called_sipp(name: str) -> AsyncIterator[str]:
    """A SIPp that plays the called side; the URI to call it by. Fails if the scenario fails."""
    port = free_port()
    async with running(
        need("sipp"),
        *("-i", "127.0.0.1", "-p", str(port), "-m", "1", *scenario(name)),
        *("-nostdin", "-timeout", "20s", "-timeout_error"),
        *("-trace_err", "-error_file", "/dev/stderr"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    ) as process:
        # An INVITE before it listens is repeated by our transaction.
        yield f"sip:service@127.0.0.1:{port}"
        _, errors = await output(process, 60)
        assert process.returncode == 0, errors.decode(errors="replace")[-3000:]


@pytest.mark.parametrize(("name", "status"), [("answers_busy", 486), ("answers_unavailable", 503)])
async def test_refused_call(name: str, status: int):
    async with running_endpoint(Application()) as endpoint, called_sipp(name) as uri:
        with pytest.raises(CallFailed) as failure:
            await endpoint.call(uri, "infolinia", timeout_s=10)
        assert failure.value.status == status
        assert endpoint.n_calls == 0


async def test_redirected_call_is_not_followed_by_itself():
    async with (
        running_endpoint(Application()) as endpoint,
        called_sipp("answers_redirected") as uri,
    ):
        with pytest.raises(CallRedirected) as redirection:
            await endpoint.call(uri, "infolinia", timeout_s=10)
        assert redirection.value.targets == ("sip:first@192.0.2.1", "sip:second@192.0.2.1")


@pytest.mark.parametrize("name", ["never_answers", "answers_while_cancelled"])
async def test_call_that_nobody_takes_in_time(name: str):
    async with running_endpoint(Application()) as endpoint, called_sipp(name) as uri:
        with pytest.raises(CallFailed) as failure:
            await endpoint.call(uri, "infolinia", timeout_s=4)
        assert failure.value.status == 408


async def test_second_fork_is_ended_and_the_first_goes_on():
    async with running_endpoint(Application()) as endpoint, called_sipp("forked_answers") as uri:
        leg = await endpoint.call(uri, "infolinia", timeout_s=10)
        for _ in range(500):
            if len(leg.call.acks) == 2:
                break
            await asyncio.sleep(0.02)
        assert len(leg.call.acks) == 2
        assert not leg.is_over
        assert endpoint.n_calls == 1
        await leg.hang_up("done")


async def test_early_audio_is_heard_before_the_answer():
    async with running_endpoint(Application()) as endpoint, called_sipp("reliable_progress") as uri:
        early: list[SipCallLeg] = []
        leg = await endpoint.call(uri, "infolinia", timeout_s=10, on_early=early.append)
        assert early == [leg]
        await leg.hang_up("done")
        assert await end_of(leg) == "done"


async def test_longer_session_timer_is_asked_for():
    async with (
        running_endpoint(Application()) as endpoint,
        called_sipp("wants_longer_timer") as uri,
    ):
        leg = await endpoint.call(uri, "infolinia", timeout_s=10)
        await leg.hang_up("done")
