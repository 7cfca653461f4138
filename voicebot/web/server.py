"""The HTTP server of a node: health, metrics, API, pages and the web phone on one port."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web

import voicebot
from voicebot.calls.chat_sessions import ChatSessions
from voicebot.calls.leg import CallLeg
from voicebot.calls.live_calls import LiveCalls
from voicebot.clock import Clock
from voicebot.errors import DialRefused
from voicebot.gateway.websocket.call_dialler import CallDialler, DialCheck
from voicebot.gateway.websocket.stream_calls import StreamCalls
from voicebot.gateway.websocket.stream_gateway import StreamGateway
from voicebot.media.pacer import Pacer
from voicebot.settings import Settings
from voicebot.storage.database import Database
from voicebot.web.access import Access, add_security_headers
from voicebot.web.api import PREFIX, Api
from voicebot.web.chat_api import ChatApi
from voicebot.web.chat_routes import ChatRoutes
from voicebot.web.live_feed import LiveFeed
from voicebot.web.metrics import CONTENT_TYPE, Metrics
from voicebot.web.node_status import (
    NodeParts,
    ScriptChoice,
    SipStatus,
    SpeechStatus,
    reasons_not_ready,
)
from voicebot.web.openapi import describe
from voicebot.web.page_routes import Pages
from voicebot.web.phone_socket import PhoneSocket
from voicebot.web.recordings import Recordings

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "static"
MAX_BODY_BYTES = 64 * 1024
CHAT_PATHS = frozenset({"/chat", f"{PREFIX}/chat"})
SHUTDOWN_S = 5.0
"""What a request may still take when the node stops; calls have been ended by then."""


class WebServer:
    """Serves on `settings.web`; `start`, then `stop`."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        live_calls: LiveCalls,
        pool: SpeechStatus,
        sip: SipStatus,
        pacer: Pacer,
        clock: Clock,
        take_call: Callable[[CallLeg], Awaitable[object]],
        check_dial: DialCheck | None = None,
        chats: ChatSessions | None = None,
        scripts: ScriptChoice | None = None,
    ) -> None:
        """take_call: runs an answered call to its end; the web phone's calls go there, and those
        that providers stream. check_dial: the dialling rules; None: nobody is called. chats: the
        written conversations; None: there are none. scripts: what the web phone may choose from;
        None: nothing.
        """
        self._settings = settings.web
        self._parts = NodeParts(
            settings, database, live_calls, pool, sip, pacer, clock, take_call, scripts
        )
        self._port = settings.web.port
        self._is_stopped = False
        self._feed = LiveFeed(live_calls)
        self._metrics = Metrics(self._parts)
        self._phone = PhoneSocket(self._parts)
        streams = settings.media_streams
        self._streams = StreamGateway(
            streams,
            StreamCalls(
                pacer,
                take_call,
                clock,
                streams.max_calls,
                settings.sip.no_media_timeout_s,
                has_node_room=lambda: sip.is_taking_calls and not sip.reasons_to_refuse,
            ),
            clock,
            check_dial or _dial_nobody,
        )
        recordings = Recordings(settings.recordings_path)
        is_chat_public = chats is not None and settings.chat.public
        access = Access(settings.web, clock, CHAT_PATHS if is_chat_public else frozenset())
        chat_operations = ChatApi(chats, access.is_inside).operations() if chats is not None else ()
        self._api = Api(self._parts, recordings, self._feed, chat_operations)
        self._chats = chats
        self._openapi = json.dumps(describe(self._api.operations(), voicebot.__version__))
        application = web.Application(
            middlewares=[access.middleware], client_max_size=MAX_BODY_BYTES
        )
        application.on_response_prepare.append(add_security_headers)
        pages = Pages(self._parts, access, self._api, recordings)
        self._add_routes(application.router, pages)
        if chats is not None:
            routes = ChatRoutes(chats, settings.chat, access, pages.sample_boxes)
            routes.add_routes(application.router)
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=SHUTDOWN_S, handle_signals=False
        )

    @property
    def url(self) -> str:
        host = self._settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    @property
    def n_stream_calls(self) -> int:
        return self._streams.calls.n_calls

    @property
    def dialler(self) -> CallDialler:
        """Outgoing calls through providers."""
        return self._streams.dialler

    def drain(self) -> None:
        """Take no new streamed calls and chats; those that go on may end by themselves."""
        self._streams.calls.drain()
        if self._chats is not None:
            self._chats.drain()

    async def start(self) -> None:
        """Raises OSError where the address is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._settings.host, self._settings.port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        await self._streams.start()
        if self._chats is not None:
            self._chats.start()

    async def stop(self) -> None:
        """End web calls with `shutdown` and let their records be written, then close.

        Safe to call twice.
        """
        if self._is_stopped:
            return
        self._is_stopped = True
        self._feed.stop()
        await self._phone.stop()
        await self._streams.stop()
        if self._chats is not None:
            await self._chats.stop()
        await self._runner.cleanup()
        await self._metrics.stop()

    def _add_routes(self, router: web.UrlDispatcher, pages: Pages) -> None:
        router.add_get("/health", self._health)
        router.add_get("/ready", self._ready)
        router.add_get("/metrics", self._serve_metrics)
        router.add_get(f"{PREFIX}/openapi.json", self._serve_openapi)
        self._api.add_routes(router)
        pages.add_routes(router)
        router.add_get("/phone/ws", self._phone.handle)
        self._streams.add_routes(router)
        router.add_static("/static/", STATIC)

    async def _health(self, request: web.Request) -> web.Response:
        """The process is alive and its loop turns."""
        return web.json_response({"status": "ok"})

    async def _ready(self, request: web.Request) -> web.Response:
        """Calls can be taken now."""
        reasons = await reasons_not_ready(self._parts)
        status = "unavailable" if reasons else "ready"
        return web.json_response(
            {"status": status, "reasons": reasons}, status=503 if reasons else 200
        )

    async def _serve_metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def _serve_openapi(self, request: web.Request) -> web.Response:
        return web.Response(text=self._openapi, content_type="application/json")


def _dial_nobody(number: str, provider: str) -> str:
    raise DialRefused("outgoing calls have not been set up", "provider")
