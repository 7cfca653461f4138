"""The node's way to its speech workers: starts them, replaces them, gives each call one."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

import numpy as np

from voicebot.audio import Samples
from voicebot.clock import SystemClock
from voicebot.errors import SpeechWorkerError, VoicebotError
from voicebot.speech.emotion.emotion import Embedding
from voicebot.speech.recognition_queue import MAX_UTTERANCE_SAMPLES
from voicebot.speech.recognizer import RecognitionHints, Transcript
from voicebot.speech.respawn import RespawnDelay
from voicebot.speech.worker_client import Hello, WorkerClient
from voicebot.speech.worker_parts import WorkerSpec
from voicebot.speech.worker_protocol import Message, pcm

log = logging.getLogger(__name__)

_clock = SystemClock()

START_TIMEOUT_S = 120.0
STATS_EVERY_S = 2.0
HUNG_AFTER_S = 20.0
"""A worker that does not say how it is, or is at one recognition for this long, is replaced."""

_SYNTHESIS_CHUNK_TIMEOUT_S = 10.0

EMBEDDING_TIMEOUT_S = 3.0
"""An embedding that takes longer is of no use: its turn has been answered."""


@dataclass(frozen=True, slots=True)
class SpeechInfo:
    """What the workers have, for the operator and for the prompt cache's key (`synthesizer`)."""

    recognizer: str
    synthesizer: str
    load_s: float
    emotion: str = ""


@dataclass(frozen=True, slots=True)
class WorkerStats:
    """One worker a moment ago. busy: fraction of the last seconds spent at work.

    queue: utterances or sentences that wait. pending: requests of calls not answered yet.
    """

    pid: int
    is_alive: bool
    n_calls: int
    n_restarts: int
    pending: int
    recognition_queue: int
    recognition_busy: float
    synthesis_queue: int
    synthesis_busy: float
    rss_mb: float


class _Slot:
    """A place for one worker; when it dies the next one takes the place."""

    def __init__(self) -> None:
        self.client: WorkerClient | None = None
        self.hello: Hello | None = None
        self.n_restarts = 0
        self.report: Message | None = None
        self.recognition_busy = 0.0
        self.synthesis_busy = 0.0
        self.reported_at = 0.0

    @property
    def living(self) -> WorkerClient | None:
        return self.client if self.client is not None and self.client.is_alive else None

    def take(self, client: WorkerClient, hello: Hello) -> None:
        self.client = client
        self.hello = hello
        self.report = None
        self.recognition_busy = self.synthesis_busy = 0.0

    def note(self, report: Message, now: float) -> None:
        """Keep a worker's report; its counters give the busy fractions since the last one."""
        if self.report is not None and now > self.reported_at:
            took_s = now - self.reported_at
            last = self.report
            self.recognition_busy = _fraction("recognition_busy_s", last, report, took_s)
            self.synthesis_busy = _fraction("synthesis_busy_s", last, report, took_s)
        self.report = report
        self.reported_at = now

    def stats(self) -> WorkerStats:
        client = self.living
        report = self.report if client is not None else None
        return WorkerStats(
            pid=self.hello.pid if self.hello is not None else 0,
            is_alive=client is not None,
            n_calls=client.n_calls if client is not None else 0,
            n_restarts=self.n_restarts,
            pending=client.n_pending if client is not None else 0,
            recognition_queue=report.integer("recognition_queue") if report else 0,
            recognition_busy=self.recognition_busy if report else 0.0,
            synthesis_queue=report.integer("synthesis_queue") if report else 0,
            synthesis_busy=self.synthesis_busy if report else 0.0,
            rss_mb=report.number("rss_mb") if report else 0.0,
        )


class SpeechPool:
    """Some speech workers. `start` before anything else, `stop` at the end."""

    def __init__(self, spec: WorkerSpec, n_workers: int) -> None:
        self._spec = spec
        self._slots = [_Slot() for _ in range(n_workers)]
        self._watchers: list[asyncio.Task[None]] = []
        self._call_numbers = itertools.count(1)

    async def start(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Start all workers; returns when each has its models loaded.

        progress: told how many are ready, of how many. Raises ModelError where a model can't be
        loaded, SpeechWorkerError where a worker ends or takes too long; none is left running.
        """
        n_ready = 0

        async def start_one(slot: _Slot) -> None:
            nonlocal n_ready
            await self._start_worker(slot)
            n_ready += 1
            if progress is not None:
                progress(n_ready, len(self._slots))

        starting = [asyncio.create_task(start_one(slot)) for slot in self._slots]
        try:
            await asyncio.gather(*starting)
        except BaseException:
            for task in starting:
                task.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
            await self.stop()
            raise
        self._watchers = [asyncio.create_task(self._keep_alive(slot)) for slot in self._slots]
        self._watchers += [asyncio.create_task(self._watch(slot)) for slot in self._slots]

    async def stop(self) -> None:
        """End all workers; open utterances fail with SpeechWorkerError."""
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        self._watchers.clear()
        await asyncio.gather(*(slot.client.stop() for slot in self._slots if slot.client))

    @property
    def info(self) -> SpeechInfo:
        hello = next(slot.hello for slot in self._slots if slot.hello is not None)
        return SpeechInfo(hello.recognizer, hello.synthesizer, hello.load_s, hello.emotion)

    def stats(self) -> list[WorkerStats]:
        """Each worker's last report, at most a few seconds old."""
        return [slot.stats() for slot in self._slots]

    def open_call(self) -> CallSpeech:
        """Recognition and synthesis for one call."""
        return CallSpeech(self, f"call-{next(self._call_numbers)}", self._spec.transcribe_timeout_s)

    def least_loaded(self) -> WorkerClient:
        """The living worker with the fewest calls. Raises SpeechWorkerError: none lives."""
        living = [slot.living for slot in self._slots]
        candidates = [client for client in living if client is not None]
        if not candidates:
            raise SpeechWorkerError("no speech worker is running")
        return min(candidates, key=lambda client: (client.n_calls, client.n_pending))

    async def _start_worker(self, slot: _Slot) -> None:
        client = WorkerClient(self._spec.loader, self._spec.log_level)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                hello = await client.start(self._spec.load_message())
        except TimeoutError:
            raise SpeechWorkerError(
                f"a speech worker did not load its models within {START_TIMEOUT_S:g} s"
            ) from None
        slot.take(client, hello)
        log.info("speech worker ready", extra={"pid": hello.pid, "load_s": round(hello.load_s, 2)})

    async def _keep_alive(self, slot: _Slot) -> None:
        delay = RespawnDelay()
        while True:
            assert slot.client is not None
            started_at = _clock.monotonic()
            await slot.client.wait_gone()
            await slot.client.stop()
            delay_s = delay.after_death(_clock.monotonic() - started_at)
            log.warning("speech worker died", extra={"restart_in_s": delay_s})
            await asyncio.sleep(delay_s)
            slot.n_restarts += 1
            try:
                await self._start_worker(slot)
            except VoicebotError as error:
                # The slot keeps its dead client, so the loop comes by here again.
                log.error("speech worker does not start", extra={"reason": str(error)})

    async def _watch(self, slot: _Slot) -> None:
        """Ask the worker how it is; one that does not answer or is stuck is killed."""
        while True:
            await asyncio.sleep(STATS_EVERY_S)
            client = slot.living
            if client is None:
                continue
            question = Message("stats", {"request": client.next_number()})
            try:
                report = await client.ask(question, HUNG_AFTER_S)
                is_stuck = report.number("running_s") > HUNG_AFTER_S
                slot.note(report, _clock.monotonic())
            except SpeechWorkerError:
                is_stuck = client.is_alive
            if is_stuck:
                log.error("speech worker hangs", extra={"pid": slot.stats().pid})
                client.kill()


class CallSpeech:
    """SpeechService of one call. Stays with one worker; moves on when that one dies."""

    def __init__(self, pool: SpeechPool, call: str, transcribe_timeout_s: float) -> None:
        self._pool = pool
        self._call = call
        self._transcribe_timeout_s = transcribe_timeout_s
        self._client: WorkerClient | None = None
        self._is_closed = False

    def worker(self) -> WorkerClient:
        """The call's worker, a new one where the last died. Raises SpeechWorkerError."""
        if self._client is None or not self._client.is_alive:
            self._client = self._pool.least_loaded()
            if not self._is_closed:
                self._client.n_calls += 1
        return self._client

    @property
    def n_waiting(self) -> int:
        """Answers that the call's worker owes, to all its calls; 0: it would begin at once."""
        return self._client.n_pending if self._client is not None and self._client.is_alive else 0

    def open_utterance(self, hints: RecognitionHints) -> CallUtterance:
        return CallUtterance(self, self._call, hints, self._transcribe_timeout_s)

    async def synthesize(self, text: str, rate: float = 1.0) -> AsyncGenerator[Samples]:
        client = self.worker()
        message = Message(
            "synthesize",
            {"request": client.next_number(), "call": self._call, "text": text, "rate": rate},
        )
        async with aclosing(client.stream(message, _SYNTHESIS_CHUNK_TIMEOUT_S)) as chunks:
            async for samples in chunks:
                yield samples

    async def embed(self, samples: Samples) -> Embedding:
        client = self.worker()
        question = Message("emotion", {"request": client.next_number()}, pcm(samples))
        return (await client.ask(question, EMBEDDING_TIMEOUT_S)).embedding()

    def close(self) -> None:
        """The call is over; safe to call twice."""
        if not self._is_closed and self._client is not None:
            self._client.n_calls -= 1
        self._is_closed = True


class CallUtterance:
    """Utterance of one call. Keeps its audio, so that it can go on with another worker."""

    def __init__(
        self, speech: CallSpeech, call: str, hints: RecognitionHints, timeout_s: float
    ) -> None:
        self._speech = speech
        self._call = call
        self._hints = hints
        self._timeout_s = timeout_s
        self._chunks: list[Samples] = []
        self._n_samples = 0
        self._client: WorkerClient | None = None
        self._number = 0
        self._pending: set[int] = set()
        self._is_closed = False
        self.interim = ""
        """What was heard so far, from engines that say so while the caller speaks."""
        self._try_to_open()

    def feed(self, samples: Samples) -> None:
        room = MAX_UTTERANCE_SAMPLES - self._n_samples
        if self._is_closed or room <= 0:
            return
        # Copied: the caller's frame may be a view into a buffer that is used again.
        chunk = samples[:room].copy()
        self._chunks.append(chunk)
        self._n_samples += len(chunk)
        if self._client is None or not self._client.is_alive:
            self._try_to_open()
        else:
            self._send_audio(self._client, chunk)

    async def transcribe(self, is_guess: bool = False) -> Transcript:
        if self._is_closed:
            raise SpeechWorkerError("the utterance is closed")
        if self._client is None or not self._client.is_alive:
            self._open(self._speech.worker())
        client = self._client
        assert client is not None
        request = client.next_number()
        question = Message(
            "transcribe", {"utterance": self._number, "request": request, "is_guess": is_guess}
        )
        self._pending.add(request)
        try:
            answer = await client.ask(question, self._timeout_s)
        finally:
            self._pending.discard(request)
        return Transcript(
            text=answer.text("text"),
            confidence=answer.number("confidence"),
            no_speech=answer.number("no_speech"),
            alternatives=answer.texts("alternatives"),
            audio_s=answer.number("audio_s"),
            cpu_ms=answer.number("cpu_ms"),
        )

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._chunks.clear()
        if self._client is not None:
            for request in self._pending:
                self._client.fail(request, "the utterance was closed")
            self._client.close_utterance(self._number)

    def _try_to_open(self) -> None:
        """Open with a living worker; without one, `transcribe` tries again and tells."""
        try:
            self._open(self._speech.worker())
        except SpeechWorkerError:
            self._client = None

    def _open(self, client: WorkerClient) -> None:
        self._client = client
        self._number = client.next_number()
        client.listen_for_interims(self._number, self._hear)
        client.send(
            Message(
                "open",
                {
                    "utterance": self._number,
                    "call": self._call,
                    "kind": self._hints.kind,
                    "phrases": list(self._hints.phrases),
                    "language": self._hints.language,
                },
            )
        )
        if self._chunks:
            self._send_audio(client, np.concatenate(self._chunks))

    def _send_audio(self, client: WorkerClient, samples: Samples) -> None:
        try:
            client.send(Message("feed", {"utterance": self._number}, pcm(samples)))
        except SpeechWorkerError:
            self._client = None

    def _hear(self, text: str) -> None:
        self.interim = text


def _fraction(key: str, before: Message, after: Message, took_s: float) -> float:
    spent_s = after.number(key) - before.number(key)
    return min(1.0, max(0.0, spent_s / took_s))
