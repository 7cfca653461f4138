"""A real server with several scripts: who is called decides, and a change is for the next call."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.integration.running_server import POLL_S, RunningServer
from tests.integration.sip_endpoint_bench import UdpPeer
from tests.sip_messages import request, sdp
from voicebot.calls.script_process import load_apart
from voicebot.errors import ScriptError
from voicebot.records import CallRecord

SCRIPTS = Path(__file__).parents[1] / "data" / "scripts"

pytestmark = pytest.mark.timeout(400)


def write(folder: Path, name: str, greeting: str = "Tu program firmy", halo: str = "Halo?") -> None:
    text = (SCRIPTS / "short.yaml").read_text(encoding="utf-8")
    text = text.replace("script: short", f"script: {name}")
    text = text.replace("Tu program firmy", greeting).replace("Halo?", halo)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    shutil.copy(SCRIPTS / "small_intents.yaml", folder)
    for name in ("pierwszy", "drugi"):
        write(folder, name)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    server = RunningServer(
        tmp_path_factory.mktemp("server"),
        DIALOGUE__SCRIPT="pierwszy",
        DIALOGUE__SCRIPTS_DIRECTORY=folder,
        DIALOGUE__NUMBERS__100="drugi",
    )
    try:
        yield server
    finally:
        server.stop()


class Phone:
    """A SIP telephone that calls and says nothing."""

    def __init__(self, peer: UdpPeer, called: str) -> None:
        self._peer = peer
        self._uri = f"sip:{called}@127.0.0.1"
        self._call_id = f"call-to-{called}-{peer.port}"
        self._tag = ""

    async def call(self) -> None:
        contact = f"sip:phone@127.0.0.1:{self._peer.port}"
        self._peer.send(
            request("INVITE", self._uri, call_id=self._call_id, body=sdp(), contact=contact)
        )
        self._tag = (await self._peer.response(200, timeout_s=150)).to.tag or ""
        self._send("ACK", 1)

    async def hang_up(self) -> None:
        self._send("BYE", 2)
        await self._peer.response(200, timeout_s=20)

    def _send(self, method: str, cseq: int) -> None:
        self._peer.send(
            request(
                method,
                self._uri,
                call_id=self._call_id,
                to_tag=self._tag,
                cseq=cseq,
                branch=f"z9hG4bK-{method}",
            )
        )


async def sip_call(server: RunningServer, called: str) -> CallRecord:
    async with UdpPeer.open(server.sip_port) as peer:
        phone = Phone(peer, called)
        await phone.call()
        record = await begun_call(server, "sip")
        await phone.hang_up()
    await call_over(server, record)
    return record


async def call_over(server: RunningServer, record: CallRecord) -> None:
    async with server.database() as database, asyncio.timeout(150):
        while (await database.calls.get(record.call_id)).ended_at is None:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)


async def begun_call(server: RunningServer, leg_kind: str) -> CallRecord:
    """The record of the call that goes on; it is written a moment after the answer."""
    async with server.database() as database, asyncio.timeout(60):
        while True:
            for record in await database.calls.list(limit=1):
                if record.ended_at is None and record.leg_kind == leg_kind:
                    return record
            await asyncio.sleep(POLL_S)


async def log_has(server: RunningServer, text: str) -> None:
    await until(lambda: text in server.log)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(150):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("called", "script"), [("infolinia", "pierwszy"), ("100", "drugi"), ("drugi", "drugi")]
)
async def test_a_sip_call_follows_the_script_it_asks_for(
    server: RunningServer, called: str, script: str
):
    record = await sip_call(server, called)
    assert record.script == script
    assert len(record.script_version) == 12


async def test_the_web_phone_follows_the_script_that_is_chosen_on_its_page(server: RunningServer):
    url = server.web_url.replace("http:", "ws:") + "/phone/ws"
    async with aiohttp.ClientSession(headers={"Origin": server.web_url}) as client:
        async with client.get(f"{server.web_url}/phone?script=drugi") as page:
            assert '<option value="drugi" selected>' in await page.text()
        async with client.ws_connect(f"{url}?script=drugi&case=") as phone:
            assert (await phone.receive_json(timeout=150))["type"] == "answered"
            record = await begun_call(server, "web")
            await phone.send_json({"type": "hangup"})
        assert (record.leg_kind, record.script, record.local_party) == ("web", "drugi", "drugi")
        for query in ("script=trzeci", "script=../../etc/passwd", "script=drugi&case=24681357"):
            async with client.ws_connect(f"{url}?{query}") as phone:
                refused = await phone.receive_json(timeout=150)
                assert refused == {"type": "ended", "reason": "script"}


async def test_a_running_call_keeps_its_script_and_the_next_one_has_the_new(
    server: RunningServer, folder: Path
):
    async with UdpPeer.open(server.sip_port) as peer:
        running = Phone(peer, "infolinia")
        await running.call()
        old = await begun_call(server, "sip")
        write(folder, "pierwszy", "Tu nowy program firmy", "Halo, tu nowy program.")
        server.signal(signal.SIGHUP)
        await log_has(server, "a call script has changed")
        new = await sip_call(server, "infolinia")
        assert (old.script, new.script) == ("pierwszy", "pierwszy")
        assert old.script_version != new.script_version
        # A broken one is refused with its line; calls have the last good one.
        text = (folder / "pierwszy.yaml").read_text(encoding="utf-8")
        (folder / "pierwszy.yaml").write_text(text.replace("start: hello", "start: nowhere"))
        await log_has(server, "no such state: nowhere")
        assert f"{folder / 'pierwszy.yaml'}:4: no such state" in server.log
        assert (await sip_call(server, "infolinia")).script_version == new.script_version
        # Nobody says anything in the first call: it goes on with what it began with.
        await call_over(server, old)
    async with server.database() as database:
        said = " ".join(turn.text for turn in await database.calls.turns(old.call_id))
    assert "Halo?" in said
    assert "nowy" not in said


def test_a_script_is_read_in_a_process_of_its_own(folder: Path):
    script = load_apart(SCRIPTS / "short.yaml")
    assert (script.name, len(script.states)) == ("short", 4)
    assert script.prompts["hello"].template.text.startswith("Tu program")
    with pytest.raises(ScriptError, match=r"broken_references\.yaml:\d+: "):
        load_apart(SCRIPTS / "broken_references.yaml")
    with pytest.raises(ScriptError, match="took longer than"):
        load_apart(SCRIPTS / "short.yaml", timeout_s=0.001)
