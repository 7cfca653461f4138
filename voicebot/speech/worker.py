"""The speech worker: a process of its own with one recogniser and one voice.

Started by the pool as `python -m voicebot.speech.worker --fd N`; speaks `worker_protocol` over
that descriptor. Four threads: this one reads, one recognises, one speaks, so that the first
sound of an answer never waits behind a recognition, and one listens for emotion when no
transcript is wanted. It ends when the node closes its side,
however that came about: no worker outlives its node.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import platform
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from voicebot import __version__
from voicebot.clock import SystemClock
from voicebot.errors import SpeechWorkerError, VoicebotError
from voicebot.logs import configure_logging
from voicebot.speech.emotion_worker import EmotionWorker
from voicebot.speech.recognition_queue import RecognitionJob, RecognitionQueue
from voicebot.speech.recognizer import RecognitionHints, Recognizer, UtteranceRecognizer
from voicebot.speech.speech_parts import PartsLoader
from voicebot.speech.synthesis_queue import SynthesisJob, SynthesisQueue
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.worker_protocol import PROTOCOL_VERSION, Message, MessageReader, encode, pcm

log = logging.getLogger(__name__)

_clock = SystemClock()

_NICENESS = 10
_READ_BYTES = 256 * 1024

Send = Callable[[Message], None]


class _Recognition:
    """The recogniser, its queue and its thread."""

    def __init__(self, recognizer: Recognizer, send: Send) -> None:
        self._recognizer = recognizer
        self._send = send
        self._queue = RecognitionQueue(recognizer.is_streaming)
        self._changed = threading.Condition()
        self._utterances: dict[int, UtteranceRecognizer] = {}
        self._busy_s = 0.0
        self._running_since: float | None = None
        self._answering: tuple[int, ...] = ()
        self.is_idle = threading.Event()
        self.is_idle.set()
        threading.Thread(target=self._run, name="recognition", daemon=True).start()

    def receive(self, message: Message) -> None:
        with self._changed:
            match message.op:
                case "open":
                    hints = RecognitionHints(
                        kind=message.text("kind"),
                        phrases=message.texts("phrases"),
                        language=message.text("language"),
                    )
                    self._queue.open(message.integer("utterance"), message.text("call"), hints)
                case "feed":
                    self._queue.feed(message.integer("utterance"), message.samples())
                case "transcribe":
                    request = message.integer("request")
                    is_guess = message.fields.get("is_guess") is True
                    if not self._queue.request(message.integer("utterance"), request, is_guess):
                        self._send(_error(request, "no such utterance"))
                case "forget":
                    self._queue.forget(message.integer("request"))
                case "close":
                    self._queue.close(message.integer("utterance"))
                    self._utterances.pop(message.integer("utterance"), None)
            self._note_idle()
            self._changed.notify()

    def stats(self) -> dict[str, object]:
        with self._changed:
            running_s = (
                0.0 if self._running_since is None else _clock.monotonic() - self._running_since
            )
            return {
                "recognition_queue": self._queue.n_requests,
                "recognition_busy_s": self._busy_s + running_s,
                "running_s": running_s,
            }

    def _run(self) -> None:
        while True:
            with self._changed:
                job = self._queue.next_job()
                while job is None:
                    self._changed.wait()
                    job = self._queue.next_job()
                utterance = self._utterances.get(job.utterance)
                self._running_since = _clock.monotonic()
                self._answering = job.requests
            try:
                self._do(job, utterance)
            except Exception:
                log.exception("recognition failed", extra={"engine": self._recognizer.name})
                for request in job.requests:
                    self._send(_error(request, "the recogniser failed; the worker's log says why"))
            with self._changed:
                self._busy_s += _clock.monotonic() - self._running_since
                self._running_since = None
                self._answering = ()
                self._note_idle()

    def _note_idle(self) -> None:
        """Tell the emotion thread whether a transcript is wanted. Only with the lock held."""
        if self._answering or self._queue.n_requests:
            self.is_idle.clear()
        else:
            self.is_idle.set()

    def _do(self, job: RecognitionJob, utterance: UtteranceRecognizer | None) -> None:
        if utterance is None:
            utterance = self._recognizer.start(job.hints)
            with self._changed:
                if self._queue.is_open(job.utterance):
                    self._utterances[job.utterance] = utterance
        if len(job.samples):
            interim = utterance.accept(job.samples)
            if interim is not None:
                self._send(Message("interim", {"utterance": job.utterance, "text": interim}))
        if not job.requests:
            return
        transcript = utterance.transcribe()
        fields: dict[str, object] = {
            "text": transcript.text,
            "confidence": transcript.confidence,
            "no_speech": transcript.no_speech,
            "alternatives": list(transcript.alternatives),
            "audio_s": transcript.audio_s,
            "cpu_ms": transcript.cpu_ms,
        }
        for request in job.requests:
            self._send(Message("transcript", {"request": request, **fields}))


class _Synthesis:
    """The voice, its queue and its thread."""

    def __init__(self, synthesizer: Synthesizer, send: Send) -> None:
        self._synthesizer = synthesizer
        self._send = send
        self._queue = SynthesisQueue()
        self._changed = threading.Condition()
        self._busy_s = 0.0
        threading.Thread(target=self._run, name="synthesis", daemon=True).start()

    def receive(self, message: Message) -> None:
        with self._changed:
            if message.op == "forget":
                self._queue.forget(message.integer("request"))
                return
            self._queue.add(
                SynthesisJob(
                    request=message.integer("request"),
                    call=message.text("call"),
                    text=message.text("text"),
                    rate=message.number("rate"),
                )
            )
            self._changed.notify()

    def stats(self) -> dict[str, object]:
        with self._changed:
            return {"synthesis_queue": self._queue.n_jobs, "synthesis_busy_s": self._busy_s}

    def _run(self) -> None:
        while True:
            with self._changed:
                job = self._queue.next_job()
                while job is None:
                    self._changed.wait()
                    job = self._queue.next_job()
            started = _clock.monotonic()
            try:
                self._speak(job)
            except Exception:
                log.exception("synthesis failed", extra={"engine": self._synthesizer.name})
                self._send(_error(job.request, "the voice failed; the worker's log says why"))
            with self._changed:
                self._busy_s += _clock.monotonic() - started

    def _speak(self, job: SynthesisJob) -> None:
        chunks: Any = self._synthesizer.synthesize(job.text, job.rate)
        # Closed at once when nobody listens any more: the engine stops there.
        with closing(chunks) if hasattr(chunks, "close") else _nothing_to_close(chunks):
            for samples in chunks:
                with self._changed:
                    is_wanted = self._queue.is_wanted(job.request)
                if not is_wanted:
                    return
                fields: dict[str, object] = {"request": job.request, "is_last": False}
                self._send(Message("audio", fields, pcm(samples)))
        self._send(Message("audio", {"request": job.request, "is_last": True}))


class _nothing_to_close:
    """`Synthesizer` promises an iterator, and not every iterator can be closed."""

    def __init__(self, chunks: object) -> None:
        self._chunks = chunks

    def __enter__(self) -> object:
        return self._chunks

    def __exit__(self, *exc_info: object) -> None:
        return None


class SpeechWorker:
    """Reads messages from the node and hands them to recognition and synthesis."""

    def __init__(self, connection: socket.socket, load_parts: PartsLoader) -> None:
        self._connection = connection
        self._load_parts = load_parts
        self._sending = threading.Lock()
        self._recognition: _Recognition | None = None
        self._synthesis: _Synthesis | None = None
        self._emotion: EmotionWorker | None = None

    def run(self) -> None:
        """Work until the node closes its side. Raises SpeechWorkerError, OSError."""
        reader = MessageReader()
        while data := self._connection.recv(_READ_BYTES):
            for message in reader.receive(data):
                if not self._receive(message):
                    return

    def _send(self, message: Message) -> None:
        data = encode(message)
        with self._sending:
            self._connection.sendall(data)

    def _receive(self, message: Message) -> bool:
        """False: the worker can't go on."""
        match message.op:
            case "load":
                return self._load(message)
            case "open" | "feed" | "transcribe" | "close":
                if self._recognition is not None:
                    self._recognition.receive(message)
                elif message.op == "transcribe":
                    self._send(_error(message.integer("request"), "no recogniser is loaded"))
            case "synthesize":
                if self._synthesis is not None:
                    self._synthesis.receive(message)
                else:
                    self._send(_error(message.integer("request"), "no voice is loaded"))
            case "emotion":
                if self._emotion is not None:
                    self._emotion.receive(message)
                else:
                    self._send(_error(message.integer("request"), "no emotion model is loaded"))
            case "forget":
                for part in (self._recognition, self._synthesis, self._emotion):
                    if part is not None:
                        part.receive(message)
            case "stats":
                self._send(
                    Message("stats", {"request": message.integer("request"), **self._stats()})
                )
            case _:
                raise SpeechWorkerError(f"message {message.op}: no such op")
        return True

    def _load(self, message: Message) -> bool:
        started = _clock.monotonic()
        try:
            parts = self._load_parts(message)
        except VoicebotError as error:
            self._send(Message("failed", {"reason": str(error)}))
            return False
        if parts.recognizer is not None:
            self._recognition = _Recognition(parts.recognizer, self._send)
        if parts.synthesizer is not None:
            self._synthesis = _Synthesis(parts.synthesizer, self._send)
        if parts.emotion is not None:
            idle = self._recognition.is_idle if self._recognition else threading.Event()
            if self._recognition is None:
                idle.set()
            self._emotion = EmotionWorker(parts.emotion, self._send, idle)
        self._send(
            Message(
                "hello",
                {
                    "protocol": PROTOCOL_VERSION,
                    "pid": os.getpid(),
                    "load_s": _clock.monotonic() - started,
                    "recognizer": parts.recognizer.name if parts.recognizer else "",
                    "synthesizer": parts.synthesizer.name if parts.synthesizer else "",
                    "emotion": parts.emotion.name if parts.emotion else "",
                    "versions": {"voicebot": __version__, "python": platform.python_version()},
                },
            )
        )
        return True

    def _stats(self) -> dict[str, object]:
        stats: dict[str, object] = {
            "recognition_queue": 0,
            "recognition_busy_s": 0.0,
            "running_s": 0.0,
            "synthesis_queue": 0,
            "synthesis_busy_s": 0.0,
            "rss_mb": _resident_mb(),
        }
        for part in (self._recognition, self._synthesis, self._emotion):
            if part is not None:
                stats |= part.stats()
        return stats


def _resident_mb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # no procfs: the peak has to do
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return pages * resource.getpagesize() / 1024**2


def _error(request: int, reason: str) -> Message:
    return Message("error", {"request": request, "reason": reason})


def _find_loader(name: str) -> PartsLoader:
    module, _, function = name.partition(":")
    loader: PartsLoader = getattr(importlib.import_module(module), function)
    return loader


def main(arguments: list[str] | None = None) -> None:
    """Be a worker on the descriptor given by `--fd`; never returns to its caller's work."""
    parser = argparse.ArgumentParser(prog="voicebot.speech.worker", description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="connected stream socket")
    parser.add_argument(
        "--parts", default="voicebot.speech.worker_parts:load_parts", help="module:function"
    )
    parser.add_argument("--log-level", default="INFO")
    options = parser.parse_args(arguments)
    configure_logging(options.log_level)
    # Ctrl-C reaches the whole process group: the node decides when workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)  # the audio loop comes first
    connection = socket.socket(fileno=options.fd)
    status = 0
    try:
        SpeechWorker(connection, _find_loader(options.parts)).run()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the node is gone
    except Exception:
        log.exception("speech worker failed")
        status = 1
    sys.stderr.flush()
    # Native code may be at work in the threads: tearing the interpreter down under it crashes.
    os._exit(status)


if __name__ == "__main__":
    main()
