"""The HTTP server of a node: health, and whatever else is mounted on it."""

from __future__ import annotations

import logging

from aiohttp import web

from voicebot.settings import Settings

log = logging.getLogger(__name__)


class WebServer:
    """Serves on `settings.web`; `start`, then `stop`."""

    def __init__(self, settings: Settings, *parts: object) -> None:
        self._settings = settings.web
        self._application = web.Application()
        self._application.router.add_get("/health", self._health)
        self._runner = web.AppRunner(self._application, access_log=None)
        self._port = settings.web.port

    @property
    def url(self) -> str:
        return f"http://{self._settings.host}:{self._port}"

    async def start(self) -> None:
        """Raises OSError where the address is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._settings.host, self._settings.port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})
