"""A model that is made here: pulled, checked and refused like those that are fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.speech.emotion.whisper_file import write_ctranslate2
from voicebot.errors import ModelError, ModelSourceError
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_derived import write_derived
from voicebot.speech.model_store import ModelStore


def test_without_its_base_the_pull_says_what_to_pull_first(tmp_path: Path) -> None:
    told: list[str] = []
    with pytest.raises(ModelError, match="could not be fetched"):
        ModelStore(tmp_path, load_catalogue()).pull("emotion-encoder", report=told.append)
    assert told == [
        "emotion-encoder: it is made from whisper-base, which is not installed: "
        "voicebot models pull whisper-base"
    ]


def test_another_model_in_the_bases_place_is_a_source_that_fails(tmp_path: Path) -> None:
    base, staged = tmp_path / "whisper-base", tmp_path / "staged"
    base.mkdir()
    staged.mkdir()
    write_ctranslate2(base / "model.bin", {})
    with pytest.raises(ModelSourceError, match="not Whisper base"):
        write_derived("emotion-encoder", base, staged)
    assert not list(staged.iterdir())


def test_it_comes_after_its_base_so_that_one_pull_brings_both() -> None:
    names = list(load_catalogue().models)
    assert names.index("whisper-base") < names.index("emotion-encoder")
