"""One speech worker as the node sees it: its process, its connection, what it still owes."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import cast

from voicebot.audio import Samples
from voicebot.errors import ModelError, SpeechWorkerError
from voicebot.speech.worker_protocol import PROTOCOL_VERSION, Message, MessageReader, encode

MAX_UNSENT_BYTES = 8 * 1024 * 1024
"""A worker that leaves this much unread has hung: it is killed, and its calls move on."""

_STOP_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Hello:
    """What a worker says about itself once its models are loaded."""

    pid: int
    load_s: float
    recognizer: str
    synthesizer: str
    emotion: str


class _Link(asyncio.Protocol):
    """The connection's callbacks, handed on."""

    def __init__(self, on_message: Callable[[Message], None], on_lost: Callable[[], None]) -> None:
        self._reader = MessageReader()
        self._on_message = on_message
        self._on_lost = on_lost
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            messages = self._reader.receive(data)
        except SpeechWorkerError:
            assert self.transport is not None
            self.transport.abort()
            return
        for message in messages:
            self._on_message(message)

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost()


class WorkerClient:
    """Starts a worker process and asks it things; everything fails with SpeechWorkerError once
    the worker is gone.
    """

    def __init__(self, parts: str, log_level: str) -> None:
        self._parts = parts
        self._log_level = log_level
        self._process: asyncio.subprocess.Process | None = None
        self._link = _Link(self._receive, self._lost)
        self._is_alive = False
        self._gone = asyncio.Event()
        self._numbers = itertools.count(1)
        self._hello: asyncio.Future[Hello] | None = None
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._streams: dict[int, asyncio.Queue[Message]] = {}
        self._interims: dict[int, Callable[[str], None]] = {}
        self.n_calls = 0

    @property
    def is_alive(self) -> bool:
        return self._is_alive

    @property
    def n_pending(self) -> int:
        """Requests that were not answered yet."""
        return len(self._answers) + len(self._streams)

    def next_number(self) -> int:
        """For an utterance or a request; unique within this worker."""
        return next(self._numbers)

    async def start(self, load: Message) -> Hello:
        """Start the process and load the models. Raises ModelError, SpeechWorkerError."""
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        self._hello = loop.create_future()
        try:
            ours.setblocking(False)
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "voicebot.speech.worker",
                    f"--fd={theirs.fileno()}",
                    f"--parts={self._parts}",
                    f"--log-level={self._log_level}",
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    # One thread a worker: cores are shared out by the number of workers.
                    env={**os.environ, "OMP_NUM_THREADS": "1"},
                )
            await loop.create_unix_connection(lambda: self._link, sock=ours)
        except BaseException:
            ours.close()
            await self.stop()
            raise
        self._is_alive = True
        try:
            self.send(load)
            return await self._hello
        except BaseException:
            await self.stop()
            raise

    def send(self, message: Message) -> None:
        """Hand a message to the connection; never waits. Raises SpeechWorkerError."""
        transport = self._link.transport
        if not self._is_alive or transport is None:
            raise SpeechWorkerError("the speech worker is gone")
        if transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.kill()
            raise SpeechWorkerError("the speech worker has hung")
        transport.write(encode(message))

    async def ask(self, message: Message, timeout_s: float) -> Message:
        """Send a message that has a `request` and wait for the answer. Raises SpeechWorkerError.

        An answer that is not waited for any more (cancelled, timed out) is taken from the
        worker's queue.
        """
        request = message.integer("request")
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._answers[request] = answer
        try:
            self.send(message)
            async with asyncio.timeout(timeout_s):
                return await answer
        except TimeoutError:
            raise SpeechWorkerError(
                f"no answer to {message.op} from the speech worker within {timeout_s:g} s"
            ) from None
        finally:
            del self._answers[request]
            if not answer.done() or answer.cancelled():
                self._forget(request)

    async def stream(self, message: Message, timeout_s: float) -> AsyncGenerator[Samples]:
        """Send a message that has a `request`; audio as it comes. Raises SpeechWorkerError.

        timeout_s: the longest wait for one chunk. Leaving the iteration early stops the worker.
        """
        request = message.integer("request")
        chunks: asyncio.Queue[Message] = asyncio.Queue()
        self._streams[request] = chunks
        is_complete = False
        try:
            self.send(message)
            while True:
                try:
                    async with asyncio.timeout(timeout_s):
                        chunk = await chunks.get()
                except TimeoutError:
                    raise SpeechWorkerError(
                        f"no audio from the speech worker within {timeout_s:g} s"
                    ) from None
                if chunk.op == "error":
                    is_complete = True
                    raise SpeechWorkerError(chunk.text("reason"))
                if chunk.fields.get("is_last"):
                    is_complete = True
                    return
                yield chunk.samples()
        finally:
            del self._streams[request]
            if not is_complete:
                self._forget(request)

    def listen_for_interims(self, utterance: int, heard: Callable[[str], None]) -> None:
        self._interims[utterance] = heard

    def close_utterance(self, utterance: int) -> None:
        self._interims.pop(utterance, None)
        if self._is_alive:
            self.send(Message("close", {"utterance": utterance}))

    def fail(self, request: int, reason: str) -> None:
        """Whoever waits for the answer gets SpeechWorkerError now."""
        answer = self._answers.get(request)
        if answer is not None and not answer.done():
            answer.set_exception(SpeechWorkerError(reason))

    async def wait_gone(self) -> None:
        """Returns when the connection is lost: the worker died, or was stopped."""
        await self._gone.wait()

    def kill(self) -> None:
        """End the process at once; `wait_gone` returns soon after."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        if self._link.transport is not None:
            self._link.transport.abort()

    async def stop(self) -> None:
        """Close the connection, on which the worker ends, and wait for its process."""
        self._lost()
        if self._link.transport is not None:
            self._link.transport.close()
        if self._process is None:
            return
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _forget(self, request: int) -> None:
        if self._is_alive:
            self.send(Message("forget", {"request": request}))

    def _receive(self, message: Message) -> None:
        assert self._hello is not None
        match message.op:
            case "hello" if not self._hello.done():
                if message.integer("protocol") != PROTOCOL_VERSION:
                    self._hello.set_exception(
                        SpeechWorkerError("the speech worker is of another version of Voicebot")
                    )
                    return
                self._hello.set_result(
                    Hello(
                        pid=message.integer("pid"),
                        load_s=message.number("load_s"),
                        recognizer=message.text("recognizer"),
                        synthesizer=message.text("synthesizer"),
                        emotion=message.text("emotion"),
                    )
                )
            case "failed" if not self._hello.done():
                self._hello.set_exception(ModelError(message.text("reason")))
            case "interim":
                heard = self._interims.get(message.integer("utterance"))
                if heard is not None:
                    heard(message.text("text"))
            case "transcript" | "embedding" | "stats":
                answer = self._answers.get(message.integer("request"))
                if answer is not None and not answer.done():
                    answer.set_result(message)
            case "audio":
                stream = self._streams.get(message.integer("request"))
                if stream is not None:
                    stream.put_nowait(message)
            case "error":
                self._receive_error(message)

    def _receive_error(self, message: Message) -> None:
        request = message.integer("request")
        self.fail(request, message.text("reason"))
        stream = self._streams.get(request)
        if stream is not None:
            stream.put_nowait(message)

    def _lost(self) -> None:
        self._is_alive = False
        self._gone.set()
        self._interims.clear()
        reason = "the speech worker ended"
        if self._hello is not None and not self._hello.done():
            # Whoever starts the worker may have been cancelled and never look.
            self._hello.add_done_callback(lambda hello: hello.exception())
            self._hello.set_exception(SpeechWorkerError(f"{reason} while it loaded its models"))
        for request in self._answers:
            self.fail(request, reason)
        for stream in self._streams.values():
            stream.put_nowait(Message("error", {"reason": reason}))
