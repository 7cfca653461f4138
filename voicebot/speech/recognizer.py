"""Speech recognition as the rest of Voicebot sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from voicebot.audio import Samples


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard. `text` is empty where nobody spoke (`no_speech` high) or where nothing was
    understood.

    confidence, no_speech: 0..1. alternatives: other readings, best first.
    audio_s: length of what was listened to; cpu_ms: what it cost the worker.
    """

    text: str
    confidence: float
    no_speech: float
    is_final: bool = True
    alternatives: tuple[str, ...] = ()
    audio_s: float = 0.0
    cpu_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class RecognitionHints:
    """What the dialogue expects to hear.

    kind: open, yes_no, digits, date, amount (the script's kinds of question).
    phrases: words that are likely now (names, months); a grammar for engines that take one.
    """

    kind: str = "open"
    phrases: tuple[str, ...] = ()
    language: str = "pl"


class UtteranceRecognizer(Protocol):
    """One utterance being listened to, inside a worker. Blocking."""

    def accept(self, samples: Samples) -> str | None:
        """Take in 8 kHz samples; an interim transcript where the engine has a new one."""

    def transcribe(self) -> Transcript:
        """Everything heard so far. May be called again after more `accept`s, so that it can
        be started in the pause before it is sure that the caller has finished."""


class Recognizer(Protocol):
    """A loaded model, inside a worker. Not thread-safe."""

    @property
    def name(self) -> str: ...

    @property
    def is_streaming(self) -> bool:
        """True: wants audio as it comes (and has interim transcripts). False: works on whole
        utterances, so that feeding costs nothing before a transcript is asked for."""

    def start(self, hints: RecognitionHints) -> UtteranceRecognizer: ...
