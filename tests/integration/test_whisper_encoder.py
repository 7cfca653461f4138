"""The encoder with kept silence beside CTranslate2's own. Skips where the model is missing."""

from __future__ import annotations

import ctranslate2
import numpy as np
import pytest

from tests.installed_models import installed_model
from tests.integration.test_whisper import CLEAR, speech, text_of, transcribe, words
from voicebot.speech.backends.whisper import WhisperRecognizer, padded
from voicebot.speech.backends.whisper_encoder import SILENCE_UNTIL_S, WhisperEncoder
from voicebot.speech.backends.whisper_features import Floats, log_mel

PADDED_S = 8.0


@pytest.fixture(scope="module")
def encoder() -> WhisperEncoder:
    return WhisperEncoder(installed_model("whisper-base") / "model.bin")


@pytest.fixture(scope="module")
def model() -> ctranslate2.models.Whisper:
    return ctranslate2.models.Whisper(str(installed_model("whisper-base")), compute_type="int8")


def encoded_whole(model: ctranslate2.models.Whisper, mel: Floats) -> Floats:
    return np.array(model.encode(ctranslate2.StorageView.from_array(mel[None])))[0]


def likeness(a: Floats, b: Floats) -> float:
    """Mean cosine over time."""
    products = (a * b).sum(axis=1)
    return float((products / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)).mean())


@pytest.mark.parametrize("name", CLEAR[:2])
def test_the_voice_is_encoded_as_if_the_silence_had_been(
    encoder: WhisperEncoder, model: ctranslate2.models.Whisper, name: str
) -> None:
    voice = speech(name)
    audio_s = len(voice) / 8000
    whole = encoded_whole(model, log_mel(padded(voice, PADDED_S)))
    short = log_mel(padded(voice, audio_s + 0.3))
    quick = encoder.encode(short, PADDED_S)
    assert quick.shape == whole.shape
    n_voice = int(audio_s * 50)
    with_silence = likeness(quick[:n_voice], whole[:n_voice])
    without = likeness(encoded_whole(model, short)[:n_voice], whole[:n_voice])
    assert with_silence > 0.95
    assert with_silence > without


@pytest.fixture(scope="module")
def recognizer() -> WhisperRecognizer:
    return WhisperRecognizer(installed_model("whisper-base"))


def test_audio_too_long_for_the_kept_silence_is_heard_as_well(
    recognizer: WhisperRecognizer,
) -> None:
    voice = np.concatenate([speech(name) for name in CLEAR])
    assert len(voice) / 8000 + 6 > SILENCE_UNTIL_S
    assert len(words(transcribe(recognizer, voice).text)) > 10


def test_nothing_is_said_again_and_again(recognizer: WhisperRecognizer) -> None:
    """What Whisper does without silence behind the voice."""
    heard = transcribe(recognizer, speech(CLEAR[0])).text
    assert len(heard.split()) <= len(text_of(CLEAR[0]).split()) + 1
