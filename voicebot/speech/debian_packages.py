"""Packages of Debian and its relatives: fetched with apt, unpacked, never installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import ModelSourceError
from voicebot.speech.model_catalogue import DebianSource
from voicebot.speech.model_download import file_sha256

_APT = Path("/etc/apt")
_OS_RELEASE = Path("/etc/os-release")
_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class AptArchive:
    """Where a Debian archive lies and which key signs it, as a machine's apt is told."""

    uri: str
    suite: str
    signed_by: str


def fetch_packages(source: DebianSource, workspace: Path) -> list[Path]:
    """Download the packages of `source` into `workspace`; return the .deb files.

    apt checks the archive's signature; digests we know are checked on top. Blocking, for
    seconds to minutes. Raises ModelSourceError.
    """
    for program in ("apt-get", "apt-cache", "dpkg-deb"):
        if shutil.which(program) is None:
            raise ModelSourceError(f"Debian packages: this machine has no {program}")
    workspace = workspace.resolve()  # apt runs in another folder
    debs = workspace / "debs"
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir(parents=True)
    options = ["-o", "APT::Sandbox::User=root"]  # the folder need not be readable by _apt
    options += ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=10"]
    if source.suite:
        options += _private_setup(source, workspace / "apt")
        # Without this mode an update that fetched nothing counts as a success.
        _run(["apt-get", *options, "-o", "APT::Update::Error-Mode=any", "update"], debs)
    names = [_choose(pattern, options, debs) for pattern in source.packages]
    _run(["apt-get", *options, "download", *names], debs)
    found = sorted(debs.glob("*.deb"))
    for deb in found:
        # apt writes an epoch's colon as %3a.
        known = source.archives.get(deb.name.replace("%3a", ":"), "")
        if known and file_sha256(deb) != known:
            raise ModelSourceError(f"{deb.name} is not the package we know (sha256 differs)")
    if len(found) < len(names):
        raise ModelSourceError("Debian packages: apt did not download all of " + ", ".join(names))
    return found


def unpack_package(deb: Path, take: dict[str, str], workspace: Path, into: Path) -> None:
    """Put the folders named in `take` under `into`; links are left out."""
    workspace = workspace.resolve()
    deb = deb.resolve()
    root = workspace / "unpacked" / deb.stem
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    _run(["dpkg-deb", "--extract", str(deb), str(root)], workspace)
    for folder, name in take.items():
        base = root / folder
        for path in sorted(base.rglob("*")):
            if path.is_file() and not path.is_symlink():
                target = into / name / path.relative_to(base)
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
    shutil.rmtree(root)


def find_debian_archive(apt: Path = _APT, os_release: Path = _OS_RELEASE) -> AptArchive:
    """The main archive this Debian machine is set up for. Raises ModelSourceError."""
    facts = _os_facts(os_release)
    codename = facts.get("VERSION_CODENAME", "")
    if facts.get("ID") != "debian":
        raise ModelSourceError("Debian packages: this machine runs no Debian")
    lists = [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]
    archives = [archive for path in lists for archive in _parse_list(path)]
    for path in sorted(apt.glob("sources.list.d/*.sources")):
        archives += _parse_deb822(path)
    for archive in archives:
        if archive.suite in {codename, "stable", "testing", "unstable", "sid"}:
            return archive
    raise ModelSourceError("Debian packages: apt has no Debian archive among its sources")


def _private_setup(source: DebianSource, folder: Path) -> list[str]:
    """An apt setup of our own below `folder`, so that the machine's is left as it is."""
    archive = find_debian_archive()
    for name in ("sources", "lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    signed_by = f" [signed-by={archive.signed_by}]" if archive.signed_by else ""
    line = f"deb{signed_by} {archive.uri} {source.suite} {' '.join(source.components)}\n"
    (folder / "sources" / "voicebot.list").write_text(line, encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": folder / "sources",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Acquire::Languages": "none",
    }
    return [part for key, value in options.items() for part in ("-o", f"{key}={value}")]


def _choose(pattern: str, options: list[str], folder: Path) -> str:
    """The package a pattern stands for; the highest name where there are several."""
    prefix = re.split(r"[\[(\\.*+?]", pattern, maxsplit=1)[0]
    names = _run(["apt-cache", *options, "pkgnames", prefix], folder).split()
    matching = sorted(name for name in names if re.fullmatch(pattern, name))
    for name in reversed(matching):
        if "Candidate: (none)" not in _run(["apt-cache", *options, "policy", name], folder):
            return name
    raise ModelSourceError(f"Debian packages: {prefix} is not among this machine's apt sources")


def _run(command: list[str], folder: Path) -> str:
    """Run and return what it prints; a failure is its own first line of complaint."""
    folder = folder.resolve()
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **_proxies()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelSourceError(f"{command[0]} took longer than {_TIMEOUT_S:.0f} s") from None
    if done.returncode != 0:
        complaints = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
        # The first complaint is the cause, those behind it are consequences.
        reason = (complaints or done.stderr.splitlines() or ["no reason given"])[0]
        raise ModelSourceError(f"{command[0]}: {' '.join(reason.removeprefix('E: ').split())}")
    return done.stdout


def _proxies() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")}


def _os_facts(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split("=", 1) for line in lines if "=" in line)
    return {key: value.strip("\"'") for key, value in pairs}


def _parse_list(path: Path) -> list[AptArchive]:
    """One-line style: deb [signed-by=KEY] URI SUITE COMPONENT ..."""
    if not path.is_file():
        return []
    archives = []
    for line in path.read_text(encoding="utf-8").splitlines():
        match = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)", line.strip())
        if match and "main" in match[4].split():
            key = re.search(r"signed-by=(\S+)", match[1] or "")
            archives.append(AptArchive(match[2], match[3], key[1] if key else ""))
    return archives


def _parse_deb822(path: Path) -> list[AptArchive]:
    """Stanzas of `Key: value`, a blank line between."""
    archives = []
    text = path.read_text(encoding="utf-8")
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", kept):
        pairs = (line.split(":", 1) for line in stanza.splitlines() if re.match(r"\S+:", line))
        facts = {key.lower(): value.strip() for key, value in pairs}
        if (
            "deb" in facts.get("types", "").split()
            and "main" in facts.get("components", "").split()
        ):
            key = facts.get("signed-by", "")
            archives += [
                AptArchive(uri, suite, key)
                for uri in facts.get("uris", "").split()
                for suite in facts.get("suites", "").split()
            ]
    return archives
