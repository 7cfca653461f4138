"""Asterisk's AudioSocket, as its apps/app_audiosocket.c and res/res_audiosocket.c do it."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import uuid
from collections import deque

import numpy as np

from tests.integration.stream_providers.phone import StreamPhone
from voicebot.audio import SILENCE, Samples

JITTER_FRAMES = 5
"""What the caller's own phone takes in before it throws the oldest away."""


class AudioSocketPhone(StreamPhone):
    """AudioSocket(<call>,<host>:<port>) in a dialplan."""

    def __init__(self, host: str, port: int, call: uuid.UUID) -> None:
        super().__init__()
        self._address = (host, port)
        self._call = call
        self._played: deque[Samples] = deque()
        self.has_been_hung_up = False

    async def _press(self, key: str) -> None:
        self._writer.write(b"\x03\x00\x01" + key.encode("ascii"))

    async def hang_up(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        self._writer.write(b"\x01\x00\x10" + self._call.bytes)

    async def _read(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, length = struct.unpack(">BH", await self._reader.readexactly(3))
                if kind == 0x00:
                    self.has_been_hung_up = True
                    return
                assert kind == 0x10, "Asterisk hangs up at any other kind"
                assert length == 320
                frame = np.frombuffer(await self._reader.readexactly(length), dtype="<i2")
                self._played.append(frame.astype(np.int16))

    async def _send_frame(self, frame: Samples) -> None:
        self._writer.write(b"\x10\x01\x40" + frame.astype("<i2").tobytes())
        await self._writer.drain()

    async def _play(self) -> Samples:
        while len(self._played) > JITTER_FRAMES:
            self._played.popleft()
        return self._played.popleft() if self._played else SILENCE
