"""Where call scripts lie."""

from __future__ import annotations

from pathlib import Path

from voicebot.errors import ScriptError

_PACKAGE = Path(__file__).parents[1]
_FOLDERS = (_PACKAGE.parent / "call_scripts", _PACKAGE / "_bundled" / "call_scripts")
"""In a checkout, and in an installed package."""


def shipped_folder() -> Path:
    """Where the scripts that come along are."""
    return next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[0])


def find_script(name: str) -> Path:
    """A script by path, or by its name in call_scripts/. Raises ScriptError."""
    candidates = (Path(name), *(folder / f"{name}.yaml" for folder in _FOLDERS))
    for path in candidates:
        if path.is_file():
            return path
    raise ScriptError([f"{name}: no such call script, neither a path nor a name in call_scripts/"])
