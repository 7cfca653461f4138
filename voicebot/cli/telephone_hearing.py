"""What a recogniser makes of a sentence that is spoken over a telephone, for simulated calls."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from rich.console import Console

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.dialogue.actions import Listen
from voicebot.dialogue.simulation.caller import Heard
from voicebot.media.codecs.g711 import decode_alaw, encode_alaw
from voicebot.settings import Settings
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.recognizer import RecognitionHints, Recognizer
from voicebot.speech.recognizer_choice import build_recognizer, choose_recognizer
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.voice_choice import build_synthesizer, choose_voice

_CALLER_VOICE = "Natan"
"""RHVoice's: the bot's own is another."""
_QUIET = np.zeros(SAMPLE_RATE * 3 // 10, dtype=np.int16)
_FOLDER = "simulated-speech"


class TelephoneHearing:
    """Speaks, codes as G.711 A-law, recognises; each sentence once, for what is asked. Blocking.

    folder: what was heard is kept there, for the next simulation with the same models.
    """

    def __init__(self, voice: Synthesizer, recognizer: Recognizer, folder: Path) -> None:
        self._voice = voice
        self._recognizer = recognizer
        self._folder = folder
        self._heard: dict[str, Heard] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def __call__(self, text: str, listen: Listen) -> Heard:
        name = self._key(text, listen)
        if name not in self._heard:
            path = self._folder / f"{name}.json"
            heard = _read(path)
            if heard is None:
                heard = self._hear(text, listen)
                _write(path, heard)
            self._heard[name] = heard
        return self._heard[name]

    def _key(self, text: str, listen: Listen) -> str:
        parts = (self._voice.name, self._recognizer.name, text, listen.kind, *listen.phrases)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]

    def _hear(self, text: str, listen: Listen) -> Heard:
        chunks = list(self._voice.synthesize(text, 1.0))
        spoken: Samples = np.concatenate([_QUIET, *chunks, _QUIET])
        utterance = self._recognizer.start(RecognitionHints(listen.kind, listen.phrases))
        utterance.accept(decode_alaw(encode_alaw(spoken)))
        transcript = utterance.transcribe()
        return Heard(transcript.text, transcript.confidence, transcript.alternatives)


def open_hearing(settings: Settings, console: Console) -> TelephoneHearing:
    """Load the caller's voice and the recogniser. Raises ModelError."""
    store = ModelStore(Path(settings.models_directory), load_catalogue())
    voice = choose_voice("demo", "auto", store)
    recognizer = choose_recognizer(settings.use, settings.speech.recognizer, store)
    name = _CALLER_VOICE if voice.engine == "rhvoice" else None
    with console.status(f"Loading {recognizer.model_id} …"):
        return TelephoneHearing(
            build_synthesizer(voice, store, name),
            build_recognizer(recognizer, store),
            settings.data_path / _FOLDER,
        )


def _read(path: Path) -> Heard | None:
    try:
        text, confidence, alternatives = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Heard(text, confidence, tuple(alternatives))


def _write(path: Path, heard: Heard) -> None:
    document = [heard.text, heard.confidence, list(heard.alternatives)]
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
