"""Who may use the console: the password, how often it may be tried, and who is logged in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

COOKIE = "voicebot_login"
IDLE_S = 8 * 3600.0
"""A working day without a click logs out."""

MAX_AGE_S = 24 * 3600.0
MAX_LOGINS = 1000
MAX_PASSWORD_CHARACTERS = 1024

_DUMMY_HASH = PasswordHasher().hash("nobody's password")


class PasswordCheck:
    """The one account of the console."""

    def __init__(self, username: str, password_hash: str) -> None:
        self._username = username
        self._hash = password_hash
        self._hasher = PasswordHasher()

    def is_right(self, username: str, password: str) -> bool:
        """Takes as long for an unknown user as for a wrong password. Blocking (about 50 ms)."""
        is_known = hmac.compare_digest(username.encode("utf-8", "replace"), self._username.encode())
        has_hash = bool(self._hash)
        try:
            matches = self._hasher.verify(
                self._hash if has_hash else _DUMMY_HASH, password[:MAX_PASSWORD_CHARACTERS]
            )
        except (VerificationError, InvalidHashError):
            return False
        return matches and is_known and has_hash


class LoginThrottle:
    """Decides whether an address may try a password now. No I/O; told the time.

    After `burst` failures one more try is allowed every `every_s`. An IPv6 host owns a whole
    /64, so that counts as one address.
    """

    MAX_ADDRESSES = 10_000

    def __init__(self, burst: int = 5, every_s: float = 30.0) -> None:
        self._burst = burst
        self._every_s = every_s
        self._debts: OrderedDict[str, float] = OrderedDict()
        """When the failures of an address will have been forgotten."""

    def wait_s(self, address: str, now: float) -> float:
        """Seconds until the next try is allowed; 0: at once."""
        forgotten_at = self._debts.get(_network(address), now)
        return max(forgotten_at - now - (self._burst - 1) * self._every_s, 0.0)

    def failed(self, address: str, now: float) -> None:
        """A try is under way or has failed."""
        network = _network(address)
        self._debts[network] = max(self._debts.get(network, now), now) + self._every_s
        self._debts.move_to_end(network)
        while len(self._debts) > self.MAX_ADDRESSES:
            self._debts.popitem(last=False)

    def succeeded(self, address: str) -> None:
        self._debts.pop(_network(address), None)


@dataclass(slots=True)
class _Login:
    username: str
    began_at: float
    used_at: float


class Logins:
    """Who is logged in. Ids are random and signed; the server keeps only their hashes.

    No I/O; told the time (monotonic seconds). A restart logs everybody out.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._logins: OrderedDict[bytes, _Login] = OrderedDict()

    def begin(self, username: str, now: float) -> str:
        """Log somebody in; what goes into the cookie."""
        login_id = secrets.token_urlsafe(32)
        self._logins[_hash(login_id)] = _Login(username, now, now)
        while len(self._logins) > MAX_LOGINS:
            self._logins.popitem(last=False)
        return f"{login_id}.{self._signature(login_id)}"

    def username(self, cookie: str | None, now: float) -> str | None:
        """Whose cookie this is; None: nobody's, or too old."""
        key = self._key_of(cookie)
        login = None if key is None else self._logins.get(key)
        if key is None or login is None:
            return None
        if now - login.used_at > IDLE_S or now - login.began_at > MAX_AGE_S:
            del self._logins[key]
            return None
        login.used_at = now
        return login.username

    def end(self, cookie: str | None) -> None:
        key = self._key_of(cookie)
        if key is not None:
            self._logins.pop(key, None)

    def _key_of(self, cookie: str | None) -> bytes | None:
        login_id, _, signature = (cookie or "").partition(".")
        if not hmac.compare_digest(
            signature.encode("utf-8", "replace"), self._signature(login_id).encode()
        ):
            return None
        return _hash(login_id)

    def _signature(self, login_id: str) -> str:
        data = login_id.encode("utf-8", "replace")
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()


class KnownCredentials:
    """Remembers that a program's name and password were right, so that a scraper which sends
    them every few seconds does not cost an argon2 each time."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: bytes | None = None

    def is_known(self, credentials: str) -> bool:
        return self._known is not None and hmac.compare_digest(
            self._known, self._digest(credentials)
        )

    def remember(self, credentials: str) -> None:
        self._known = self._digest(credentials)

    def _digest(self, credentials: str) -> bytes:
        return hmac.new(self._key, credentials.encode(), hashlib.sha256).digest()


def _hash(login_id: str) -> bytes:
    return hashlib.sha256(login_id.encode()).digest()


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> 64)
    return address
