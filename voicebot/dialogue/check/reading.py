"""What a script says of itself, before it is explored: which of its names hold debts, money or
proofs, and who reads what where."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from voicebot.dialogue.check.abstract_values import Bound, Mark, tree_of
from voicebot.dialogue.check.moments import Facts
from voicebot.dialogue.expression import Expression
from voicebot.dialogue.script import (
    RETURN,
    STAYING,
    TURN_VARIABLES,
    ClearVariables,
    HandOver,
    Ladder,
    NoteCallback,
    NoteDispute,
    NotePlan,
    NotePromise,
    Prompt,
    Rule,
    Script,
    SendNotice,
    SetVariables,
    SlotSpec,
    Spoken,
    State,
    Step,
)
from voicebot.dialogue.template import Template

CASE_DETAILS = "case_details"
"""The query that only a caller who has proven his identity gets an answer to."""
TURN_SLOTS = frozenset({"yes_no", "words", "time"})
"""Slots that are forgotten with the next answer."""
_DEBT_KINDS = frozenset({"amount", "date"})


def filled_by(name: str, slot: SlotSpec) -> tuple[str, ...]:
    """The variables that a slot fills: a plan fills two."""
    return (name, slot.amount) if slot.amount else (name,)


def templates_of(step: Step) -> list[Template]:
    """The texts that a step records or sends."""
    match step.deed:
        case NoteCallback(reason=reason, wanted=wanted):
            return [reason] if wanted is None else [reason, wanted]
        case HandOver(reason=reason, summary=summary):
            return [reason, summary]
        case NoteDispute(statement=statement):
            return [statement]
    return []


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a promise or a plan binds the caller to: names of variables.

    days, amounts: which must be read back and kept within limits; count: of a plan.
    """

    what: str
    amount: str
    day: str
    balance: str
    count: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name in (self.count, self.amount, self.day) if name)


def agreement_of(step: Step) -> Agreement | None:
    match step.deed:
        case NotePromise(amount=amount, day=day, balance=balance):
            return Agreement("promise", amount, day, balance)
        case NotePlan(installments=count, amount=amount, first=first, balance=balance):
            return Agreement("plan", amount, first, balance, count)
    return None


class ScriptReading:
    """One script, with the answers to what the check asks again and again."""

    def __init__(self, script: Script) -> None:
        self.script = script

    # ---- all there is -----------------------------------------------------------------------

    def rules(self) -> Iterator[tuple[State | None, Rule]]:
        """Every rule with its state; None: it is valid anywhere."""
        for state in self.script.states.values():
            for rule in state.rules:
                yield state, rule
        for rule in self.script.anywhere:
            yield None, rule

    def steps(self) -> Iterator[Step]:
        for state in self.script.states.values():
            yield from state.steps
        for _, rule in self.rules():
            yield from rule.steps

    def ladders(self, state: State) -> tuple[Ladder, Ladder]:
        return (state.no_input or self.script.no_input, state.no_match or self.script.no_match)

    def spoken_in(self, state: State) -> Iterator[Spoken]:
        """All that may be said while a call is in a state or leaves it."""
        script = self.script
        yield from state.say
        yield from state.reask
        for rule in script.rules_in(state):
            yield from rule.say
        if state.listen is not None:
            for ladder in self.ladders(state):
                yield from (Spoken(prompt_id, None, ladder.line) for prompt_id in ladder.prompts)
            for prompt_id in (script.unclear_prompt, script.unsure_prompt):
                if prompt_id:
                    yield Spoken(prompt_id)
            for interjection in script.interjections:
                yield from interjection.say

    def next_states(self, state: State, *, own_only: bool = False) -> set[str]:
        """Where a state can lead, whatever the conditions say.

        own_only: only what it offers the caller itself, not what is valid anywhere and not what
        follows from silence, from a call that is too long or from a failure.
        """
        script = self.script
        rules = state.rules if own_only else tuple(script.rules_in(state))
        targets = {rule.go for rule in rules} - STAYING
        if RETURN in targets:
            targets.discard(RETURN)
            targets |= {f"back:{caller.name}" for caller in script.callers(state.dialogue)}
        targets = {
            name
            for target in targets
            for name in (
                self._after_call(target.removeprefix("back:"))
                if target.startswith("back:")
                else (target,)
            )
        }
        if state.call is not None:
            targets.add(script.dialogues[state.call.dialogue])
        if state.listen is not None:
            _, no_match = self.ladders(state)
            if not own_only or no_match is state.no_match:
                targets.add(no_match.then)
            if not own_only:
                targets |= {self.ladders(state)[0].then, script.no_input.then}
                targets |= {script.no_match.then, script.too_long_state, script.failure_state}
        if state.query is not None and not own_only:
            targets |= {script.failure_state, script.too_long_state}
        return targets

    def _after_call(self, caller: str) -> set[str]:
        rules = self.script.states[caller].rules
        targets = {rule.go for rule in rules} - STAYING
        if RETURN in targets:
            targets.discard(RETURN)
            outer = self.script.callers(self.script.states[caller].dialogue)
            for state in outer:
                targets |= self._after_call(state.name)
        return targets

    def leading_to(self, goals: Iterable[str], *, own_only: bool = False) -> set[str]:
        """The states from which one of `goals` can be reached, goals included."""
        before: dict[str, set[str]] = {}
        for state in self.script.states.values():
            for name in self.next_states(state, own_only=own_only):
                before.setdefault(name, set()).add(state.name)
        found: set[str] = set()
        todo = list(goals)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += before.get(name, set()) - found
        return found

    def without_listening(self, first: str) -> set[str]:
        """The states that a call comes to from one, up to those that listen or end it."""
        found: set[str] = set()
        todo = [first]
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                state = self.script.states[name]
                if state.listen is None:
                    todo += self.next_states(state, own_only=True)
        return {
            name
            for name in found
            if self.script.states[name].listen is not None
            or self.script.states[name].ending is not None
        }

    def wordings(self, prompt: Prompt) -> tuple[str, ...]:
        return self.texts[prompt.prompt_id]

    @cached_property
    def texts(self) -> Mapping[str, tuple[str, ...]]:
        """All wordings of each prompt."""
        return {
            name: tuple(variant.text for variant in prompt.variants or (prompt.template,))
            for name, prompt in self.script.prompts.items()
        }

    @cached_property
    def names_said(self) -> Mapping[str, frozenset[str]]:
        """For each prompt the variables in it."""
        prompts = self.script.prompts
        return {name: prompt.template.names for name, prompt in prompts.items()}

    def value(self, name: str, facts: Facts) -> object:
        """What is known of a variable; Mark.ANY where it is not followed."""
        place = self._places.get(name)
        return Mark.ANY if place is None else facts.values[place]

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.tracked)}

    # ---- names ------------------------------------------------------------------------------

    @cached_property
    def debt_variables(self) -> frozenset[str]:
        """What tells of the debt: answers of case_details, amounts and days that the call brings
        along, and whatever is worked out from them."""
        script = self.script
        found = {
            variable
            for state in script.states.values()
            if state.query is not None and state.query.name == CASE_DETAILS
            for variable in state.query.save
        } | {name for name, kind in script.given.items() if kind in _DEBT_KINDS}
        while True:
            derived = {
                name
                for step in self.steps()
                if isinstance(step.deed, SetVariables)
                for name, value in step.deed.values.items()
                if value.names & found and self.script.kinds.get(name) not in {"flag", "number"}
            }
            if derived <= found:
                return frozenset(found)
            found |= derived

    @cached_property
    def agreements(self) -> tuple[Agreement, ...]:
        found = (agreement_of(step) for step in self.steps())
        return tuple(agreement for agreement in found if agreement is not None)

    @cached_property
    def money_variables(self) -> frozenset[str]:
        """What promises and plans are made of: the caller's amounts and days."""
        return frozenset(name for agreement in self.agreements for name in agreement.names)

    @cached_property
    def limits_needed(self) -> frozenset[Bound]:
        """What must have been compared with a limit before it is agreed on: days and numbers of
        instalments from above, amounts from both sides."""
        found: set[Bound] = set()
        for agreement in self.agreements:
            found |= {("upper", agreement.day), ("lower", agreement.amount)}
            found.add(("upper", agreement.count or agreement.amount))
        return frozenset(found)

    @cached_property
    def compared_texts(self) -> frozenset[str]:
        """The variables that a condition compares with a text."""
        return frozenset(
            name
            for expression in self.conditions()
            for node in ast.walk(tree_of(expression.text))
            if isinstance(node, ast.Compare)
            and any(
                isinstance(item, ast.Constant) and isinstance(item.value, str)
                for item in ast.walk(node)
            )
            for name in expression.names
        )

    @cached_property
    def slot_variables(self) -> frozenset[str]:
        return frozenset(
            variable
            for state in self.script.states.values()
            if state.listen is not None
            for name, slot in state.listen.slots.items()
            for variable in filled_by(name, slot)
        )

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """The variables whose values are followed: those of conditions, prompts and promises."""
        script = self.script
        names = set(self.money_variables)
        for expression in self.conditions():
            names |= expression.names
        for prompt in script.prompts.values():
            names |= prompt.template.names
        for step in self.steps():
            if isinstance(step.deed, SetVariables):
                names |= {name for value in step.deed.values.values() for name in value.names}
        kinds = script.kinds
        own = {*script.variables, *script.given, *TURN_VARIABLES}
        return tuple(
            sorted(
                name
                for name in names
                if name not in script.constants
                and (name in own or "." in name)
                and not name.startswith("mood.")
                and kinds.get(name) not in {"setting", "person"}
            )
        )

    @cached_property
    def sources(self) -> Mapping[str, frozenset[str]]:
        """For each variable that a step sets, the names it is worked out from."""
        found: dict[str, frozenset[str]] = {}
        for step in self.steps():
            if isinstance(step.deed, SetVariables):
                for name, value in step.deed.values.items():
                    found[name] = found.get(name, frozenset()) | value.names
        return found

    @cached_property
    def spoken(self) -> frozenset[str]:
        """The variables that some prompt says."""
        prompts = self.script.prompts.values()
        return frozenset(name for prompt in prompts for name in prompt.template.names)

    def conditions(self) -> Iterator[Expression]:
        script = self.script
        for state in script.states.values():
            yield from (it.condition for it in (*state.say, *state.reask) if it.condition)
            yield from (step.condition for step in state.steps if step.condition)
        for _, rule in self.rules():
            if rule.condition is not None:
                yield rule.condition
            yield from (it.condition for it in rule.say if it.condition)
            yield from (step.condition for step in rule.steps if step.condition)
        yield from (interjection.condition for interjection in script.interjections)

    @cached_property
    def counter_caps(self) -> Mapping[str, int]:
        """For each number: one more than the largest whole number it is compared with."""
        script = self.script
        caps: dict[str, int] = {}
        for expression in self.conditions():
            for node in ast.walk(tree_of(expression.text)):
                if isinstance(node, ast.Compare):
                    self._note_caps(node, caps)
        names = [name for name, kind in script.variables.items() if kind == "number"]
        return {name: min(caps.get(name, 1), 6) for name in names}

    def _note_caps(self, node: ast.Compare, caps: dict[str, int]) -> None:
        walked = list(ast.walk(node))
        numbers = [
            self.script.constants.get(item.id, 0) if isinstance(item, ast.Name) else item.value
            for item in walked
            if isinstance(item, ast.Name | ast.Constant)
        ]
        largest = max((int(n) for n in numbers if isinstance(n, int | float)), default=0)
        for item in walked:
            if isinstance(item, ast.Name):
                caps[item.id] = max(caps.get(item.id, 1), largest + 1)

    # ---- who needs what is known ------------------------------------------------------------

    @cached_property
    def live(self) -> Mapping[str, frozenset[str]]:
        """The variables that may still be read, state by state, from entering it on."""
        reads = {name: self._reads(state) for name, state in self.script.states.items()}
        kills = {
            name: frozenset(state.query.save) - reads[name] if state.query else frozenset()
            for name, state in self.script.states.items()
        }
        following = {name: self.next_states(state) for name, state in self.script.states.items()}
        live = {name: frozenset(found) for name, found in reads.items()}
        is_changing = True
        while is_changing:
            is_changing = False
            for name, targets in following.items():
                after = frozenset().union(*(live[target] for target in targets))
                new = live[name] | (after - kills[name])
                if new != live[name]:
                    live[name] = new
                    is_changing = True
        return live

    def _reads(self, state: State) -> frozenset[str]:
        script = self.script
        names: set[str] = set()
        for spoken in self.spoken_in(state):
            names |= script.prompts[spoken.prompt_id].template.names
            names |= spoken.condition.names if spoken.condition is not None else set()
        steps = [*state.steps]
        rules = list(script.rules_in(state))
        if any(rule.go == RETURN for rule in rules):
            for caller in script.callers(state.dialogue):
                rules += caller.rules
        for rule in rules:
            names |= rule.condition.names if rule.condition is not None else set()
            steps += rule.steps
        for step in steps:
            names |= step.condition.names if step.condition is not None else set()
            names |= self._read_by(step)
        if state.listen is not None:
            for interjection in script.interjections:
                names |= interjection.condition.names
        return frozenset(names)

    def _read_by(self, step: Step) -> set[str]:
        agreement = agreement_of(step)
        if agreement is not None:
            return {*agreement.names, agreement.balance}
        match step.deed:
            case SetVariables(values=values):
                return {name for value in values.values() for name in value.names}
            case SendNotice(data=data):
                return set(data.values())
            case ClearVariables():
                return set()
        return {name for template in templates_of(step) for name in template.names}

    @cached_property
    def before_agreement(self) -> frozenset[str]:
        """The states from which a promise or a plan may still be made."""
        anywhere = any(agreement_of(step) for rule in self.script.anywhere for step in rule.steps)
        goals = [
            state.name
            for state in self.script.states.values()
            if any(agreement_of(step) for step in state.steps)
            or any(agreement_of(step) for rule in state.rules for step in rule.steps)
            or (anywhere and state.listen is not None)
        ]
        return frozenset(self.leading_to(goals))
