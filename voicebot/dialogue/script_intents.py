"""Reads what the intents of a call script sound like."""

from __future__ import annotations

from pathlib import Path

import yaml

from voicebot.dialogue.nlu import IntentExamples, PatternError, compile_pattern
from voicebot.dialogue.script_names import ScriptNames
from voicebot.dialogue.script_yaml import NAME, Value, YamlReader

INTENT_KEYS = frozenset({"examples", "heard", "always", "never", "named"})


class IntentReader:
    """Reads the script's own intents and those of the files it names, which lie beside it."""

    def __init__(self, yaml_reader: YamlReader, names: ScriptNames) -> None:
        self._yaml = yaml_reader
        self._names = names
        self.files: list[str] = []

    def read(self, value: Value) -> None:
        """`intents: file.yaml` beside the script, or a table with `from` and the script's own."""
        if isinstance(value.node, yaml.ScalarNode):
            self._read_file(value)
            return
        for name, item in self._yaml.table(value).items():
            if name == "from":
                self._read_file(item)
            elif not NAME.match(name):
                self._yaml.complain(
                    item, f"{name}: names are made of small letters a-z, digits and _"
                )
            else:
                self._take(name, item)

    def _take(self, name: str, item: Value) -> None:
        """An intent that another file has already gets more examples and patterns."""
        intent = self._intent(item)
        known = self._names.intents.get(name)
        self._names.intents[name] = intent if known is None else _join(known, intent)

    def _read_file(self, value: Value) -> None:
        name = self._yaml.text(value)
        if "/" in name or "\\" in name:
            self._yaml.complain(
                value, "the intents file lies beside the script: give its name only"
            )
            return
        path = Path(value.file).parent / name
        if not name or str(path) in self.files:
            return
        self.files.append(str(path))
        root = self._yaml.root(path)
        if root is None:
            return
        table = self._yaml.table(root, {"intents"})
        if "intents" not in table:
            self._yaml.complain(root, "intents is missing")
            return
        for intent, item in self._yaml.named(table["intents"]):
            self._take(intent, item)

    def _intent(self, value: Value) -> IntentExamples:
        table = self._yaml.table(value, set(INTENT_KEYS))
        if not table.keys() & {"examples", "always"}:
            self._yaml.complain(value, "an intent needs examples or always")
        for key in ("always", "never"):
            for item in self._yaml.items(table[key]) if key in table else []:
                try:
                    compile_pattern(self._yaml.text(item))
                except PatternError as error:
                    self._yaml.complain(item, str(error))

        def texts(key: str) -> tuple[str, ...]:
            return self._yaml.texts(table[key]) if key in table else ()

        named = self._yaml.text(table["named"]) if "named" in table else ""
        return IntentExamples(
            texts("examples"), texts("heard"), texts("always"), texts("never"), named
        )


def _join(first: IntentExamples, second: IntentExamples) -> IntentExamples:
    return IntentExamples(
        first.examples + second.examples,
        first.heard + second.heard,
        first.always + second.always,
        first.never + second.never,
        first.named or second.named,
    )
