"""models.lock.toml: digests of files for which nobody publishes one, as first downloaded."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import ModelError

LOCK_NAME = "models.lock.toml"

_HEADER = """\
# Written by voicebot models pull: files without a published digest, as first downloaded.
# A later download that differs is refused. To accept it, delete the model's table here.
"""


@dataclass(frozen=True, slots=True)
class Pin:
    """What a file was when it was first downloaded."""

    size: int
    sha256: str


Pins = dict[str, dict[str, Pin]]
"""By model, then by path in the model's folder."""


def read_lock(models_dir: Path) -> Pins:
    """Empty where there is no lock yet. Raises ModelError where it can't be read."""
    path = models_dir / LOCK_NAME
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {
            model_id: {name: Pin(int(f["size"]), str(f["sha256"])) for name, f in files.items()}
            for model_id, files in tables.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} can't be read: {error}") from None


def write_lock(models_dir: Path, pins: Pins) -> None:
    """Replace the lock in one step."""
    lines = [_HEADER]
    for model_id, files in sorted(pins.items()):
        lines.append(f"[{_quote(model_id)}]")
        lines += [
            f'{_quote(name)} = {{ size = {pin.size}, sha256 = "{pin.sha256}" }}'
            for name, pin in sorted(files.items())
        ]
        lines.append("")
    path = models_dir / LOCK_NAME
    new = path.with_suffix(".new")
    new.write_text("\n".join(lines), encoding="utf-8")
    new.replace(path)


def _quote(text: str) -> str:
    """A TOML basic string; JSON's escapes are among TOML's."""
    return json.dumps(text, ensure_ascii=False)
