"""WebSockets of providers, joined to calls (aiohttp); who they are is settled before that."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from voicebot.gateway.websocket.media_stream import MediaStreamProtocol, Message
from voicebot.gateway.websocket.stream_calls import Release, StreamCalls

log = logging.getLogger(__name__)

PREFIX = "/streams/"
"""All paths of providers begin with it; nobody needs a login there, but each proves who he is."""

MAX_MESSAGE_BYTES = 64 * 1024
HEARTBEAT_S = 15.0
RETRY_AFTER_S = 10


def is_same_secret(given: str, ours: str) -> bool:
    """In constant time. An empty secret of ours is none, and nobody knows it."""
    return bool(ours) and hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), ours.encode("utf-8", "surrogatepass")
    )


@dataclass(frozen=True)
class StreamProvider:
    """How one provider's WebSocket is served.

    kind: as records name it. path: below PREFIX, perhaps with {placeholders}.
    is_genuine: whether the request for the upgrade comes from the provider.
    subprotocols: the WebSocket subprotocols that it asks for, if any.
    """

    kind: str
    path: str
    is_genuine: Callable[[web.Request], bool]
    make_protocol: Callable[[], MediaStreamProtocol]
    subprotocols: tuple[str, ...] = ()
    sends_silence: bool = False
    release: Release | None = None


class StreamHandler:
    """Serves the WebSockets of those providers that have been set up."""

    def __init__(self, calls: StreamCalls) -> None:
        self._calls = calls

    def add_provider(self, router: web.UrlDispatcher, provider: StreamProvider) -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await self.serve(request, provider)

        router.add_get(PREFIX + provider.path, handle)

    async def serve(self, request: web.Request, provider: StreamProvider) -> web.StreamResponse:
        """One request for a WebSocket, from the proof of who asks to the end of the call."""
        if not provider.is_genuine(request):
            log.warning("a stream was refused", extra={"provider": provider.kind})
            raise web.HTTPForbidden(text="this does not come from the provider")
        if not self._calls.has_room:
            log.warning("no room for a stream", extra={"provider": provider.kind})
            raise no_room()
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S,
            max_msg_size=MAX_MESSAGE_BYTES,
            protocols=provider.subprotocols,
            # PCM and base64 of it hardly shrink; 50 small messages a second cost much.
            compress=False,
        )
        await socket.prepare(request)
        await self._calls.run(
            SocketConnection(socket, request),
            provider.make_protocol(),
            provider.kind,
            sends_silence=provider.sends_silence,
            release=provider.release,
        )
        return socket


def no_room() -> web.HTTPServiceUnavailable:
    """All lines are taken, or the node is about to stop."""
    return web.HTTPServiceUnavailable(
        headers={"Retry-After": str(RETRY_AFTER_S)}, text="no line is free"
    )


class SocketConnection:
    """An aiohttp WebSocket as a StreamConnection."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._transport = request.transport

    async def receive(self) -> Message | None:
        message = await self._socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT or message.type is aiohttp.WSMsgType.BINARY:
            data: Message = message.data
            return data
        return None

    async def send(self, message: Message) -> None:
        try:
            if isinstance(message, str):
                await self._socket.send_str(message)
            else:
                await self._socket.send_bytes(message)
        except RuntimeError:  # aiohttp: sending to a WebSocket that is being closed
            raise ConnectionError("the WebSocket is closed") from None

    async def close(self) -> None:
        await self._socket.close()

    def abort(self) -> None:
        if not self._socket.closed and self._transport is not None:
            self._transport.abort()
