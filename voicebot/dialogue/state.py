"""What a conversation remembers: where it is, what it knows, how often it failed to understand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from voicebot.dialogue.actions import Say
from voicebot.dialogue.mood import UNKNOWN_MOOD, Mood
from voicebot.dialogue.script import Interjection, Script, VariableKind
from voicebot.records import Disposition

_FIRST_VALUES: Mapping[VariableKind, object] = {"number": 0, "flag": False}


@dataclass(frozen=True, slots=True)
class Understanding:
    """What was made of one turn of the caller, for its record. Proofs of identity are masked."""

    intent: str
    score: float
    slots: dict[str, object]
    state: str


@dataclass(slots=True)
class ConversationState:
    """The engine's memory of one call. Changed by the engine only."""

    name: str
    variables: dict[str, object]
    disposition: Disposition = Disposition.ABANDONED
    n_turns: int = 0
    no_input_here: int = 0
    no_input_in_call: int = 0
    no_match_here: int = 0
    no_match_in_call: int = 0
    last_says: tuple[Say, ...] = ()
    disclosed: set[str] = field(default_factory=set)
    awaited_query: str = ""
    other_values: dict[str, list[object]] = field(default_factory=dict)
    end_reason: str = ""
    is_over: bool = False
    mood: Mood = UNKNOWN_MOOD
    interjected: frozenset[Interjection] = frozenset()

    def move_to(self, name: str) -> None:
        """Enter a state; failures to understand are counted anew in it."""
        self.name = name
        self.no_input_here = 0
        self.no_match_here = 0

    def copy(self) -> ConversationState:
        """The same memory, which may then become another. Values are shared: none is changed."""
        return replace(
            self,
            variables=dict(self.variables),
            disclosed=set(self.disclosed),
            other_values={name: list(values) for name, values in self.other_values.items()},
        )


def first_state(script: Script, given: Mapping[str, object]) -> ConversationState:
    """Memory at the start of a call. given: values for the script's `given`; others are dropped."""
    variables: dict[str, object] = {**script.constants}
    for name, kind in (*script.given.items(), *script.variables.items()):
        variables[name] = _FIRST_VALUES.get(kind)
    variables.update({name: given[name] for name in script.given if name in given})
    return ConversationState(name=script.start, variables=variables)
