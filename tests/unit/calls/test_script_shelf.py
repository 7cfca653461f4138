"""Which scripts there are, and which of them a call follows."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.calls.script_shelf import choose_script, find_scripts

NAMES = ["infolinia", "przypomnienie"]


@pytest.mark.parametrize(
    ("called", "script"),
    [
        ("", "infolinia"),
        ("voicebot", "infolinia"),
        ("przypomnienie", "przypomnienie"),
        ("100", "przypomnienie"),
        ("+48221000100", "przypomnienie"),
        ("48221000100", "przypomnienie"),
        ("+4822100010", "infolinia"),
        ("infolinia", "przypomnienie"),
    ],
)
def test_numbers_come_before_names_and_both_before_the_default(called, script):
    numbers = {"100": "przypomnienie", "+48221000100": "przypomnienie", "infolinia": NAMES[1]}
    assert choose_script(called, NAMES, numbers, "infolinia") == script


def test_scripts_are_told_from_shared_parts_and_later_folders_win(tmp_path: Path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
    (ours / "a.yaml").write_text("# A\nscript: a\nstart: x\n")
    (ours / "b.yaml").write_text("script: b\n")
    (ours / "intents.yaml").write_text("intents:\n  script: [x]\n")
    (ours / "notes.txt").write_text("script: no\n")
    (ours / "folder.yaml").mkdir()
    (theirs / "b.yaml").write_text("script: b\n")
    assert find_scripts([ours, theirs]) == {"a": ours / "a.yaml", "b": theirs / "b.yaml"}
    assert find_scripts([tmp_path / "none"]) == {}
