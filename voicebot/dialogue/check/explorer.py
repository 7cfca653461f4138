"""Walks every way a call can take through a script, with little known of what is said.

A node is a place in the script with what is known there (Facts). The walk goes breadth first from
the start, so the first way found to anything is a shortest one. It finds more ways than there are,
never fewer: what it does not find, no call can do; what it finds, a call may be unable to do where
a condition says more than Facts can hold.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from voicebot.dialogue.check.abstract_values import Mark
from voicebot.dialogue.check.conditions import Values
from voicebot.dialogue.check.knowledge import NOTICE_FLAGS, Knowledge
from voicebot.dialogue.check.moments import Doing, Facts, Listening, Saying
from voicebot.dialogue.check.reading import CASE_DETAILS, TURN_SLOTS, ScriptReading
from voicebot.dialogue.check.turn import Turn
from voicebot.dialogue.script import (
    AGAIN,
    EMOTION,
    EXPERIMENT,
    RETURN,
    STAYING,
    TURN_VARIABLES,
    Ladder,
    Rule,
    Script,
    Spoken,
    State,
    Step,
)


@dataclass(frozen=True, slots=True)
class Focus:
    """What is followed from node to node; all else is known only until the next one.

    names: variables. marked: of them, those for which it is kept whether they were read back and
    compared. has_notices: whether identity, notices and disputes are kept.
    """

    names: frozenset[str]
    marked: frozenset[str]
    has_notices: bool


Mode = Literal["enter", "wait", "back"]
"""enter: a state is begun. wait: its answer is waited for. back: its sub-dialogue has returned."""
_MAX_NODES_OF_A_STATE = 48
"""With more than these the counters, then all but flags, then all variables are let go."""
_ALL_NOTICES = frozenset({"ai", "recording", EMOTION})


RuleKey = tuple[str, int]
"""A rule by its file and line."""


class Node(NamedTuple):
    state: str
    mode: Mode
    stack: tuple[str, ...]
    facts: Facts


@dataclass(slots=True)
class Exploration:
    """What was found: every node with the one before it, and the rules that were followed.

    followed: each rule with the node it was first followed at. passed_on: which nodes lead on to
    which without listening.
    """

    parents: dict[Node, tuple[Node, str] | None] = field(default_factory=dict)
    followed: dict[RuleKey, Node] = field(default_factory=dict)
    passed_on: dict[Node, set[Node]] = field(default_factory=dict)

    @property
    def n_nodes(self) -> int:
        return len(self.parents)

    @property
    def states(self) -> set[str]:
        return {node.state for node in self.parents}

    def path(self, node: Node, label: str = "") -> str:
        """The shortest conversation to a node; label: what the caller says there."""
        parts: list[str] = [f"[{label}]"] if label else []
        step: Node | None = node
        while step is not None:
            parts.append(step.state)
            parent = self.parents[step]
            while parent is not None and parent[0].state == step.state and not parent[1]:
                step = parent[0]
                parent = self.parents[step]
            if parent is not None and parent[1]:
                parts.append(f"[{parent[1]}]")
            step = None if parent is None else parent[0]
        return " → ".join(reversed(parts))


Moment = Saying | Doing | Listening
Observer = Callable[[Moment, Node, str], None]
"""Told of every moment, with the node it happens at and what was said there (empty: nothing)."""


class Explorer:
    """One walk through one script."""

    def __init__(self, reading: ScriptReading, observer: Observer, focus: Focus) -> None:
        self._reading = reading
        self._script: Script = reading.script
        self._observer = observer
        self._focus = focus
        self._knowledge = Knowledge(reading)
        self.found = Exploration()
        self._n_nodes: dict[tuple[str, Mode, tuple[str, ...]], int] = {}
        kinds = self._script.kinds
        names = reading.tracked
        self._not_flags = [name for name in names if kinds.get(name) != "flag"]
        self._numbers = [name for name in names if kinds.get(name) == "number"]
        followed = focus.names - TURN_VARIABLES.keys() - set(NOTICE_FLAGS.values())
        self._kept = {
            state: frozenset(
                place for place, name in enumerate(names) if name in live and name in followed
            )
            for state, live in reading.live.items()
        }
        self._masked: dict[tuple[str, tuple[str, ...], Values], Values] = {}
        self._read_back_elsewhere = reading.money_variables - focus.marked
        self._bounded_elsewhere = frozenset(
            bound for bound in reading.limits_needed if bound[1] not in focus.marked
        )
        self._here: Node = Node("", "enter", (), Facts(()))
        self._next: list[tuple[Node, str]] = []

    def explore(self) -> Exploration:
        """Go everywhere. Call once."""
        parents = self.found.parents
        todo = deque(self.first_nodes())
        parents.update(dict.fromkeys(todo))
        while todo:
            node = todo.popleft()
            for following, label in self.expand(node):
                if following not in parents:
                    following = self._widened(following)
                if node.mode != "wait" and following.mode != "wait":
                    self.found.passed_on.setdefault(node, set()).add(following)
                if following not in parents:
                    parents[following] = (node, label)
                    todo.append(following)
        return self.found

    def expand(self, node: Node) -> list[tuple[Node, str]]:
        """The nodes that follow one, each with what is said on the way; the observer is told."""
        self._here = node
        self._next = []
        state = self._script.states[node.state]
        if node.mode == "wait":
            self._wait(state, node.facts)
        elif node.mode == "back":
            self._branch(state, node.facts)
        else:
            self._enter(state, node)
        return self._next

    # ---- nodes ------------------------------------------------------------------------------

    def first_nodes(self) -> list[Node]:
        """What every call begins with: once for each arm of the experiments."""
        script = self._script
        first: list[tuple[object, ...]] = []
        for name in self._reading.tracked:
            kind = script.kinds.get(name)
            if name.startswith(f"{EXPERIMENT}."):
                first.append(script.experiments[name.removeprefix(f"{EXPERIMENT}.")].arms)
            elif name in script.variables:
                first.append((False if kind == "flag" else 0 if kind == "number" else None,))
            else:
                first.append((Mark.ANY,))
        nodes = (
            self._focused(Node(script.start, "enter", (), Facts(values)))
            for values in itertools.product(*first)
        )
        return list(dict.fromkeys(nodes))

    def _add(self, node: Node, label: str) -> None:
        """label: what was said on the way to it; empty: nothing."""
        self._next.append((self._focused(node), label))

    def _focused(self, node: Node) -> Node:
        """Without what is not followed, and what nothing will ask for any more."""
        facts = node.facts
        values = self._masked_values(node.state, node.stack, facts.values)
        if self._reading.before_agreement.isdisjoint((node.state, *node.stack)):
            read_back, bounded = self._reading.money_variables, self._reading.limits_needed
        else:
            read_back = facts.read_back | self._read_back_elsewhere
            bounded = facts.bounded | self._bounded_elsewhere
        if self._focus.has_notices:
            notices: tuple[bool, bool, bool, frozenset[str], bool] = facts[1:6]
        else:
            notices = (True, False, False, _ALL_NOTICES, False)
        return Node(node.state, node.mode, node.stack, Facts(values, *notices, read_back, bounded))

    def _masked_values(self, state: str, stack: tuple[str, ...], values: Values) -> Values:
        key = (state, stack, values)
        masked = self._masked.get(key)
        if masked is None:
            kept = self._kept[state].union(*(self._kept[caller] for caller in stack))
            masked = tuple(
                [value if place in kept else Mark.ANY for place, value in enumerate(values)]
            )
            self._masked[key] = masked
        return masked

    def _widened(self, node: Node) -> Node:
        """Where a state is come to with very many facts, the least telling are dropped."""
        place = (node.state, node.mode, node.stack)
        count = self._n_nodes.get(place, 0)
        steps = ((3, self._reading.tracked), (2, self._not_flags), (1, self._numbers))
        dropped = next(
            (names for times, names in steps if count >= times * _MAX_NODES_OF_A_STATE), ()
        )
        if dropped:
            changes = dict.fromkeys(dropped, Mark.ANY)
            node = node._replace(facts=self._knowledge.with_values(node.facts, changes))
        if node not in self.found.parents:
            self._n_nodes[place] = count + 1
        return node

    # ---- places -----------------------------------------------------------------------------

    def _enter(self, state: State, node: Node) -> None:
        script = self._script
        for facts in self._say(
            state, state.say, self._do(state, state.steps, [node.facts], ""), ""
        ):
            if state.listen is not None:
                self._add(Node(state.name, "wait", node.stack, facts), "")
            elif state.query is not None:
                self._ask_directory(state, facts)
            elif state.call is not None:
                first = script.dialogues[state.call.dialogue]
                self._add(Node(first, "enter", (*node.stack, state.name), facts), "")
            elif state.ending is None:
                self._branch(state, facts)

    def _ask_directory(self, state: State, facts: Facts) -> None:
        if state.query is None:
            return
        self._go(self._script.failure_state, facts, "failure")
        self._go(self._script.too_long_state, facts, "too long")
        kinds = self._script.kinds
        saved = {
            name: Mark.ANY if kinds.get(name) == "flag" else Mark.SET for name in state.query.save
        }
        facts = self._knowledge.changing(facts, saved)
        if state.query.name == CASE_DETAILS:
            facts = facts._replace(is_proven=True, is_third_party=False)
        self._interject(state, facts)
        self._branch(state, facts)

    def _branch(self, state: State, facts: Facts | None) -> None:
        """Through the first branch that holds; the last one has no condition."""
        for rule in state.rules:
            if facts is None:
                return
            follows = self._knowledge.assuming(rule.condition, True, facts)
            if follows is not None:
                label = f"if {rule.condition.text}" if rule.condition is not None else ""
                self._follow(state, rule, follows, label)
            facts = self._knowledge.assuming(rule.condition, False, facts)

    def _wait(self, state: State, facts: Facts) -> None:
        """All that may follow: silence, what is not understood, an answer, the end of the call."""
        if state.listen is None:
            return
        no_input, no_match = self._reading.ladders(state)
        self._interject(state, facts)
        self._climb(state, no_input, facts, "no input")
        fleeting: dict[str, object] = {
            name: None for name, slot in state.listen.slots.items() if slot.kind in TURN_SLOTS
        }
        forgotten = self._knowledge.changing(facts, fleeting)
        self._climb(state, no_match, forgotten, "no match")
        self._go(self._script.too_long_state, facts, "too long")
        self._go(self._script.failure_state, facts, "failure")
        turn = Turn(self._script, self._knowledge, state, forgotten)
        own = {(rule.file, rule.line) for rule in state.rules}
        for answer in turn.answers():
            facts_then = answer.facts
            is_own = (answer.rule.file, answer.rule.line) in own
            if facts.is_handed_over and is_own and answer.rule.go not in STAYING:
                # Somebody new is on the line, who has heard nothing yet.
                facts_then = facts_then._replace(is_handed_over=False, heard=frozenset())
            self._follow(state, answer.rule, facts_then, answer.label)
        self._observer(Listening(state, facts, frozenset(turn.answered)), self._here, "")

    def _climb(self, state: State, ladder: Ladder, facts: Facts, label: str) -> None:
        """Up the ladder of silence or of what is not understood, to its end or the call's."""
        script = self._script
        own = script.no_input if label == "no input" else script.no_match
        prompts = [*ladder.prompts]
        if label == "no match":
            prompts += [name for name in (script.unclear_prompt, script.unsure_prompt) if name]
        spoken = [Spoken(prompt_id, None, ladder.line, ladder.file) for prompt_id in prompts]
        after = self._say(state, spoken, [facts], label)
        for facts_then in self._say(state, state.reask, after, label):
            self._add(Node(state.name, "wait", self._here.stack, facts_then), label)
        self._go(ladder.then, facts, _times(label, len(ladder.prompts) + 1))
        if own.then != ladder.then:
            self._go(own.then, facts, _times(label, own.per_call + 1))

    def _interject(self, state: State, facts: Facts) -> None:
        for interjection in self._script.interjections:
            if self._knowledge.outcome(interjection.condition, facts) is not False:
                self._say(state, interjection.say, [facts], "")

    # ---- on the way -------------------------------------------------------------------------

    def _follow(self, state: State, rule: Rule, facts: Facts, label: str) -> None:
        self.found.followed.setdefault((rule.file, rule.line), self._here)
        after = self._say(state, rule.say, self._do(state, rule.steps, [facts], label), label)
        if rule.go == AGAIN:
            after = self._say(state, state.reask, after, label)
        for facts_then in after:
            self._go(rule.go, facts_then, label)

    def _go(self, target: str, facts: Facts, label: str) -> None:
        stack = self._here.stack
        if target in STAYING:
            self._add(Node(self._here.state, "wait", stack, facts), label)
        elif target == RETURN:
            if stack:
                self._add(Node(stack[-1], "back", stack[:-1], facts), label)
        else:
            is_left = not self._script.states[target].dialogue
            self._add(Node(target, "enter", () if is_left else stack, facts), label)

    def _say(
        self, state: State, says: Iterable[Spoken], possible: list[Facts], label: str
    ) -> list[Facts]:
        for spoken in says:
            new: dict[Facts, None] = {}
            for facts in possible:
                for after in self._said(state, spoken, facts, label):
                    new[after] = None
            possible = list(new)
        return possible

    def _said(self, state: State, spoken: Spoken, facts: Facts, label: str) -> Iterator[Facts]:
        """What is known after a prompt. Whether it was said is kept only where that matters."""
        knowledge = self._knowledge
        there = knowledge.assuming(spoken.condition, True, facts)
        if there is None:
            yield facts
            return
        prompt = self._script.prompts[spoken.prompt_id]
        self._observer(Saying(state, spoken, prompt, there), self._here, label)
        notices = frozenset(prompt.discloses)
        read_back = self._reading.names_said[prompt.prompt_id] & self._reading.money_variables
        heard = knowledge.notices_heard(spoken, facts, notices)
        otherwise = knowledge.assuming(spoken.condition, False, facts)
        if otherwise is None or (not read_back and heard >= notices):
            yield facts._replace(heard=heard, read_back=facts.read_back | read_back)
            return
        yield there._replace(heard=there.heard | notices, read_back=there.read_back | read_back)
        yield otherwise._replace(heard=heard)

    def _do(
        self, state: State, steps: Iterable[Step], possible: list[Facts], label: str
    ) -> list[Facts]:
        for step in steps:
            new: dict[Facts, None] = {}
            for facts in possible:
                there = self._knowledge.assuming(step.condition, True, facts)
                if there is not None:
                    self._observer(Doing(state, step, there), self._here, label)
                    new[self._knowledge.done(step, there)] = None
                otherwise = self._knowledge.assuming(step.condition, False, facts)
                if otherwise is not None:
                    new[otherwise] = None
            possible = list(new)
        return possible


def _times(label: str, n: int) -> str:
    return label if n == 1 else f"{label} × {n}"
