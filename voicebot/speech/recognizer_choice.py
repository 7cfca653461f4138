"""Which recogniser is used, and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from voicebot.errors import ModelError
from voicebot.speech.recognizer import Recognizer

WHISPER_MODEL = "whisper-base"
VOSK_MODEL = "vosk-small-pl"


class InstalledModels(Protocol):
    """What a choice needs of the model store."""

    def path(self, model_id: str) -> Path:
        """Folder of an installed model. Raises ModelError."""


@dataclass(frozen=True, slots=True)
class RecognizerChoice:
    """A recogniser and what to tell the operator about it. Plain text, so it travels as JSON."""

    engine: str
    model_id: str
    licence: str
    how_to_improve: str = ""


_WHISPER = RecognizerChoice(
    engine="whisper",
    model_id=WHISPER_MODEL,
    licence="MIT",
    how_to_improve=(
        "a third of the words on acted telephone speech is misheard; try Vosk on your own calls: "
        'voicebot models pull vosk-small-pl, then speech.recognizer = "vosk"'
    ),
)
_VOSK = RecognizerChoice(
    engine="vosk",
    model_id=VOSK_MODEL,
    licence="Apache-2.0",
    how_to_improve=(
        "not measured by us on telephone Polish; compare with Whisper on your own calls: "
        'voicebot models pull whisper-base, then speech.recognizer = "whisper"'
    ),
)


def choose_recognizer(use: str, wanted: str, store: InstalledModels) -> RecognizerChoice:
    """The recogniser for `wanted` (auto, whisper, vosk). Raises ModelError.

    auto takes Whisper base before Vosk's small Polish model: Whisper's quality on telephone
    Polish is measured (benchmarks/recognition_nemo.py), Vosk's is not, as its home could not
    be reached from where Voicebot is built. Whichever is installed is taken where the other
    is not. use: both licences allow commercial use, so nothing is refused for it.
    """
    if wanted == "whisper":
        store.path(WHISPER_MODEL)
        return _WHISPER
    if wanted == "vosk":
        store.path(VOSK_MODEL)
        return _VOSK
    for choice in (_WHISPER, _VOSK):
        try:
            store.path(choice.model_id)
        except ModelError:
            continue
        return choice
    raise ModelError(
        f"no recogniser is installed (use = {use}); get one with: "
        f"voicebot models pull {WHISPER_MODEL}"
    )


def build_recognizer(choice: RecognizerChoice, store: InstalledModels) -> Recognizer:
    """Load the model, inside a worker: takes seconds and memory. Raises ModelError.

    Imports the engine here, so that only a worker pays for it.
    """
    path = store.path(choice.model_id)
    if choice.engine == "whisper":
        from voicebot.speech.backends.whisper import WhisperRecognizer

        return WhisperRecognizer(path)
    if choice.engine == "vosk":
        from voicebot.speech.backends.vosk import VoskRecognizer

        return VoskRecognizer(path)
    raise ModelError(f"{choice.engine}: no such recogniser; there are whisper and vosk")
