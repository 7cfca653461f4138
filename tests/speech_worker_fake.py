"""Engines for a speech worker that load at once and do as the test says.

The worker is real and imports this: `WorkerSpec(loader="tests.speech_worker_fake:load_parts")`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import numpy as np

from voicebot.audio import Samples, seconds
from voicebot.errors import ModelError
from voicebot.speech.emotion.emotion import Embedding
from voicebot.speech.recognizer import RecognitionHints, Transcript
from voicebot.speech.speech_parts import SpeechParts
from voicebot.speech.worker_protocol import Message


class FakeRecognizer:
    """Tells the number of samples it heard. The first of the hints' phrases is an order:
    `sleep 0.5`, `crash`, `fail`."""

    name = "fake recogniser"
    is_streaming = True

    def start(self, hints: RecognitionHints) -> FakeUtterance:
        return FakeUtterance(hints)


class FakeUtterance:
    def __init__(self, hints: RecognitionHints) -> None:
        self._hints = hints
        self._n_samples = 0

    def accept(self, samples: Samples) -> str | None:
        self._n_samples += len(samples)
        return f"{self._n_samples} so far"

    def transcribe(self) -> Transcript:
        order, _, argument = (self._hints.phrases or ("",))[0].partition(" ")
        if order == "sleep":
            time.sleep(float(argument))
        elif order == "crash":
            os._exit(3)
        elif order == "fail":
            raise ValueError("as the test wants")
        return Transcript(
            text=f"{self._hints.kind} {self._n_samples}",
            confidence=0.75,
            no_speech=0.125,
            alternatives=("zażółć",),
            audio_s=seconds(self._n_samples),
            cpu_ms=1.5,
        )


class FakeSynthesizer:
    """As many chunks as the text has words; each word is an order: `sleep0.5`, `fail`."""

    name = "fake voice"

    def synthesize(self, text: str, rate: float = 1.0) -> Iterator[Samples]:
        for word in text.split():
            if word.startswith("sleep"):
                time.sleep(float(word.removeprefix("sleep")))
            elif word == "fail":
                raise ValueError("as the test wants")
            yield np.full(int(160 / rate), len(word), dtype=np.int16)


class FakeEncoder:
    """Tells length and loudest sample. 7 as the first sample is an order to fail."""

    name = "fake encoder"

    def embed(self, samples: Samples) -> Embedding:
        if len(samples) < 4000:
            raise ValueError("less than half a second")
        if samples[0] == 7:
            raise RuntimeError("as the test wants")
        return np.array([len(samples), samples.max()], dtype=np.float32)


def load_with_emotion(message: Message) -> SpeechParts:
    return SpeechParts(FakeRecognizer(), FakeSynthesizer(), FakeEncoder())


def load_parts(message: Message) -> SpeechParts:
    return SpeechParts(FakeRecognizer(), FakeSynthesizer())


def load_nothing(message: Message) -> SpeechParts:
    raise ModelError("models/whisper-base: damaged; pull it anew")


def crash_while_loading(message: Message) -> SpeechParts:
    os._exit(4)


def load_only_a_voice(message: Message) -> SpeechParts:
    return SpeechParts(None, FakeSynthesizer())
