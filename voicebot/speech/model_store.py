"""The models directory: what is installed, whether it is whole, and how to get the rest."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voicebot.errors import ModelError, ModelSourceError
from voicebot.speech.model_catalogue import Catalogue, Model, ModelFile, Source
from voicebot.speech.model_download import file_sha256
from voicebot.speech.model_lock import LOCK_NAME, Pin, read_lock, write_lock
from voicebot.speech.model_sources import (
    Progress,
    SourceFetcher,
    is_vouched_for,
    mirror_source,
)

_STAMP_NAME = ".voicebot-stamp.json"
_PARTIAL = ".partial"
_SPARE_BYTES = 64 << 20

Report = Callable[[str], None]
"""Told one line for each source that can't be used."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One model of the catalogue on this machine. `problems` where it is damaged."""

    model: Model
    state: Literal["installed", "missing", "damaged"]
    path: Path
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was when its digest was taken."""

    size: int
    mtime_ns: int
    sha256: str


class ModelStore:
    """Finds models below one directory and fetches those that are missing.

    A file's digest is taken once for each size and modification time, and remembered in a
    stamp in the model's folder, so that a start costs a few `stat`s.
    """

    def __init__(self, models_dir: Path, catalogue: Catalogue, mirror: str = "") -> None:
        """mirror: folder or http(s) address with one folder a model, asked before all else."""
        self._models_dir = models_dir
        self._catalogue = catalogue
        self._mirror = mirror

    @property
    def models_dir(self) -> Path:
        return self._models_dir

    @property
    def catalogue(self) -> Catalogue:
        return self._catalogue

    def list(self) -> tuple[ModelStatus, ...]:
        """Every model of the catalogue, in its order."""
        return tuple(self.status(model_id) for model_id in self._catalogue.models)

    def status(self, model_id: str) -> ModelStatus:
        model = self._catalogue.get(model_id)
        path = self._models_dir / model_id
        if not path.is_dir():
            return ModelStatus(model, "missing", path)
        problems = self._check(model, is_thorough=False)
        return ModelStatus(model, "damaged" if problems else "installed", path, problems)

    def is_installed(self, model_id: str) -> bool:
        return self.status(model_id).state == "installed"

    def path(self, model_id: str) -> Path:
        """The folder of an installed model; raises ModelError that says how to get it."""
        status = self.status(model_id)
        if status.state == "missing":
            raise ModelError(f"model {model_id} is not installed: voicebot models pull {model_id}")
        if status.state == "damaged":
            raise ModelError(
                f"model {model_id} is damaged ({status.problems[0]}): "
                f"voicebot models pull {model_id}"
            )
        return status.path

    def verify(self, model_id: str) -> tuple[str, ...]:
        """Read every file of an installed model again; what is wrong with it, if anything."""
        model = self._catalogue.get(model_id)
        if not (self._models_dir / model_id).is_dir():
            return (f"not installed: voicebot models pull {model_id}",)
        return self._check(model, is_thorough=True)

    def fingerprint(self, model_id: str) -> str:
        """Eight letters that change when a file of the installed model does."""
        seen = _read_stamp(self.path(model_id))
        lines = "".join(f"{name} {file.sha256}\n" for name, file in sorted(seen.items()))
        return hashlib.sha256(lines.encode()).hexdigest()[:8]

    def pull(
        self,
        model_id: str,
        progress: Progress = lambda done, total: None,
        report: Report = lambda line: None,
        fetcher: SourceFetcher | None = None,
    ) -> Path:
        """Fetch a model from the first source that has it; return its folder. Blocking.

        What is installed and whole is left alone. An interrupted download goes on where it
        stopped. fetcher: shared by several pulls, so that an unreachable host costs one
        timeout. Raises ModelError.
        """
        model = self._catalogue.get(model_id)
        if self.is_installed(model_id):
            return self._models_dir / model_id
        workspace = self._models_dir / _PARTIAL / model_id
        try:
            workspace.mkdir(parents=True, exist_ok=True)
            with _only_one(workspace):
                self._check_space(model)
                self._fetch(model, workspace, progress, report, fetcher or SourceFetcher())
            shutil.rmtree(workspace)
        except OSError as error:
            raise ModelError(
                f"can't write to {error.filename or self._models_dir}: {error.strerror or error}"
            ) from None
        return self._models_dir / model_id

    def _fetch(
        self,
        model: Model,
        workspace: Path,
        progress: Progress,
        report: Report,
        fetcher: SourceFetcher,
    ) -> None:
        sources = [mirror_source(self._mirror, model)] if self._mirror else []
        sources += model.sources
        staged = workspace / "staged"
        told = ""
        for source in sources:
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir()
            try:
                fetcher.fetch(source, model, workspace, staged, progress)
                pins = self._check_staged(model, source, staged)
            except ModelSourceError as error:
                if told != str(error):
                    told = str(error)
                    report(f"{model.id}: {told}")
                continue
            self._install(model, staged, workspace, pins)
            return
        shutil.rmtree(staged, ignore_errors=True)
        raise ModelError(
            f"model {model.id} could not be fetched from any of its {len(sources)} sources; "
            f"try again later, set models_mirror, or put its files into "
            f"{self._models_dir / model.id}"
        )

    def _check_staged(self, model: Model, source: Source, staged: Path) -> dict[str, Pin]:
        """Hold what was fetched against what is known; return pins for the rest.

        Raises ModelSourceError, so that another source is tried.
        """
        files = source.files or model.files
        published = {file.path: file for file in files if file.sha256}
        pinned = read_lock(self._models_dir).get(model.id, {})
        seen = _look_at(staged)
        for file in files:
            if file.path not in seen:
                raise ModelSourceError(f"what was fetched lacks {file.path}")
        new_pins = {}
        for name, found in seen.items():
            if name in published:
                if found.sha256 != published[name].sha256:
                    raise ModelSourceError(f"{name} is not the file we know (sha256 differs)")
                continue
            # A Debian release updates its signed packages; that is no tampering.
            is_known = name in pinned and not is_vouched_for(source)
            if is_known and pinned[name].sha256 != found.sha256:
                raise ModelSourceError(
                    f"{name} differs from the first download; if that is meant, delete the "
                    f"table of {model.id} in {self._models_dir / LOCK_NAME}"
                )
            new_pins[name] = Pin(found.size, found.sha256)
        _write_stamp(staged, seen)
        return new_pins

    def _install(
        self, model: Model, staged: Path, workspace: Path, new_pins: dict[str, Pin]
    ) -> None:
        """Put the folder in its place in one step; a crash leaves the old one or the new."""
        if new_pins:
            pins = read_lock(self._models_dir)
            pins[model.id] = new_pins
            write_lock(self._models_dir, pins)
        target = self._models_dir / model.id
        if target.exists():
            old = workspace / "old"
            shutil.rmtree(old, ignore_errors=True)
            target.replace(old)
        staged.replace(target)

    def _check(self, model: Model, *, is_thorough: bool) -> tuple[str, ...]:
        """What is wrong with an installed folder."""
        folder = self._models_dir / model.id
        stamp = {} if is_thorough else _read_stamp(folder)
        try:
            seen = _look_at(folder, stamp)
        except OSError as error:
            return (f"{error.filename}: {error.strerror}",)
        pinned = read_lock(self._models_dir).get(model.id, {})
        answers = [_problems(build, pinned, seen) for build in model.builds]
        best = min(answers, key=len)
        if not best and seen != stamp:
            # A folder that may not be written to is only read a little slower.
            with contextlib.suppress(OSError):
                _write_stamp(folder, seen)
        return best

    def _check_space(self, model: Model) -> None:
        """Archive and unpacked files lie side by side for a moment."""
        needed = 2 * model.size + _SPARE_BYTES
        free = shutil.disk_usage(self._models_dir).free
        if free < needed:
            raise ModelError(
                f"model {model.id} needs {needed >> 20} MB free in {self._models_dir}; "
                f"there are {free >> 20} MB"
            )


def _problems(
    build: tuple[ModelFile, ...], pinned: dict[str, Pin], seen: dict[str, _Seen]
) -> tuple[str, ...]:
    expected = {name: pin.sha256 for name, pin in pinned.items()}
    expected |= {file.path: file.sha256 or expected.get(file.path, "") for file in build}
    problems = []
    for name, sha256 in expected.items():
        if name not in seen:
            problems.append(f"{name} is missing")
        elif sha256 and seen[name].sha256 != sha256:
            problems.append(f"{name} is not what it should be (sha256 differs)")
    return tuple(problems)


def _look_at(folder: Path, known: dict[str, _Seen] | None = None) -> dict[str, _Seen]:
    """Every file below `folder`; digests come from `known` where size and time agree."""
    known = known or {}
    seen = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == _STAMP_NAME:
            continue
        name = path.relative_to(folder).as_posix()
        stat = path.stat()
        before = known.get(name)
        if before and (before.size, before.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            seen[name] = before
        else:
            seen[name] = _Seen(stat.st_size, stat.st_mtime_ns, file_sha256(path))
    return seen


def _read_stamp(folder: Path) -> dict[str, _Seen]:
    try:
        table = json.loads((folder / _STAMP_NAME).read_text(encoding="utf-8"))
        return {name: _Seen(int(a), int(b), str(c)) for name, (a, b, c) in table.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write_stamp(folder: Path, seen: dict[str, _Seen]) -> None:
    table = {name: [file.size, file.mtime_ns, file.sha256] for name, file in seen.items()}
    new = folder / (_STAMP_NAME + ".new")
    new.write_text(json.dumps(table), encoding="utf-8")
    new.replace(folder / _STAMP_NAME)


@contextlib.contextmanager
def _only_one(workspace: Path) -> Iterator[None]:
    """Hold off a second pull of the same model. Raises ModelError where one is running."""
    with (workspace / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ModelError(f"{workspace.name} is being fetched by another process") from None
        yield
