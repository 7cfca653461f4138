"""What a property of a script is: a name, what it looks at, and how it finds what breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from voicebot.dialogue.check.explorer import Node
from voicebot.dialogue.check.problem import Severity
from voicebot.dialogue.check.reading import ScriptReading


@dataclass(frozen=True, slots=True)
class Finding:
    """file: empty for the script's own file. node: where it was found, where nothing else tells."""

    line: int
    reason: str
    file: str = ""
    severity: Severity = "error"
    node: Node | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """at: Saying, Doing or Listening: `find` is asked at every such moment of every conversation;
    Exploration: once, of all that was found; ScriptReading: once, of the script as it is written.

    find: gets the ScriptReading and what it is asked of.
    """

    name: str
    at: type
    find: Callable[[ScriptReading, Any], Iterable[Finding]]
