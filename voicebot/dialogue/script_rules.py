"""Reads the rules, branches and interjections of a call script."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from voicebot.dialogue.script import Interjection, Rule
from voicebot.dialogue.script_names import ScriptNames
from voicebot.dialogue.script_steps import StepReader
from voicebot.dialogue.script_yaml import Value, YamlReader

BRANCH_KEYS = frozenset({"if", "do", "say", "go"})
RULE_KEYS = frozenset({*BRANCH_KEYS, "intent", "filled", "priority"})


class RuleReader:
    """Reads what follows what. `shared`: rules that are written once and used by name.

    Shared rules are read anew wherever they are used: in a sub-dialogue a state's name may mean
    another state.
    """

    def __init__(self, yaml_reader: YamlReader, names: ScriptNames, steps: StepReader) -> None:
        self._yaml = yaml_reader
        self._names = names
        self._steps = steps
        self.shared: dict[str, Value] = {}
        self._in_use: list[str] = []

    def rules(self, value: Value) -> tuple[Rule, ...]:
        rules: list[Rule] = []
        for item in self._yaml.items(value):
            table = self._yaml.table(item, {*RULE_KEYS, "use"})
            if "use" in table:
                rules += self._used_rules(item, table)
                continue
            if not table.keys() & {"intent", "filled", "if"}:
                self._yaml.complain(item, "a rule needs intent, filled or if")
            if "go" not in table:
                self._yaml.complain(item, "go is missing")
                continue
            if "priority" in table and "intent" not in table:
                self._yaml.complain(item, "priority belongs to a rule with intent")
            rules.append(
                Rule(
                    go=self._names.target(table["go"]),
                    intents=frozenset(
                        map(self._names.intent_name, self._yaml.items(table["intent"]))
                    )
                    if "intent" in table
                    else frozenset(),
                    filled=tuple(map(self._names.variable_name, self._yaml.items(table["filled"])))
                    if "filled" in table
                    else (),
                    condition=self._names.known_expression(table["if"]) if "if" in table else None,
                    steps=self._steps.steps(table["do"]) if "do" in table else (),
                    say=self._steps.says(table["say"]) if "say" in table else (),
                    is_priority="priority" in table and self._yaml.flag(table["priority"]),
                    line=item.line,
                    file=item.file,
                )
            )
        return tuple(rules)

    def _used_rules(self, item: Value, table: Mapping[str, Value]) -> tuple[Rule, ...]:
        """`use: name` stands for the rules of that name, which are written once."""
        name = self._yaml.text(table["use"])
        if len(table) > 1:
            self._yaml.complain(item, "use stands alone")
        if name not in self.shared:
            self._yaml.complain(item, f"no such rules: {name}")
            return ()
        if name in self._in_use:
            self._yaml.complain(item, f"the rules {name} use themselves")
            return ()
        self._in_use.append(name)
        rules = self.rules(self.shared[name])
        self._in_use.pop()
        return rules

    def branches(self, value: Value) -> tuple[Rule, ...]:
        """`go: state`, or a list of branches of which the last has no condition."""
        branches = []
        items = self._yaml.items(value)
        for n, item in enumerate(items):
            if isinstance(item.node, yaml.ScalarNode):
                branch = Rule(go=self._names.onward(item), line=item.line, file=item.file)
            else:
                table = self._yaml.table(item, set(BRANCH_KEYS))
                if "go" not in table:
                    self._yaml.complain(item, "go is missing")
                    continue
                branch = Rule(
                    go=self._names.onward(table["go"]),
                    condition=self._names.known_expression(table["if"]) if "if" in table else None,
                    steps=self._steps.steps(table["do"]) if "do" in table else (),
                    say=self._steps.says(table["say"]) if "say" in table else (),
                    line=item.line,
                    file=item.file,
                )
            if (n == len(items) - 1) != (branch.condition is None):
                self._yaml.complain(item, "the last branch, and only that one, has no if")
            branches.append(branch)
        return tuple(branches)

    def interjections(self, value: Value) -> tuple[Interjection, ...]:
        interjections = []
        for item in self._yaml.items(value):
            table = self._yaml.table(item, {"if", "say"})
            if len(table) < 2:
                self._yaml.complain(item, "an interjection needs if and say")
                continue
            condition = self._names.known_expression(table["if"])
            if condition is not None:
                says = self._steps.says(table["say"])
                interjections.append(Interjection(condition, says, item.line, item.file))
        return tuple(interjections)
