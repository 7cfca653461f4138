from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from voicebot.errors import StorageError
from voicebot.storage.secret import derived_key, load_secret


def test_secret_is_made_once_for_the_owner_alone(tmp_path: Path):
    folder = tmp_path / "data"
    secret = load_secret(folder)
    assert len(secret) == 32
    assert load_secret(folder) == secret
    assert (folder / "secret.key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["secret.key"]
    assert load_secret(tmp_path / "other") != secret


def test_nodes_that_start_at_once_get_one_secret(tmp_path: Path):
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(load_secret, [tmp_path] * 32))
    assert len(secrets) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


@pytest.mark.parametrize("text", ["", "zażółć", "not hex", "00ff"])
def test_damaged_secret_is_refused_and_kept(tmp_path: Path, text: str):
    path = tmp_path / "secret.key"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StorageError, match=r"secret\.key"):
        load_secret(tmp_path)
    assert path.read_text(encoding="utf-8") == text


def test_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        load_secret(tmp_path / "file" / "data")


def test_secret_that_others_may_read_is_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    load_secret(tmp_path)
    (tmp_path / "secret.key").chmod(0o644)
    with caplog.at_level(logging.WARNING):
        load_secret(tmp_path)
    assert "other users may read the secret key" in caplog.text


def test_each_purpose_has_its_own_key():
    assert derived_key(b"x" * 32, "a") != derived_key(b"x" * 32, "b")
