"""Calls that a whole node places: over a provider's REST, and where a caller refers it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.integration.phones.sipp_script import SippScript, sipp
from tests.integration.running_server import CallWatch
from tests.integration.stream_providers.fake_rest import FakeRest, bound_socket
from tests.integration.stream_providers.providers import Providers, stream_settings
from tests.integration.test_drain import SHORT_SCRIPT
from tests.integration.test_transfer import referrer
from tests.models import model_store, need_model
from voicebot.app import Node
from voicebot.errors import DialRefused
from voicebot.records import CallRecord, Direction
from voicebot.settings import Settings
from voicebot.storage.database import Database

MOBILE, OTHER_MOBILE = "+48600100200", "+48600100201"
ABROAD, PREMIUM = "+4915112345678", "+48700123456"

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all nodes: those after the first find their prompts spoken, and its calls."""
    return tmp_path_factory.mktemp("nodes")


@contextlib.asynccontextmanager
async def running_node(directory: Path, **sections: object) -> AsyncIterator[Node]:
    need_model("whisper-base")
    need_model("rhvoice-pl")
    settings = Settings.model_validate(
        {
            "use": "demo",
            "data_directory": str(directory / "data"),
            "models_directory": str(model_store().models_dir),
            "sip": {"port": 0, "tls_port": 0},
            "web": {"port": 0},
            "speech": {"workers": 1},
            "dialogue": {"script": str(SHORT_SCRIPT)},
            **sections,
        }
    )
    node = Node(settings)
    try:
        await node.start(lambda line: None)
        yield node
    finally:
        await node.stop()


def database_of(node: Node) -> Database:
    assert node.database is not None
    return node.database


@contextlib.asynccontextmanager
async def dialling_node(
    directory: Path, rest_socket: socket.socket, max_calls_per_day: int
) -> AsyncIterator[tuple[Node, Providers]]:
    async with FakeRest.running(rest_socket) as rest, aiohttp.ClientSession() as http:
        streams = stream_settings(rest.url)
        dial = {"max_calls_per_day": max_calls_per_day}
        async with running_node(directory, media_streams=streams, dial=dial) as node:
            assert node.web is not None
            yield node, Providers(node.web.url, http, rest)


async def dial(node: Node, number: str, provider: str = "twilio") -> str:
    assert node.web is not None
    return await node.web.dialler.dial(number, provider)


async def call_of(node: Node, providers: Providers, number: str, direction: str) -> CallRecord:
    """The provider brings this call, and the other side soon hangs up."""
    watch = CallWatch(database_of(node), number)
    async with providers.twilio_call(number, direction) as stream:
        await stream.hears(0.5)
    return await watch.ended(timeout_s=20)


@pytest.mark.peer
async def test_calls_over_providers_obey_the_rules_and_count_after_a_restart(
    directory: Path, tmp_path: Path
):
    with bound_socket() as rest_socket:
        async with dialling_node(directory, rest_socket, max_calls_per_day=1) as (node, providers):
            for number in (ABROAD, PREMIUM, "112"):
                with pytest.raises(DialRefused):
                    await dial(node, number)
            assert providers.rest.commands == [], "no provider has heard of it"
            await refuse_referral(node, tmp_path, MOBILE, 603)
            incoming = await call_of(node, providers, OTHER_MOBILE, "inbound")
            assert incoming.direction is Direction.INBOUND

            assert await dial(node, "600 100 200")
            command = await providers.rest.told("/Calls.json")
            assert command.content["To"] == MOBILE
            outgoing = await call_of(node, providers, MOBILE, "outbound-api")
            assert outgoing.direction is Direction.OUTBOUND
            n_commands = len(providers.rest.commands)
            with pytest.raises(DialRefused) as refusal:
                await dial(node, OTHER_MOBILE, "telnyx")
            assert refusal.value.rule == "day"
            assert len(providers.rest.commands) == n_commands

        async with dialling_node(directory, rest_socket, max_calls_per_day=2) as (node, providers):
            assert await dial(node, OTHER_MOBILE, "telnyx"), "one of the two was placed before"
            with pytest.raises(DialRefused) as refusal:
                await dial(node, OTHER_MOBILE)
            assert refusal.value.rule == "day"
            assert [command.path for command in providers.rest.commands] == ["/v2/calls"]


async def refuse_referral(node: Node, directory: Path, number: str, status: int) -> None:
    """A caller refers the node there; fails unless it is answered so."""
    script = (
        SippScript()
        .call()
        .request("REFER", f"Refer-To: <sip:{number}@127.0.0.1>")
        .expect_answer(status)
        .hang_up()
    )
    async with sipp(script, directory, node.sip.port, "refused") as phone:
        await phone.finished()


@pytest.mark.peer
async def test_caller_refers_the_node_to_a_number_and_the_bot_talks_there(
    directory: Path, tmp_path: Path
):
    target = (
        SippScript()
        .take_call(f"INVITE sip:.?{MOBILE[1:]}@", "Referred-By: <sip:boss@127.0.0.1>")
        .expect("BYE")
        .answer(200)
    )
    async with sipp(target, tmp_path, name="target") as carrier:
        trunk = {"host": "127.0.0.1", "port": carrier.port, "options_interval_s": 0}
        async with running_node(
            directory, trunks={"carrier": trunk}, dial={"accept_refer": True}
        ) as node:
            # Were it dialled, the carrier would complain of the wrong number.
            await refuse_referral(node, tmp_path, ABROAD, 403)
            watch = CallWatch(database_of(node), MOBILE)
            script = referrer(f"<sip:{MOBILE}@127.0.0.1>", "200 OK")
            async with sipp(script, tmp_path, node.sip.port, "referrer") as phone:
                await phone.finished()
            # He is told what everybody is told.
            await watch.heard("hello")
            record = await watch.record()
        await carrier.finished()
    assert record is not None
    assert record.direction is Direction.OUTBOUND
    assert record.leg_kind == "sip"
