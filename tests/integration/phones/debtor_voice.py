"""A debtor's answers as sound files: one recorded voice for every kind of telephone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tests.integration.phones.probe_signal import write_file, write_g711
from tests.models import model_store, need_model
from voicebot.audio import Samples
from voicebot.speech.backends.rhvoice import RhvoiceSynthesizer

SILENCE_S = 60
"""Behind each answer: phones whose file ends fall silent or hang up."""


def speak(texts: Mapping[str, str]) -> dict[str, Samples]:
    """RHVoice's Natan says each text; by the same names."""
    folder = need_model("rhvoice-pl")
    voice = RhvoiceSynthesizer(folder, "Natan", model_store().fingerprint("rhvoice-pl"))
    return {name: np.concatenate(list(voice.synthesize(text))) for name, text in texts.items()}


def write_answers(
    directory: Path, texts: Mapping[str, str], codec: str | None = None
) -> dict[str, Path]:
    """A WAV for each answer, or bare G.711 of `codec`."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, samples in speak(texts).items():
        if codec is None:
            files[name] = write_file(directory / f"{name}.wav", samples, SILENCE_S)
        else:
            files[name] = write_g711(directory / f"{name}.g711", samples, codec, SILENCE_S)
    return files
