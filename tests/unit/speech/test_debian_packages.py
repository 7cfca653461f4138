from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import ModelSourceError
from voicebot.speech.debian_packages import AptArchive, find_debian_archive

DEB822 = """\
# what the image came with
Types: deb
# a snapshot
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main
"""


def machine(tmp_path: Path, os_id: str = "debian") -> tuple[Path, Path]:
    release = tmp_path / "os-release"
    release.write_text(f'PRETTY_NAME="A = B"\nID={os_id}\nVERSION_CODENAME=bookworm\n')
    apt = tmp_path / "apt"
    (apt / "sources.list.d").mkdir(parents=True)
    return apt, release


def test_archive_is_found_in_the_newer_style_of_sources(tmp_path: Path) -> None:
    apt, release = machine(tmp_path)
    (apt / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert find_debian_archive(apt, release) == AptArchive(
        "http://mirror.example/debian",
        "bookworm",
        "/usr/share/keyrings/debian-archive-keyring.gpg",
    )


def test_archive_is_found_in_the_older_style_behind_others(tmp_path: Path) -> None:
    apt, release = machine(tmp_path)
    (apt / "sources.list").write_text(
        "# deb http://commented.example/debian bookworm main\n"
        "deb [arch=amd64] http://tools.example/apt tools-bookworm main\n"
        "deb-src http://sources.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/key.gpg] http://old.example/debian bookworm main contrib\n"
    )
    assert find_debian_archive(apt, release) == AptArchive(
        "http://old.example/debian", "bookworm", "/key.gpg"
    )


def test_another_system_is_told_so(tmp_path: Path) -> None:
    apt, release = machine(tmp_path, os_id="fedora")
    (apt / "sources.list.d" / "debian.sources").write_text(DEB822)
    with pytest.raises(ModelSourceError, match="runs no Debian"):
        find_debian_archive(apt, release)


def test_a_debian_without_archive_is_told_so(tmp_path: Path) -> None:
    apt, release = machine(tmp_path)
    with pytest.raises(ModelSourceError, match="no Debian archive"):
        find_debian_archive(apt, release)
