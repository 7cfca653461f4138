"""A call script as data: states, prompts, rules, limits. Read by script_loader, held by engine.

docs/reference/script.md is the language as an operator sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from voicebot.dialogue.actions import QuestionKind
from voicebot.dialogue.experiments import Experiment, share_of
from voicebot.dialogue.expression import Expression
from voicebot.dialogue.mood import MOOD_NAMES
from voicebot.dialogue.nlu import IntentExamples
from voicebot.dialogue.script_deeds import (
    ClearVariables,
    Deed,
    DisputeKind,
    DropEmotion,
    DropRecording,
    HandOver,
    NoteBlock,
    NoteCallback,
    NoteDispute,
    NoteEvent,
    NotePlan,
    NotePromise,
    NotificationChannel,
    SendNotice,
    SetOutcome,
    SetVariables,
    Step,
)
from voicebot.dialogue.template import Template
from voicebot.records import Disposition

__all__ = [
    "ClearVariables",
    "Deed",
    "DisputeKind",
    "DropEmotion",
    "DropRecording",
    "Experiment",
    "HandOver",
    "NoteBlock",
    "NoteCallback",
    "NoteDispute",
    "NoteEvent",
    "NotePlan",
    "NotePromise",
    "NotificationChannel",
    "SendNotice",
    "SetOutcome",
    "SetVariables",
    "Step",
]
"""What a script is made of is imported from here, wherever it is written."""

VariableKind = Literal["text", "setting", "amount", "date", "digits", "number", "flag", "person"]
"""amount: whole grosze. setting: a text that is the same in every call of an installation.
person: a records.PersonName; only in `given`."""

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
    "plan",
    "nip",
]

AGAIN = "again"
"""Where a rule goes to ask the same question once more (its `reask`)."""
REPEAT = "repeat"
"""Where a rule goes to say what was said last, slower."""
LISTEN = "listen"
"""Where a rule goes to listen on without asking again."""
RETURN = "return"
"""Where a rule within a sub-dialogue goes to end it: back to the state that called it."""
IS_RECORDED = "is_recorded"
"""The `given` flag that is true while the call is recorded; false after `stop_recording`."""
IS_EMOTION_READ = "is_emotion_read"
"""The `given` flag that is true while the caller's voice is read; false after `stop_emotion`."""
EMOTION = "emotion"
"""What a prompt `discloses` that tells of it: nothing is read before it was heard whole."""
OTHER_INTENT = "other"
"""Examples of what is no business of the script; an utterance most like these is no match."""
STAYING = frozenset({AGAIN, REPEAT, LISTEN})
IS_CLEAR = "is_clear"
"""`person.is_clear`: the gender is known and every form of the name is sure."""
EXPERIMENT = "experiment"
"""`experiment.opening`: the arm of this call; also the name of the event that notes the arms."""

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
    "said": "text",
    "guess": "text",
    "other_intent": "text",
    **dict.fromkeys(MOOD_NAMES, "number"),
}
"""What every condition may read beside the script's own variables (script.md explains)."""

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
    "plan": frozenset({"number"}),
    "nip": frozenset({"digits"}),
}


@dataclass(frozen=True, slots=True)
class Prompt:
    """One utterance of the bot. `discloses`: ai, recording, emotion (what it tells).

    variants: all its wordings, with the same variables; `template` is the first of them.
    persuades: it asks for a payment, or urges it.
    """

    prompt_id: str
    template: Template
    allow_barge_in: bool = True
    discloses: tuple[str, ...] = ()
    line: int = 0
    file: str = ""
    variants: tuple[Template, ...] = ()
    persuades: bool = False

    def wording(self, seed: str) -> Template:
        """The variant of a call; the first where the call has no seed."""
        if not seed or len(self.variants) < 2:
            return self.template
        return self.variants[int(share_of(seed, self.prompt_id) * len(self.variants))]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt to say where its condition holds."""

    prompt_id: str
    condition: Expression | None = None
    line: int = 0
    file: str = ""


@dataclass(frozen=True, slots=True)
class SlotSpec:
    """How a variable is filled from what is heard. length: of digits. balance: a variable.

    amount: of a plan, the variable that each instalment's amount goes into.
    """

    kind: SlotKind
    length: int = 0
    balance: str = ""
    line: int = 0
    file: str = ""
    amount: str = ""


@dataclass(frozen=True, slots=True)
class ListenSpec:
    kind: QuestionKind
    no_input_s: float = 5.0
    max_digits: int = 0
    slots: Mapping[str, SlotSpec] = field(default_factory=dict)
    phrases: tuple[str, ...] = ()
    line: int = 0
    file: str = ""


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
    file: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    variable: str


@dataclass(frozen=True, slots=True)
class CallSpec:
    """A sub-dialogue to go through before the state's branches are taken."""

    dialogue: str
    line: int = 0
    file: str = ""


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
    file: str = ""


@dataclass(frozen=True, slots=True)
class Ladder:
    """What is said the first, second ... time nothing usable was heard, and where it ends."""

    prompts: tuple[str, ...]
    then: str
    per_call: int
    line: int = 0
    file: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """disposition None: the outcome set so far."""

    reason: str
    disposition: Disposition | None = None


@dataclass(frozen=True, slots=True)
class State:
    """One place in the conversation; ends in exactly one of listen, query, call, branches, ending.

    rules: of a listening state, tried in order; of any other, the branches taken (of one with
    `call` after the sub-dialogue's return).
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
    file: str = ""
    call: CallSpec | None = None

    @property
    def dialogue(self) -> str:
        """The sub-dialogue it belongs to; empty for the script's own states."""
        return dialogue_of(self.name)


def dialogue_of(state_name: str) -> str:
    return state_name.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Interjection:
    """Said before the next answer that goes on with the call, where it holds; once in a call."""

    condition: Expression
    say: tuple[Spoken, ...]
    line: int = 0
    file: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """When the engine stops trying. `min_score`: below it an utterance is not understood.

    sure_score: asked of an intent where the same utterance filled a slot as well, and of a second
    intent beside the first. ask_score: below it the caller is asked whether he was understood, in
    a script with `unsure`. min_confidence: below it (the recogniser's) the caller is asked to say
    it again. prompt_words, prompt_words_disclosure: how long a prompt may be.
    """

    turns: int = 60
    min_confidence: float = 0.5
    min_score: float = 0.3
    sure_score: float = 0.5
    ask_score: float = 0.5
    prompt_words: int = 25
    prompt_words_disclosure: int = 40


@dataclass(frozen=True, slots=True)
class Script:
    """A whole conversation. Only script_loader makes one, so all references in it are good.

    states: a sub-dialogue's are named `dialogue.state`, and dialogues tells where each begins.
    unsure_prompt: asks whether {guess} was meant; empty: never asked. files: all that it was read
    from, itself first; version: a digest (hex) of what was in them.
    """

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
    dialogues: Mapping[str, str] = field(default_factory=dict)
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    unsure_prompt: str = ""
    title: str = ""
    description: str = ""
    files: tuple[str, ...] = ()
    version: str = ""

    @property
    def kinds(self) -> dict[str, VariableKind]:
        """Every name a prompt or condition may use, and what it holds."""
        return known_names(self.constant_kinds, self.given, self.variables, self.experiments)

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
        """The text of every prompt that can be synthesised before any call, by prompt; its
        second wording as `prompt~2`, and so on. What may be asked about in doubt is little, so
        those questions are among them, as `prompt~intent`."""
        scope: dict[str, object] = {**self.constants, **settings}
        kinds = self.kinds
        texts = {
            prompt_id if n == 1 else f"{prompt_id}~{n}": variant.render(scope, kinds)
            for prompt_id, prompt in self.prompts.items()
            if self.is_static(prompt)
            for n, variant in enumerate(prompt.variants or (prompt.template,), 1)
        }
        if self.unsure_prompt:
            asks = self.prompts[self.unsure_prompt].template
            if self._is_same_in_every_call(asks.names - {"guess"}):
                for name, intent in self.intents.items():
                    if intent.named:
                        guess = {**scope, "guess": intent.named}
                        texts[f"{self.unsure_prompt}~{name}"] = asks.render(guess, kinds)
        return texts

    def static_sentences(self, settings: Mapping[str, object]) -> list[str]:
        """Sentences that always sound the same within prompts that do not: "Dziękuję." before
        what is owed. Made before any call, they bridge the time until the rest is made."""
        scope: dict[str, object] = {**self.constants, **settings}
        kinds = self.kinds
        found: dict[str, None] = {}
        for prompt in self.prompts.values():
            if self.is_static(prompt):
                continue
            for variant in prompt.variants or (prompt.template,):
                for sentence in variant.sentences():
                    if self._is_same_in_every_call(sentence.names):
                        found[sentence.render(scope, kinds)] = None
        return list(found)

    def rules_in(self, state: State) -> Iterator[Rule]:
        """The rules that apply in a state, its own before those that apply anywhere."""
        yield from state.rules
        if state.listen is not None:
            yield from self.anywhere

    def callers(self, dialogue: str) -> list[State]:
        """The states that call a sub-dialogue, and go on with their branches after it."""
        return [
            state
            for state in self.states.values()
            if state.call is not None and state.call.dialogue == dialogue
        ]


def known_names(
    constant_kinds: Mapping[str, VariableKind],
    given: Mapping[str, VariableKind],
    variables: Mapping[str, VariableKind],
    experiments: Mapping[str, Experiment],
) -> dict[str, VariableKind]:
    """Every name a prompt or condition may use, and what it holds."""
    kinds: dict[str, VariableKind] = {**TURN_VARIABLES, **constant_kinds, **given, **variables}
    kinds.update({f"{name}.{IS_CLEAR}": "flag" for name, kind in given.items() if kind == "person"})
    kinds.update(dict.fromkeys((f"{EXPERIMENT}.{name}" for name in experiments), "text"))
    return kinds
