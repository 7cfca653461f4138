"""Challenges requests and checks the answers (RFC 3261 22, RFC 7616, RFC 8760)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voicebot.errors import SipParseError
from voicebot.gateway.sip.auth.digest import Algorithm, Challenge, Credentials, digest_response
from voicebot.gateway.sip.messages.message import SipRequest
from voicebot.gateway.sip.messages.uri import SipUri

NONCE_LIFETIME_S = 300.0
MAX_NONCES = 10_000

# RFC 8760 2.4: the preferred one first.
ALGORITHMS: tuple[Algorithm, ...] = ("SHA-256", "MD5")
_STAMP_BYTES, _RANDOM_BYTES, _MAC_BYTES = 8, 12, 16
# A digest without qop counts nothing, so its nonce is good for one request.
_USED_UP = 2**32
_MICROSECOND = 1e-6


@dataclass(frozen=True, slots=True)
class Verdict:
    """What credentials are worth. username: whose they are; None: answer with a challenge.

    is_stale: the password was right, only the nonce is too old or used already.
    """

    username: str | None
    is_stale: bool = False


class DigestServer:
    """Knows its own nonces by their seal, and remembers only those that were used rightly.

    So a stranger can neither invent a nonce nor fill our memory; a digest that was overheard
    is of no use, because each nonce count is taken once.
    """

    def __init__(
        self,
        realm: str,
        passwords: Mapping[str, str],
        algorithms: Sequence[Algorithm] = ALGORITHMS,
        nonce_lifetime_s: float = NONCE_LIFETIME_S,
        max_nonces: int = MAX_NONCES,
    ) -> None:
        """passwords: by user name. algorithms: offered, and no other is taken."""
        self._realm = realm
        self._passwords = dict(passwords)
        self._algorithms = tuple(algorithms)
        self._key = secrets.token_bytes(32)
        self._lifetime_s = nonce_lifetime_s
        self._max_nonces = max_nonces
        # Nonce -> (when it was made, the highest count seen). Only of right passwords.
        self._used: dict[str, tuple[float, int]] = {}
        self._not_before = float("-inf")
        # Compared with where the user is unknown, so that both take the same time.
        self._no_password = secrets.token_hex(16)

    @property
    def n_nonces(self) -> int:
        """How many nonces are remembered."""
        return len(self._used)

    def challenge(self, now: float, is_stale: bool = False) -> list[tuple[str, str]]:
        """The header fields of a 401."""
        nonce = self._new_nonce(now)
        return [
            (
                "WWW-Authenticate",
                str(Challenge(self._realm, nonce, algorithm, is_stale=is_stale)),
            )
            for algorithm in self._algorithms
        ]

    def check(self, request: SipRequest, now: float) -> Verdict:
        """Judge the credentials of a request; without any there is no user in the verdict."""
        given = self.credentials_in(request)
        return Verdict(None) if given is None else self._judge(given, request, now)

    def credentials_in(self, request: SipRequest) -> Credentials | None:
        """The ones that are judged: the first for our realm."""
        for value in request.headers.get_all("Authorization"):
            try:
                given = Credentials.parse(value)
            except SipParseError:
                continue
            if given.realm == self._realm and given.algorithm in self._algorithms:
                return given
        return None

    def _judge(self, given: Credentials, request: SipRequest, now: float) -> Verdict:
        made_at = self._made_at(given.nonce)
        if made_at is None:
            return Verdict(None)
        password = self._passwords.get(given.username, self._no_password)
        expected = digest_response(given, password, request.method)
        is_right = hmac.compare_digest(
            expected.encode(), given.response.lower().encode("utf-8", "surrogateescape")
        )
        if not is_right or given.username not in self._passwords or not _is_for(given, request):
            return Verdict(None)
        if made_at + self._lifetime_s < now or made_at <= self._not_before or made_at > now + 1:
            return Verdict(None, is_stale=True)
        count = given.nonce_count if given.has_qop else _USED_UP
        if count <= self._used.get(given.nonce, (made_at, 0))[1]:
            return Verdict(None, is_stale=True)
        self._remember(given.nonce, made_at, count, now)
        return Verdict(given.username)

    def _remember(self, nonce: str, made_at: float, count: int, now: float) -> None:
        self._used[nonce] = (made_at, count)
        if len(self._used) <= self._max_nonces:
            return
        self._used = {
            known: entry
            for known, entry in self._used.items()
            if entry[0] + self._lifetime_s >= now
        }
        while len(self._used) > self._max_nonces:
            # Forgetting a count would let it be replayed: all nonces of that age go stale.
            oldest = min(self._used, key=lambda known: self._used[known][0])
            self._not_before = max(self._not_before, self._used.pop(oldest)[0])

    def _new_nonce(self, now: float) -> str:
        stamp = max(round(now / _MICROSECOND), 0)
        content = stamp.to_bytes(_STAMP_BYTES, "big") + secrets.token_bytes(_RANDOM_BYTES)
        return base64.b64encode(content + self._seal(content)).decode()

    def _made_at(self, nonce: str) -> float | None:
        """When we made this nonce (monotonic seconds); None: it is not ours."""
        try:
            raw = base64.b64decode(nonce.encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error, ValueError):
            return None
        if len(raw) != _STAMP_BYTES + _RANDOM_BYTES + _MAC_BYTES:
            return None
        content, seal = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not hmac.compare_digest(self._seal(content), seal):
            return None
        if base64.b64encode(raw).decode() != nonce:
            # Another spelling of the same octets would have counts of its own.
            return None
        return int.from_bytes(content[:_STAMP_BYTES], "big") * _MICROSECOND

    def _seal(self, content: bytes) -> bytes:
        return hmac.new(self._key, content, hashlib.sha256).digest()[:_MAC_BYTES]


def _is_for(given: Credentials, request: SipRequest) -> bool:
    """Credentials hold for the URI in them alone: for another number they are worth nothing.

    Ports and parameters are left out, as proxies on the way change those (22.4), and a URI
    without a user stands for all of its host: so some phones, and SIPp, write it.
    """
    try:
        named = SipUri.parse(given.uri)
    except SipParseError:
        return False
    target = request.uri
    return named.user in ("", target.user) and named.host.lower() == target.host.lower()
