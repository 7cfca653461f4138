"""The way into the web phone's WebSocket: refuses politely when all lines are busy."""

from __future__ import annotations

from functools import partial

from aiohttp import WSCloseCode, web

from voicebot.calls.outbound_call import about_case
from voicebot.calls.reception import Conversation
from voicebot.errors import NotFound, ScriptError, SettingsError, StorageError
from voicebot.gateway.websocket.browser_phone import ended_message
from voicebot.gateway.websocket.handler import BrowserPhoneHandler
from voicebot.web.node_status import NodeParts


class PhoneSocket:
    """Takes web calls as long as there is room beside the SIP calls."""

    def __init__(self, parts: NodeParts) -> None:
        self._parts = parts
        sip = parts.settings.sip
        self._handler = BrowserPhoneHandler(parts.pacer, parts.take_call, sip.user, parts.clock)
        self._is_stopping = False

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        if self._is_stopping or not self._parts.sip.is_taking_calls:
            return await self._refuse(request, "shutdown", WSCloseCode.GOING_AWAY)
        n_calls = self._parts.sip.n_calls + self._handler.n_calls
        is_full = n_calls >= self._parts.settings.sip.max_calls
        if is_full or self._parts.sip.reasons_to_refuse:
            return await self._refuse(request, "busy", WSCloseCode.TRY_AGAIN_LATER)
        script, case_number = (request.query.get(key, "").strip() for key in ("script", "case"))
        if not script and not case_number:
            return await self._handler.handle(request)
        try:
            conversation = await self._conversation(script, case_number)
        except (NotFound, ScriptError, SettingsError, StorageError):
            return await self._refuse(request, "script", WSCloseCode.POLICY_VIOLATION)
        take_call = partial(self._parts.take_call, conversation=conversation)
        return await self._handler.handle(request, called=script, take_call=take_call)

    async def _conversation(self, script: str, case_number: str) -> Conversation:
        """What the caller has chosen on the page; waits for a script that is being read."""
        if self._parts.scripts is None:
            raise NotFound("there are no scripts to choose from")
        conversation = await self._parts.scripts.choose(name=script or self._parts.scripts.names[0])
        return await about_case(conversation, self._parts.database.cases, case_number)

    async def stop(self) -> None:
        """End running calls with `shutdown`, and take no new ones."""
        self._is_stopping = True
        await self._handler.stop()

    @staticmethod
    async def _refuse(
        request: web.Request, reason: str, code: WSCloseCode
    ) -> web.WebSocketResponse:
        """Over an open socket: a browser tells its page nothing of a refused handshake."""
        socket = web.WebSocketResponse(timeout=2)
        await socket.prepare(request)
        await socket.send_str(ended_message(reason))
        await socket.close(code=code, message=reason.encode())
        return socket
