from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.speech.test_voice_choice import store_with
from voicebot.errors import ModelError
from voicebot.speech.emotion.emotion import EMOTIONS
from voicebot.speech.emotion.emotion_choice import (
    ENCODER_ID,
    SHIPPED_HEAD,
    EmotionChoice,
    choose_emotion,
    load_encoder,
    load_head,
)
from voicebot.speech.emotion.head import Baseline, Classifier, HeadMetadata, LinearHead
from voicebot.speech.emotion.prosody_head import ArousalHead
from voicebot.speech.model_catalogue import bundled_path, default_catalogue_path


def own_head(path: Path, encoder: str = "whisper-base-3", is_commercial: bool = True) -> Path:
    size = 4
    classifier = Classifier(np.zeros((len(EMOTIONS), size)), np.zeros(len(EMOTIONS)), 1.0)
    one = np.ones(size, np.float32)
    metadata = HeadMetadata(encoder, "own recordings", is_commercial, "twenty callers")
    LinearHead(metadata, classifier, classifier, Baseline(one, one, one)).save(path)
    return path


def test_shipped_head_reads_whispers_embeddings_and_is_marked() -> None:
    head = load_head()
    assert isinstance(head, LinearHead)
    assert len(head.baseline.centre) == 1024
    assert "NC" in head.metadata.licence
    assert not head.metadata.is_commercial_ok
    assert bundled_path(SHIPPED_HEAD).stat().st_size < 200_000
    reading = head.read(head.baseline.centre, [head.baseline.centre])
    assert sum(reading.probabilities.values()) == pytest.approx(1)


def test_demo_takes_six_emotions_and_business_only_prosody(tmp_path: Path) -> None:
    store = store_with(tmp_path, ENCODER_ID)
    assert choose_emotion("demo", store) == EmotionChoice("whisper")
    assert choose_emotion("commercial", store) == EmotionChoice("prosody")
    assert choose_emotion("demo", store, "prosody") == EmotionChoice("prosody")
    with pytest.raises(ModelError, match="voicebot emotion train"):
        choose_emotion("commercial", store, "whisper")


def test_business_takes_a_head_of_its_own(tmp_path: Path) -> None:
    store = store_with(tmp_path, ENCODER_ID)
    path = own_head(tmp_path / "own.npz")
    assert choose_emotion("commercial", store, "auto", path) == EmotionChoice("whisper", path)
    assert isinstance(load_head(EmotionChoice("whisper", path)), LinearHead)
    refused = own_head(tmp_path / "nc.npz", is_commercial=False)
    assert choose_emotion("commercial", store, "auto", refused).model == "prosody"


def test_without_the_encoder_auto_falls_back_and_a_wish_says_what_to_do(tmp_path: Path) -> None:
    store = store_with(tmp_path)
    assert choose_emotion("demo", store) == EmotionChoice("prosody")
    with pytest.raises(ModelError, match="voicebot models pull emotion-encoder"):
        load_encoder(store, choose_emotion("demo", store, "whisper"))


def test_prosody_needs_no_model(tmp_path: Path) -> None:
    choice = EmotionChoice("prosody")
    encoder, head = load_encoder(store_with(tmp_path), choice), load_head(choice)
    assert isinstance(head, ArousalHead)
    noise = (1000 * np.random.default_rng(1).standard_normal(8000)).astype(np.int16)
    assert head.read(encoder.embed(noise)).emotion == "neutral"


def test_a_head_for_another_encoder_is_refused(tmp_path: Path) -> None:
    path = own_head(tmp_path / "old.npz", encoder="whisper-tiny-2")
    with pytest.raises(ModelError, match="whisper-tiny-2"):
        load_head(EmotionChoice("whisper", path))


def test_shipped_file_must_be_the_one_that_the_catalogue_names(tmp_path: Path) -> None:
    (tmp_path / "emotion").mkdir()
    catalogue = tmp_path / "models.toml"
    catalogue.write_text(default_catalogue_path().read_text(encoding="utf-8"), encoding="utf-8")
    data = bytearray(bundled_path(SHIPPED_HEAD).read_bytes())
    data[-1] ^= 1
    (tmp_path / SHIPPED_HEAD).write_bytes(data)
    with pytest.raises(ModelError, match="is not the file"):
        bundled_path(SHIPPED_HEAD, catalogue)
    with pytest.raises(ModelError, match="not named"):
        bundled_path("emotion/other.npz", catalogue)
    (tmp_path / SHIPPED_HEAD).unlink()
    with pytest.raises(ModelError, match="install Voicebot anew"):
        bundled_path(SHIPPED_HEAD, catalogue)
