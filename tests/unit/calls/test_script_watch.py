"""A changed script is noticed once, when its file is whole."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from voicebot.calls.script_watch import ScriptWatch, Stamp, stamps_of


class Disk:
    """Files as they look at the moment."""

    def __init__(self, **stamps: Stamp) -> None:
        self.files: dict[str, Stamp] = dict(stamps)

    def __call__(self, files: Iterable[str]) -> dict[str, Stamp]:
        return {file: self.files.get(file) for file in files}


@pytest.fixture
def disk() -> Disk:
    return Disk(main=(1, 10), shared=(1, 20), other=(1, 30))


@pytest.fixture
def watch(disk: Disk) -> ScriptWatch:
    watch = ScriptWatch()
    watch.follow("main", disk(["main", "shared"]))
    watch.follow("other", disk(["other", "shared"]))
    return watch


def test_nothing_changes(watch: ScriptWatch, disk: Disk) -> None:
    assert watch.look(disk) == []


def test_a_change_counts_when_it_has_settled(watch: ScriptWatch, disk: Disk) -> None:
    disk.files["main"] = (2, 5)
    assert watch.look(disk) == []
    disk.files["main"] = (3, 11)
    assert watch.look(disk) == []
    assert watch.look(disk) == ["main"]


def test_whoever_asks_does_not_wait(watch: ScriptWatch, disk: Disk) -> None:
    disk.files["main"] = (2, 5)
    assert watch.look(disk, is_wished=True) == ["main"]


def test_a_shared_file_changes_both_scripts(watch: ScriptWatch, disk: Disk) -> None:
    disk.files["shared"] = (2, 20)
    watch.look(disk)
    assert watch.look(disk) == ["main", "other"]


def test_what_was_read_is_not_read_again(watch: ScriptWatch, disk: Disk) -> None:
    disk.files["main"] = (2, 5)
    watch.follow("main", disk(["main"]))
    assert watch.look(disk, is_wished=True) == []


def test_a_change_while_it_was_read_is_noticed(watch: ScriptWatch, disk: Disk) -> None:
    before = disk(["main"])
    disk.files["main"] = (2, 5)
    watch.follow("main", before)
    watch.look(disk)
    assert watch.look(disk) == ["main"]


def test_a_file_that_goes_and_comes_back_is_a_change_both_times(
    watch: ScriptWatch, disk: Disk
) -> None:
    disk.files["other"] = None
    watch.look(disk)
    assert watch.look(disk) == ["other"]


def test_what_is_forgotten_is_not_looked_at(watch: ScriptWatch, disk: Disk) -> None:
    watch.forget("main")
    watch.forget("main")
    disk.files["main"] = (2, 5)
    assert watch.look(disk, is_wished=True) == []


def test_stamps_tell_a_change_of_time_and_of_size(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("one")
    os.utime(file, ns=(5, 5))
    assert stamps_of([str(file), str(tmp_path / "none")]) == {
        str(file): (5, 3),
        str(tmp_path / "none"): None,
    }
