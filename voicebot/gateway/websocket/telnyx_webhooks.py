"""Telnyx's call control: its webhooks to us, and our commands to it (aiohttp).

developers.telnyx.com/docs/voice/programmable-voice: receiving webhooks, sending commands, media
streaming.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import quote

from aiohttp import web

from voicebot.clock import Clock
from voicebot.errors import CallFailed, WebSocketProtocolError
from voicebot.gateway.websocket.json_message import object_field, parse_object, text_field
from voicebot.gateway.websocket.rest_client import RestClient
from voicebot.gateway.websocket.stream_calls import StreamCalls
from voicebot.gateway.websocket.stream_handler import PREFIX
from voicebot.gateway.websocket.stream_leg import StreamLeg
from voicebot.gateway.websocket.stream_url import StreamUrls
from voicebot.gateway.websocket.telnyx import OUTBOUND_STATE
from voicebot.gateway.websocket.telnyx_signature import TelnyxSignatures
from voicebot.settings import MediaStreamSettings

log = logging.getLogger(__name__)

EVENTS_PATH = PREFIX + "telnyx/events"
MAX_UNDER_WAY = 200


class TelnyxCalls:
    """Telnyx's REST interface. A command with the same id is carried out once."""

    def __init__(self, settings: MediaStreamSettings, urls: StreamUrls) -> None:
        self._events_url = settings.public_url.rstrip("/") + EVENTS_PATH
        self._connection_id = settings.telnyx_connection_id
        self._caller_id = settings.telnyx_caller_id
        self._urls = urls
        self._client = RestClient(
            settings.telnyx_api_url, {"Authorization": f"Bearer {settings.telnyx_api_key}"}
        )

    async def answer(self, call_ref: str, command_id: str) -> None:
        await self._command(call_ref, "answer", {"command_id": command_id, **self._streaming()})

    async def reject(self, call_ref: str, command_id: str) -> None:
        content = {"command_id": command_id, "cause": "USER_BUSY"}
        await self._command(call_ref, "reject", content)

    async def hang_up(self, call_ref: str) -> None:
        await self._command(call_ref, "hangup", {})

    async def release(self, leg: StreamLeg) -> None:
        await self.hang_up(leg.call_ref)

    async def start_call(self, number: str) -> str:
        content = {
            "connection_id": self._connection_id,
            "to": number,
            "from": self._caller_id,
            "client_state": OUTBOUND_STATE,
            "webhook_url": self._events_url,
            **self._streaming(),
        }
        data = (await self._client.post("/v2/calls", content=content)).get("data")
        call_ref = data.get("call_control_id") if isinstance(data, dict) else None
        if not isinstance(call_ref, str):
            raise CallFailed("Telnyx names no call")
        return call_ref

    async def close(self) -> None:
        await self._client.close()

    def _streaming(self) -> dict[str, object]:
        return {
            "stream_url": self._urls.next_url(),
            "stream_track": "inbound_track",
            "stream_codec": "PCMA",
            "stream_bidirectional_mode": "rtp",
            "stream_bidirectional_codec": "PCMA",
        }

    async def _command(self, call_ref: str, action: str, content: dict[str, Any]) -> None:
        path = f"/v2/calls/{quote(call_ref, safe='')}/actions/{action}"
        await self._client.post(path, content=content)


class TelnyxWebhooks:
    """Has calls answered that come in; their streams then come by themselves."""

    def __init__(
        self, settings: MediaStreamSettings, calls: StreamCalls, rest: TelnyxCalls, clock: Clock
    ) -> None:
        self._signatures = TelnyxSignatures(settings.telnyx_public_key)
        self._calls = calls
        self._rest = rest
        self._clock = clock
        self._under_way: set[asyncio.Task[None]] = set()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_post(EVENTS_PATH, self._receive)

    async def close(self) -> None:
        for task in list(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        is_genuine = self._signatures.is_genuine(
            request.headers.get("telnyx-signature-ed25519", ""),
            request.headers.get("telnyx-timestamp", ""),
            body,
            self._clock.now().timestamp(),
        )
        if not is_genuine:
            log.warning("a webhook was refused", extra={"provider": "telnyx"})
            raise web.HTTPForbidden(text="the signature is wrong")
        try:
            data = object_field(parse_object(body.decode("utf-8", "replace")), "data")
            payload = object_field(data, "payload")
            event_type = text_field(data, "event_type")
            if event_type == "call.initiated" and text_field(payload, "direction") == "incoming":
                call_ref = text_field(payload, "call_control_id", required=True)
                self._take(call_ref, text_field(data, "id", required=True))
        except WebSocketProtocolError as error:
            raise web.HTTPBadRequest(text=str(error)) from None
        log.info("Telnyx reports a call", extra={"provider": "telnyx", "status": event_type})
        return web.Response(status=200)

    def _take(self, call_ref: str, event_id: str) -> None:
        """Telnyx wants its answer soon, and commands to be sent besides."""
        if len(self._under_way) >= MAX_UNDER_WAY:
            raise web.HTTPServiceUnavailable(text="too much at once")
        task = asyncio.create_task(self._answer(call_ref, event_id), name="telnyx answer")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _answer(self, call_ref: str, event_id: str) -> None:
        try:
            if self._calls.has_room:
                await self._rest.answer(call_ref, event_id)
            else:
                log.warning("no room for a call", extra={"provider": "telnyx"})
                await self._rest.reject(call_ref, event_id)
        except CallFailed as error:
            extra = {"provider": "telnyx", "reason": str(error), "status": error.status}
            log.warning("a call could not be answered", extra=extra)
