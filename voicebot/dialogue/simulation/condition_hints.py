"""What a rule's condition asks of the caller's next words, as far as its text shows it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from voicebot.dialogue.expression import Expression
from voicebot.dialogue.script import TURN_VARIABLES

_EQUALS = re.compile(r"(?<!not )\b([a-z_]+) == '([^']*)'")
_ONE_OF = re.compile(r"\b([a-z_]+) in \[([^\]]*)\]")
_QUOTED = re.compile(r"'([^']*)'")
_DOUBTFUL = re.compile(r"\b(confidence|clarity) <")
_KEYED = re.compile(r"(?<!not )\bby_keys\b")


@dataclass(frozen=True, slots=True)
class ConditionHints:
    """values: of a variable, one of which is wanted. is_doubtful: badly heard. names: the script's
    own variables in it."""

    values: dict[str, tuple[str, ...]]
    names: frozenset[str]
    is_doubtful: bool = False
    is_keyed: bool = False
    is_changed: bool = False

    def one_of(self, name: str) -> tuple[str, ...]:
        return self.values.get(name, ())


_NONE = ConditionHints({}, frozenset())


def hints_of(condition: Expression | None) -> ConditionHints:
    return _NONE if condition is None else _read(condition.text)


@lru_cache(maxsize=4096)
def _read(text: str) -> ConditionHints:
    values: dict[str, tuple[str, ...]] = {}
    for name, value in _EQUALS.findall(text):
        values[name] = (*values.get(name, ()), value)
    for name, listed in _ONE_OF.findall(text):
        values[name] = (*values.get(name, ()), *_QUOTED.findall(listed))
    names = frozenset(re.findall(r"\b[a-z_]+\b", re.sub(r"'[^']*'", "", text)))
    return ConditionHints(
        values,
        names - TURN_VARIABLES.keys(),
        is_doubtful=_DOUBTFUL.search(text) is not None,
        is_keyed=_KEYED.search(text) is not None,
        is_changed="changed" in names,
    )
