"""Finds the least that has to be followed for every way that is found to be one a call can take.

The explorer begins with next to nothing followed: few nodes, and ways that need one variable to be
two things at once. Each way that matters (to a problem, to a state, along a rule) is walked again
with everything known. Where that fails, what the conditions there read is followed from then on,
and the explorer goes again. So what is left are shortest ways that hold with everything known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from voicebot.dialogue.check.explorer import Exploration, Explorer, Focus, Moment, Node, RuleKey
from voicebot.dialogue.check.reading import ScriptReading
from voicebot.dialogue.script import STAYING, TURN_VARIABLES, Rule, State

_MAX_FACTS = 6
"""So many ways of knowing everything are kept where following less saw one."""

Key = tuple[str, str, int, str]
"""A finding: property, file, line, reason."""
Finder = Callable[[Moment], Iterator[Key]]


@dataclass(frozen=True, slots=True)
class Witness:
    """A finding with the node it was made at first, and what was said there."""

    key: Key
    node: Node
    label: str


class Confirmation:
    """Walks the ways of one exploration again, with everything known."""

    def __init__(self, reading: ScriptReading, found: Exploration, find: Finder) -> None:
        self._reading = reading
        self._found = found
        self._find = find
        everything = Focus(frozenset(reading.tracked), reading.money_variables, has_notices=True)
        self._explorer = Explorer(reading, self._see, everything)
        self._seen: set[Key] = set()
        self.doubtful: set[Key] = set()
        """Findings whose way does not hold with everything known; filled by `missing`."""
        # Whether an amount or a day is set is looked at for itself (script_check's foci).
        kinds = reading.script.kinds
        self._followable = frozenset(
            name
            for name in reading.tracked
            if name not in TURN_VARIABLES
            and name not in reading.slot_variables
            and kinds.get(name) in {"flag", "number", "text"}
        )

    def missing(
        self, witnesses: Iterable[Witness], followed: frozenset[str], *, is_exact: bool
    ) -> frozenset[str]:
        """The variables to follow as well; empty: every way holds, or no more can be known.

        is_exact: the ways to states and along rules must hold too, not only those to findings.
        """
        witnesses = list(witnesses)
        wanted = self._wanted({it.node for it in witnesses}, {}, witnesses, followed)
        if wanted or not is_exact:
            return wanted
        found = self._found
        rules = {node: set[RuleKey]() for node in found.followed.values()}
        for rule, node in found.followed.items():
            rules[node].add(rule)
        first: dict[str, Node] = {}
        for node in found.parents:
            first.setdefault(node.state, node)
        return self._wanted({*first.values(), *rules}, rules, [], followed)

    def _wanted(
        self,
        ends: set[Node],
        rules: dict[Node, set[RuleKey]],
        witnesses: list[Witness],
        followed: frozenset[str],
    ) -> frozenset[str]:
        known, failed = self._walk_again(ends)
        wanted: set[str] = set()
        self.doubtful |= {it.key for it in witnesses if it.node not in known}
        for node, (parent, label) in failed.items():
            wanted |= self._read_on(parent, node, label) - followed
        if wanted:
            return self._with_sources(wanted)
        for parent, _ in failed.values():
            wanted |= self._read_in(parent) - followed
        if wanted:
            return self._with_sources(wanted)
        for node in ends & known.keys():
            self._explorer.found.followed.clear()
            self._seen = set()
            for facts in known[node]:
                self._explorer.expand(facts)
            lost = rules.get(node, set()) - self._explorer.found.followed.keys()
            wanted |= self._read_by(node, lost) - followed
            lost_keys = {it.key for it in witnesses if it.node == node} - self._seen
            if lost_keys:
                self.doubtful |= lost_keys
                wanted |= self._read_in(node) - followed
        return self._with_sources(wanted)

    def _see(self, moment: Moment, _node: Node, _label: str) -> None:
        self._seen.update(self._find(moment))

    def _walk_again(
        self, ends: set[Node]
    ) -> tuple[dict[Node, list[Node]], dict[Node, tuple[Node, str]]]:
        """Every node on a way to `ends` with what is known there, and those not come to."""
        parents = self._found.parents
        needed: set[Node] = set()
        for end in ends:
            node: Node | None = end
            while node is not None and node not in needed:
                needed.add(node)
                parent = parents[node]
                node = None if parent is None else parent[0]
        known: dict[Node, list[Node]] = {}
        failed: dict[Node, tuple[Node, str]] = {}
        after: dict[Node, list[tuple[Node, str]]] = {}
        for node in parents:
            if node not in needed:
                continue
            parent = parents[node]
            if parent is None:
                known[node] = self._explorer.first_nodes()[:_MAX_FACTS]
                continue
            origin, label = parent
            if origin not in known:
                continue
            if origin not in after:
                after[origin] = [
                    step for facts in known[origin] for step in self._explorer.expand(facts)
                ]
            there = dict.fromkeys(
                following
                for following, said in after[origin]
                if said == label and following[:3] == node[:3]
            )
            if there:
                known[node] = sorted(there, key=lambda it: not _agrees(it, node))[:_MAX_FACTS]
            else:
                failed[node] = (origin, label)
        return known, failed

    # ---- what conditions read ---------------------------------------------------------------

    def _read_on(self, node: Node, target: Node, label: str) -> frozenset[str]:
        """Read by what decides whether the one leads to the other."""
        state = self._reading.script.states[node.state]
        goals = STAYING if target.state == node.state else {target.state, "return"}
        rules = [rule for rule in self._rules(node, state) if rule.go in goals]
        return self._names(rules)

    def _read_by(self, node: Node, keys: set[RuleKey]) -> frozenset[str]:
        state = self._reading.script.states[node.state]
        rules = [rule for rule in self._rules(node, state) if (rule.file, rule.line) in keys]
        return self._names(rules)

    def _read_in(self, node: Node) -> frozenset[str]:
        state = self._reading.script.states[node.state]
        names = self._names(self._rules(node, state))
        conditions = [spoken.condition for spoken in (*state.say, *state.reask)]
        conditions += [step.condition for step in state.steps]
        names |= {name for condition in conditions if condition for name in condition.names}
        for spoken in self._reading.spoken_in(state):
            names |= self._reading.script.prompts[spoken.prompt_id].template.names
        return names & self._followable

    def _rules(self, node: Node, state: State) -> list[Rule]:
        return list(self._reading.script.rules_in(state) if node.mode == "wait" else state.rules)

    def _names(self, rules: Iterable[Rule]) -> frozenset[str]:
        names: set[str] = set()
        for rule in rules:
            conditions = [rule.condition, *(step.condition for step in rule.steps)]
            conditions += [spoken.condition for spoken in rule.say]
            names |= {name for condition in conditions if condition for name in condition.names}
        return self._followable & names

    def _with_sources(self, names: set[str]) -> frozenset[str]:
        found: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += self._reading.sources.get(name, frozenset())
        return self._followable & found


def _agrees(full: Node, node: Node) -> bool:
    one, other = full.facts, node.facts
    return one[1:6] == other[1:6] and other.read_back >= one.read_back
