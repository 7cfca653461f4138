"""Every request passes here: Host and Origin, the login, errors, and headers for browsers."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import quote

from aiohttp import web

from voicebot.clock import Clock
from voicebot.errors import NotFound, StorageError
from voicebot.settings import WebSettings
from voicebot.web.auth import COOKIE, KnownCredentials, Logins, LoginThrottle, PasswordCheck
from voicebot.web.error_answers import error_answer, is_for_programs
from voicebot.web.origin import LOOPBACK_HOSTS, is_loopback_host, is_same_origin

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN_PATHS = frozenset({"/health", "/login"})
OPEN_PREFIX = "/static/"
"""Style and scripts only; the login page needs them."""

STREAMS_PREFIX = "/streams/"
"""Telephony providers and PBXs: each request there proves by itself who sends it."""

SAFE_METHODS = frozenset({"GET", "HEAD"})
MAX_WAITING_PASSWORDS = 4
"""argon2 takes memory and a core on purpose; calls need them more."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
)

SECURITY_HEADERS = {
    "Content-Security-Policy": f"{_POLICY}frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Other sites get none. With no-referrer our own forms would send `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class TooManyPasswords(web.HTTPTooManyRequests):
    def __init__(self, wait_s: float) -> None:
        self.wait_s = max(int(wait_s) + 1, 1)
        super().__init__(headers={"Retry-After": str(self.wait_s)}, text="too many attempts")


class Access:
    """Decides who gets in, and keeps the logins."""

    def __init__(
        self, settings: WebSettings, clock: Clock, open_paths: frozenset[str] = frozenset()
    ) -> None:
        """open_paths: for everybody, beside those that always are."""
        self._clock = clock
        self._open_paths = OPEN_PATHS | open_paths
        self._password = PasswordCheck(settings.username, settings.password_hash)
        self._throttle = LoginThrottle()
        self._logins = Logins()
        self._known = KnownCredentials()
        self._one_at_a_time = asyncio.Semaphore(1)
        self._n_waiting = 0
        self.needs_login = bool(settings.password_hash) or settings.host not in LOOPBACK_HOSTS

    async def log_in(self, request: web.Request, username: str, password: str) -> str | None:
        """The cookie's value; None: wrong. Raises TooManyPasswords."""
        if not await self._is_right(request, username, password):
            log.warning("a login failed")
            return None
        log.info("somebody logged in")
        return self._logins.begin(username, self._clock.monotonic())

    def log_out(self, request: web.Request) -> None:
        self._logins.end(request.cookies.get(COOKIE))

    def username(self, request: web.Request) -> str | None:
        """Who asks, by the cookie."""
        return self._logins.username(request.cookies.get(COOKIE), self._clock.monotonic())

    async def is_inside(self, request: web.Request) -> bool:
        """Whether whoever asks may use the console; for paths that are open to everybody.

        Raises TooManyPasswords.
        """
        if not self.needs_login or self.username(request) is not None:
            return True
        credentials = _basic_credentials(request)
        return credentials is not None and await self._is_right(request, *credentials)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await self._admit(request, handler)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            response = error_answer(request, error)
        except NotFound as error:
            response = error_answer(request, web.HTTPNotFound(text=str(error)))
        except StorageError as error:
            log.warning("a page needs the database", extra={"kind": type(error).__name__})
            text = "the database does not answer"
            response = error_answer(request, web.HTTPServiceUnavailable(text=text))
        except ConnectionError:
            raise
        except Exception:  # the top of a web request
            log.exception("a web request failed", extra={"path": request.path})
            response = error_answer(request, web.HTTPInternalServerError(text="see the log"))
        return response

    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(STREAMS_PREFIX):
            return await handler(request)
        if not self.needs_login and not is_loopback_host(request.headers.get("Host", "")):
            raise web.HTTPMisdirectedRequest(text="this server listens on loopback only")
        is_upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        if request.method not in SAFE_METHODS or is_upgrade:
            self._refuse_other_origins(request, must_tell=is_upgrade)
        if self.needs_login and not self._is_open(request.path):
            await self._demand_login(request)
        return await handler(request)

    def _is_open(self, path: str) -> bool:
        return path in self._open_paths or path.startswith(OPEN_PREFIX)

    def _refuse_other_origins(self, request: web.Request, must_tell: bool) -> None:
        """Browsers send Origin with every POST and every upgrade; programs need not on POST,
        but then no browser's cookie may speak for them."""
        origin = request.headers.get("Origin")
        if origin is None and not must_tell and COOKIE not in request.cookies:
            return
        if not is_same_origin(origin, request.headers.get("Host", "")):
            raise web.HTTPForbidden(text="the request came from another site")

    async def _demand_login(self, request: web.Request) -> None:
        if await self.is_inside(request):
            return
        if is_for_programs(request) or request.method not in SAFE_METHODS:
            # Without WWW-Authenticate: a browser must not ask, and then send it everywhere.
            raise web.HTTPUnauthorized(text="log in, or send name and password (Basic)")
        raise web.HTTPSeeOther(f"/login?next={quote(request.path_qs, safe='')}")

    async def _is_right(self, request: web.Request, username: str, password: str) -> bool:
        """Raises TooManyPasswords."""
        credentials = f"{username}\0{password}"
        if self._known.is_known(credentials):
            return True
        address = request.remote or ""
        wait_s = self._throttle.wait_s(address, self._clock.monotonic())
        if wait_s > 0 or self._n_waiting >= MAX_WAITING_PASSWORDS:
            raise TooManyPasswords(wait_s)
        # Counted before it is checked: many at once get no more tries than one after another.
        self._throttle.failed(address, self._clock.monotonic())
        self._n_waiting += 1
        try:
            async with self._one_at_a_time:
                is_right = await asyncio.to_thread(self._password.is_right, username, password)
        finally:
            self._n_waiting -= 1
        if is_right:
            self._throttle.succeeded(address)
            self._known.remember(credentials)
        return is_right


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: streams and sockets get them too."""
    # A page with a policy of its own says there who may frame it.
    has_policy = "Content-Security-Policy" in response.headers
    for name, value in SECURITY_HEADERS.items():
        if not (has_policy and name == "X-Frame-Options"):
            response.headers.setdefault(name, value)
    if not request.path.startswith(OPEN_PREFIX):
        response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Server"] = "voicebot"


def policy_framed_by(origins: Iterable[str]) -> str:
    """The Content-Security-Policy of a page that these sites may show in a frame, and we."""
    return f"{_POLICY}frame-ancestors " + " ".join(["'self'", *origins])


def is_https(request: web.Request) -> bool:
    """Here or at the proxy in front. A made-up header only makes the cookie stricter."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


def _basic_credentials(request: web.Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    username, colon, password = text.partition(":")
    return (username, password) if colon else None
