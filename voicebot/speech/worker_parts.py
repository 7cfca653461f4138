"""The models of a speech worker: named by the node in a `load` message, loaded in the worker."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from voicebot.errors import ModelError
from voicebot.speech.emotion.emotion import EmotionEncoder
from voicebot.speech.emotion.emotion_choice import EmotionChoice, load_encoder
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.recognizer_choice import RecognizerChoice, build_recognizer
from voicebot.speech.speech_parts import SpeechParts
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.voice_choice import VoiceChoice, build_synthesizer
from voicebot.speech.worker_protocol import Message

DEFAULT_LOADER = "voicebot.speech.worker_parts:load_parts"


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """What each worker of a pool has.

    recognizer, voice: None leaves that part out. transcribe_timeout_s: a transcript that takes
    longer counts as failed. loader: `module:function` that builds the parts in the worker.
    voice_name: one of the engine's voices (RHVoice: Magda, Natan); empty: its first.
    emotion: None: nobody's voice is read.
    """

    recognizer: RecognizerChoice | None
    voice: VoiceChoice | None
    models_directory: str
    transcribe_timeout_s: float = 8.0
    loader: str = DEFAULT_LOADER
    voice_name: str = ""
    log_level: str = "INFO"
    emotion: EmotionChoice | None = None

    def load_message(self) -> Message:
        return Message(
            "load",
            {
                "recognizer": asdict(self.recognizer) if self.recognizer else None,
                "voice": asdict(self.voice) if self.voice else None,
                "emotion": self.emotion.model if self.emotion else "",
                "models_directory": self.models_directory,
                "voice_name": self.voice_name,
            },
        )


def load_parts(message: Message) -> SpeechParts:
    """Load what the message names. Raises ModelError. Takes seconds."""
    store = ModelStore(Path(message.text("models_directory")), load_catalogue())
    recognizer = message.fields.get("recognizer")
    voice = message.fields.get("voice")
    return SpeechParts(
        recognizer=build_recognizer(_read(RecognizerChoice, recognizer), store)
        if recognizer
        else None,
        synthesizer=_synthesizer(voice, store, message) if voice else None,
        emotion=_encoder(message.text("emotion"), store),
    )


def _synthesizer(voice: object, store: ModelStore, message: Message) -> Synthesizer:
    return build_synthesizer(_read(VoiceChoice, voice), store, message.text("voice_name") or None)


def _encoder(model: str, store: ModelStore) -> EmotionEncoder | None:
    if not model:
        return None
    # The head stays in the node: the choice tells only which encoder it needs.
    return load_encoder(store, _read(EmotionChoice, {"model": model}))


def _read(kind: Any, fields: object) -> Any:
    try:
        return TypeAdapter(kind).validate_python(fields)
    except ValidationError:
        raise ModelError("the node named a model in a way this worker does not know") from None
