"""The TCP port to which Asterisk's AudioSocket connects."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import uuid

from voicebot.gateway.websocket.audiosocket import AudioSocketStream
from voicebot.gateway.websocket.media_stream import Message
from voicebot.gateway.websocket.stream_calls import StreamCalls
from voicebot.settings import MediaStreamSettings

log = logging.getLogger(__name__)

READ_BYTES = 4096
"""A quarter of a second at 8 kHz; what is more waits in the kernel."""

MAX_UNSENT_BYTES = 16 * 1024
"""1 s at 8 kHz, here and again in the kernel; beyond it the leg's own bound counts, and then
the call ends: sound that lies there is heard late or never."""


class AudioSocketServer:
    """Listens while streamed calls are served; `start`, then `stop`.

    AudioSocket knows no password: who may connect is told by address, and by UUID where the
    dialplan gives known ones.
    """

    def __init__(self, settings: MediaStreamSettings, calls: StreamCalls) -> None:
        self._host = settings.audiosocket_host
        self._port = settings.audiosocket_port
        self._sources = [ipaddress.ip_network(source) for source in settings.audiosocket_sources]
        self._uuids = frozenset(uuid.UUID(text) for text in settings.audiosocket_uuids)
        self._calls = calls
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The one it listens on, once started."""
        return self._port

    async def start(self) -> None:
        """Raises OSError where the address is taken."""
        self._server = await asyncio.start_server(
            self._serve, self._host, self._port, limit=READ_BYTES
        )
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Take no more connections and cut those that are left; end the calls first."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._is_allowed(writer):
            log.warning("a stream was refused", extra={"provider": "audiosocket"})
            writer.transport.abort()
            return
        if not self._calls.has_room:
            log.warning("no room for a stream", extra={"provider": "audiosocket"})
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        writer.transport.set_write_buffer_limits(high=MAX_UNSENT_BYTES)
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_SNDBUF, MAX_UNSENT_BYTES
        )
        try:
            await self._calls.run(
                _TcpConnection(reader, writer),
                AudioSocketStream(self._is_known),
                "audiosocket",
                # Asterisk passes on what comes, when it comes, and fills no gaps.
                sends_silence=True,
            )
        finally:
            self._connections.discard(task)

    def _is_known(self, call: uuid.UUID) -> bool:
        return not self._uuids or call in self._uuids

    def _is_allowed(self, writer: asyncio.StreamWriter) -> bool:
        try:
            # A link-local address carries its interface behind a %.
            source = ipaddress.ip_address(writer.get_extra_info("peername")[0].partition("%")[0])
        except (TypeError, ValueError):
            return False
        if isinstance(source, ipaddress.IPv6Address) and source.ipv4_mapped is not None:
            source = source.ipv4_mapped
        return any(source in network for network in self._sources)


class _TcpConnection:
    """A TCP connection as a StreamConnection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def receive(self) -> Message | None:
        try:
            return await self._reader.read(READ_BYTES) or None
        except OSError:
            return None

    async def send(self, message: Message) -> None:
        assert isinstance(message, bytes)
        self._writer.write(message)
        await self._drain()

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError as error:
            raise ConnectionError(str(error)) from None

    def abort(self) -> None:
        self._writer.transport.abort()

    async def _drain(self) -> None:
        try:
            await self._writer.drain()
        except OSError as error:
            raise ConnectionError(str(error)) from None
