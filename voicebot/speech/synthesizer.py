"""Speech synthesis as the rest of Voicebot sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from voicebot.audio import Samples


class Synthesizer(Protocol):
    """A loaded voice, inside a worker. Blocking; not thread-safe."""

    @property
    def name(self) -> str:
        """Identifies voice and version: part of the prompt cache's key."""

    def synthesize(self, text: str, rate: float = 1.0) -> Iterator[Samples]:
        """Speak plain Polish text (numbers already in words), in chunks as they are ready.

        rate: 1.0 normal, 0.85 slower. Yields 8 kHz samples at the product's loudness.
        """
