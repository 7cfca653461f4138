"""Where Asterisk's chan_websocket connects to us (aiohttp)."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from voicebot.gateway.websocket.asterisk import AsteriskStream
from voicebot.gateway.websocket.basic_auth import has_password
from voicebot.gateway.websocket.stream_handler import (
    PREFIX,
    StreamHandler,
    StreamProvider,
    is_same_secret,
)
from voicebot.settings import MediaStreamSettings

PATH = PREFIX + "asterisk"
SUBPROTOCOLS = ("media",)
"""Asterisk goes away where a subprotocol that its websocket_client.conf names is not taken up;
this one is that of its documentation's example."""


def add_asterisk(
    router: web.UrlDispatcher, handler: StreamHandler, settings: MediaStreamSettings
) -> None:
    """Serves PATH with basic auth, and PATH/{token}."""
    token = settings.asterisk_token

    def is_genuine(request: web.Request) -> bool:
        if "token" in request.match_info:
            return is_same_secret(request.match_info["token"], token)
        return has_password(request, token)

    provider = StreamProvider(
        "asterisk", "asterisk", is_genuine, AsteriskStream, SUBPROTOCOLS, sends_silence=True
    )

    async def serve(request: web.Request) -> web.StreamResponse:
        # chan_websocket tells no numbers; the dialplan may, in the URL: v(caller=...,called=...).
        def make_protocol() -> AsteriskStream:
            return AsteriskStream(request.query)

        return await handler.serve(request, replace(provider, make_protocol=make_protocol))

    router.add_get(PATH, serve)
    router.add_get(PATH + "/{token}", serve)
