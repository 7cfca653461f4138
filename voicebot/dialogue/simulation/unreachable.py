"""Proves of some ways through a script that nobody can take them, and says why.

A rule for anywhere that holds once identity is proven can't be taken before that; a rule behind
another that always fits first can't be taken at all. Only what is proven is told: the flags of a
script are followed through all its states, everything else may have any value. A call that took
such a way would show a fault of this proof; the simulation looks for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from voicebot.dialogue.expression import UNKNOWN, Expression
from voicebot.dialogue.script import (
    AGAIN,
    IS_EMOTION_READ,
    IS_RECORDED,
    LISTEN,
    REPEAT,
    RETURN,
    STAYING,
    ClearVariables,
    DropEmotion,
    DropRecording,
    Rule,
    Script,
    SetVariables,
    State,
    Step,
)
from voicebot.dialogue.trail import Edge, EdgeKind

Flags = Mapping[str, frozenset[bool]]
"""What each flag may be at a place."""

_EITHER = frozenset({True, False})


@dataclass(frozen=True, slots=True)
class Unreachable:
    edge: Edge
    reason: str


def unreachable_edges(script: Script, edges: Iterable[Edge]) -> list[Unreachable]:
    """Those of `edges` that no call can take."""
    flow = _FlagFlow(script)
    proofs: dict[Edge, str] = {}
    for name, state in script.states.items():
        alive: set[Edge] = set()
        dead: dict[Edge, str] = {}
        for kind, rule, reason in _judged_rules(script, state, flow.at_rules.get(name)):
            edge = Edge(name, kind, rule.line, rule.go)
            if reason:
                dead[edge] = reason
            else:
                alive.add(edge)
        # Two rules of one line may look the same from outside; then either may be taken.
        proofs.update({edge: reason for edge, reason in dead.items() if edge not in alive})
    return [Unreachable(edge, proofs[edge]) for edge in sorted(edges) if edge in proofs]


def _judged_rules(
    script: Script, state: State, flags: Flags | None
) -> Iterator[tuple[EdgeKind, Rule, str]]:
    """Each rule of a state, and why nobody can take it; empty: somebody may."""
    kind: EdgeKind = "branch"
    if state.listen is not None:
        kind = "rule"
    elif state.query is not None:
        kind = "answer"
    elif state.call is not None:
        kind = "return"
    before: list[Rule] = []
    for rule in script.rules_in(state):
        if flags is None:
            yield kind, rule, "the state can't be reached"
        elif _outcome(rule.condition, _scope(script, flags)) is False:
            yield kind, rule, f"never holds here: {_text(rule.condition)}"
        else:
            hider = next((one for one in before if _hides(script, state, one, rule, flags)), None)
            before.append(rule)
            yield kind, rule, "" if hider is None else f"line {hider.line} always fits first"


def _hides(script: Script, state: State, first: Rule, second: Rule, flags: Flags) -> bool:
    """Whether `first`, which is tried before, fits whenever `second` does."""
    if not set(_residual(first, flags)) <= set(_requirements(second)):
        return False
    if state.listen is None:
        return True
    if second.is_priority and not first.is_priority:
        return False
    if any(
        is_left_out(state, first) and not is_left_out(state, second) for is_left_out in _LEFT_OUT
    ):
        return False
    if _is_aside(state, second) and not _is_aside(state, first):
        return False
    if second.intents:
        if not first.intents:
            return _takes_any_words(script, state, first, second)
        same_need = bool(first.filled) == bool(second.filled)
        return (
            second.intents <= first.intents and same_need and set(first.filled) <= {*second.filled}
        )
    return not first.intents and set(first.filled) <= set(second.filled)


def _is_own_answer(state: State, rule: Rule) -> bool:
    return rule in state.rules and not rule.filled


def _asks_again_only(state: State, rule: Rule) -> bool:
    return rule.go == AGAIN and not rule.say


def _repeats(state: State, rule: Rule) -> bool:
    return rule.go == REPEAT


_LEFT_OUT = (_is_own_answer, _asks_again_only, _repeats)
"""What is not looked at where the caller speaks over the bot (turn_reader)."""


def _takes_any_words(script: Script, state: State, first: Rule, second: Rule) -> bool:
    """`first` wants words, any words; `second` means some of them, and no key stands for it."""
    slots = state.listen.slots if state.listen is not None else {}
    kinds = {slots[name].kind for name in first.filled if name in slots}
    is_keyed = any(intent in second.intents for intent in script.keys.values())
    return kinds == {"words"} and len(first.filled) == 1 and not is_keyed


def _is_aside(state: State, rule: Rule) -> bool:
    """May be said beside the answer to something else (turn_reader)."""
    return rule.go in (AGAIN, LISTEN) and bool(rule.say) and rule not in state.rules


def _requirements(rule: Rule) -> list[str]:
    return rule.condition.requirements() if rule.condition is not None else []


def _residual(rule: Rule, flags: Flags) -> list[str]:
    """What the condition still asks where the flags are known."""
    return [need for need in _requirements(rule) if _flag_need(need, flags) is not True]


def _flag_need(need: str, flags: Flags) -> bool | None:
    name = need.removeprefix("not ").strip()
    values = flags.get(name, _EITHER)
    if len(values) != 1:
        return None
    [value] = values
    return value != need.startswith("not ")


def _scope(script: Script, flags: Flags) -> dict[str, object]:
    scope: dict[str, object] = dict.fromkeys(script.kinds, UNKNOWN)
    scope.update(script.constants)
    for name, values in flags.items():
        if len(values) == 1:
            [scope[name]] = values
    return scope


def _outcome(condition: Expression | None, scope: Mapping[str, object]) -> bool | None:
    if condition is None:
        return True
    return condition.outcome({**dict.fromkeys(condition.names, UNKNOWN), **scope})


def _text(condition: Expression | None) -> str:
    return condition.text if condition is not None else ""


class _FlagFlow:
    """What the flags may be on entering each state, over all calls. `at`: of reachable
    states; `at_rules`: the same once their steps are done and their query is answered."""

    def __init__(self, script: Script) -> None:
        self._script = script
        kinds = {**script.variables, **script.given}
        self._names = frozenset(name for name, kind in kinds.items() if kind == "flag")
        self.at: dict[str, Flags] = {}
        self.at_rules: dict[str, Flags] = {}
        self._todo: list[str] = []
        self._callers: dict[str, set[str]] = {}
        self._returned: dict[str, Flags] = {}
        self._stayed: dict[str, Flags] = {}
        first = {
            name: _EITHER if name in script.given else frozenset({False}) for name in self._names
        }
        self._enter(script.start, first)
        while self._todo:
            self._leave(script.states[self._todo.pop()])

    def _enter(self, name: str, flags: Flags) -> None:
        known = self.at.get(name)
        joined = dict(flags) if known is None else _join(known, flags)
        if known != joined:
            self.at[name] = joined
            self._todo.append(name)

    def _leave(self, state: State) -> None:
        script = self._script
        flags = self._after(state.steps, self.at[state.name])
        if state.name in self._stayed:
            flags = _join(flags, self._stayed[state.name])
        if state.call is not None:
            dialogue = state.call.dialogue
            self._callers.setdefault(dialogue, set()).add(state.name)
            self._enter(script.dialogues[dialogue], flags)
            returned = self._returned.get(dialogue)
            if returned is not None:
                self._take(state, state.rules, returned)
        elif state.query is not None:
            # What the directory says may be anything.
            flags = {
                **flags,
                **{name: _EITHER for name in state.query.save if name in self._names},
            }
            self._enter(script.failure_state, flags)
            self._enter(script.too_long_state, flags)
            self._take(state, state.rules, flags)
        elif state.listen is not None:
            for target in (
                (state.no_input or script.no_input).then,
                (state.no_match or script.no_match).then,
                script.no_input.then,
                script.no_match.then,
                script.failure_state,
                script.too_long_state,
            ):
                self._enter(target, flags)
            self._take(state, script.rules_in(state), flags)
        elif state.ending is None:
            self._take(state, state.rules, flags)

    def _take(self, state: State, rules: Iterable[Rule], flags: Flags) -> None:
        known = self.at_rules.get(state.name)
        self.at_rules[state.name] = dict(flags) if known is None else _join(known, flags)
        for rule in rules:
            if _outcome(rule.condition, _scope(self._script, flags)) is False:
                continue
            after = self._after(rule.steps, self._assuming(rule, flags))
            if rule.go == RETURN:
                self._give_back(state.dialogue, after)
            elif rule.go in STAYING:
                self._stay(state.name, after)
            else:
                self._enter(rule.go, after)
            if state.listen is None:
                flags = self._assuming_not(rule, flags)

    def _stay(self, name: str, flags: Flags) -> None:
        """Listen on in a state: its steps are not done again."""
        known = self._stayed.get(name)
        joined = dict(flags) if known is None else _join(known, flags)
        if known != joined:
            self._stayed[name] = joined
            self._todo.append(name)

    def _give_back(self, dialogue: str, flags: Flags) -> None:
        known = self._returned.get(dialogue)
        joined = dict(flags) if known is None else _join(known, flags)
        if known != joined:
            self._returned[dialogue] = joined
            self._todo += sorted(self._callers.get(dialogue, ()))

    def _assuming(self, rule: Rule, flags: Flags) -> Flags:
        """The flags where the rule's condition holds."""
        known = dict(flags)
        for need in _requirements(rule):
            name = need.removeprefix("not ").strip()
            if name in self._names:
                known[name] = frozenset({not need.startswith("not ")})
        return known

    def _assuming_not(self, rule: Rule, flags: Flags) -> Flags:
        """The flags where a branch was not taken, as far as one flag decides it."""
        match _requirements(rule):
            case [need] if (name := need.removeprefix("not ").strip()) in self._names:
                return {**flags, name: flags[name] - {not need.startswith("not ")}}
        return flags

    def _after(self, steps: Iterable[Step], flags: Flags) -> Flags:
        known = dict(flags)
        for step in steps:
            holds = _outcome(step.condition, _scope(self._script, known))
            if holds is False:
                continue
            for name, values in self._changes(step, known):
                known[name] = values if holds else values | known[name]
        return known

    def _changes(self, step: Step, flags: Flags) -> Iterator[tuple[str, frozenset[bool]]]:
        match step.deed:
            case SetVariables(values=values):
                scope = _scope(self._script, flags)
                for name, expression in values.items():
                    if name in self._names:
                        unknown = dict.fromkeys(expression.names, UNKNOWN)
                        value = expression.value({**unknown, **scope})
                        is_known = isinstance(value, bool)
                        yield name, frozenset({bool(value)}) if is_known else _EITHER
            case ClearVariables(names=names):
                for name in names:
                    if name in self._names:
                        yield name, _EITHER
            case DropRecording() if IS_RECORDED in self._names:
                yield IS_RECORDED, frozenset({False})
            case DropEmotion() if IS_EMOTION_READ in self._names:
                yield IS_EMOTION_READ, frozenset({False})
            case _:
                pass


def _join(one: Flags, other: Flags) -> dict[str, frozenset[bool]]:
    return {name: one[name] | other[name] for name in one}
