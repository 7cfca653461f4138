"""The header values and the arithmetic of digest authentication.

RFC 3261 22, RFC 7616 and, for SHA-256 in SIP, RFC 8760. `digest_client` answers challenges with
this, `digest_server` makes and checks them. What is not understood here (`MD5-sess`, `auth-int`)
is passed over, as RFC 7616 3.3 wants it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.message import SipResponse

Algorithm = Literal["MD5", "SHA-256"]

_HASHES: dict[Algorithm, Callable[..., hashlib._Hash]] = {
    "MD5": hashlib.md5,
    "SHA-256": hashlib.sha256,
}
_MAX_NONCE_COUNT = 0xFFFFFFFF

CHALLENGE_FIELDS = (("WWW-Authenticate", False), ("Proxy-Authenticate", True))


@dataclass(frozen=True, slots=True)
class Account:
    """Who we say we are when we are asked. Both fields are secret."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Account(...)"


@dataclass(frozen=True, slots=True)
class Challenge:
    """One WWW-Authenticate or Proxy-Authenticate value of an algorithm that we know.

    has_qop: `auth` is offered; without it the digest is that of RFC 2069, which counts nothing.
    """

    realm: str
    nonce: str
    algorithm: Algorithm = "MD5"
    has_qop: bool = True
    opaque: str | None = None
    is_stale: bool = False
    is_proxy: bool = False

    @classmethod
    def parse(cls, text: str, is_proxy: bool = False) -> Challenge:
        """Raises SipParseError, also for a scheme, algorithm or qop that we do not know."""
        params = _parse_digest(text)
        qop = params.get("qop")
        offered = [] if qop is None else [part.lower() for part in syntax.split_commas(qop)]
        if offered and "auth" not in offered:
            raise SipParseError("no protection that we know is offered")
        return cls(
            realm=_needed(params, "realm"),
            nonce=_needed(params, "nonce"),
            algorithm=_algorithm(params),
            has_qop="auth" in offered,
            opaque=params.get("opaque"),
            is_stale=params.get("stale", "").lower() == "true",
            is_proxy=is_proxy,
        )

    def __str__(self) -> str:
        parts = [f"realm={syntax.quote_string(self.realm)}"]
        if self.has_qop:
            parts.append('qop="auth"')
        parts += [f"algorithm={self.algorithm}", f"nonce={syntax.quote_string(self.nonce)}"]
        if self.opaque is not None:
            parts.append(f"opaque={syntax.quote_string(self.opaque)}")
        if self.is_stale:
            parts.append("stale=true")
        return "Digest " + ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Credentials:
    """One Authorization or Proxy-Authorization value. nonce_count and cnonce: with qop only."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: Algorithm = "MD5"
    has_qop: bool = True
    cnonce: str = ""
    nonce_count: int = 0
    opaque: str | None = None

    @classmethod
    def parse(cls, text: str) -> Credentials:
        """Raises SipParseError."""
        params = _parse_digest(text)
        qop = params.get("qop")
        if qop is not None and qop.lower() != "auth":
            raise SipParseError("unknown protection of credentials")
        return cls(
            username=_needed(params, "username"),
            realm=_needed(params, "realm"),
            nonce=_needed(params, "nonce"),
            uri=_needed(params, "uri"),
            response=_needed(params, "response"),
            algorithm=_algorithm(params),
            has_qop=qop is not None,
            cnonce=_needed(params, "cnonce") if qop is not None else "",
            nonce_count=_nonce_count(_needed(params, "nc")) if qop is not None else 0,
            opaque=params.get("opaque"),
        )

    def __str__(self) -> str:
        parts = [
            f"{name}={syntax.quote_string(value)}"
            for name, value in (
                ("username", self.username),
                ("realm", self.realm),
                ("nonce", self.nonce),
                ("uri", self.uri),
                ("response", self.response),
            )
        ]
        parts.append(f"algorithm={self.algorithm}")
        if self.has_qop:
            parts += [
                f"cnonce={syntax.quote_string(self.cnonce)}",
                "qop=auth",
                f"nc={self.nonce_count:08x}",
            ]
        if self.opaque is not None:
            parts.append(f"opaque={syntax.quote_string(self.opaque)}")
        return "Digest " + ", ".join(parts)

    def __repr__(self) -> str:
        return "Credentials(...)"


def digest_response(given: Credentials, password: str, method: str) -> str:
    """What `given.response` has to be (RFC 7616 3.4.1)."""
    ha1 = _hash(given.algorithm, f"{given.username}:{given.realm}:{password}")
    ha2 = _hash(given.algorithm, f"{method}:{given.uri}")
    if not given.has_qop:
        return _hash(given.algorithm, f"{ha1}:{given.nonce}:{ha2}")
    middle = f"{given.nonce}:{given.nonce_count:08x}:{given.cnonce}:auth"
    return _hash(given.algorithm, f"{ha1}:{middle}:{ha2}")


def challenges_in(response: SipResponse) -> list[Challenge]:
    """Of a 401 or 407, those we can answer, in the sender's order; each field holds one (7.3.1)."""
    found: list[Challenge] = []
    for name, is_proxy in CHALLENGE_FIELDS:
        for value in response.headers.get_all(name):
            try:
                found.append(Challenge.parse(value, is_proxy))
            except SipParseError:
                continue
    return found


def _hash(algorithm: Algorithm, text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    return str(_HASHES[algorithm](data, usedforsecurity=False).hexdigest())


def _parse_digest(text: str) -> dict[str, str]:
    """Values unquoted, names in lower case. Raises SipParseError."""
    scheme, _, rest = text.strip(syntax.WHITESPACE).partition(" ")
    if scheme.lower() != "digest":
        raise SipParseError("no digest authentication")
    params: dict[str, str] = {}
    parts = syntax.split_commas(rest)
    if len(parts) > syntax.MAX_PARAMETERS:
        raise SipParseError("too many parameters of a digest")
    for part in parts:
        name, equals, value = part.partition("=")
        name, value = name.strip(syntax.WHITESPACE).lower(), value.strip(syntax.WHITESPACE)
        if not part:
            continue
        if not equals or not syntax.TOKEN.fullmatch(name):
            raise SipParseError("malformed parameter of a digest")
        if value.startswith('"'):
            if not syntax.QUOTED_STRING.fullmatch(value):
                raise SipParseError("malformed parameter of a digest")
            value = syntax.unquote_string(value)
        if name in params:
            # Two readers could take different ones.
            raise SipParseError("parameter of a digest given twice")
        params[name] = value
    return params


def _needed(params: dict[str, str], name: str) -> str:
    value = params.get(name)
    if value is None:
        raise SipParseError(f"{name} of a digest is missing")
    return value


def _algorithm(params: dict[str, str]) -> Algorithm:
    named = params.get("algorithm", "MD5").upper()
    if named == "MD5":
        return "MD5"
    if named == "SHA-256":
        return "SHA-256"
    raise SipParseError("unknown algorithm of a digest")


def _nonce_count(text: str) -> int:
    if len(text) != 8:
        raise SipParseError("malformed nonce count")
    try:
        count = int(text, 16)
    except ValueError:
        raise SipParseError("malformed nonce count") from None
    if not 0 < count <= _MAX_NONCE_COUNT or not text.isalnum():
        raise SipParseError("malformed nonce count")
    return count
