"""What a recogniser makes of the intents' utterances over a telephone.

Each utterance is spoken by both callers' voices (RHVoice), coded as A-law at 8 kHz and recognised
with the hints of an open question. Voices and transcripts are kept on disk, so a run that was
stopped goes on where it was, and a change of the classifier alone is measured in seconds.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.first_try import VOICES, Ears, Mouth, over_the_telephone
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.recognizer import RecognitionHints, Transcript
from voicebot.speech.recognizer_choice import build_recognizer, choose_recognizer
from voicebot.speech.voice_choice import build_synthesizer, choose_voice

CHECKOUT = Path(__file__).resolve().parents[1]
DEFAULT_CACHE = Path(tempfile.gettempdir()) / "voicebot_understanding"
_SEED = 1


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance in one voice."""

    text: str
    voice: str
    transcript: Transcript

    @property
    def readings(self) -> list[tuple[str, float]]:
        """The transcript and its alternatives, each with a weight. The recogniser gives none to
        the alternatives: each is taken for half as likely as the one before it."""
        texts = (self.transcript.text, *self.transcript.alternatives)
        return [(text, 0.5**n) for n, text in enumerate(texts)]


class Telephone:
    """Both voices, the line and the recogniser."""

    def __init__(self, models: Path, cache: Path) -> None:
        store = ModelStore(models, load_catalogue())
        recognizer = build_recognizer(choose_recognizer("demo", "auto", store), store)
        voice = choose_voice("demo", "auto", store)
        self.recogniser_name = recognizer.name
        self._ears = Ears(recognizer, cache / "transcripts")
        self._mouths = {
            name: Mouth(build_synthesizer(voice, store, name), name, cache / "voices")
            for name in VOICES
        }

    def hear(self, texts: Sequence[str]) -> Iterator[Heard]:
        hints = RecognitionHints(kind="open", phrases=())
        for n, text in enumerate(texts, start=1):
            for name, mouth in self._mouths.items():
                samples = over_the_telephone(mouth.say(text), None, _SEED)
                yield Heard(text, name, self._ears.hear(samples, hints))
            if n % 10 == 0 or n == len(texts):
                print(f"\r{n} of {len(texts)} heard", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
