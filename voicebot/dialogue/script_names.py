"""Knows the names in a call script, and checks each use of one when all of them are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast, get_args

from voicebot.dialogue.expression import Expression
from voicebot.dialogue.nlu import IntentExamples
from voicebot.dialogue.script import (
    RETURN,
    STAYING,
    TURN_VARIABLES,
    Experiment,
    Prompt,
    State,
    VariableKind,
    known_names,
)
from voicebot.dialogue.script_yaml import Value, YamlReader
from voicebot.dialogue.template import Template, forms_of


class ScriptNames:
    """Variables, prompts, states and intents by name; filled while the script is read.

    A name may be used above the place where it is given, so uses are checked at the end. Only
    what states there are is known from the start: `known_states`. dialogue: whose states are
    being read; empty: the script's own.
    """

    def __init__(self, yaml: YamlReader) -> None:
        self._yaml = yaml
        self._later: list[Callable[[], None]] = []
        self.variables: dict[str, VariableKind] = {}
        self.given: dict[str, VariableKind] = {}
        self.constants: dict[str, int | float] = {}
        self.prompts: dict[str, Prompt] = {}
        self.states: dict[str, State] = {}
        self.intents: dict[str, IntentExamples] = {}
        self.experiments: dict[str, Experiment] = {}
        self.known_states: set[str] = set()
        self.known_dialogues: set[str] = set()
        self.dialogue = ""

    def later(self, check: Callable[[], None]) -> None:
        """Have `check` made when all names are known."""
        self._later.append(check)

    def check_references(self) -> None:
        for check in self._later:
            check()

    # ---- variables ------------------------------------------------------------------------

    def read_variables(self, named: Mapping[str, Mapping[str, Value]]) -> None:
        kinds: tuple[VariableKind, ...] = get_args(VariableKind)
        for name, value in named["constants"].items():
            self.constants[name] = cast(int, self._yaml.number(value, -(10**12), 10**12))
            self._refuse_taken(name, value, TURN_VARIABLES)
        for name, value in named["given"].items():
            self._refuse_taken(name, value, TURN_VARIABLES, self.constants)
            self.given[name] = self._yaml.choice(value, kinds)
        for name, value in named["variables"].items():
            self._refuse_taken(name, value, TURN_VARIABLES, self.constants, self.given)
            self.variables[name] = self._yaml.choice(value, kinds)
            if self.variables[name] == "person":
                self._yaml.complain(value, f"{name}: a person can only be given")

    def _refuse_taken(self, name: str, value: Value, *taken: Mapping[str, object]) -> None:
        if any(name in names for names in taken):
            self._yaml.complain(value, f"{name} is the name of something else already")

    def constant_kinds(self) -> dict[str, VariableKind]:
        """Constants in grosze are amounts, so that prompts can say them."""
        return {name: "amount" if name.endswith("_gr") else "number" for name in self.constants}

    def _kinds(self) -> dict[str, VariableKind]:
        return known_names(self.constant_kinds(), self.given, self.variables, self.experiments)

    def known_expression(self, value: Value) -> Expression | None:
        expression = self._yaml.expression(value)
        if expression is not None:
            self.later(lambda: self._check_names(value, expression.names))
        return expression

    def _check_names(self, value: Value, names: frozenset[str]) -> None:
        known = self._kinds()
        for name in sorted(names - set(known)):
            self._yaml.complain(value, f"no such variable: {name}")

    def known_template(self, value: Value) -> Template:
        template = self._yaml.template(value)
        self.later(lambda: self._check_placeholders(value, template))
        return template

    def _check_placeholders(self, value: Value, template: Template) -> None:
        kinds = self._kinds()
        for placeholder in template.placeholders:
            kind = kinds.get(placeholder.name)
            if kind is None:
                self._yaml.complain(value, f"no such variable: {placeholder.name}")
                continue
            forms = forms_of(kind)
            if placeholder.form not in forms:
                ways = ", ".join(
                    f"{{{placeholder.name}.{form}}}" if form else f"{{{placeholder.name}}}"
                    for form in forms
                )
                said = f"{placeholder.name}.{placeholder.form}".rstrip(".")
                self._yaml.complain(
                    value,
                    f"{{{said}}} can't be said: {placeholder.name} is of kind {kind} "
                    f"({'say ' + ways if ways else 'it is only for conditions'})",
                )

    def variable_name(self, value: Value, kinds: frozenset[VariableKind] | None = None) -> str:
        """The name of a variable that the script may change, of one of `kinds`."""
        return self._variable(value, kinds, lambda name: self.variables.get(name))

    def readable_name(self, value: Value, kinds: frozenset[VariableKind] | None = None) -> str:
        """The name of a variable whose value is only taken: it may be given as well."""
        return self._variable(value, kinds, lambda name: {**self.given, **self.variables}.get(name))

    def _variable(
        self,
        value: Value,
        kinds: frozenset[VariableKind] | None,
        kind_of: Callable[[str], VariableKind | None],
    ) -> str:
        name = self._yaml.text(value)

        def check() -> None:
            kind = kind_of(name)
            if kind is None:
                self._yaml.complain(value, f"no such variable: {name}")
            elif kinds is not None and kind not in kinds:
                self._yaml.complain(
                    value, f"{name} is of kind {kind}, not {' or '.join(sorted(kinds))}"
                )

        if name:
            self.later(check)
        return name

    # ---- names of prompts, states, intents --------------------------------------------------

    def _reference(self, value: Value, what: str, known: Callable[[], Mapping[str, object]]) -> str:
        name = self._yaml.text(value)
        if name:
            self.later(
                lambda: (
                    None
                    if name in known()
                    else self._yaml.complain(value, f"no such {what}: {name}")
                )
            )
        return name

    def state_name(self, value: Value) -> str:
        """A state's full name. Within a sub-dialogue its own states are meant first."""
        name = self._yaml.text(value)
        own = f"{self.dialogue}.{name}"
        if self.dialogue and own in self.known_states:
            return own
        if "." in name:
            self._yaml.complain(value, f"{name}: a sub-dialogue is entered by call only")
        elif name and name not in self.known_states:
            self._yaml.complain(value, f"no such state: {name}")
        return name

    def onward(self, value: Value) -> str:
        """A state, or the end of the sub-dialogue that is being read."""
        if value.scalar != RETURN:
            return self.state_name(value)
        if not self.dialogue:
            self._yaml.complain(value, "return has a meaning only in a sub-dialogue")
        return RETURN

    def target(self, value: Value) -> str:
        if value.scalar in STAYING:
            return self._yaml.text(value)
        return self.onward(value)

    def dialogue_name(self, value: Value) -> str:
        return self._reference(value, "dialogue", lambda: dict.fromkeys(self.known_dialogues, None))

    def prompt_name(self, value: Value) -> str:
        return self._reference(value, "prompt", lambda: self.prompts)

    def intent_name(self, value: Value) -> str:
        return self._reference(value, "intent", lambda: self.intents)
