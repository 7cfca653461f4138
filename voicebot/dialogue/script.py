"""A call script as data: states, prompts, rules, limits. Read by script_loader, held by engine.

docs/reference/call-script.md is the language as an operator sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from voicebot.dialogue.actions import QuestionKind
from voicebot.dialogue.expression import Expression
from voicebot.dialogue.mood import MOOD_NAMES
from voicebot.dialogue.nlu import IntentExamples
from voicebot.dialogue.template import Template
from voicebot.records import Disposition

VariableKind = Literal["text", "setting", "amount", "date", "digits", "number", "flag"]
"""amount: whole grosze. setting: a text that is the same in every call of an installation."""

SlotKind = Literal[
    "amount",
    "date",
    "digits",
    "case_number",
    "birth_date",
    "postcode",
    "yes_no",
    "time",
    "words",
]

AGAIN = "again"
"""Where a rule goes to ask the same question once more (its `reask`)."""
REPEAT = "repeat"
"""Where a rule goes to say what was said last, slower."""
LISTEN = "listen"
"""Where a rule goes to listen on without asking again."""
IS_RECORDED = "is_recorded"
"""The `given` flag that is true while the call is recorded; false after `stop_recording`."""
IS_EMOTION_READ = "is_emotion_read"
"""The `given` flag that is true while the caller's voice is read; false after `stop_emotion`."""
EMOTION = "emotion"
"""What a prompt `discloses` that tells of it: nothing is read before it was heard whole."""
OTHER_INTENT = "other"
"""Examples of what is no business of the script; an utterance most like these is no match."""
STAYING = frozenset({AGAIN, REPEAT, LISTEN})

TURN_VARIABLES: Mapping[str, VariableKind] = {
    "today": "date",
    "intent": "text",
    "score": "number",
    "confidence": "number",
    "clarity": "number",
    "by_keys": "flag",
    "changed": "flag",
    "problem": "text",
    "said_day": "date",
    **dict.fromkeys(MOOD_NAMES, "number"),
}
"""What every condition may read beside the script's own variables (call-script.md explains)."""

SLOT_VARIABLE_KINDS: Mapping[SlotKind, frozenset[VariableKind]] = {
    "amount": frozenset({"amount"}),
    "date": frozenset({"date"}),
    "digits": frozenset({"digits"}),
    "case_number": frozenset({"digits"}),
    "birth_date": frozenset({"date"}),
    "postcode": frozenset({"digits", "text"}),
    "yes_no": frozenset({"text"}),
    "time": frozenset({"text"}),
    "words": frozenset({"text"}),
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """One utterance of the bot. `discloses`: ai, recording, emotion (what it tells)."""

    prompt_id: str
    template: Template
    allow_barge_in: bool = True
    discloses: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt to say where its condition holds."""

    prompt_id: str
    condition: Expression | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SetVariables:
    values: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class ClearVariables:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoteEvent:
    name: str


@dataclass(frozen=True, slots=True)
class NoteCallback:
    """`reason` and `wanted` are texts with variables; `wanted` in the caller's own words."""

    reason: Template
    wanted: Template | None = None


@dataclass(frozen=True, slots=True)
class NotePromise:
    """`amount` and `day` name variables. `balance`: a smaller amount is a part payment."""

    amount: str
    day: str
    balance: str


@dataclass(frozen=True, slots=True)
class DropRecording:
    """Stop recording and drop what there is."""


@dataclass(frozen=True, slots=True)
class DropEmotion:
    """Read no emotion any more and drop what was read."""


@dataclass(frozen=True, slots=True)
class SetOutcome:
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class HandOver:
    """Pass the call to a human, with a summary."""

    reason: Template
    summary: Template


Deed = (
    SetVariables
    | ClearVariables
    | NoteEvent
    | NoteCallback
    | NotePromise
    | DropRecording
    | DropEmotion
    | SetOutcome
    | HandOver
)


@dataclass(frozen=True, slots=True)
class Step:
    """Something done on entering a state or following a rule, where its condition holds."""

    deed: Deed
    condition: Expression | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SlotSpec:
    """How a variable is filled from what is heard. length: of digits. balance: a variable."""

    kind: SlotKind
    length: int = 0
    balance: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ListenSpec:
    kind: QuestionKind
    no_input_s: float = 5.0
    max_digits: int = 0
    slots: Mapping[str, SlotSpec] = field(default_factory=dict)
    phrases: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class QuerySpec:
    """args: literal values, or names of variables as `Reference`. save: variable -> key.

    until: a flag among the saved ones. While the answer leaves it false, the query is put again
    with what else the last utterance may have said.
    """

    name: str
    args: Mapping[str, str | Reference]
    save: Mapping[str, str]
    until: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Reference:
    variable: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows where one of `intents` was meant, all of `filled` were heard and it holds."""

    go: str
    intents: frozenset[str] = frozenset()
    filled: tuple[str, ...] = ()
    condition: Expression | None = None
    steps: tuple[Step, ...] = ()
    say: tuple[Spoken, ...] = ()
    is_priority: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Ladder:
    """What is said the first, second ... time nothing usable was heard, and where it ends."""

    prompts: tuple[str, ...]
    then: str
    per_call: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """disposition None: the outcome set so far."""

    reason: str
    disposition: Disposition | None = None


@dataclass(frozen=True, slots=True)
class State:
    """One place in the conversation; ends in exactly one of listen, query, branches, ending.

    rules: of a listening state, tried in order; of any other, the branches taken.
    """

    name: str
    line: int
    steps: tuple[Step, ...] = ()
    say: tuple[Spoken, ...] = ()
    reask: tuple[Spoken, ...] = ()
    listen: ListenSpec | None = None
    query: QuerySpec | None = None
    ending: Ending | None = None
    rules: tuple[Rule, ...] = ()
    no_input: Ladder | None = None
    no_match: Ladder | None = None


@dataclass(frozen=True, slots=True)
class Interjection:
    """Said before the next answer that goes on with the call, where it holds; once in a call."""

    condition: Expression
    say: tuple[Spoken, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """When the engine stops trying. `min_score`: below it an utterance is not understood.

    sure_score: asked of an intent where the same utterance filled a slot as well.
    min_confidence: below it (the recogniser's) the caller is asked to say it again.
    """

    turns: int = 60
    min_confidence: float = 0.5
    min_score: float = 0.3
    sure_score: float = 0.5


@dataclass(frozen=True, slots=True)
class Script:
    """A whole conversation. Only script_loader makes one, so all references in it are good."""

    name: str
    path: str
    start: str
    variables: Mapping[str, VariableKind]
    given: Mapping[str, VariableKind]
    constants: Mapping[str, int | float]
    constant_kinds: Mapping[str, VariableKind]
    limits: Limits
    prompts: Mapping[str, Prompt]
    states: Mapping[str, State]
    anywhere: tuple[Rule, ...]
    keys: Mapping[str, str]
    intents: Mapping[str, IntentExamples]
    no_input: Ladder
    no_match: Ladder
    unclear_prompt: str
    failure_state: str
    too_long_state: str
    interjections: tuple[Interjection, ...] = ()

    @property
    def kinds(self) -> dict[str, VariableKind]:
        """Every name a prompt or condition may use, and what it holds."""
        return {
            **TURN_VARIABLES,
            **self.constant_kinds,
            **self.given,
            **self.variables,
        }

    @property
    def secret_variables(self) -> frozenset[str]:
        """What the caller proves his identity with: never said, and masked in records."""
        return frozenset(
            argument.variable
            for state in self.states.values()
            if state.query is not None and state.query.name == "verify_fact"
            for argument in state.query.args.values()
            if isinstance(argument, Reference)
        )

    def discloses(self, what: str) -> bool:
        """Whether any prompt tells the caller of it."""
        return any(what in prompt.discloses for prompt in self.prompts.values())

    def is_static(self, prompt: Prompt) -> bool:
        """Whether the prompt sounds the same in every call of an installation."""
        return self._is_same_in_every_call(prompt.template.names)

    def _is_same_in_every_call(self, names: frozenset[str]) -> bool:
        return all(name in self.constants or self.given.get(name) == "setting" for name in names)

    def static_prompts(self, settings: Mapping[str, object]) -> dict[str, str]:
        """The text of every prompt that can be synthesised before any call."""
        scope: dict[str, object] = {**self.constants, **settings}
        kinds = self.kinds
        return {
            prompt_id: prompt.template.render(scope, kinds)
            for prompt_id, prompt in self.prompts.items()
            if self.is_static(prompt)
        }

    def static_sentences(self, settings: Mapping[str, object]) -> list[str]:
        """Sentences that always sound the same within prompts that do not: "Dziękuję." before
        what is owed. Made before any call, they bridge the time until the rest is made."""
        scope: dict[str, object] = {**self.constants, **settings}
        kinds = self.kinds
        found: dict[str, None] = {}
        for prompt in self.prompts.values():
            if self.is_static(prompt):
                continue
            for sentence in prompt.template.sentences():
                if self._is_same_in_every_call(sentence.names):
                    found[sentence.render(scope, kinds)] = None
        return list(found)

    def rules_in(self, state: State) -> Iterator[Rule]:
        """The rules that apply in a state, its own before those that apply anywhere."""
        yield from state.rules
        if state.listen is not None:
            yield from self.anywhere
