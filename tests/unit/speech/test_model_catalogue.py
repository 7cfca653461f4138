from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import ModelError
from voicebot.speech.model_catalogue import load_catalogue

MODEL = """
[[models]]
id = "tiny"
roles = ["synthesis"]
engine = "piper"
language = "pl"
licence = "MIT"
commercial_use = true
description = "A voice"
files = [{ path = "a.onnx", size = 3, sha256 = "" }]
"""

SOURCE = """
[[models.sources]]
kind = "url"
base_url = "https://example.org/"
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "models.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_catalogue_has_what_a_demo_and_a_business_need() -> None:
    catalogue = load_catalogue()
    defaults = {m.id for m in catalogue.models.values() if m.is_default}
    assert defaults == {"whisper-base", "rhvoice-pl", "emotion-encoder"}
    assert not catalogue.get("rhvoice-pl").commercial_use
    assert [m.id for m in catalogue.of_engine("piper")] == ["piper-pl-gosia", "piper-pl-darkman"]
    assert all(m.commercial_use for m in catalogue.of_engine("piper"))
    assert all(m.sources for m in catalogue.models.values())


def test_files_that_no_archive_vouches_for_have_a_digest() -> None:
    for model in load_catalogue().models.values():
        if model.id in {"rhvoice-pl", "vosk-small-pl"}:  # apt's signature, the zip's digest
            continue
        for build in model.builds:
            assert all(file.sha256 and file.size for file in build), model.id


def test_a_model_may_come_in_another_build() -> None:
    builds = load_catalogue().get("whisper-base").builds
    assert [
        {f.path for f in build} & {"vocabulary.json", "vocabulary.txt"} for build in builds
    ] == [
        {"vocabulary.json"},
        {"vocabulary.txt"},
    ]


def test_unknown_id_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ModelError, match=r"no model is called 'nope'.*whisper-base"):
        load_catalogue().get("nope")


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('licence = "MIT"', 'license = "MIT"', "license: extra inputs"),
        ('path = "a.onnx"', 'path = "../a.onnx"', "must be a relative path"),
        ('path = "a.onnx"', 'path = "/etc/passwd"', "must be a relative path"),
        ('sha256 = ""', 'sha256 = "ABC"', "sha256"),
        ('engine = "piper"', 'engine = "festival"', "engine"),
        ('id = "tiny"', 'id = "../tiny"', "id"),
        ('kind = "url"', 'kind = "ftp"', "sources"),
    ],
)
def test_mistakes_are_refused_with_file_and_key(
    tmp_path: Path, before: str, after: str, reason: str
) -> None:
    path = write(tmp_path, (MODEL + SOURCE).replace(before, after))
    with pytest.raises(ModelError) as caught:
        load_catalogue(path)
    assert str(caught.value).startswith(f"{path}: models")
    assert reason in str(caught.value)


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="the same id"):
        load_catalogue(write(tmp_path, (MODEL + SOURCE) * 2))


def test_broken_toml_and_missing_file_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models\.toml: "):
        load_catalogue(write(tmp_path, "[[models"))
    with pytest.raises(ModelError, match=r"absent\.toml"):
        load_catalogue(tmp_path / "absent.toml")
