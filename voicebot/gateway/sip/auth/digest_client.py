"""Answers the challenges that our requests meet (RFC 3261 22.2, 22.3; RFC 7616)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from voicebot.gateway.sip.auth.digest import (
    Account,
    Challenge,
    Credentials,
    challenges_in,
    digest_response,
)
from voicebot.gateway.sip.messages.headers import Headers
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse

MAX_TRIES = 4
"""A request is sent anew this often at most: for a proxy, a server, and nonces gone stale."""

_MAX_REALMS = 8

AUTHORIZATION_FIELDS = ("Authorization", "Proxy-Authorization")
"""Where credentials stand: for a server, for a proxy."""

_Realm = tuple[str, bool]


def random_cnonce() -> str:
    return secrets.token_hex(8)


@dataclass
class _Nonce:
    """The challenge a realm gave last, and how often its nonce was used."""

    challenge: Challenge
    count: int = 0


class DigestClient:
    """Holds what one call or registration was challenged with, and answers it.

    One for each dialog: the nonces of one are of no use to another, and counts that arrive out
    of order, as those of concurrent calls would, are refused by servers.
    """

    def __init__(self, account: Account, cnonce: Callable[[], str] = random_cnonce) -> None:
        self._account = account
        self._cnonce = cnonce
        self._nonces: dict[_Realm, _Nonce] = {}

    def authorize(self, request: SipRequest) -> None:
        """Put credentials for every realm that is known so far (22.3) into a request.

        With them requests inside a dialog save the round trip of a challenge. Not for ACK and
        CANCEL: those have what their INVITE had, or nothing (22.1).
        """
        for name in AUTHORIZATION_FIELDS:
            request.headers.remove(name)
        for (_, is_proxy), nonce in self._nonces.items():
            credentials = self._credentials(nonce, request)
            request.headers.add(AUTHORIZATION_FIELDS[is_proxy], str(credentials))

    def learn(self, request: SipRequest, response: SipResponse, n_tries: int) -> bool:
        """Take in the 401 or 407 to a request. True: send it anew, authorized, CSeq one higher.

        n_tries: how often it was sent anew before. A second refusal is final unless the nonce
        was merely stale: the password does not get better by repetition.
        """
        if response.status not in (401, 407) or n_tries >= MAX_TRIES:
            return False
        wanted: dict[_Realm, Challenge] = {}
        for challenge in challenges_in(response):
            # RFC 8760 2.4: the first of a realm that is understood is the one to take.
            wanted.setdefault((challenge.realm, challenge.is_proxy), challenge)
        if not wanted:
            return False
        given = _nonces_in(request.headers)
        for realm, challenge in wanted.items():
            used = given.get(realm)
            if used is None or challenge.is_stale:
                continue
            # A nonce of an earlier request may have expired without being called stale.
            if n_tries > 0 or used == challenge.nonce:
                return False
        for realm, challenge in wanted.items():
            self._nonces.pop(realm, None)
            if len(self._nonces) >= _MAX_REALMS:
                return False
            self._nonces[realm] = _Nonce(challenge)
        return True

    def _credentials(self, nonce: _Nonce, request: SipRequest) -> Credentials:
        challenge = nonce.challenge
        nonce.count += 1

        def filled(response: str) -> Credentials:
            return Credentials(
                username=self._account.username,
                realm=challenge.realm,
                nonce=challenge.nonce,
                uri=str(request.uri),
                response=response,
                algorithm=challenge.algorithm,
                has_qop=challenge.has_qop,
                cnonce=cnonce,
                nonce_count=nonce.count,
                opaque=challenge.opaque,
            )

        cnonce = self._cnonce() if challenge.has_qop else ""
        return filled(digest_response(filled(""), self._account.password, request.method))


def _nonces_in(headers: Headers) -> dict[_Realm, str]:
    """The nonces that a request of ours has used, by realm."""
    found: dict[_Realm, str] = {}
    for is_proxy, name in enumerate(AUTHORIZATION_FIELDS):
        for value in headers.get_all(name):
            ours = Credentials.parse(value)
            found[ours.realm, bool(is_proxy)] = ours.nonce
    return found
