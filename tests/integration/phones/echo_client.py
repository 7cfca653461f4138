"""The echo server as tests see it: a process of its own that tells what happens to its calls."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import soundfile

from tests.integration.phones.process import end, output, signal_all, start
from voicebot.audio import Samples

ECHO_RTP_PORTS = (20000, 24999)
STOP_PATIENCE_S = 20.0
"""It says goodbye to calls that go on, and waits for their answer."""

_CHECKOUT = Path(__file__).resolve().parents[3]


class EchoServerProcess:
    """`next(event)` passes over everything else that is told meanwhile; `told` keeps it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.port = 0
        self.tls_port = 0
        self.told: list[dict[str, object]] = []

    @classmethod
    @contextlib.asynccontextmanager
    async def run(cls, directory: Path, **sip: object) -> AsyncIterator[EchoServerProcess]:
        """sip: settings of section [sip] other than the free port. Its exit code is checked."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("VOICEBOT_")
        }
        settings = {
            "port": 0,
            "rtp_port_min": ECHO_RTP_PORTS[0],
            "rtp_port_max": ECHO_RTP_PORTS[1],
            **sip,
        }
        environment |= {f"VOICEBOT_SIP__{k.upper()}": str(v) for k, v in settings.items()}
        environment["PYTHONPATH"] = str(_CHECKOUT)
        process = await start(
            *(sys.executable, "-m", "tests.integration.echo_server", str(directory)),
            cwd=directory,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
        )
        server = cls(process)
        try:
            listening = await server.next("listening")
            server.port = int(str(listening["port"]))
            server.tls_port = int(str(listening["tls_port"] or 0))
            yield server
        finally:
            code = await server.stop()
        assert code == 0, "the echo server did not stop cleanly; see its stderr"

    async def stop(self) -> int:
        """Its exit code. What it still tells is read, so that it cannot wait for a reader."""
        signal_all(self._process, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await output(self._process, STOP_PATIENCE_S)
        return await end(self._process)

    def uri(self, user: str = "echo") -> str:
        return f"sip:{user}@127.0.0.1:{self.port}"

    async def next(self, name: str, timeout_s: float = 20, leg: object = None) -> dict[str, object]:
        """The next event of this name; leg: of this call alone."""
        assert self._process.stdout is not None
        async with asyncio.timeout(timeout_s):
            while True:
                line = await self._process.stdout.readline()
                assert line, "the echo server is gone; see its stderr"
                event: dict[str, object] = json.loads(line)
                self.told.append(event)
                if event["event"] == name and leg in (None, event.get("leg")):
                    return event

    async def answered_at(self) -> int:
        """Wait until the next call is answered; the port of its audio at the server."""
        return int(str((await self.next("answered"))["rtp_port"]))


def heard_by_server(ended: dict[str, object]) -> Samples:
    """The caller's channel of the recording named in an `ended` event."""
    samples, _ = soundfile.read(str(ended["recording"]), dtype="int16", always_2d=True)
    return samples[:, 0]
