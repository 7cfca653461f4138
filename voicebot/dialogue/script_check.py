"""Finds what is wrong with a script that loads: dead ends, secrets told too early, promises
without a clear yes. `voicebot check` prints it; an error keeps a script from being used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voicebot.dialogue.mood_check import find_mood_problems
from voicebot.dialogue.script import (
    RETURN,
    STAYING,
    ClearVariables,
    HandOver,
    NoteCallback,
    NotePromise,
    Rule,
    Script,
    SetVariables,
    Spoken,
    State,
    Step,
)
from voicebot.dialogue.script_loader import load_script
from voicebot.dialogue.template import Template
from voicebot.errors import ScriptError

MAX_WORDS = 25
MAX_WORDS_DISCLOSURE = 40
REQUIRED_ANYWHERE = ("crisis_self_harm", "ask_human")

_DEBT_WORDS = re.compile(
    r"\b(dług(?!o|ie|a)|zadłuż|zaleg|należnoś|niezapłac|wierzyciel|odset|komornik|do zapłaty"
    r"|rat[aeęy]?\b)",
    re.IGNORECASE,
)
"""What tells a stranger that somebody owes (rules.md: neutral until identity is proven)."""
_GENDERED = re.compile(r"\w+(łem|łam|łbym|łabym)\b|\b(jestem pewien|jestem pewna)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong at one line. A warning does not keep the script from being used."""

    file: str
    line: int
    severity: Severity
    reason: str

    def __str__(self) -> str:
        mark = "warning: " if self.severity == "warning" else ""
        return f"{self.file}:{self.line}: {mark}{self.reason}"


def load_checked_script(path: Path) -> Script:
    """Load a script that has no errors, as the server does. Raises ScriptError with all of them."""
    script = load_script(path)
    errors = [str(problem) for problem in check_script(script) if problem.severity == "error"]
    if errors:
        raise ScriptError(errors)
    return script


def check_script(script: Script) -> list[Problem]:
    """Everything that is wrong with a loaded script, by line."""
    return sorted(set(_Check(script).problems()))


class _Check:
    def __init__(self, script: Script) -> None:
        self._script = script

    def problems(self) -> Iterator[Problem]:
        yield from self._states_without_use()
        yield from self._dead_ends()
        yield from self._circles()
        yield from self._disclosure()
        yield from self._told_too_early()
        yield from self._secrets_told()
        yield from self._promises()
        yield from self._mood()
        yield from self._always_valid()
        yield from self._ends_of_too_long()
        yield from self._prompts()
        yield from self._variables()

    def _error(self, line: int, reason: str) -> Problem:
        return Problem(self._script.path, line, "error", reason)

    def _warning(self, line: int, reason: str) -> Problem:
        return Problem(self._script.path, line, "warning", reason)

    # ---- the graph --------------------------------------------------------------------------

    def _next_states(self, state: State, without: frozenset[str] = frozenset()) -> set[str]:
        """Where a state can lead. without: flags that are false, so rules needing them are out."""
        script = self._script
        targets = {
            rule.go
            for rule in script.rules_in(state)
            if rule.go not in STAYING and not _needs(rule, without)
        }
        if state.listen is not None:
            targets |= {(state.no_input or script.no_input).then, script.no_input.then}
            targets |= {(state.no_match or script.no_match).then, script.no_match.then}
            targets.add(script.too_long_state)
        if state.query is not None:
            targets.add(script.failure_state)
        if state.call is not None:
            targets = {script.dialogues[state.call.dialogue]}
        if RETURN in targets:
            targets |= {
                rule.go for caller in script.callers(state.dialogue) for rule in caller.rules
            }
        return targets - {RETURN}

    def _reachable(
        self,
        first: Iterable[str],
        barred: frozenset[str] = frozenset(),
        without: frozenset[str] = frozenset(),
    ) -> set[str]:
        found: set[str] = set()
        todo = [name for name in first if name not in barred]
        while todo:
            name = todo.pop()
            if name in found:
                continue
            found.add(name)
            following = self._next_states(self._script.states[name], without)
            todo += following - found - barred
        return found

    def _states_without_use(self) -> Iterator[Problem]:
        reachable = self._reachable([self._script.start])
        for name, state in self._script.states.items():
            if name not in reachable:
                yield self._error(state.line, f"state {name} can't be reached")

    def _dead_ends(self) -> Iterator[Problem]:
        for name, state in self._script.states.items():
            following = self._reachable([name])
            if not any(self._script.states[other].ending is not None for other in following):
                yield self._error(state.line, f"from state {name} no hang_up can be reached")

    def _circles(self) -> Iterator[Problem]:
        """States that only pass on, and without any condition come back to themselves."""
        for name, state in self._script.states.items():
            seen = {name}
            here = state
            while here.rules and here.listen is None and here.query is None:
                target = here.rules[-1].go
                if target == RETURN or here.call is not None:
                    break
                if target == name:
                    yield self._error(state.line, f"state {name} leads to itself without listening")
                if target in seen:
                    break
                seen.add(target)
                here = self._script.states[target]

    def _ends_of_too_long(self) -> Iterator[Problem]:
        script = self._script
        for what, name in (("too_long", script.too_long_state), ("failure", script.failure_state)):
            state = script.states[name]
            if what == "too_long" and state.ending is None:
                yield self._error(state.line, f"too_long: state {name} must hang up itself")

    # ---- what is said when ------------------------------------------------------------------

    def _disclosure(self) -> Iterator[Problem]:
        script = self._script
        start = script.states[script.start]
        told: set[str] = set()
        for n, spoken in enumerate(start.say):
            prompt = script.prompts[spoken.prompt_id]
            told |= set(prompt.discloses)
            if n == 0 and ("ai" not in prompt.discloses or spoken.condition is not None):
                yield self._error(
                    start.line, "the first prompt must say that an AI speaks (discloses: [ai])"
                )
        if not start.say:
            yield self._error(start.line, "the first state must say that an AI speaks")
        if "recording" not in told:
            yield self._error(
                start.line, "the first state must say that the call is recorded (discloses)"
            )
        for prompt in script.prompts.values():
            if prompt.discloses and prompt.allow_barge_in:
                yield self._error(
                    prompt.line, f"{prompt.prompt_id}: a disclosure must be heard: barge_in: false"
                )

    def _told_too_early(self) -> Iterator[Problem]:
        """Nothing about the debt before case_details, which only a verified caller gets."""
        script = self._script
        details = {
            name
            for name, state in script.states.items()
            if state.query is not None and state.query.name == "case_details"
        }
        debt_variables = {
            variable
            for name in details
            if (query := script.states[name].query) is not None
            for variable in query.save
        }
        open_states, proofs = self._open_states(frozenset(details))
        for name in sorted(open_states):
            for spoken in self._said_in(script.states[name], proofs):
                prompt = script.prompts[spoken.prompt_id]
                told = sorted(prompt.template.names & debt_variables)
                word = _DEBT_WORDS.search(prompt.template.text)
                what = f"{{{told[0]}}}" if told else f"“{word.group()}”" if word else ""
                if what:
                    yield self._error(
                        spoken.line or prompt.line,
                        f"{prompt.prompt_id} says {what} in state {name}, where identity is not "
                        "yet proven",
                    )

    def _open_states(self, details: frozenset[str]) -> tuple[set[str], frozenset[str]]:
        """States reachable without case_details, and the flags that are surely false in them."""
        script = self._script
        proofs = frozenset(name for name, kind in script.variables.items() if kind == "flag")
        while True:
            states = self._reachable([script.start], details, proofs)
            set_there = {
                variable
                for name in states
                for step in self._steps_in(script.states[name], proofs)
                if isinstance(step.deed, SetVariables)
                for variable in step.deed.values
            } | {
                variable
                for name in states
                if (query := script.states[name].query) is not None
                for variable in query.save
            }
            if not proofs & set_there:
                return states, proofs
            proofs -= set_there

    def _said_in(self, state: State, without: frozenset[str]) -> Iterator[Spoken]:
        script = self._script
        yield from state.say
        yield from state.reask
        for rule in script.rules_in(state):
            if not _needs(rule, without):
                yield from rule.say
        if state.listen is not None:
            for ladder in (state.no_input or script.no_input, state.no_match or script.no_match):
                yield from (Spoken(prompt_id) for prompt_id in ladder.prompts)
            for interjection in script.interjections:
                yield from interjection.say

    def _steps_in(self, state: State, without: frozenset[str] = frozenset()) -> Iterator[Step]:
        yield from state.steps
        for rule in self._script.rules_in(state):
            if not _needs(rule, without):
                yield from rule.steps

    def _secrets_told(self) -> Iterator[Problem]:
        secrets = self._script.secret_variables
        for prompt in self._script.prompts.values():
            for name in sorted(prompt.template.names & secrets):
                yield self._error(
                    prompt.line,
                    f"{prompt.prompt_id} reads out {{{name}}}, with which callers prove who they "
                    "are",
                )
        for step in self._all_steps():
            for template in _templates(step):
                for name in sorted(template.names & secrets):
                    yield self._error(step.line, f"{{{name}}} proves identity: not to be recorded")

    def _promises(self) -> Iterator[Problem]:
        """A promise counts only after a clear yes to a read-back of amount and day."""
        for state in self._script.states.values():
            for step in state.steps:
                if isinstance(step.deed, NotePromise):
                    yield self._error(step.line, "a promise belongs to a rule on a clear yes")
            for rule in state.rules:
                for step in rule.steps:
                    if isinstance(step.deed, NotePromise):
                        yield from self._promise(state, rule, step.deed, step.line)
        for rule in self._script.anywhere:
            if any(isinstance(step.deed, NotePromise) for step in rule.steps):
                yield self._error(rule.line, "a promise can't be recorded just anywhere")

    def _promise(
        self, state: State, rule: Rule, promise: NotePromise, line: int
    ) -> Iterator[Problem]:
        slots = state.listen.slots if state.listen is not None else {}
        clear_yes = {f"{name} == 'yes'" for name, slot in slots.items() if slot.kind == "yes_no"}
        requirements = rule.condition.requirements() if rule.condition is not None else []
        if not clear_yes & set(requirements):
            yield self._error(line, "a promise needs a condition: a yes_no slot == 'yes'")
        said = {
            name
            for spoken in state.say
            if spoken.condition is None
            for name in self._script.prompts[spoken.prompt_id].template.names
        }
        for name in (promise.amount, promise.day):
            if name not in said:
                yield self._error(
                    line, f"state {state.name} must read {{{name}}} back before it is promised"
                )

    def _mood(self) -> Iterator[Problem]:
        states = self._script.states
        reachable = [states[name] for name in sorted(self._reachable([self._script.start]))]
        for line, reason in find_mood_problems(self._script, reachable):
            yield self._error(line, reason)

    def _always_valid(self) -> Iterator[Problem]:
        anywhere = {
            intent
            for rule in self._script.anywhere
            if rule.is_priority and rule.condition is None
            for intent in rule.intents
        }
        for intent in REQUIRED_ANYWHERE:
            if intent not in anywhere:
                yield self._error(
                    1, f"anywhere needs a rule for {intent} with priority: true and without if"
                )

    # ---- wording and use --------------------------------------------------------------------

    def _prompts(self) -> Iterator[Problem]:
        script = self._script
        used = {script.unclear_prompt}
        for state in script.states.values():
            used |= {spoken.prompt_id for spoken in self._said_in(state, frozenset())}
        for ladder in (script.no_input, script.no_match):
            used |= set(ladder.prompts)
        for prompt in script.prompts.values():
            text = prompt.template.text
            limit = MAX_WORDS_DISCLOSURE if prompt.discloses else MAX_WORDS
            n_words = len(_WORD.findall(text))
            if prompt.prompt_id not in used:
                yield self._warning(prompt.line, f"prompt {prompt.prompt_id} is never said")
            if n_words > limit:
                yield self._warning(
                    prompt.line, f"{prompt.prompt_id} has {n_words} words, more than {limit}"
                )
            if text.count("?") > 1:
                yield self._warning(prompt.line, f"{prompt.prompt_id} asks more than one question")
            gendered = _GENDERED.search(text)
            if gendered:
                yield self._warning(
                    prompt.line,
                    f"{prompt.prompt_id}: “{gendered.group()}” gives the bot a gender",
                )

    def _variables(self) -> Iterator[Problem]:
        script = self._script
        written: set[str] = set()
        read: set[str] = set()
        for state in script.states.values():
            if state.listen is not None:
                written |= set(state.listen.slots)
                read |= {slot.balance for slot in state.listen.slots.values()}
            if state.query is not None:
                written |= set(state.query.save)
            for spoken in self._said_in(state, frozenset()):
                read |= script.prompts[spoken.prompt_id].template.names
                read |= spoken.condition.names if spoken.condition else set()
            for rule in script.rules_in(state):
                read |= rule.condition.names if rule.condition else set()
        read |= script.secret_variables
        for interjection in script.interjections:
            read |= interjection.condition.names
        for step in self._all_steps():
            read |= step.condition.names if step.condition else set()
            for template in _templates(step):
                read |= template.names
            match step.deed:
                case SetVariables(values=values):
                    written |= set(values)
                    for expression in values.values():
                        read |= expression.names
                case ClearVariables(names=names):
                    written |= set(names)
                case NotePromise(amount=amount, day=day, balance=balance):
                    read |= {amount, day, balance}
        for name in script.variables:
            if name in read and name not in written:
                yield self._warning(1, f"variable {name} is read but never set")
            if name not in read and not self._is_query_argument(name):
                yield self._warning(1, f"variable {name} is never used")

    def _is_query_argument(self, name: str) -> bool:
        return any(
            getattr(argument, "variable", None) == name
            for state in self._script.states.values()
            if state.query is not None
            for argument in state.query.args.values()
        )

    def _all_steps(self) -> Iterator[Step]:
        for state in self._script.states.values():
            yield from state.steps
            for rule in state.rules:
                yield from rule.steps
        for rule in self._script.anywhere:
            yield from rule.steps


def _needs(rule: Rule, flags: frozenset[str]) -> bool:
    """Whether a rule follows only where one of `flags` is true."""
    return rule.condition is not None and bool(flags & set(rule.condition.requirements()))


def _templates(step: Step) -> list[Template]:
    match step.deed:
        case NoteCallback(reason=reason, wanted=wanted):
            return [reason] if wanted is None else [reason, wanted]
        case HandOver(reason=reason, summary=summary):
            return [reason, summary]
    return []
