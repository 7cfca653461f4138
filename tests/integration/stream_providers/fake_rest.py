"""The REST interfaces of Twilio and Telnyx, as far as calls need them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Command:
    """One request: `content` is its form or its JSON."""

    path: str
    content: dict[str, Any]
    authorization: str


class FakeRest:
    """Takes every command, and remembers it."""

    def __init__(self, sock: socket.socket) -> None:
        self.commands: list[Command] = []
        self.status = 200
        self._sock = sock
        self._news = asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._sock.getsockname()[1]}"

    async def command(self, path_end: str, timeout_s: float = 20) -> Command:
        """The first command whose path ends so; it is taken away."""
        async with asyncio.timeout(timeout_s):
            while True:
                for command in self.commands:
                    if command.path.endswith(path_end):
                        self.commands.remove(command)
                        return command
                self._news.clear()
                await self._news.wait()

    async def told(self, path_part: str, timeout_s: float = 20) -> Command:
        """The first command with this in its path; it stays where it is."""
        async with asyncio.timeout(timeout_s):
            while True:
                for command in self.commands:
                    if path_part in command.path:
                        return command
                self._news.clear()
                await self._news.wait()

    async def _handle(self, request: web.Request) -> web.Response:
        is_json = request.content_type == "application/json"
        content = await request.json() if is_json else dict(await request.post())
        authorization = request.headers.get("Authorization", "")
        self.commands.append(Command(request.path, content, authorization))
        self._news.set()
        answer = {"sid": "CA0123456789abcdef", "data": {"call_control_id": "v3:outgoing"}}
        return web.json_response(answer, status=self.status)

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, sock: socket.socket | None = None) -> AsyncIterator[FakeRest]:
        """sock: bound already, for those who had to be told the port before."""
        rest = cls(bound_socket() if sock is None else sock.dup())
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", rest._handle)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.SockSite(runner, rest._sock).start()
        try:
            yield rest
        finally:
            await runner.cleanup()


def bound_socket() -> socket.socket:
    """On a free port of loopback; it does not listen yet."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock
