"""Which call scripts there are, and which of them a call is to follow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

_IS_SCRIPT = re.compile(rb"^script\s*:", re.MULTILINE)


def find_scripts(folders: Sequence[Path]) -> dict[str, Path]:
    """The scripts of folders by name; what a later folder has wins. Blocking.

    A file of intents or of shared parts is no script: it names none.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            if _is_script(path):
                found[path.stem] = path
    return found


def _is_script(path: Path) -> bool:
    try:
        return _IS_SCRIPT.search(path.read_bytes()) is not None
    except OSError:
        return False


def choose_script(
    called: str, names: Sequence[str], numbers: Mapping[str, str], default: str
) -> str:
    """The script for whoever called this number or user: as the settings say, else one that has
    this very name, else the usual one. A + before a number makes no difference."""
    for wanted, script in numbers.items():
        if wanted.lstrip("+") == called.lstrip("+"):
            return script
    return called if called in names else default
