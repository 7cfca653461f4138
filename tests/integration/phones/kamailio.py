"""Kamailio as a registrar and proxy that wants a password."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from tests.integration.phones.process import end, start
from tests.peers import need

CONFIG = Path(__file__).resolve().parents[2] / "data" / "kamailio" / "registrar.cfg"

_EVENT = re.compile(r"EVENT (.*)")
_START_ATTEMPTS = 5


class Kamailio:
    """Running. `events`: what its configuration tells, such as `registered <sip:...>`."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.port = port
        self.events: asyncio.Queue[str] = asyncio.Queue()
        self.log: list[str] = []
        self._process = process
        self._reader = asyncio.create_task(self._read())

    @classmethod
    @contextlib.asynccontextmanager
    async def run(cls, directory: Path) -> AsyncIterator[Kamailio]:
        server = await cls._start(directory)
        try:
            yield server
        finally:
            await server.stop()

    async def wait_for(self, event: str, timeout_s: float = 20) -> str:
        """The next event that begins so; others are passed over."""
        async with asyncio.timeout(timeout_s):
            while True:
                text = await self.events.get()
                if text.startswith(event):
                    return text

    def seen(self) -> list[str]:
        """Events so far that nobody has waited for."""
        found = []
        while not self.events.empty():
            found.append(self.events.get_nowait())
        return found

    async def stop(self) -> None:
        # With its workers, which hold the log's pipe.
        await end(self._process, patience_s=10)
        async with asyncio.timeout(10):
            await self._reader

    @classmethod
    async def _start(cls, directory: Path) -> Kamailio:
        for _ in range(_START_ATTEMPTS):
            port = _free_port()
            process = await start(
                *(need("kamailio"), "-f", str(CONFIG), "-l", f"udp:127.0.0.1:{port}"),
                # In the foreground, logging to stderr, with its sockets and PID file here.
                *("-DD", "-E", "-Y", str(directory), "-P", str(directory / "kamailio.pid")),
                *("-m", "32", "-M", "4"),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            server = cls(process, port)
            if await server._is_up():
                return server
            await server.stop()
        raise AssertionError("kamailio does not start: " + "\n".join(server.log[-20:]))

    async def _is_up(self) -> bool:
        """Answers; the port may have been taken meanwhile."""
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.setblocking(False)
            probe.bind(("127.0.0.1", 0))
            host, port = probe.getsockname()
            request = "\r\n".join(
                [
                    f"OPTIONS sip:127.0.0.1:{self.port} SIP/2.0",
                    f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-probe;rport",
                    "From: <sip:probe@127.0.0.1>;tag=probe",
                    f"To: <sip:127.0.0.1:{self.port}>",
                    "Call-ID: probe",
                    "CSeq: 1 OPTIONS",
                    "Max-Forwards: 70",
                    "Content-Length: 0",
                    "\r\n",
                ]
            )
            for _ in range(60):
                if self._process.returncode is not None:
                    return False
                await loop.sock_sendto(probe, request.encode(), ("127.0.0.1", self.port))
                with contextlib.suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(0.25):
                        await loop.sock_recv(probe, 4096)
                        self.seen()
                        return True
        return False

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            text = line.decode(errors="replace").rstrip()
            self.log.append(text)
            if event := _EVENT.search(text):
                self.events.put_nowait(event[1])


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
