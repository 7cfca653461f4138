"""Reads a call script from YAML. Every problem is told as `file:line: reason`, not only the first.

Plain scalars follow YAML 1.2's core schema: `on`, `yes` and `no` are words (in Polish, "no"
even means yes), and only true, false, null and numbers are anything else than text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast, get_args

import yaml

from voicebot.dialogue.actions import QuestionKind
from voicebot.dialogue.expression import Expression, ExpressionError, parse_expression
from voicebot.dialogue.nlu import IntentExamples, PatternError, compile_pattern
from voicebot.dialogue.script import (
    EMOTION,
    SLOT_VARIABLE_KINDS,
    STAYING,
    TURN_VARIABLES,
    ClearVariables,
    Deed,
    DropEmotion,
    DropRecording,
    Ending,
    HandOver,
    Interjection,
    Ladder,
    Limits,
    ListenSpec,
    NoteCallback,
    NoteEvent,
    NotePromise,
    Prompt,
    QuerySpec,
    Reference,
    Rule,
    Script,
    SetOutcome,
    SetVariables,
    SlotKind,
    SlotSpec,
    Spoken,
    State,
    Step,
    VariableKind,
)
from voicebot.dialogue.template import Template, TemplateError, forms_of, parse_template
from voicebot.errors import ScriptError
from voicebot.records import Disposition

_MAX_BYTES = 1_000_000
_MAX_DEPTH = 20
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}\Z")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}\Z")
_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_PLAIN_WORDS: dict[str, object] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "~": None,
    "": None,
}
_KEYS = frozenset("0123456789*#")
_QUERY_ARGS = {
    "find_case": {"case_number"},
    "verify_fact": {"fact", "value"},
    "case_details": set[str](),
}
"""The queries of voicebot.dialogue.actions.Query and the arguments each needs."""
_QUERY_ANSWERS = {
    "find_case": {"found"},
    "verify_fact": {"matches"},
    "case_details": {
        "creditor",
        "title",
        "principal_gr",
        "interest_gr",
        "balance_gr",
        "due_date",
        "gender",
    },
}
_FACTS = frozenset({"birth_date", "postcode", "pesel_last4"})
_DISCLOSURES = frozenset({"ai", "recording", EMOTION})

T = TypeVar("T")
Choice = TypeVar("Choice", bound=str)


def load_script(path: Path) -> Script:
    """Read a script and the intents file it names. Raises ScriptError with all problems."""
    return _ScriptReader(path).read()


@dataclass(frozen=True, slots=True)
class _Value:
    """A place in a YAML file."""

    node: yaml.Node
    file: str
    key_line: int = 0

    @property
    def line(self) -> int:
        """Where an editor should look: a table or list begins at its key."""
        if self.key_line and not isinstance(self.node, yaml.ScalarNode):
            return self.key_line
        return int(self.node.start_mark.line) + 1

    @property
    def scalar(self) -> object:
        """The value of a scalar; the node's own text where it is quoted."""
        if not isinstance(self.node, yaml.ScalarNode):
            return None
        text = str(self.node.value)
        if self.node.style in {"'", '"', "|", ">"}:
            return text
        if text in _PLAIN_WORDS:
            return _PLAIN_WORDS[text]
        if _INTEGER.match(text):
            return int(text)
        if _DECIMAL.match(text):
            return float(text)
        return text


class _Reader:
    """Takes values out of YAML nodes and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, int, str]] = []

    def complain(self, value: _Value, reason: str) -> None:
        self.complain_at(value.file, value.line, reason)

    def complain_at(self, file: str, line: int, reason: str) -> None:
        self.problems.append((file, line, reason))

    def root(self, path: Path) -> _Value | None:
        """Compose the file; complains and returns None where there is no usable YAML."""
        name = str(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            self.complain_at(name, 1, f"can't read the file: {error.strerror}")
            return None
        if len(data) > _MAX_BYTES:
            self.complain_at(name, 1, f"larger than {_MAX_BYTES} bytes")
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            self.complain_at(name, line, "the file is no UTF-8 text")
            return None
        try:
            if not self._is_simple(name, text):
                return None
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = int(mark.line) + 1 if mark else 1
            self.complain_at(name, line, error.problem or error.context or "this is no YAML")
            return None
        except yaml.YAMLError as error:
            self.complain_at(name, 1, f"this is no YAML: {str(error).splitlines()[0]}")
            return None
        if not isinstance(node, yaml.MappingNode):
            self.complain_at(name, 1, "a script is a table of keys and values")
            return None
        return _Value(node, name)

    def _is_simple(self, name: str, text: str) -> bool:
        """Refuse what could make a small file endless: aliases, and nesting without end."""
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            line = int(event.start_mark.line) + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent):
                self.complain_at(name, line, "anchors and aliases (& and *) are not supported")
                return False
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                depth += 1
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                depth -= 1
            if depth > _MAX_DEPTH:
                self.complain_at(name, line, f"nested deeper than {_MAX_DEPTH} levels")
                return False
        return True

    def table(self, value: _Value, known: set[str] | None = None) -> dict[str, _Value]:
        """A mapping's values by key. known: any other key is a problem."""
        if not isinstance(value.node, yaml.MappingNode):
            self.complain(value, "keys and values are expected here")
            return {}
        result: dict[str, _Value] = {}
        for key_node, value_node in value.node.value:
            key = _Value(key_node, value.file)
            if not isinstance(key_node, yaml.ScalarNode):
                self.complain(key, "a key is a single word")
                continue
            name = str(key_node.value)
            if name in result:
                self.complain(key, f"{name} is here twice")
            elif known is not None and name not in known:
                self.complain(key, f"no such key: {name} (there are: {', '.join(sorted(known))})")
            else:
                result[name] = _Value(value_node, value.file, key.line)
        return result

    def named(self, value: _Value) -> Iterator[tuple[str, _Value]]:
        """A table whose keys are names that the script gives."""
        for name, item in self.table(value).items():
            if _NAME.match(name):
                yield name, item
            else:
                self.complain(item, f"{name}: names are made of small letters a-z, digits and _")

    def items(self, value: _Value) -> list[_Value]:
        """A list's items; a single value is a list of one."""
        if isinstance(value.node, yaml.SequenceNode):
            return [_Value(node, value.file) for node in value.node.value]
        return [value]

    def text(self, value: _Value) -> str:
        """A text, with its white space made single."""
        if isinstance(value.node, yaml.ScalarNode):
            text = " ".join(str(value.node.value).split())
            if text:
                return text
        self.complain(value, "a text is expected here")
        return ""

    def texts(self, value: _Value) -> tuple[str, ...]:
        return tuple(filter(None, (self.text(item) for item in self.items(value))))

    def number(self, value: _Value, least: float, most: float, default: float = 0) -> float:
        number = value.scalar
        if isinstance(number, bool) or not isinstance(number, int | float):
            self.complain(value, "a number is expected here")
            return default
        if not least <= number <= most:
            self.complain(value, f"must be from {least:g} to {most:g}")
            return default
        return number

    def whole(self, value: _Value, least: int, most: int, default: int = 0) -> int:
        number = self.number(value, least, most, default)
        if number != int(number):
            self.complain(value, "a whole number is expected here")
        return int(number)

    def flag(self, value: _Value) -> bool:
        if isinstance(value.scalar, bool):
            return value.scalar
        self.complain(value, "true or false is expected here")
        return False

    def choice(self, value: _Value, choices: tuple[Choice, ...]) -> Choice:
        text = self.text(value)
        for choice in choices:
            if text == choice:
                return choice
        if text:
            self.complain(value, f"no such value: {text} (there are: {', '.join(choices)})")
        return choices[0]

    def expression(self, value: _Value) -> Expression | None:
        try:
            return parse_expression(self.text(value))
        except ExpressionError as error:
            self.complain(value, str(error))
            return None

    def template(self, value: _Value) -> Template:
        text = self.text(value)
        try:
            return parse_template(text)
        except TemplateError as error:
            self.complain(value, str(error))
            return Template(text=text, parts=(text,))


class _ScriptReader(_Reader):
    """Builds a Script. References are checked at the end, when all names are known."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._later: list[Callable[[], None]] = []
        self._variables: dict[str, VariableKind] = {}
        self._given: dict[str, VariableKind] = {}
        self._constants: dict[str, int | float] = {}
        self._prompts: dict[str, Prompt] = {}
        self._states: dict[str, State] = {}
        self._intents: dict[str, IntentExamples] = {}
        self._rule_sets: dict[str, tuple[Rule, ...]] = {}

    def read(self) -> Script:
        root = self.root(self._path)
        script = None if root is None else self._script(root)
        if script is None or self.problems:
            lines = [f"{file}:{line}: {reason}" for file, line, reason in self._sorted_problems()]
            raise ScriptError(lines)
        return script

    def _sorted_problems(self) -> list[tuple[str, int, str]]:
        return sorted(set(self.problems))

    def _script(self, root: _Value) -> Script | None:
        required = ["script", "start", "intents", "prompts", "states", "no_input", "no_match"]
        required += ["unclear", "failure", "too_long"]
        optional = ["given", "limits", "constants", "variables", "rules", "anywhere", "keys"]
        optional.append("interject")
        table = self.table(root, {*required, *optional})
        missing = [key for key in required if key not in table]
        for key in missing:
            self.complain(root, f"{key} is missing")
        self._read_variables(table)
        if "prompts" in table:
            for name, value in self.named(table["prompts"]):
                self._prompts[name] = self._prompt(name, value)
        if "intents" in table:
            self._read_intents(table["intents"])
        if "rules" in table:
            for name, value in self.named(table["rules"]):
                self._rule_sets[name] = self._rules(value)
        if "states" in table:
            for name, value in self.named(table["states"]):
                if name in STAYING:
                    self.complain(value, f"{name} means staying in a state and can't be one's name")
                self._states[name] = self._state(name, value)
        anywhere = self._rules(table["anywhere"]) if "anywhere" in table else ()
        for rule in anywhere:
            if rule.filled:
                self.complain_at(
                    str(self._path), rule.line, "filled has no meaning in a rule for anywhere"
                )
        keys = self._keys(table["keys"]) if "keys" in table else {}
        limits = self._limits(table["limits"]) if "limits" in table else Limits()
        if missing:
            self._check_references()
            return None
        script = Script(
            name=self.text(table["script"]),
            path=str(self._path),
            start=self._state_name(table["start"]),
            variables=self._variables,
            given=self._given,
            constants=self._constants,
            constant_kinds=self._constant_kinds(),
            limits=limits,
            prompts=self._prompts,
            states=self._states,
            anywhere=anywhere,
            keys=keys,
            intents=self._intents,
            no_input=self._ladder(table["no_input"], is_default=True),
            no_match=self._ladder(table["no_match"], is_default=True),
            unclear_prompt=self._prompt_name(table["unclear"]),
            failure_state=self._state_name(table["failure"]),
            too_long_state=self._state_name(table["too_long"]),
            interjections=self._interjections(table["interject"]) if "interject" in table else (),
        )
        self._check_references()
        return script

    def _check_references(self) -> None:
        for check in self._later:
            check()

    # ---- variables ------------------------------------------------------------------------

    def _read_variables(self, table: Mapping[str, _Value]) -> None:
        kinds: tuple[VariableKind, ...] = get_args(VariableKind)
        if "constants" in table:
            for name, value in self.named(table["constants"]):
                self._constants[name] = cast(int, self.number(value, -(10**12), 10**12))
                self._refuse_taken(name, value, TURN_VARIABLES)
        if "given" in table:
            for name, value in self.named(table["given"]):
                self._refuse_taken(name, value, TURN_VARIABLES, self._constants)
                self._given[name] = self.choice(value, kinds)
        if "variables" in table:
            for name, value in self.named(table["variables"]):
                self._refuse_taken(name, value, TURN_VARIABLES, self._constants, self._given)
                self._variables[name] = self.choice(value, kinds)

    def _refuse_taken(self, name: str, value: _Value, *taken: Mapping[str, object]) -> None:
        if any(name in names for names in taken):
            self.complain(value, f"{name} is the name of something else already")

    def _constant_kinds(self) -> dict[str, VariableKind]:
        """Constants in grosze are amounts, so that prompts can say them."""
        return {name: "amount" if name.endswith("_gr") else "number" for name in self._constants}

    def _kinds(self) -> dict[str, VariableKind]:
        return {**TURN_VARIABLES, **self._constant_kinds(), **self._given, **self._variables}

    def _known_expression(self, value: _Value) -> Expression | None:
        expression = self.expression(value)
        if expression is not None:
            self._later.append(lambda: self._check_names(value, expression.names))
        return expression

    def _check_names(self, value: _Value, names: frozenset[str]) -> None:
        known = self._kinds()
        for name in sorted(names - set(known)):
            self.complain(value, f"no such variable: {name}")

    def _known_template(self, value: _Value) -> Template:
        template = self.template(value)
        self._later.append(lambda: self._check_placeholders(value, template))
        return template

    def _check_placeholders(self, value: _Value, template: Template) -> None:
        kinds = self._kinds()
        for placeholder in template.placeholders:
            kind = kinds.get(placeholder.name)
            if kind is None:
                self.complain(value, f"no such variable: {placeholder.name}")
                continue
            forms = forms_of(kind)
            if placeholder.form not in forms:
                ways = ", ".join(
                    f"{{{placeholder.name}.{form}}}" if form else f"{{{placeholder.name}}}"
                    for form in forms
                )
                said = f"{placeholder.name}.{placeholder.form}".rstrip(".")
                self.complain(
                    value,
                    f"{{{said}}} can't be said: {placeholder.name} is of kind {kind} "
                    f"({'say ' + ways if ways else 'it is only for conditions'})",
                )

    def _variable_name(self, value: _Value, kinds: frozenset[VariableKind] | None = None) -> str:
        """The name of a script variable, of one of `kinds`."""
        name = self.text(value)

        def check() -> None:
            kind = self._variables.get(name)
            if kind is None:
                self.complain(value, f"no such variable: {name}")
            elif kinds is not None and kind not in kinds:
                self.complain(value, f"{name} is of kind {kind}, not {' or '.join(sorted(kinds))}")

        if name:
            self._later.append(check)
        return name

    # ---- names of prompts, states, intents --------------------------------------------------

    def _reference(
        self, value: _Value, what: str, known: Callable[[], Mapping[str, object]]
    ) -> str:
        name = self.text(value)
        if name:
            self._later.append(
                lambda: None if name in known() else self.complain(value, f"no such {what}: {name}")
            )
        return name

    def _state_name(self, value: _Value) -> str:
        return self._reference(value, "state", lambda: self._states)

    def _target(self, value: _Value) -> str:
        if value.scalar in STAYING:
            return self.text(value)
        return self._state_name(value)

    def _prompt_name(self, value: _Value) -> str:
        return self._reference(value, "prompt", lambda: self._prompts)

    def _intent_name(self, value: _Value) -> str:
        return self._reference(value, "intent", lambda: self._intents)

    # ---- intents --------------------------------------------------------------------------

    def _read_intents(self, value: _Value) -> None:
        """`intents: file.yaml` beside the script, or a table with `from` and the script's own."""
        if isinstance(value.node, yaml.ScalarNode):
            self._read_intents_file(value)
            return
        for name, item in self.table(value).items():
            if name == "from":
                self._read_intents_file(item)
            elif not _NAME.match(name):
                self.complain(item, f"{name}: names are made of small letters a-z, digits and _")
            elif name in self._intents:
                self._intents[name] = _join(self._intents[name], self._intent(item))
            else:
                self._intents[name] = self._intent(item)

    def _read_intents_file(self, value: _Value) -> None:
        name = self.text(value)
        if "/" in name or "\\" in name:
            self.complain(value, "the intents file lies beside the script: give its name only")
            return
        root = self.root(self._path.parent / name) if name else None
        if root is None:
            return
        table = self.table(root, {"intents"})
        if "intents" not in table:
            self.complain(root, "intents is missing")
            return
        for intent, item in self.named(table["intents"]):
            self._intents[intent] = self._intent(item)

    def _intent(self, value: _Value) -> IntentExamples:
        table = self.table(value, {"examples", "heard", "always", "never"})
        if not table.keys() & {"examples", "always"}:
            self.complain(value, "an intent needs examples or always")
        for key in ("always", "never"):
            for item in self.items(table[key]) if key in table else []:
                try:
                    compile_pattern(self.text(item))
                except PatternError as error:
                    self.complain(item, str(error))

        def texts(key: str) -> tuple[str, ...]:
            return self.texts(table[key]) if key in table else ()

        return IntentExamples(texts("examples"), texts("heard"), texts("always"), texts("never"))

    # ---- prompts and limits -----------------------------------------------------------------

    def _prompt(self, name: str, value: _Value) -> Prompt:
        if isinstance(value.node, yaml.ScalarNode):
            return Prompt(name, self._known_template(value), line=value.line)
        table = self.table(value, {"text", "barge_in", "discloses"})
        if "text" not in table:
            self.complain(value, "text is missing")
            return Prompt(name, parse_template(""), line=value.line)
        discloses = self.texts(table["discloses"]) if "discloses" in table else ()
        for what in discloses:
            if what not in _DISCLOSURES:
                self.complain(
                    table["discloses"], f"no such disclosure: {what} (ai, emotion, recording)"
                )
        return Prompt(
            name,
            self._known_template(table["text"]),
            allow_barge_in=self.flag(table["barge_in"]) if "barge_in" in table else True,
            discloses=discloses,
            line=value.line,
        )

    def _limits(self, value: _Value) -> Limits:
        default = Limits()
        table = self.table(value, {"turns", "min_confidence", "min_score", "sure_score"})

        def share(key: str, otherwise: float) -> float:
            return self.number(table[key], 0, 1, otherwise) if key in table else otherwise

        return Limits(
            turns=self.whole(table["turns"], 1, 1000, default.turns)
            if "turns" in table
            else default.turns,
            min_confidence=share("min_confidence", default.min_confidence),
            min_score=share("min_score", default.min_score),
            sure_score=share("sure_score", default.sure_score),
        )

    def _ladder(self, value: _Value, is_default: bool = False) -> Ladder:
        table = self.table(
            value, {"prompts", "then", "per_call"} if is_default else {"prompts", "then"}
        )
        prompts: tuple[str, ...] = ()
        if "prompts" in table:
            prompts = tuple(filter(None, map(self._prompt_name, self.items(table["prompts"]))))
        for key in ("then", "per_call") if is_default else ("then",):
            if key not in table:
                self.complain(value, f"{key} is missing")
        return Ladder(
            prompts=prompts,
            then=self._state_name(table["then"]) if "then" in table else "",
            per_call=self.whole(table["per_call"], 1, 100, 1) if "per_call" in table else 0,
            line=value.line,
        )

    def _keys(self, value: _Value) -> dict[str, str]:
        keys: dict[str, str] = {}
        for key, item in self.table(value).items():
            if key not in _KEYS:
                self.complain(item, f"no such key on a telephone: {key}")
            keys[key] = self._intent_name(item)
        return keys

    # ---- states -------------------------------------------------------------------------------

    def _state(self, name: str, value: _Value) -> State:
        known = {"do", "say", "reask", "listen", "on", "query", "then", "go", "hang_up"}
        known |= {"no_input", "no_match"}
        table = self.table(value, known)
        endings = [key for key in ("listen", "query", "go", "hang_up") if key in table]
        if len(endings) != 1:
            found = ", ".join(endings) or "none"
            self.complain(
                value,
                f"{name}: exactly one of listen, query, go and hang_up is needed; found {found}",
            )
        if ("on" in table) != ("listen" in table):
            self.complain(value, f"{name}: listen and on belong together")
        if ("then" in table) != ("query" in table):
            self.complain(value, f"{name}: query and then belong together")
        for key in ("reask", "no_input", "no_match"):
            if key in table and "listen" not in table:
                self.complain(table[key], f"{key} has a meaning only beside listen")
        rules: tuple[Rule, ...] = ()
        if "on" in table:
            rules = self._rules(table["on"])
        elif "then" in table:
            rules = self._branches(table["then"])
        elif "go" in table:
            rules = self._branches(table["go"])
        return State(
            name=name,
            line=value.line,
            steps=self._steps(table["do"]) if "do" in table else (),
            say=self._says(table["say"]) if "say" in table else (),
            reask=self._says(table["reask"]) if "reask" in table else (),
            listen=self._listen(table["listen"]) if "listen" in table else None,
            query=self._query(table["query"]) if "query" in table else None,
            ending=self._ending(table["hang_up"]) if "hang_up" in table else None,
            rules=rules,
            no_input=self._ladder(table["no_input"]) if "no_input" in table else None,
            no_match=self._ladder(table["no_match"]) if "no_match" in table else None,
        )

    def _says(self, value: _Value) -> tuple[Spoken, ...]:
        return tuple(self._spoken(item) for item in self.items(value))

    def _spoken(self, value: _Value) -> Spoken:
        if isinstance(value.node, yaml.ScalarNode):
            return Spoken(self._prompt_name(value), line=value.line)
        table = self.table(value, {"prompt", "if"})
        if "prompt" not in table:
            self.complain(value, "prompt is missing")
            return Spoken("", line=value.line)
        condition = self._known_expression(table["if"]) if "if" in table else None
        return Spoken(self._prompt_name(table["prompt"]), condition, value.line)

    def _listen(self, value: _Value) -> ListenSpec:
        table = self.table(value, {"kind", "no_input_s", "max_digits", "slots", "phrases"})
        kinds: tuple[QuestionKind, ...] = get_args(QuestionKind)
        if "kind" not in table:
            self.complain(value, "kind is missing")
        slots = (
            {name: self._slot(name, item) for name, item in self.named(table["slots"])}
            if "slots" in table
            else {}
        )
        return ListenSpec(
            kind=self.choice(table["kind"], kinds) if "kind" in table else "open",
            no_input_s=self.number(table["no_input_s"], 1, 60, 5) if "no_input_s" in table else 5,
            max_digits=self.whole(table["max_digits"], 0, 30) if "max_digits" in table else 0,
            slots=slots,
            phrases=self.texts(table["phrases"]) if "phrases" in table else (),
            line=value.line,
        )

    def _slot(self, name: str, value: _Value) -> SlotSpec:
        """`amount`, or a table with `kind` and what that kind needs."""
        kinds: tuple[SlotKind, ...] = get_args(SlotKind)
        length, balance = 0, ""
        if isinstance(value.node, yaml.ScalarNode):
            kind = self.choice(value, kinds)
        else:
            table = self.table(value, {"kind", "length", "balance"})
            if "kind" not in table:
                self.complain(value, "kind is missing")
                return SlotSpec("words", line=value.line)
            kind = self.choice(table["kind"], kinds)
            if "length" in table:
                length = self.whole(table["length"], 1, 30)
            if "balance" in table:
                balance = self._variable_name(table["balance"], frozenset({"amount"}))
        if kind in {"digits", "case_number"} and not length:
            self.complain(value, f"{name}: a slot of digits needs length")
        if kind == "amount" and not balance:
            self.complain(value, f"{name}: a slot of kind amount needs balance (what 'all' means)")

        def check() -> None:
            variable = self._variables.get(name)
            if variable is None:
                self.complain(value, f"no such variable: {name}")
            elif variable not in SLOT_VARIABLE_KINDS[kind]:
                needed = " or ".join(sorted(SLOT_VARIABLE_KINDS[kind]))
                self.complain(value, f"{name} is of kind {variable}; {kind} fills {needed}")

        self._later.append(check)
        return SlotSpec(kind, length, balance, value.line)

    def _query(self, value: _Value) -> QuerySpec:
        table = self.table(value, {"name", "args", "save", "until"})
        if "name" not in table:
            self.complain(value, "name is missing")
            return QuerySpec("", {}, {}, line=value.line)
        name = self.choice(table["name"], tuple(_QUERY_ARGS))
        args: dict[str, str | Reference] = {}
        for key, item in (self.table(table["args"]) if "args" in table else {}).items():
            args[key] = self._argument(item)
        if set(args) != _QUERY_ARGS[name]:
            needed = ", ".join(sorted(_QUERY_ARGS[name])) or "none"
            self.complain(value, f"{name} takes these args: {needed}")
        fact = args.get("fact")
        if isinstance(fact, str) and fact not in _FACTS:
            self.complain(value, f"no such fact: {fact} (there are: {', '.join(sorted(_FACTS))})")
        save: dict[str, str] = {}
        for variable, item in self.named(table["save"]) if "save" in table else ():
            save[variable] = self.text(item)
            if save[variable] not in _QUERY_ANSWERS[name]:
                known = ", ".join(sorted(_QUERY_ANSWERS[name]))
                self.complain(item, f"{name} does not answer {save[variable]} (it does: {known})")
            self._later.append(
                lambda variable=variable, item=item: (
                    None  # type: ignore[misc]
                    if variable in self._variables
                    else self.complain(item, f"no such variable: {variable}")
                )
            )
        until = self.text(table["until"]) if "until" in table else ""
        if until and until not in save:
            self.complain(value, f"until: {until} is not saved by this query")
        return QuerySpec(name, args, save, until, value.line)

    def _argument(self, value: _Value) -> str | Reference:
        """`$name` is a variable's value, anything else the text itself."""
        text = self.text(value)
        if not text.startswith("$"):
            return text
        variable = text[1:]
        self._later.append(
            lambda: (
                None
                if variable in self._variables
                else self.complain(value, f"no such variable: {variable}")
            )
        )
        return Reference(variable)

    def _ending(self, value: _Value) -> Ending:
        if isinstance(value.node, yaml.ScalarNode):
            return Ending(self.text(value))
        table = self.table(value, {"reason", "outcome"})
        if "reason" not in table:
            self.complain(value, "reason is missing")
        return Ending(
            self.text(table["reason"]) if "reason" in table else "",
            self._disposition(table["outcome"]) if "outcome" in table else None,
        )

    def _disposition(self, value: _Value) -> Disposition:
        return Disposition(self.choice(value, tuple(str(item) for item in Disposition)))

    # ---- rules and steps --------------------------------------------------------------------

    def _rules(self, value: _Value) -> tuple[Rule, ...]:
        known = {"intent", "filled", "if", "do", "say", "go", "priority"}
        rules: list[Rule] = []
        for item in self.items(value):
            table = self.table(item, {*known, "use"})
            if "use" in table:
                rules += self._used_rules(item, table)
                continue
            if not table.keys() & {"intent", "filled", "if"}:
                self.complain(item, "a rule needs intent, filled or if")
            if "go" not in table:
                self.complain(item, "go is missing")
                continue
            if "priority" in table and "intent" not in table:
                self.complain(item, "priority belongs to a rule with intent")
            rules.append(
                Rule(
                    go=self._target(table["go"]),
                    intents=frozenset(map(self._intent_name, self.items(table["intent"])))
                    if "intent" in table
                    else frozenset(),
                    filled=tuple(map(self._variable_name, self.items(table["filled"])))
                    if "filled" in table
                    else (),
                    condition=self._known_expression(table["if"]) if "if" in table else None,
                    steps=self._steps(table["do"]) if "do" in table else (),
                    say=self._says(table["say"]) if "say" in table else (),
                    is_priority="priority" in table and self.flag(table["priority"]),
                    line=item.line,
                )
            )
        return tuple(rules)

    def _used_rules(self, item: _Value, table: Mapping[str, _Value]) -> tuple[Rule, ...]:
        """`use: name` stands for the rules of that name, which are written once."""
        name = self.text(table["use"])
        if len(table) > 1:
            self.complain(item, "use stands alone")
        if name not in self._rule_sets:
            self.complain(item, f"no such rules: {name} (rules are written above their use)")
        return self._rule_sets.get(name, ())

    def _branches(self, value: _Value) -> tuple[Rule, ...]:
        """`go: state`, or a list of branches of which the last has no condition."""
        branches = []
        items = self.items(value)
        for n, item in enumerate(items):
            if isinstance(item.node, yaml.ScalarNode):
                branch = Rule(go=self._state_name(item), line=item.line)
            else:
                table = self.table(item, {"if", "do", "say", "go"})
                if "go" not in table:
                    self.complain(item, "go is missing")
                    continue
                branch = Rule(
                    go=self._state_name(table["go"]),
                    condition=self._known_expression(table["if"]) if "if" in table else None,
                    steps=self._steps(table["do"]) if "do" in table else (),
                    say=self._says(table["say"]) if "say" in table else (),
                    line=item.line,
                )
            if (n == len(items) - 1) != (branch.condition is None):
                self.complain(item, "the last branch, and only that one, has no if")
            branches.append(branch)
        return tuple(branches)

    def _interjections(self, value: _Value) -> tuple[Interjection, ...]:
        interjections = []
        for item in self.items(value):
            table = self.table(item, {"if", "say"})
            if len(table) < 2:
                self.complain(item, "an interjection needs if and say")
                continue
            condition = self._known_expression(table["if"])
            if condition is not None:
                says = self._says(table["say"])
                interjections.append(Interjection(condition, says, item.line))
        return tuple(interjections)

    def _steps(self, value: _Value) -> tuple[Step, ...]:
        return tuple(filter(None, map(self._step, self.items(value))))

    def _step(self, value: _Value) -> Step | None:
        readers: dict[str, Callable[[_Value], Deed]] = {
            "set": self._set_variables,
            "clear": lambda item: ClearVariables(tuple(map(self._variable_name, self.items(item)))),
            "event": lambda item: NoteEvent(self.text(item)),
            "callback": self._note_callback,
            "promise": self._note_promise,
            "stop_recording": self._drop_recording,
            "stop_emotion": self._drop_emotion,
            "outcome": lambda item: SetOutcome(self._disposition(item)),
            "transfer": self._hand_over,
        }
        table = self.table(value, {"if", *readers})
        deeds = [key for key in table if key != "if"]
        if len(deeds) != 1:
            self.complain(value, f"a step is one of: {', '.join(readers)}")
            return None
        condition = self._known_expression(table["if"]) if "if" in table else None
        return Step(readers[deeds[0]](table[deeds[0]]), condition, value.line)

    def _set_variables(self, value: _Value) -> SetVariables:
        values: dict[str, Expression] = {}
        for name, item in self.named(value):
            expression = self._known_expression(item)
            if expression is not None:
                values[name] = expression
            self._later.append(
                lambda name=name, item=item: (
                    None  # type: ignore[misc]
                    if name in self._variables
                    else self.complain(item, f"no such variable: {name}")
                )
            )
        return SetVariables(values)

    def _note_callback(self, value: _Value) -> NoteCallback:
        if isinstance(value.node, yaml.ScalarNode):
            return NoteCallback(self._known_template(value))
        table = self.table(value, {"reason", "wanted"})
        if "reason" not in table:
            self.complain(value, "reason is missing")
            return NoteCallback(parse_template(""))
        wanted = self._known_template(table["wanted"]) if "wanted" in table else None
        return NoteCallback(self._known_template(table["reason"]), wanted)

    def _note_promise(self, value: _Value) -> NotePromise:
        table = self.table(value, {"amount", "date", "balance"})
        names = {}
        kinds: dict[str, VariableKind] = {"amount": "amount", "date": "date", "balance": "amount"}
        for key, kind in kinds.items():
            if key in table:
                names[key] = self._variable_name(table[key], frozenset({kind}))
            else:
                self.complain(value, f"{key} is missing")
        return NotePromise(names.get("amount", ""), names.get("date", ""), names.get("balance", ""))

    def _drop_recording(self, value: _Value) -> DropRecording:
        if not self.flag(value):
            self.complain(value, "stop_recording can only be true")
        return DropRecording()

    def _drop_emotion(self, value: _Value) -> DropEmotion:
        if not self.flag(value):
            self.complain(value, "stop_emotion can only be true")
        return DropEmotion()

    def _hand_over(self, value: _Value) -> HandOver:
        table = self.table(value, {"reason", "summary"})
        for key in ("reason", "summary"):
            if key not in table:
                self.complain(value, f"{key} is missing")
                return HandOver(parse_template(""), parse_template(""))
        return HandOver(
            self._known_template(table["reason"]), self._known_template(table["summary"])
        )


def _join(first: IntentExamples, second: IntentExamples) -> IntentExamples:
    return IntentExamples(
        first.examples + second.examples,
        first.heard + second.heard,
        first.always + second.always,
        first.never + second.never,
    )
