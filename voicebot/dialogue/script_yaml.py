"""Takes values out of a YAML file, and tells of each that is wrong where it stands.

Plain scalars follow YAML 1.2's core schema: `on`, `yes` and `no` are words (in Polish, "no"
even means yes), and only true, false, null and numbers are anything else than text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml

from voicebot.dialogue.expression import Expression, ExpressionError, parse_expression
from voicebot.dialogue.template import Template, TemplateError, parse_template

_MAX_BYTES = 1_000_000
_MAX_DEPTH = 20
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}\Z")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}\Z")
NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_PLAIN_WORDS: dict[str, object] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "~": None,
    "": None,
}

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where PyYAML has it: eight times as quick, and 4,000 lines of examples are many."""

T = TypeVar("T")
Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class Value:
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


class YamlReader:
    """Takes values out of YAML nodes and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, int, str]] = []
        self._digest = hashlib.sha256()

    @property
    def version(self) -> str:
        """A digest of what was read so far: another file, another version."""
        return self._digest.hexdigest()

    def complain(self, value: Value, reason: str) -> None:
        self.complain_at(value.file, value.line, reason)

    def complain_at(self, file: str, line: int, reason: str) -> None:
        self.problems.append((file, line, reason))

    def root(self, path: Path) -> Value | None:
        """Compose the file; complains and returns None where there is no usable YAML."""
        name = str(path)
        if "\0" in name:
            self.complain_at(name.replace("\0", "?"), 1, "no file can have this name")
            return None
        try:
            data = path.read_bytes()
        except OSError as error:
            self.complain_at(name, 1, f"can't read the file: {error.strerror}")
            return None
        self._digest.update(hashlib.sha256(data).digest())
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
            node = yaml.compose(text, Loader=_Loader)
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
        return Value(node, name)

    def _is_simple(self, name: str, text: str) -> bool:
        """Refuse what could make a small file endless: aliases, and nesting without end."""
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
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

    def table(self, value: Value, known: set[str] | None = None) -> dict[str, Value]:
        """A mapping's values by key. known: any other key is a problem."""
        if not isinstance(value.node, yaml.MappingNode):
            self.complain(value, "keys and values are expected here")
            return {}
        result: dict[str, Value] = {}
        for key_node, value_node in value.node.value:
            key = Value(key_node, value.file)
            if not isinstance(key_node, yaml.ScalarNode):
                self.complain(key, "a key is a single word")
                continue
            name = str(key_node.value)
            if name in result:
                self.complain(key, f"{name} is here twice")
            elif known is not None and name not in known:
                self.complain(key, f"no such key: {name} (there are: {', '.join(sorted(known))})")
            else:
                result[name] = Value(value_node, value.file, key.line)
        return result

    def named(self, value: Value) -> Iterator[tuple[str, Value]]:
        """A table whose keys are names that the script gives."""
        for name, item in self.table(value).items():
            if NAME.match(name):
                yield name, item
            else:
                self.complain(item, f"{name}: names are made of small letters a-z, digits and _")

    def items(self, value: Value) -> list[Value]:
        """A list's items; a single value is a list of one."""
        if isinstance(value.node, yaml.SequenceNode):
            return [Value(node, value.file) for node in value.node.value]
        return [value]

    def text(self, value: Value) -> str:
        """A text, with its white space made single."""
        if isinstance(value.node, yaml.ScalarNode):
            text = " ".join(str(value.node.value).split())
            if text:
                return text
        self.complain(value, "a text is expected here")
        return ""

    def texts(self, value: Value) -> tuple[str, ...]:
        return tuple(filter(None, (self.text(item) for item in self.items(value))))

    def number(self, value: Value, least: float, most: float, default: float = 0) -> float:
        number = value.scalar
        if isinstance(number, bool) or not isinstance(number, int | float):
            self.complain(value, "a number is expected here")
            return default
        if not least <= number <= most:
            self.complain(value, f"must be from {least:g} to {most:g}")
            return default
        return number

    def whole(self, value: Value, least: int, most: int, default: int = 0) -> int:
        number = self.number(value, least, most, default)
        if number != int(number):
            self.complain(value, "a whole number is expected here")
        return int(number)

    def flag(self, value: Value) -> bool:
        if isinstance(value.scalar, bool):
            return value.scalar
        self.complain(value, "true or false is expected here")
        return False

    def choice(self, value: Value, choices: tuple[Choice, ...]) -> Choice:
        text = self.text(value)
        for choice in choices:
            if text == choice:
                return choice
        if text:
            self.complain(value, f"no such value: {text} (there are: {', '.join(choices)})")
        return choices[0]

    def expression(self, value: Value) -> Expression | None:
        try:
            return parse_expression(self.text(value))
        except ExpressionError as error:
            self.complain(value, str(error))
            return None

    def template(self, value: Value) -> Template:
        text = self.text(value)
        try:
            return parse_template(text)
        except TemplateError as error:
            self.complain(value, str(error))
            return Template(text=text, parts=(text,))
