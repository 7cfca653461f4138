"""Vonage's webhooks: answered calls are connected to our WebSocket (aiohttp).

developer.vonage.com/en/voice/voice-api/webhook-reference and .../ncco-reference (connect).
"""

from __future__ import annotations

import logging

from aiohttp import web

from voicebot.clock import Clock
from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.json_message import JsonObject, parse_object, text_field
from voicebot.gateway.websocket.stream_calls import StreamCalls
from voicebot.gateway.websocket.stream_handler import PREFIX, no_room
from voicebot.gateway.websocket.stream_url import StreamUrls
from voicebot.gateway.websocket.vonage_signature import is_from_vonage
from voicebot.settings import MediaStreamSettings

log = logging.getLogger(__name__)

ANSWER_PATH = PREFIX + "vonage/answer"
EVENT_PATH = PREFIX + "vonage/event"
CONTENT_TYPE = "audio/l16;rate=8000"
"""Telephones give no more than 8 kHz."""


class VonageWebhooks:
    """Answers calls with an NCCO that connects them to us. Both webhooks must be POST."""

    def __init__(
        self, settings: MediaStreamSettings, calls: StreamCalls, urls: StreamUrls, clock: Clock
    ) -> None:
        self._secret = settings.vonage_signature_secret
        self._event_url = settings.public_url.rstrip("/") + EVENT_PATH
        self._calls = calls
        self._urls = urls
        self._clock = clock

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post(ANSWER_PATH, self._answer)
        router.add_post(EVENT_PATH, self._event)

    async def _answer(self, request: web.Request) -> web.Response:
        """What is to be done with this call? A 503 sends Vonage to the fallback URL."""
        call = await self._read(request)
        if not self._calls.has_room:
            log.warning("no room for a call", extra={"provider": "vonage"})
            raise no_room()
        try:
            headers = {
                "caller": text_field(call, "from")[:64],
                "called": text_field(call, "to")[:64],
                "call_ref": text_field(call, "uuid")[:64],
            }
        except WebSocketProtocolError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        endpoint = {
            "type": "websocket",
            "uri": self._urls.next_url(),
            "content-type": CONTENT_TYPE,
            "headers": headers,
        }
        connect = {"action": "connect", "eventUrl": [self._event_url], "endpoint": [endpoint]}
        return web.json_response([connect])

    async def _event(self, request: web.Request) -> web.Response:
        """How a call goes; what matters is known by the stream already."""
        event = await self._read(request)
        status = event.get("status")
        if isinstance(status, str):
            extra = {"provider": "vonage", "status": status[:32]}
            log.info("Vonage reports a call", extra=extra)
        return web.Response(status=204)

    async def _read(self, request: web.Request) -> JsonObject:
        """The object of a genuine request."""
        body = await request.read()
        authorization = request.headers.get("Authorization", "")
        now = self._clock.now().timestamp()
        if not is_from_vonage(self._secret, authorization, body, now):
            log.warning("a webhook was refused", extra={"provider": "vonage"})
            raise web.HTTPForbidden(text="the signature is wrong")
        try:
            return parse_object(body.decode("utf-8", "replace"))
        except WebSocketProtocolError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
