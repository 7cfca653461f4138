"""Asterisk's chan_websocket, as its channels/chan_websocket.c does it."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass

import aiohttp

from tests.integration.stream_providers.phone import StreamPhone, basic_auth
from voicebot.audio import SILENCE, Samples
from voicebot.media.codecs.g711 import decode_alaw, encode_alaw

FRAME_BYTES = 160
QUEUE_MAX, XOFF_LEVEL, XON_LEVEL = 1000, 900, 800
MAX_COMMAND_BYTES = 128


@dataclass(frozen=True)
class _Event:
    """An answer that waits for its turn among the frames."""

    text: str


class ChanWebSocketPhone(StreamPhone):
    """One channel, dialled as WebSocket/voicebot/c(alaw), perhaps with f(json)."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        is_json: bool = False,
        password: str = "",
        xoff_level: int = XOFF_LEVEL,
        xon_level: int = XON_LEVEL,
    ) -> None:
        super().__init__()
        self._session = session
        self._url = url
        self._is_json = is_json
        self._headers = basic_auth("asterisk", password) if password else {}
        self._xoff_level, self._xon_level = xoff_level, xon_level
        self._queue: deque[bytes | _Event] = deque()
        self._n_frames = 0
        self._is_full = False
        self._is_paused = False
        self.n_dropped = 0
        self.commands: list[str] = []

    @property
    def n_queued(self) -> int:
        return self._n_frames

    def pause(self) -> None:
        """The channel plays nothing for a while, and its queue grows."""
        self._is_paused = True

    def go_on(self) -> None:
        self._is_paused = False

    async def _press(self, key: str) -> None:
        await self._socket.send_str(
            json.dumps({"event": "DTMF_END", "channel_id": "pbx1-1.2", "digit": key})
            if self._is_json
            else f"DTMF_END digit:{key} channel_id:pbx1-1.2"
        )

    async def hang_up(self) -> None:
        await self._socket.close()

    async def _connect(self) -> None:
        self._socket = await self._session.ws_connect(
            self._url, protocols=("media",), headers=self._headers
        )
        assert self._socket.protocol == "media", "Asterisk gives up without its subprotocol"
        fields: dict[str, object] = {
            "connection_id": "e226e283-c90a-4ea9-9e37-389000b9ef47",
            "channel": "WebSocket/voicebot/0x7f",
            "channel_id": "pbx1-1.2",
            "format": "alaw",
            "optimal_frame_size": FRAME_BYTES,
            "ptime": 20,
        }
        if self._is_json:
            variables = {"channel_variables": {"DIALSTATUS": ""}}
            await self._socket.send_json({"event": "MEDIA_START"} | fields | variables)
        else:
            words = (f"{name}:{value}" for name, value in fields.items())
            await self._socket.send_str(" ".join(("MEDIA_START", *words)))

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                await self._take_media(message.data)
            elif message.type is aiohttp.WSMsgType.TEXT:
                await self._take_command(message.data)

    async def _take_media(self, data: bytes) -> None:
        if self._n_frames >= QUEUE_MAX:
            self.n_dropped += 1
            return
        assert len(data) % FRAME_BYTES == 0, "what fills no frame is lost"
        for start in range(0, len(data), FRAME_BYTES):
            self._queue.append(data[start : start + FRAME_BYTES])
            self._n_frames += 1
            if not self._is_full and self._n_frames >= self._xoff_level:
                self._is_full = True
                await self._tell("MEDIA_XOFF")

    async def _take_command(self, text: str) -> None:
        assert len(text.encode()) <= MAX_COMMAND_BYTES
        if self._is_json:
            fields = json.loads(text)
            command, name = fields["command"], fields.get("correlation_id", "")
        else:
            command, _, name = text.partition(" ")
        self.commands.append(command)
        match command:
            case "MARK_MEDIA":
                self._queue.append(_Event(self._event("MEDIA_MARK_PROCESSED", name)))
            case "STOP_MEDIA_BUFFERING":
                self._queue.append(_Event(self._event("MEDIA_BUFFERING_COMPLETED", name)))
            case "FLUSH_MEDIA":
                self.n_clears += 1
                self._queue.clear()
                self._n_frames = 0
            case "HANGUP":
                await self._socket.close()

    async def _send_frame(self, frame: Samples) -> None:
        await self._socket.send_bytes(encode_alaw(frame))

    async def _play(self) -> Samples:
        if self._is_paused:
            return SILENCE
        if self._is_full and self._n_frames < self._xon_level:
            self._is_full = False
            await self._tell("MEDIA_XON")
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, bytes):
                self._n_frames -= 1
                return decode_alaw(item)
            await self._socket.send_str(item.text)
        return SILENCE

    async def _tell(self, event: str) -> None:
        await self._socket.send_str(self._event(event))

    def _event(self, event: str, correlation_id: str = "") -> str:
        if self._is_json:
            fields = {"event": event, "channel_id": "pbx1-1.2"}
            if correlation_id:
                fields["correlation_id"] = correlation_id
            return json.dumps(fields)
        return f"{event} {correlation_id}" if correlation_id else event
