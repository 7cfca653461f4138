"""Reads the states of a call script: what is said, asked and awaited in each."""

from __future__ import annotations

from typing import get_args

import yaml

from voicebot.dialogue.actions import QuestionKind
from voicebot.dialogue.script import (
    SLOT_VARIABLE_KINDS,
    CallSpec,
    Ending,
    Ladder,
    ListenSpec,
    QuerySpec,
    Reference,
    Rule,
    SlotKind,
    SlotSpec,
    State,
)
from voicebot.dialogue.script_names import ScriptNames
from voicebot.dialogue.script_rules import RuleReader
from voicebot.dialogue.script_steps import StepReader
from voicebot.dialogue.script_yaml import Value, YamlReader

QUERY_ARGS = {
    "find_case": {"case_number"},
    "verify_fact": {"fact", "value"},
    "case_details": set[str](),
}
"""The queries of voicebot.dialogue.actions.Query and the arguments each needs."""
QUERY_ANSWERS = {
    "find_case": {"found", "is_company"},
    "verify_fact": {"matches"},
    "case_details": {
        "creditor",
        "title",
        "principal_gr",
        "interest_gr",
        "balance_gr",
        "due_date",
        "gender",
        "promised_date",
        "promised_gr",
        "n_promises",
    },
}
STATE_ENDINGS = ("listen", "query", "call", "go", "hang_up")
STATE_KEYS = frozenset({*STATE_ENDINGS, "do", "say", "reask", "on", "then", "no_input", "no_match"})
LISTEN_KEYS = frozenset({"kind", "no_input_s", "max_digits", "slots", "phrases"})
SLOT_KEYS = frozenset({"kind", "length", "balance", "amount"})
QUERY_KEYS = frozenset({"name", "args", "save", "until"})
FACTS = frozenset({"birth_date", "postcode", "pesel_last4", "nip"})


class StateReader:
    """Reads states, and the ladders of prompts for when nothing was heard or understood."""

    def __init__(
        self, yaml_reader: YamlReader, names: ScriptNames, steps: StepReader, rules: RuleReader
    ) -> None:
        self._yaml = yaml_reader
        self._names = names
        self._steps = steps
        self._rules = rules

    def state(self, name: str, value: Value) -> State:
        """name: with its sub-dialogue, where it has one."""
        table = self._yaml.table(value, set(STATE_KEYS))
        endings = [key for key in STATE_ENDINGS if key in table]
        if len(endings) != 1:
            found = ", ".join(endings) or "none"
            self._yaml.complain(
                value,
                f"{name}: exactly one of listen, query, call, go and hang_up is needed; "
                f"found {found}",
            )
        if ("on" in table) != ("listen" in table):
            self._yaml.complain(value, f"{name}: listen and on belong together")
        if ("then" in table) != bool(table.keys() & {"query", "call"}):
            self._yaml.complain(value, f"{name}: query or call and then belong together")
        for key in ("reask", "no_input", "no_match"):
            if key in table and "listen" not in table:
                self._yaml.complain(table[key], f"{key} has a meaning only beside listen")
        rules: tuple[Rule, ...] = ()
        if "on" in table:
            rules = self._rules.rules(table["on"])
        elif "then" in table:
            rules = self._rules.branches(table["then"])
        elif "go" in table:
            rules = self._rules.branches(table["go"])
        return State(
            name=name,
            line=value.line,
            steps=self._steps.steps(table["do"]) if "do" in table else (),
            say=self._steps.says(table["say"]) if "say" in table else (),
            reask=self._steps.says(table["reask"]) if "reask" in table else (),
            listen=self._listen(table["listen"]) if "listen" in table else None,
            query=self._query(table["query"]) if "query" in table else None,
            ending=self._ending(table["hang_up"]) if "hang_up" in table else None,
            rules=rules,
            no_input=self.ladder(table["no_input"]) if "no_input" in table else None,
            no_match=self.ladder(table["no_match"]) if "no_match" in table else None,
            file=value.file,
            call=CallSpec(self._names.dialogue_name(table["call"]), table["call"].line, value.file)
            if "call" in table
            else None,
        )

    def ladder(self, value: Value, is_default: bool = False) -> Ladder:
        table = self._yaml.table(
            value, {"prompts", "then", "per_call"} if is_default else {"prompts", "then"}
        )
        prompts: tuple[str, ...] = ()
        if "prompts" in table:
            prompts = tuple(
                filter(None, map(self._names.prompt_name, self._yaml.items(table["prompts"])))
            )
        for key in ("then", "per_call") if is_default else ("then",):
            if key not in table:
                self._yaml.complain(value, f"{key} is missing")
        return Ladder(
            prompts=prompts,
            then=self._names.onward(table["then"]) if "then" in table else "",
            per_call=self._yaml.whole(table["per_call"], 1, 100, 1) if "per_call" in table else 0,
            line=value.line,
            file=value.file,
        )

    def _listen(self, value: Value) -> ListenSpec:
        table = self._yaml.table(value, set(LISTEN_KEYS))
        kinds: tuple[QuestionKind, ...] = get_args(QuestionKind)
        if "kind" not in table:
            self._yaml.complain(value, "kind is missing")
        slots = (
            {name: self._slot(name, item) for name, item in self._yaml.named(table["slots"])}
            if "slots" in table
            else {}
        )
        return ListenSpec(
            kind=self._yaml.choice(table["kind"], kinds) if "kind" in table else "open",
            no_input_s=self._yaml.number(table["no_input_s"], 1, 60, 5)
            if "no_input_s" in table
            else 5,
            max_digits=self._yaml.whole(table["max_digits"], 0, 30) if "max_digits" in table else 0,
            slots=slots,
            phrases=self._yaml.texts(table["phrases"]) if "phrases" in table else (),
            line=value.line,
            file=value.file,
        )

    def _slot(self, name: str, value: Value) -> SlotSpec:
        """`amount`, or a table with `kind` and what that kind needs."""
        kinds: tuple[SlotKind, ...] = get_args(SlotKind)
        length, balance, amount = 0, "", ""
        if isinstance(value.node, yaml.ScalarNode):
            kind = self._yaml.choice(value, kinds)
        else:
            table = self._yaml.table(value, set(SLOT_KEYS))
            if "kind" not in table:
                self._yaml.complain(value, "kind is missing")
                return SlotSpec("words", line=value.line, file=value.file)
            kind = self._yaml.choice(table["kind"], kinds)
            if "length" in table:
                length = self._yaml.whole(table["length"], 1, 30)
            if "balance" in table:
                balance = self._names.readable_name(table["balance"], frozenset({"amount"}))
            if "amount" in table:
                amount = self._names.variable_name(table["amount"], frozenset({"amount"}))
                if kind != "plan":
                    self._yaml.complain(table["amount"], f"{name}: amount belongs to a plan")
        if kind in {"digits", "case_number"} and not length:
            self._yaml.complain(value, f"{name}: a slot of digits needs length")
        if kind == "amount" and not balance:
            self._yaml.complain(
                value, f"{name}: a slot of kind amount needs balance (what 'all' means)"
            )
        if kind == "plan" and not (balance and amount):
            self._yaml.complain(value, f"{name}: a slot of kind plan needs balance and amount")

        def check() -> None:
            variable = self._names.variables.get(name)
            if variable is None:
                self._yaml.complain(value, f"no such variable: {name}")
            elif variable not in SLOT_VARIABLE_KINDS[kind]:
                needed = " or ".join(sorted(SLOT_VARIABLE_KINDS[kind]))
                self._yaml.complain(value, f"{name} is of kind {variable}; {kind} fills {needed}")

        self._names.later(check)
        return SlotSpec(kind, length, balance, value.line, value.file, amount)

    def _query(self, value: Value) -> QuerySpec:
        table = self._yaml.table(value, set(QUERY_KEYS))
        if "name" not in table:
            self._yaml.complain(value, "name is missing")
            return QuerySpec("", {}, {}, line=value.line, file=value.file)
        name = self._yaml.choice(table["name"], tuple(QUERY_ARGS))
        args: dict[str, str | Reference] = {}
        for key, item in (self._yaml.table(table["args"]) if "args" in table else {}).items():
            args[key] = self._argument(item)
        if set(args) != QUERY_ARGS[name]:
            needed = ", ".join(sorted(QUERY_ARGS[name])) or "none"
            self._yaml.complain(value, f"{name} takes these args: {needed}")
        fact = args.get("fact")
        if isinstance(fact, str) and fact not in FACTS:
            self._yaml.complain(
                value, f"no such fact: {fact} (there are: {', '.join(sorted(FACTS))})"
            )
        save: dict[str, str] = {}
        for variable, item in self._yaml.named(table["save"]) if "save" in table else ():
            save[variable] = self._yaml.text(item)
            if save[variable] not in QUERY_ANSWERS[name]:
                known = ", ".join(sorted(QUERY_ANSWERS[name]))
                self._yaml.complain(
                    item, f"{name} does not answer {save[variable]} (it does: {known})"
                )
            self._names.later(
                lambda variable=variable, item=item: (
                    None  # type: ignore[misc]
                    if variable in self._names.variables
                    else self._yaml.complain(item, f"no such variable: {variable}")
                )
            )
        until = self._yaml.text(table["until"]) if "until" in table else ""
        if until and until not in save:
            self._yaml.complain(value, f"until: {until} is not saved by this query")
        return QuerySpec(name, args, save, until, value.line, value.file)

    def _argument(self, value: Value) -> str | Reference:
        """`$name` is a variable's value, anything else the text itself."""
        text = self._yaml.text(value)
        if not text.startswith("$"):
            return text
        variable = text[1:]
        self._names.later(
            lambda: (
                None
                if variable in self._names.variables or variable in self._names.given
                else self._yaml.complain(value, f"no such variable: {variable}")
            )
        )
        return Reference(variable)

    def _ending(self, value: Value) -> Ending:
        if isinstance(value.node, yaml.ScalarNode):
            return Ending(self._yaml.text(value))
        table = self._yaml.table(value, {"reason", "outcome"})
        if "reason" not in table:
            self._yaml.complain(value, "reason is missing")
        return Ending(
            self._yaml.text(table["reason"]) if "reason" in table else "",
            self._steps.disposition(table["outcome"]) if "outcome" in table else None,
        )
