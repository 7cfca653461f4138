"""Vonage's signed webhooks: a JWT (HS256) in `Authorization: Bearer`.

developer.vonage.com/en/getting-started/concepts/webhooks, "Decoding signed webhooks": keyed with
the account's signature secret; `payload_hash` is SHA-256 of the payload.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json

TOLERANCE_S = 300.0
MAX_TOKEN_CHARACTERS = 4000


def is_from_vonage(secret: str, authorization: str, payload: bytes, now: float) -> bool:
    """authorization: the header field. payload: the body. now: seconds since the epoch.

    A token without `payload_hash` counts only for an empty payload: nobody may put another
    body to a token that he has seen.
    """
    scheme, _, token = authorization.partition(" ")
    if not secret or scheme.lower() != "bearer" or len(token) > MAX_TOKEN_CHARACTERS:
        return False
    signed, _, signature = token.strip().rpartition(".")
    header, _, claims = signed.partition(".")
    digest = hmac.digest(secret.encode(), signed.encode("utf-8", "surrogatepass"), "sha256")
    if not hmac.compare_digest(digest, _decode(signature) or b""):
        return False
    # Signed by Vonage from here on; `alg` must still be what we have checked by.
    if _object(header).get("alg") != "HS256":
        return False
    content = _object(claims)
    issued_at = content.get("iat")
    if not isinstance(issued_at, int | float) or abs(now - issued_at) > TOLERANCE_S:
        return False
    payload_hash = content.get("payload_hash")
    if payload_hash is None:
        return not payload
    return hmac.compare_digest(str(payload_hash).lower(), hashlib.sha256(payload).hexdigest())


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(_decode(text) or b"")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
