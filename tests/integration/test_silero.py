"""Silero's detector on real speech and on noise. Skips where the model is not installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.installed_models import installed_model
from tests.shared import shared_path
from voicebot.audio import FRAME_SAMPLES, Samples
from voicebot.errors import ModelError
from voicebot.speech.backends.silero import SileroVad


@pytest.fixture
def vad() -> SileroVad:
    return SileroVad(installed_model("silero-vad"))


def share_of_speech(vad: SileroVad, samples: Samples) -> float:
    starts = range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    answers = [vad.is_speech(samples[at : at + FRAME_SAMPLES]) for at in starts]
    return sum(answers) / len(answers)


def test_a_voice_is_speech_and_what_follows_is_not(vad: SileroVad) -> None:
    samples, _ = soundfile.read(shared_path("speech/nemo_8k/SM0_neutral_1.flac"), dtype="int16")
    assert share_of_speech(vad, samples) > 0.7
    noise = np.random.default_rng(1).normal(0, 8, 16000).astype(np.int16)
    share_of_speech(vad, noise[:4000])
    assert share_of_speech(vad, noise[4000:]) == 0.0


@pytest.mark.parametrize("amplitude", [0, 8, 300, 3000])
def test_noise_is_no_speech(vad: SileroVad, amplitude: float) -> None:
    noise = np.random.default_rng(1).normal(0, amplitude, 16000).astype(np.int16)
    assert share_of_speech(vad, noise) < 0.05


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(ModelError, match="voicebot models pull silero-vad"):
        SileroVad(tmp_path)
