"""URLs at which a provider's streams reach us, each good for one call."""

from __future__ import annotations

from aiohttp import web

from voicebot.clock import Clock
from voicebot.gateway.websocket.stream_handler import PREFIX, is_same_secret
from voicebot.gateway.websocket.stream_ticket import StreamTickets


class StreamUrls:
    """Makes a provider's stream URLs, and knows them again.

    A fixed token, where one has been set, stands for a ticket that never expires: for streams
    that somebody starts without asking us.
    """

    def __init__(self, provider: str, public_url: str, secret: str, token: str, clock: Clock):
        """secret: what tickets are signed with; empty: there are none. token: empty: none."""
        self.path = f"{provider}/stream/{{ticket}}"
        self._base = socket_url(public_url) + PREFIX + f"{provider}/stream/"
        self._tickets = StreamTickets(secret) if secret else None
        self._token = token
        self._clock = clock

    def next_url(self) -> str:
        """For one call, and soon."""
        if self._tickets is None:
            raise RuntimeError("no secret has been set for tickets")
        return self._base + self._tickets.issue(self._clock.now().timestamp())

    def is_genuine(self, request: web.Request) -> bool:
        """A request for the upgrade at `path`. It uses up its ticket."""
        ticket = request.match_info["ticket"]
        if is_same_secret(ticket, self._token):
            return True
        return self._tickets is not None and self._tickets.redeem(
            ticket, self._clock.now().timestamp()
        )


def socket_url(public_url: str) -> str:
    """wss:// for https://, ws:// for http://."""
    return "ws" + public_url.rstrip("/").removeprefix("http")
