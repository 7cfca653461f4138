"""The two sides: each one process that takes calls at a Twilio Media Streams WebSocket."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import os
import re
import signal
import socket
import sys
import time
import uuid
import xml.etree.ElementTree
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import aiohttp

from benchmarks.turns.stream_caller import Dial

CHECKOUT = Path(__file__).resolve().parents[2]
PUBLIC_URL = "https://bot.example"
AUTH_TOKEN = "12345"
START_PATIENCE_S = 180.0
STOP_PATIENCE_S = 30.0


class Side(Protocol):
    """One of those that are compared, running."""

    @property
    def pid(self) -> int: ...
    async def dial(self, session: aiohttp.ClientSession) -> Dial: ...


@dataclass(frozen=True, slots=True)
class SideSpec:
    """How a side is started. script: a call script of ours, or a dialogue for Pipecat."""

    name: str
    folder: Path
    models: Path
    script: Path
    pipecat_python: Path
    is_long: bool = False


class Voicebot:
    """`voicebot serve` with settings of its own."""

    def __init__(self, process: asyncio.subprocess.Process, web_url: str) -> None:
        self._process = process
        self._web_url = web_url

    @property
    def pid(self) -> int:
        return self._process.pid

    async def dial(self, session: aiohttp.ClientSession) -> Dial:
        """As Twilio does it: ask the webhook, then connect to the URL in its TwiML."""
        call_sid = "CA" + uuid.uuid4().hex
        form = {
            "CallSid": call_sid,
            "AccountSid": "AC14d6d2a5aa8f4b5e9ef1e7e6fd7f4a1c",
            "From": f"+48600{int(call_sid[2:8], 16) % 1_000_000:06d}",
            "To": "+48221234567",
            "CallStatus": "ringing",
            "ApiVersion": "2010-04-01",
            "Direction": "inbound",
        }
        path = "/streams/twilio/voice"
        headers = {
            "X-Twilio-Signature": signature(PUBLIC_URL + path, form),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with session.post(
            self._web_url + path, data=urlencode(form), headers=headers
        ) as response:
            response.raise_for_status()
            stream = xml.etree.ElementTree.fromstring(await response.text()).find(
                "./Connect/Stream"
            )
        if stream is None:
            raise ConnectionError("the server takes no more calls")
        url = stream.attrib["url"]
        parameters = {item.attrib["name"]: item.attrib["value"] for item in stream}
        local = "ws" + self._web_url.removeprefix("http")
        return Dial(
            url=local + url.removeprefix("wss" + PUBLIC_URL.removeprefix("https")),
            call_sid=call_sid,
            parameters=parameters,
            headers={"x-twilio-signature": signature(url + "/", {})},
        )


class Pipecat:
    """`benchmarks/peers/pipecat_bot.py` in Pipecat's own environment."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self._port = port

    @property
    def pid(self) -> int:
        return self._process.pid

    async def dial(self, session: aiohttp.ClientSession) -> Dial:
        return Dial(f"ws://127.0.0.1:{self._port}/ws", "CA" + uuid.uuid4().hex, {}, {})


def signature(url: str, form: Mapping[str, str]) -> str:
    """As www.twilio.com/docs/usage/security describes it."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(AUTH_TOKEN.encode(), text.encode(), "sha1").digest()).decode()


@contextlib.asynccontextmanager
async def running(spec: SideSpec) -> AsyncIterator[Side]:
    """Start a side and wait until it is ready; stops it afterwards."""
    spec.folder.mkdir(parents=True, exist_ok=True)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("VOICEBOT_")
    } | {"PYTHONPATH": str(CHECKOUT), "COLUMNS": "200"}
    with (spec.folder / "server.log").open("wb") as log:
        port = _free_port()
        if spec.name == "voicebot":
            command = _voicebot_command(spec, environment)
            ready = r"^Console\s+(http://\S+)"
        else:
            command = _pipecat_command(spec, port)
            ready = r"^(ready)"
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=spec.folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
        try:
            found = await _wait_for(process, ready)
            if not found:
                raise SystemExit(f"{spec.name} did not start: see {spec.folder}/server.log")
            if spec.name == "voicebot":
                yield Voicebot(process, found.rstrip("/"))
            else:
                yield Pipecat(process, port)
        finally:
            await _stop(process)


def _voicebot_command(spec: SideSpec, environment: dict[str, str]) -> list[str]:
    settings = {
        "DATA_DIRECTORY": spec.folder / "data",
        "MODELS_DIRECTORY": spec.models.resolve(),
        "DIALOGUE__SCRIPT": spec.script.resolve(),
        "SPEECH__RECOGNIZER": "whisper",
        "SPEECH__SYNTHESIZER": "rhvoice",
        "SIP__PORT": 0,
        "WEB__PORT": 0,
        "LOG_LEVEL": "WARNING",
        "MEDIA_STREAMS__PUBLIC_URL": PUBLIC_URL,
        "MEDIA_STREAMS__TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        # What a comparison of turn-taking has no use for, and Pipecat does not do either.
        "RECORDING__ENABLED": "false",
    }
    environment |= {f"VOICEBOT_{name}": str(value) for name, value in settings.items()}
    return [sys.executable, "-m", "voicebot", "serve", "--demo"]


def _pipecat_command(spec: SideSpec, port: int) -> list[str]:
    return [
        str(spec.pipecat_python),
        *("-m", "benchmarks.peers.pipecat_bot"),
        *("--port", str(port), "--models", str(spec.models.resolve())),
        *("--variant", spec.name.removeprefix("pipecat-")),
        *(["--long-prompt"] if spec.is_long else []),
    ]


async def _wait_for(process: asyncio.subprocess.Process, pattern: str) -> str:
    """What the first line that fits has in brackets; empty: the process ended without one."""
    assert process.stdout is not None
    async with asyncio.timeout(START_PATIENCE_S):
        while line := await process.stdout.readline():
            found = re.search(pattern, line.decode(errors="replace"))
            if found:
                return found[1]
    return ""


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), STOP_PATIENCE_S)
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process and all below it have used so far (those that live)."""
    parents: dict[int, int] = {}
    times: dict[int, float] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        times[int(folder.name)] = (int(fields[11]) + int(fields[12])) / tick
    return sum(seconds for number, seconds in times.items() if _is_below(number, pid, parents))


def _is_below(number: int, pid: int, parents: Mapping[int, int]) -> bool:
    while number > 1:
        if number == pid:
            return True
        number = parents.get(number, 0)
    return False


@dataclass(slots=True)
class CpuMeter:
    """How much a side has used since the meter was made."""

    pid: int
    began_s: float
    began_at: float

    @classmethod
    def start(cls, pid: int) -> CpuMeter:
        return cls(pid, cpu_s(pid), time.monotonic())

    def used(self) -> tuple[float, float]:
        """CPU seconds and wall seconds."""
        return cpu_s(self.pid) - self.began_s, time.monotonic() - self.began_at
