"""The password of HTTP basic auth (RFC 7617), of those who can give nothing better."""

from __future__ import annotations

import base64
import binascii

from aiohttp import web
from aiohttp.hdrs import AUTHORIZATION

from voicebot.gateway.websocket.stream_handler import is_same_secret


def has_password(request: web.Request, password: str) -> bool:
    """Whether it was given, with whatever user name. An empty one of ours is never right."""
    scheme, _, credentials = request.headers.get(AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return False
    return is_same_secret(given.partition(":")[2], password)
