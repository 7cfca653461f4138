"""What a speech worker works with, and who loads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from voicebot.speech.emotion.emotion import EmotionEncoder
from voicebot.speech.recognizer import Recognizer
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.worker_protocol import Message


@dataclass(frozen=True, slots=True)
class SpeechParts:
    """The loaded models of a worker; None: this worker can't do that."""

    recognizer: Recognizer | None
    synthesizer: Synthesizer | None
    emotion: EmotionEncoder | None = None


PartsLoader = Callable[[Message], SpeechParts]
"""Builds the parts that a `load` message names. Raises ModelError."""
