"""Makes the audio of prompts: from the prompt cache where it is there, else by a speech worker."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterable
from typing import Protocol

import numpy as np

from voicebot.audio import Samples
from voicebot.calls.synthesis_ahead import SynthesisAhead
from voicebot.dialogue.actions import Say
from voicebot.errors import SpeechWorkerError
from voicebot.speech.speech_service import SpeechService

log = logging.getLogger(__name__)

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")

TRIES = 2
"""A sentence is tried again once: the pool has another worker by then, or a new one."""


class PromptAudio(Protocol):
    """Audio that was made before the call."""

    def get(self, text: str, rate: float) -> Samples | None: ...


class PromptMaker:
    """Sentence by sentence, so that the first can be heard while the next is being made."""

    def __init__(self, prompt_audio: PromptAudio, speech: SpeechService) -> None:
        self._prompt_audio = prompt_audio
        self._speech = speech
        self._ahead = SynthesisAhead(speech)

    def ready(self, say: Say) -> Samples | None:
        """The whole prompt, where it was made before the call or ahead."""
        whole = self._prompt_audio.get(say.text, say.rate)
        if whole is not None:
            return whole
        parts: list[Samples] = []
        for sentence in sentences(say.text):
            made = self._made(sentence, say.rate)
            if made is None:
                return None
            parts += made
        return np.concatenate(parts) if parts else None

    def prepare(self, says: Iterable[Say]) -> None:
        """Make what is not ready of prompts that may be said soon, the likeliest first."""
        self._ahead.want(
            (sentence, say.rate)
            for say in says
            if self._prompt_audio.get(say.text, say.rate) is None
            for sentence in sentences(say.text)
            if self._prompt_audio.get(sentence, say.rate) is None
        )

    async def close(self) -> None:
        await self._ahead.close()

    def _made(self, sentence: str, rate: float) -> list[Samples] | None:
        ready = self._prompt_audio.get(sentence, rate)
        if ready is not None:
            return [ready]
        ahead = self._ahead.get(sentence, rate)
        return None if ahead is None else ahead.whole

    async def make(self, sentence: str, rate: float) -> AsyncIterator[Samples]:
        """One sentence's audio as it is made. Raises SpeechWorkerError after the last try."""
        ready = self._prompt_audio.get(sentence, rate)
        if ready is not None:
            yield ready
            return
        n_made = 0
        ahead = self._ahead.get(sentence, rate)
        if ahead is not None:
            try:
                async for samples in ahead.chunks():
                    n_made += len(samples)
                    yield samples
                return
            except SpeechWorkerError:
                pass  # goes on below where it broke off
        for tries_left in reversed(range(TRIES)):
            # A second try goes on where the first broke off: nothing is heard twice.
            n_skip = n_made
            try:
                async for samples in self._speech.synthesize(sentence, rate):
                    rest = samples[n_skip:]
                    n_skip -= len(samples) - len(rest)
                    n_made += len(rest)
                    if len(rest):
                        yield rest
                return
            except SpeechWorkerError as error:
                log.warning(
                    "a sentence could not be synthesised",
                    extra={"kind": type(error).__name__, "tries_left": tries_left},
                )
                if tries_left == 0:
                    raise


def sentences(text: str) -> list[str]:
    """A prompt's sentences, each with its full stop."""
    return [sentence for sentence in _SENTENCE_END.split(text.strip()) if sentence]
