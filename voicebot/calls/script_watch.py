"""Decides when a call script has to be read again, from how its files look on the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

Stamp = tuple[int, int] | None
"""When a file was changed (ns) and its size; None: it isn't there."""

Stamps = Mapping[str, Stamp]
"""By the file's path."""


def stamps_of(files: Iterable[str]) -> dict[str, Stamp]:
    """How files look now. Blocking."""
    return {file: _stamp(Path(file)) for file in files}


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@dataclass(slots=True)
class _Followed:
    """read: as the files were when the script was read; seen: as they were at the last look."""

    read: Stamps
    seen: Stamps


class ScriptWatch:
    """Follows the files of each script. A file that is still being written is left alone: a
    change counts when two looks in a row have seen the same. `follow` may come from any thread."""

    def __init__(self) -> None:
        self._followed: dict[str, _Followed] = {}

    def follow(self, script: str, stamps: Stamps) -> None:
        """stamps: its files as they looked right before they were read, good or broken."""
        self._followed[script] = _Followed(stamps, stamps)

    def forget(self, script: str) -> None:
        self._followed.pop(script, None)

    def look(
        self, stamps_of: Callable[[Iterable[str]], Stamps], *, is_wished: bool = False
    ) -> list[str]:
        """The scripts that are to be read again. is_wished: somebody asks, so nothing has to
        settle first."""
        changed = []
        for script, followed in list(self._followed.items()):
            now = stamps_of(followed.read)
            is_settled = is_wished or now == followed.seen
            if now != followed.read and is_settled:
                changed.append(script)
            followed.seen = now
        return changed
