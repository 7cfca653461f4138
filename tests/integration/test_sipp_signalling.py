"""SIPp, an independent implementation, plays phones of all manners against the endpoint."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from tests.integration.phones.process import has_ended, output, running
from tests.integration.sip_endpoint_bench import Application, SlowApplication, running_endpoint
from tests.peers import need
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.incoming_call import IncomingCall

SCENARIOS = Path(__file__).resolve().parents[1] / "data" / "sipp"

pytestmark = pytest.mark.peer


async def run_sipp(port: int, *arguments: str, n_calls: int = 1) -> None:
    """Play a scenario; fails with what SIPp says went wrong."""
    async with running(
        need("sipp"),
        f"127.0.0.1:{port}",
        *("-i", "127.0.0.1", "-m", str(n_calls), "-r", "20"),
        *(
            "-nostdin",
            "-timeout",
            "15s",
            "-timeout_error",
            "-trace_err",
            "-error_file",
            "/dev/stderr",
        ),
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    ) as process:
        _, errors = await output(process, 60)
    assert process.returncode == 0, errors.decode(errors="replace")[-3000:]


def scenario(name: str) -> tuple[str, str]:
    return ("-sf", str(SCENARIOS / f"{name}.xml"))


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_builtin_caller(transport: str):
    application = Application()
    async with running_endpoint(application) as endpoint:
        await run_sipp(endpoint.port, "-sn", "uac", "-d", "200", "-t", transport, n_calls=5)
        assert [await application.next_end() for _ in range(5)] == ["hangup"] * 5
        assert endpoint.n_calls == 0


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("basic_call", ["hangup"]),
        ("lost_ack", ["lost_ack"]),
        ("bye_race", ["hangup"]),
        ("wrong_codec", []),
        ("delayed_offer", ["hangup"]),
    ],
)
async def test_scenario(name: str, ends: list[str]):
    application = Application()
    async with running_endpoint(application) as endpoint:
        await run_sipp(endpoint.port, *scenario(name))
        assert [await application.next_end() for _ in ends] == ends
        assert application.n_calls == len(ends)
        assert endpoint.n_calls == 0


async def test_cancel_before_the_answer():
    application = SlowApplication()
    async with running_endpoint(application) as endpoint:
        await run_sipp(endpoint.port, *scenario("cancel_before_answer"))
        application.may_answer.set()
        assert application.legs == []
        assert endpoint.n_calls == 0


class LeisurelyApplication(Application):
    """Lets it ring for a while."""

    async def decide(self, incoming: IncomingCall) -> SipCallLeg | None:
        incoming.ring()
        await asyncio.sleep(0.3)
        return await incoming.answer()


async def test_repeated_invite_is_one_call():
    application = LeisurelyApplication()
    async with running_endpoint(application) as endpoint:
        await run_sipp(endpoint.port, *scenario("repeated_invite"))
        assert await application.next_end() == "hangup"
        assert application.n_calls == 1


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_endpoint_calls_a_foreign_phone_and_hangs_up():
    port = free_port()
    async with running_endpoint(Application()) as endpoint:
        async with running(
            need("sipp"),
            *("-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-m", "1"),
            *("-nostdin", "-timeout", "15s", "-timeout_error"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        ) as process:
            # An INVITE before it listens is repeated by our transaction.
            leg = await endpoint.call(f"sip:service@127.0.0.1:{port}", "infolinia", timeout_s=5)
            await asyncio.sleep(0.2)
            assert leg.media_stats()["packets_sent"] > 5
            await leg.hang_up("done")
            assert await has_ended(process, 20)
            assert process.returncode == 0
        assert endpoint.n_calls == 0
