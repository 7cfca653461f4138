"""Emotion inside a speech worker: whatever it does, no transcript waits for it."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from voicebot.audio import Samples
from voicebot.clock import SystemClock
from voicebot.speech.emotion.emotion import EmotionEncoder
from voicebot.speech.worker_protocol import Message, vector

log = logging.getLogger(__name__)

_clock = SystemClock()

MAX_WAITING = 32
"""Audio of more utterances than this is refused: their turns would long be answered."""

IDLE_PATIENCE_S = 1.0
"""So long a job waits for the recogniser to have nothing to transcribe; then it is refused."""

_NICENESS = 19
"""Within the worker: a transcript that begins meanwhile gets nearly the whole core."""


@dataclass(frozen=True, slots=True)
class EmbeddingJob:
    request: int
    samples: Samples


class EmotionQueue:
    """Which voice is embedded next: in order, as they came. No I/O, no threads."""

    def __init__(self) -> None:
        self._jobs: deque[EmbeddingJob] = deque()

    def add(self, job: EmbeddingJob) -> bool:
        """False: too many wait already."""
        if len(self._jobs) >= MAX_WAITING:
            return False
        self._jobs.append(job)
        return True

    def forget(self, request: int) -> None:
        self._jobs = deque(job for job in self._jobs if job.request != request)

    def next_job(self) -> EmbeddingJob | None:
        return self._jobs.popleft() if self._jobs else None

    def __len__(self) -> int:
        return len(self._jobs)


class EmotionWorker:
    """The encoder, its queue and its thread.

    recognition_idle: set while no transcript is wanted of this worker. A job begins only then.
    """

    def __init__(
        self,
        encoder: EmotionEncoder,
        send: Callable[[Message], None],
        recognition_idle: threading.Event,
    ) -> None:
        self._encoder = encoder
        self._send = send
        self._recognition_idle = recognition_idle
        self._queue = EmotionQueue()
        self._changed = threading.Condition()
        self._busy_s = 0.0
        threading.Thread(target=self._run, name="emotion", daemon=True).start()

    def receive(self, message: Message) -> None:
        request = message.integer("request")
        with self._changed:
            if message.op == "forget":
                self._queue.forget(request)
            elif self._queue.add(EmbeddingJob(request, message.samples())):
                self._changed.notify()
            else:
                self._fail(request, "too many utterances wait to be embedded")

    def stats(self) -> dict[str, object]:
        with self._changed:
            return {"emotion_queue": len(self._queue), "emotion_busy_s": self._busy_s}

    def _run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        while True:
            with self._changed:
                job = self._queue.next_job()
                while job is None:
                    self._changed.wait()
                    job = self._queue.next_job()
            if not self._recognition_idle.wait(IDLE_PATIENCE_S):
                self._fail(job.request, "the worker is busy with transcripts")
                continue
            started = _clock.monotonic()
            try:
                embedding = self._encoder.embed(job.samples)
                fields: dict[str, object] = {"request": job.request}
                self._send(Message("embedding", fields, vector(embedding)))
            except ValueError as error:
                self._fail(job.request, str(error))
            except Exception:
                log.exception("emotion failed", extra={"engine": self._encoder.name})
                self._fail(job.request, "the encoder failed; the worker's log says why")
            with self._changed:
                self._busy_s += _clock.monotonic() - started

    def _fail(self, request: int, reason: str) -> None:
        self._send(Message("error", {"request": request, "reason": reason}))
