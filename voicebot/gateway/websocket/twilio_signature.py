"""X-Twilio-Signature: proves that a request comes from Twilio.

www.twilio.com/docs/usage/security: HMAC-SHA1, keyed with the account's auth token, over the URL
as Twilio knows it and the sorted parameters of a POST.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}


def twilio_signature(auth_token: str, url: str, parameters: Iterable[tuple[str, str]] = ()) -> str:
    """parameters: of the POST body, decoded. The same name twice: each value once, sorted."""
    signed = url + "".join(name + value for name, value in sorted(set(parameters)))
    digest = hmac.digest(auth_token.encode(), signed.encode("utf-8", "surrogatepass"), "sha1")
    return base64.b64encode(digest).decode("ascii")


def is_from_twilio(
    auth_token: str, signature: str, url: str, parameters: Iterable[tuple[str, str]] = ()
) -> bool:
    """In constant time for one URL. An empty auth token is none."""
    if not auth_token:
        return False
    given = signature.encode("utf-8", "surrogatepass")
    pairs = list(parameters)
    is_genuine = False
    for spelling in _spellings(url):
        expected = twilio_signature(auth_token, spelling, pairs)
        is_genuine |= hmac.compare_digest(given, expected.encode("ascii"))
    return is_genuine


def _spellings(url: str) -> list[str]:
    """Twilio signs some URLs with the default port, and WebSockets with a slash at the end."""
    parts = urlsplit(url)
    port = _DEFAULT_PORTS.get(parts.scheme)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    spellings = [url, parts._replace(netloc=host).geturl()]
    if parts.port is None and port is not None:
        spellings.append(parts._replace(netloc=f"{host}:{port}").geturl())
    if parts.scheme in ("wss", "ws"):
        spellings += [f"{spelling}/" for spelling in spellings]
    return spellings
