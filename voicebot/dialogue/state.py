"""What a conversation remembers: where it is, what it knows, how often it failed to understand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from voicebot.dialogue.actions import Say
from voicebot.dialogue.mood import UNKNOWN_MOOD, Mood
from voicebot.dialogue.person_words import is_clear
from voicebot.dialogue.script import (
    EXPERIMENT,
    IS_CLEAR,
    Interjection,
    Script,
    VariableKind,
    dialogue_of,
)
from voicebot.dialogue.trail import Edge, EdgeKind
from voicebot.records import Disposition

_FIRST_VALUES: Mapping[VariableKind, object] = {"number": 0, "flag": False}


@dataclass(frozen=True, slots=True)
class Understanding:
    """What was made of one turn of the caller, for its record. Proofs of identity are masked.

    other_intents: what else he surely said in the same turn.
    """

    intent: str
    score: float
    slots: dict[str, object]
    state: str
    other_intents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """What the caller may have meant by `text`; he has been asked whether he did."""

    intent: str
    text: str
    confidence: float


@dataclass(slots=True)
class ConversationState:
    """The engine's memory of one call. Changed by the engine only.

    turn: variables of the event that is being answered. callers: states that called the
    sub-dialogues we are in, the outermost first. guess: what was asked about just now; denied:
    intents of which the caller said that he did not mean them.
    """

    name: str
    variables: dict[str, object]
    seed: str = ""
    turn: dict[str, object] = field(default_factory=dict)
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
    callers: tuple[str, ...] = ()
    guess: Guess | None = None
    denied: frozenset[str] = frozenset()
    trail: list[Edge] = field(default_factory=list)

    @property
    def scope(self) -> dict[str, object]:
        """What prompts and conditions may read now."""
        return {**self.turn, **self.variables}

    def pass_edge(self, kind: EdgeKind, line: int, target: str) -> None:
        """Note the way that is taken out of the state we are in."""
        self.trail.append(Edge(self.name, kind, line, target))

    def move_to(self, name: str) -> None:
        """Enter a state; failures to understand are counted anew in it."""
        self.name = name
        self.no_input_here = 0
        self.no_match_here = 0
        if not dialogue_of(name):
            self.callers = ()

    def copy(self) -> ConversationState:
        """The same memory, which may then become another. Values are shared: none is changed."""
        return replace(
            self,
            variables=dict(self.variables),
            turn=dict(self.turn),
            disclosed=set(self.disclosed),
            other_values={name: list(values) for name, values in self.other_values.items()},
            trail=list(self.trail),
        )


def seed_of_call(call_id: str, given: Mapping[str, object]) -> str:
    """What draws a call's wordings and arms: the case where it is known beforehand, so that one
    debtor always has the same; else the call."""
    return str(given.get("case_number") or call_id)


def first_state(script: Script, given: Mapping[str, object], seed: str = "") -> ConversationState:
    """Memory at the start of a call. given: values for the script's `given`; others are dropped.

    seed: decides the arms of the script's experiments.
    """
    variables: dict[str, object] = {**script.constants}
    for name, kind in (*script.given.items(), *script.variables.items()):
        variables[name] = _FIRST_VALUES.get(kind)
    variables.update({name: given[name] for name in script.given if name in given})
    for name, kind in script.given.items():
        if kind == "person":
            variables[f"{name}.{IS_CLEAR}"] = is_clear(variables[name])
    for name, experiment in script.experiments.items():
        variables[f"{EXPERIMENT}.{name}"] = experiment.arm(seed)
    return ConversationState(name=script.start, variables=variables, seed=seed)
