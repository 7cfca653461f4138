"""jambonz: its feature server asks our webhook, its mod_audio_fork streams."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass

import aiohttp
import numpy as np

from tests.integration.stream_providers.phone import StreamPhone, basic_auth
from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples

CALL = {
    "call_sid": "ac5c697a-bfae-4335-ad8a-1e2f3a4b5c6d",
    "direction": "inbound",
    "call_status": "trying",
}


@dataclass(frozen=True)
class _Mark:
    name: str


class JambonzPhone(StreamPhone):
    """A call to a number whose application has our webhook as its call hook.

    The sound that comes lies in a ring buffer, from which each 20 ms are mixed in.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        webhook: str,
        password: str,
        *,
        caller: str = "+48600100200",
        called: str = "+48221234567",
        local_url: str = "",
    ) -> None:
        """local_url: where a proxy passes to what we say our address is."""
        super().__init__()
        self._local_url = local_url
        self._session = session
        self._webhook = webhook
        self._headers = basic_auth("jambonz", password)
        self._caller, self._called = caller, called
        self._buffer: deque[Samples | _Mark] = deque()
        self.verbs: list[str] = []

    async def _press(self, key: str) -> None:
        if self._passes_keys:
            await self._socket.send_json({"event": "dtmf", "dtmf": key, "duration": "1600"})

    async def hang_up(self) -> None:
        await self._socket.close()

    async def _connect(self) -> None:
        call = CALL | {"from": self._caller, "to": self._called}
        application = await self._ask(self._webhook, call)
        self.verbs = [verb["verb"] for verb in application]
        listen = next(verb for verb in application if verb["verb"] == "listen")
        assert listen["bidirectionalAudio"]["streaming"], "marks and binary sound need it"
        assert listen["bidirectionalAudio"]["sampleRate"] == 8000
        self._passes_keys = listen["passDtmf"]
        self._ended_hook = self._local(listen["actionHook"])
        self._socket = await self._session.ws_connect(
            self._local(listen["url"]),
            protocols=("audio.jambonz.org",),
            headers=basic_auth(listen["wsAuth"]["username"], listen["wsAuth"]["password"]),
        )
        assert self._socket.protocol == "audio.jambonz.org"
        start = {
            "sampleRate": listen["sampleRate"],
            "mixType": listen["mixType"],
            "callSid": CALL["call_sid"],
            "direction": "inbound",
            "from": self._caller,
            "to": self._called,
            "callId": "935f3b60-2775-123d-a6a1",
            "sipStatus": 200,
            "callStatus": "in-progress",
        }
        await self._socket.send_json(start)

    def _local(self, url: str) -> str:
        scheme, _, rest = url.partition("://")
        assert scheme in ("wss", "https") or not self._local_url
        return f"{self._local_url}/{rest.partition('/')[2]}" if self._local_url else url

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                samples = np.frombuffer(message.data, dtype="<i2").astype(np.int16)
                assert len(samples) == FRAME_SAMPLES
                self._buffer.append(samples)
            elif message.type is aiohttp.WSMsgType.TEXT:
                await self._take_command(json.loads(message.data))
        # However the stream ended, jambonz asks what comes next.
        next_verbs = await self._ask(self._ended_hook, CALL | {"call_status": "in-progress"})
        self.verbs.append(next_verbs[0]["verb"])

    async def _take_command(self, command: dict[str, object]) -> None:
        match command:
            case {"type": "mark", "data": {"name": str() as name}}:
                self._buffer.append(_Mark(name))
            case {"type": "killAudio"}:
                self.n_clears += 1
                # The sound goes; marks stay until clearMarks.
                self._buffer = deque(item for item in self._buffer if isinstance(item, _Mark))
            case {"type": "clearMarks"}:
                marks = [item for item in self._buffer if isinstance(item, _Mark)]
                self._buffer = deque(i for i in self._buffer if not isinstance(i, _Mark))
                for mark in marks:
                    await self._tell(mark, "cleared")
            case {"type": "disconnect"}:
                await self._socket.close()
            case _:
                raise AssertionError(f"jambonz knows no {command}")

    async def _send_frame(self, frame: Samples) -> None:
        await self._socket.send_bytes(frame.astype("<i2").tobytes())

    async def _play(self) -> Samples:
        while self._buffer:
            item = self._buffer.popleft()
            if not isinstance(item, _Mark):
                return item
            await self._tell(item, "playout")
        return SILENCE

    async def _tell(self, mark: _Mark, event: str) -> None:
        await self._socket.send_json({"type": "mark", "data": {"name": mark.name, "event": event}})

    async def _ask(self, hook: str, call: dict[str, str]) -> list[dict[str, object]]:
        async with self._session.post(hook, json=call, headers=self._headers) as response:
            response.raise_for_status()
            verbs: list[dict[str, object]] = await response.json()
            return verbs
