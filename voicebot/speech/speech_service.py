"""What a call asks of the speech workers; the pool implements it, tests fake it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from voicebot.audio import Samples
from voicebot.speech.emotion.emotion import Embedding
from voicebot.speech.recognizer import RecognitionHints, Transcript


class Utterance(Protocol):
    """One utterance on its way through a worker. `feed` never blocks and never waits."""

    def feed(self, samples: Samples) -> None:
        """Send more 8 kHz audio to the worker."""

    async def transcribe(self, is_guess: bool = False) -> Transcript:
        """Transcribe what was fed so far; may be asked again after more was fed.

        is_guess: the caller may go on; whoever has finished is served before.
        Raises SpeechWorkerError where the worker died or took too long.
        """

    def close(self) -> None:
        """Forget the utterance; safe to call twice."""


class SpeechService(Protocol):
    """Recognition, synthesis and emotion for one call; stays with one worker while that lives."""

    @property
    def n_waiting(self) -> int:
        """Answers that the call's worker owes, to all its calls; 0: it would begin at once."""

    def open_utterance(self, hints: RecognitionHints) -> Utterance: ...

    def synthesize(self, text: str, rate: float = 1.0) -> AsyncIterator[Samples]:
        """8 kHz audio in chunks as they are ready. Raises SpeechWorkerError."""

    async def embed(self, samples: Samples) -> Embedding:
        """What the voice in these 8 kHz samples is like. Never delays a transcript: a worker with
        much to do answers late or refuses. Raises SpeechWorkerError."""

    def close(self) -> None: ...
