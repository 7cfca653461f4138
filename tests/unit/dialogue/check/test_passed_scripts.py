"""A script is explored once; what has changed since is explored again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from voicebot.dialogue.check.passed_scripts import has_passed, note_passed
from voicebot.dialogue.check.script_check import load_checked_script
from voicebot.dialogue.script_loader import load_script
from voicebot.errors import ScriptError

SCRIPTS = Path(__file__).parents[3] / "data" / "scripts"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_script_that_passed_is_known_until_it_changes():
    script = load_checked_script(SCRIPTS / "good.yaml")
    assert has_passed(script)
    assert not has_passed(replace(script, version="another"))
    assert not has_passed(replace(script, version=""))


def test_script_with_errors_is_refused_each_time(cache: Path):
    for _ in range(2):
        with pytest.raises(ScriptError):
            load_checked_script(SCRIPTS / "harmful_promise.yaml")
    assert not list(cache.rglob("passed-*"))


def test_cache_that_can_not_be_written_is_done_without(cache: Path):
    (cache / "voicebot").write_text("a file, where a folder should be")
    script = load_script(SCRIPTS / "good.yaml")
    note_passed(script)
    assert not has_passed(script)
