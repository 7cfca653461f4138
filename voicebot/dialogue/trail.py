"""Which ways through a script a conversation took: for coverage, replay and the script's graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EdgeKind = Literal[
    "rule", "branch", "answer", "no_input", "no_match", "too_long", "failure", "call", "return"
]
"""rule: of a listening state, its own or of `anywhere`. branch: of a state that passes on (`go`)
or that asked the case directory (`answer`). no_input, no_match: a step of the ladder or its end.
call, return: into a sub-dialogue and back."""


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """One way out of a state. line: of the rule or branch in its file, 0 where none wrote it.

    target: the state it leads to; again, repeat or listen where it stays (script.STAYING).
    """

    state: str
    kind: EdgeKind
    line: int
    target: str
