"""The password of HTTP basic auth, of those who can give nothing better (aiohttp)."""

from __future__ import annotations

import aiohttp
from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION

from voicebot.gateway.websocket.stream_handler import is_same_secret


def has_password(request: web.Request, password: str) -> bool:
    """Whether it was given, with whatever user name. An empty one of ours is never right."""
    try:
        given = aiohttp.BasicAuth.decode(request.headers.get(AUTHORIZATION, ""), "utf-8")
    except ValueError:
        return False
    return is_same_secret(given.password, password)
