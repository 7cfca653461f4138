"""What the check of a script tells: something wrong at one line, and a way that leads to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong at one line. A warning does not keep the script from being used.

    path: the shortest conversation that shows it (`greeting → [deny] → close`); empty where it
    is wrong whatever is said. name: of the property that does not hold.
    """

    file: str
    line: int
    severity: Severity
    reason: str
    path: str = ""
    name: str = ""

    def __str__(self) -> str:
        mark = "warning: " if self.severity == "warning" else ""
        way = f"\n    path: {self.path}" if self.path else ""
        return f"{self.file}:{self.line}: {mark}{self.reason}{way}"
