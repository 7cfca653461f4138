"""Reading a stranger's JSON: what is not as it should be is a WebSocketProtocolError."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from voicebot.errors import WebSocketProtocolError
from voicebot.gateway.websocket.media_stream import Message

MAX_TEXT_CHARACTERS = 64_000
MAX_FIELD_CHARACTERS = 256
MAX_PARAMETERS = 32
MAX_AUDIO_BYTES = 32_000
"""2 s of 16-bit samples at 8 kHz; providers send 20 to 100 ms."""

DIGITS = frozenset("0123456789*#ABCD")

JsonObject = Mapping[str, Any]


def parse_object(message: Message) -> JsonObject:
    """A text message that holds one JSON object."""
    if not isinstance(message, str):
        raise WebSocketProtocolError("a text message is expected")
    if len(message) > MAX_TEXT_CHARACTERS:
        raise WebSocketProtocolError("message: too long")
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        raise WebSocketProtocolError("message: no JSON") from None
    if not isinstance(value, dict):
        raise WebSocketProtocolError("message: no object")
    return value


def object_field(parent: JsonObject, name: str) -> JsonObject:
    """An object; an absent one is empty."""
    value = parent.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise WebSocketProtocolError(f"{name}: an object is expected")
    return value


def text_field(parent: JsonObject, name: str, *, required: bool = False) -> str:
    """Printable text of a sensible length; an absent one is empty unless it is required."""
    value = parent.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        raise WebSocketProtocolError(f"{name}: a text is expected")
    return printable(value)


def text_of(parent: JsonObject, name: str) -> str:
    """A value as printable text, whatever kind of it was sent; empty: absent, or no single one."""
    value = parent.get(name)
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    return ""


def scalars(parent: JsonObject) -> dict[str, str]:
    """All single values as printable texts; at most MAX_PARAMETERS of them."""
    names = [name for name, value in parent.items() if isinstance(value, str | int)]
    return {printable(name): text_of(parent, name) for name in names[:MAX_PARAMETERS]}


def integer_field(parent: JsonObject, name: str) -> int | None:
    """A whole number that is not negative, or its digits in a text; None: absent."""
    value = parent.get(name)
    if value is None:
        return None
    if isinstance(value, str) and 0 < len(value) <= 18 and value.isascii() and value.isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18:
        return value
    raise WebSocketProtocolError(f"{name}: a number is expected")


def texts_field(parent: JsonObject, name: str) -> dict[str, str]:
    """An object of texts; other values in it are left out."""
    value = object_field(parent, name)
    texts = {printable(key): printable(text) for key, text in value.items() if type(text) is str}
    if len(value) > MAX_PARAMETERS:
        raise WebSocketProtocolError(f"{name}: too many")
    return texts


def base64_field(parent: JsonObject, name: str) -> bytes:
    value = parent.get(name)
    if not isinstance(value, str) or len(value) > MAX_AUDIO_BYTES * 4 // 3 + 4:
        raise WebSocketProtocolError(f"{name}: base64 of 2 s at most is expected")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise WebSocketProtocolError(f"{name}: no base64") from None


def digit_field(parent: JsonObject, name: str) -> str:
    value = parent.get(name)
    if not isinstance(value, str) or value not in DIGITS:
        raise WebSocketProtocolError(f"{name}: one of 0-9 * # A-D is expected")
    return value


def printable(text: str) -> str:
    """Safe for a database and a log: no control characters, lone surrogates, or endless text."""
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_FIELD_CHARACTERS])
