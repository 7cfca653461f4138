from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import ModelError
from voicebot.speech.recognizer_choice import (
    RecognizerChoice,
    build_recognizer,
    choose_recognizer,
)


class Installed:
    """A store that holds what it is told."""

    def __init__(self, *model_ids: str) -> None:
        self._model_ids = model_ids

    def path(self, model_id: str) -> Path:
        if model_id not in self._model_ids:
            raise ModelError(f"{model_id} is not installed")
        return Path("models") / model_id


def test_auto_takes_what_was_measured() -> None:
    choice = choose_recognizer("commercial", "auto", Installed("whisper-base", "vosk-small-pl"))
    assert (choice.engine, choice.model_id, choice.licence) == ("whisper", "whisper-base", "MIT")
    assert "voicebot models pull vosk-small-pl" in choice.how_to_improve


def test_auto_takes_what_is_there() -> None:
    assert choose_recognizer("demo", "auto", Installed("vosk-small-pl")).engine == "vosk"


def test_what_the_settings_name_is_taken_or_refused() -> None:
    store = Installed("whisper-base", "vosk-small-pl")
    assert choose_recognizer("demo", "vosk", store).engine == "vosk"
    assert choose_recognizer("demo", "whisper", store).engine == "whisper"
    with pytest.raises(ModelError, match="vosk-small-pl"):
        choose_recognizer("demo", "vosk", Installed("whisper-base"))


def test_without_any_the_operator_is_told_how_to_get_one() -> None:
    with pytest.raises(ModelError, match="voicebot models pull whisper-base"):
        choose_recognizer("commercial", "auto", Installed())


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ModelError, match="no such recogniser"):
        build_recognizer(RecognizerChoice("magic", "whisper-base", ""), Installed("whisper-base"))
