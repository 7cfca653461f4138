"""Tickets in stream URLs: the connection that comes belongs to a call that we have just taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

LIFETIME_S = 60.0
"""A provider connects within a second or two."""


class StreamTickets:
    """Issues tickets that any node with the same secret accepts; a node accepts each once.

    Times are seconds since the epoch.
    """

    def __init__(self, secret: str) -> None:
        # Not the secret itself: providers sign with that, and nothing of theirs is a ticket.
        self._key = hashlib.sha256(b"voicebot stream ticket\0" + secret.encode()).digest()
        self._used: dict[str, float] = {}

    def issue(self, now: float) -> str:
        """A ticket that may stand in a path."""
        body = f"{int(now + LIFETIME_S)}.{secrets.token_urlsafe(12)}"
        return f"{body}.{self._signature(body)}"

    def redeem(self, ticket: str, now: float) -> bool:
        """Whether it is one of ours, of now, and not used up."""
        body, _, signature = ticket.rpartition(".")
        expected = self._signature(body)
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode()):
            return False
        expires_at = float(body.partition(".")[0])
        self._used = {used: until for used, until in self._used.items() if until >= now}
        if expires_at < now or ticket in self._used:
            return False
        self._used[ticket] = expires_at
        return True

    def _signature(self, body: str) -> str:
        digest = hmac.digest(self._key, body.encode("utf-8", "replace"), "sha256")
        return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
