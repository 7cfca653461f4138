from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import ModelError
from voicebot.speech.model_catalogue import Catalogue, load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.voice_choice import InstalledEngines, choose_voice

BOTH = InstalledEngines(has_espeak=True, has_piper=True)
ESPEAK_ONLY = InstalledEngines(has_espeak=True, has_piper=False)
NOTHING = InstalledEngines(has_espeak=False, has_piper=False)


def store_with(tmp_path: Path, *model_ids: str) -> ModelStore:
    """A store in which these models count as installed, with files of one byte."""
    shipped = load_catalogue().models
    models = {}
    for model_id, model in shipped.items():
        files = tuple(file.model_copy(update={"sha256": ""}) for file in model.files)
        models[model_id] = model.model_copy(update={"files": files, "sources": ()})
    for model_id in model_ids:
        for file in models[model_id].files:
            path = tmp_path / model_id / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    return ModelStore(tmp_path, Catalogue(models))


def test_demo_takes_the_quick_voice_and_points_to_a_free_one(tmp_path: Path) -> None:
    choice = choose_voice(
        "demo", "auto", store_with(tmp_path, "rhvoice-pl", "piper-pl-gosia"), BOTH
    )
    assert (choice.engine, choice.model_id) == ("rhvoice", "rhvoice-pl")
    assert not choice.is_commercial_ok
    assert "NC" in choice.licence
    assert "voicebot models pull piper-pl-gosia" in choice.how_to_improve


def test_business_never_gets_the_non_commercial_voice(tmp_path: Path) -> None:
    choice = choose_voice("commercial", "auto", store_with(tmp_path, "rhvoice-pl"), BOTH)
    assert choice.engine == "espeak-ng"
    assert choice.is_commercial_ok
    assert "voicebot models pull piper-pl-gosia" in choice.how_to_improve


def test_business_gets_piper_where_voice_and_package_are_there(tmp_path: Path) -> None:
    store = store_with(tmp_path, "piper-pl-darkman")
    choice = choose_voice("commercial", "auto", store, BOTH)
    assert (choice.engine, choice.model_id) == ("piper", "piper-pl-darkman")
    assert choice.how_to_improve == ""


def test_a_piper_voice_without_the_package_is_no_voice(tmp_path: Path) -> None:
    store = store_with(tmp_path, "piper-pl-gosia")
    choice = choose_voice("commercial", "auto", store, ESPEAK_ONLY)
    assert choice.engine == "espeak-ng"
    assert "pip install 'voicebot[piper]'" in choice.how_to_improve
    with pytest.raises(ModelError, match=r"pip install 'voicebot\[piper\]'"):
        choose_voice("commercial", "piper", store, ESPEAK_ONLY)


def test_demo_without_models_speaks_robotically_and_says_what_is_better(tmp_path: Path) -> None:
    choice = choose_voice("demo", "auto", store_with(tmp_path), ESPEAK_ONLY)
    assert choice.engine == "espeak-ng"
    assert choice.how_to_improve == "this voice is robotic; better: voicebot models pull rhvoice-pl"


def test_wanting_a_voice_the_licence_forbids_is_refused_with_the_reason(tmp_path: Path) -> None:
    store = store_with(tmp_path, "rhvoice-pl")
    with pytest.raises(ModelError, match=r"not allowed with use = 'commercial'.*CC-BY-NC-ND"):
        choose_voice("commercial", "rhvoice", store, BOTH)
    assert choose_voice("demo", "rhvoice", store, BOTH).engine == "rhvoice"


def test_wanting_what_is_not_installed_is_answered_with_the_command(tmp_path: Path) -> None:
    store = store_with(tmp_path)
    with pytest.raises(ModelError, match="voicebot models pull rhvoice-pl"):
        choose_voice("demo", "rhvoice", store, BOTH)
    with pytest.raises(ModelError, match="voicebot models pull piper-pl-gosia"):
        choose_voice("demo", "piper", store, BOTH)
    with pytest.raises(ModelError, match="apt-get install espeak-ng"):
        choose_voice("demo", "espeak-ng", store, NOTHING)


def test_a_machine_without_any_voice_is_told_both_ways_out(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"apt-get install espeak-ng, or .*pull rhvoice-pl"):
        choose_voice("demo", "auto", store_with(tmp_path), NOTHING)


def test_a_damaged_voice_is_not_chosen(tmp_path: Path) -> None:
    store = store_with(tmp_path, "rhvoice-pl")
    (tmp_path / "rhvoice-pl/data/voices/magda/24000/voice.data").unlink()
    assert choose_voice("demo", "auto", store, BOTH).engine == "espeak-ng"
