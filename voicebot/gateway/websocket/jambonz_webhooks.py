"""jambonz's requests to us: what to do with a call, and the stream of one (aiohttp)."""

from __future__ import annotations

import logging

from aiohttp import web

from voicebot.gateway.websocket.basic_auth import has_password
from voicebot.gateway.websocket.jambonz import (
    SUBPROTOCOLS,
    JambonzStream,
    application,
    busy_application,
    ended_application,
)
from voicebot.gateway.websocket.stream_calls import StreamCalls
from voicebot.gateway.websocket.stream_handler import (
    PREFIX,
    RETRY_AFTER_S,
    StreamHandler,
    StreamProvider,
)
from voicebot.settings import MediaStreamSettings

log = logging.getLogger(__name__)

CALL_PATH = PREFIX + "jambonz/call"
ENDED_PATH = PREFIX + "jambonz/ended"
STATUS_PATH = PREFIX + "jambonz/status"
STREAM_PATH = "jambonz/stream"


class JambonzWebhooks:
    """Answers calls with an application that streams them to us.

    Each request carries the token as its basic auth password: our answer to the first one
    holds it for the stream.
    """

    def __init__(self, settings: MediaStreamSettings, calls: StreamCalls) -> None:
        self._token = settings.jambonz_token
        self._public_url = settings.public_url.rstrip("/")
        self._calls = calls

    def add_routes(self, router: web.UrlDispatcher, handler: StreamHandler) -> None:
        router.add_post(CALL_PATH, self._call)
        router.add_post(ENDED_PATH, self._ended)
        router.add_post(STATUS_PATH, self._status)
        provider = StreamProvider(
            "jambonz",
            STREAM_PATH,
            self._is_genuine,
            JambonzStream,
            SUBPROTOCOLS,
            sends_silence=True,
        )
        handler.add_provider(router, provider)

    async def _call(self, request: web.Request) -> web.Response:
        """What is to be done with this call?"""
        self._check(request)
        if not self._calls.has_room:
            log.warning("no room for a call", extra={"provider": "jambonz"})
            return web.json_response(busy_application(RETRY_AFTER_S))
        base = self._public_url or str(request.url.origin())
        stream_url = "ws" + base.removeprefix("http") + PREFIX + STREAM_PATH
        return web.json_response(application(stream_url, self._token, base + ENDED_PATH))

    async def _ended(self, request: web.Request) -> web.Response:
        """The stream is over: what now?"""
        self._check(request)
        return web.json_response(ended_application())

    async def _status(self, request: web.Request) -> web.Response:
        """How the call stands; what matters is known by the stream already."""
        self._check(request)
        return web.Response(status=204)

    def _check(self, request: web.Request) -> None:
        if not self._is_genuine(request):
            log.warning("a webhook was refused", extra={"provider": "jambonz"})
            raise web.HTTPUnauthorized(
                headers={"WWW-Authenticate": 'Basic realm="jambonz"'}, text="the token is wrong"
            )

    def _is_genuine(self, request: web.Request) -> bool:
        return has_password(request, self._token)
