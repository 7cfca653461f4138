"""Reads what the intents of a call script sound like."""

from __future__ import annotations

from pathlib import Path

import yaml

from voicebot.dialogue.nlu import IntentExamples, PatternError, compile_pattern
from voicebot.dialogue.script_names import ScriptNames
from voicebot.dialogue.script_yaml import NAME, Value, YamlReader


class IntentReader:
    """Reads the script's own intents and those of the file it names, which lies in `folder`."""

    def __init__(self, yaml_reader: YamlReader, names: ScriptNames, folder: Path) -> None:
        self._yaml = yaml_reader
        self._names = names
        self._folder = folder

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
            elif name in self._names.intents:
                self._names.intents[name] = _join(self._names.intents[name], self._intent(item))
            else:
                self._names.intents[name] = self._intent(item)

    def _read_file(self, value: Value) -> None:
        name = self._yaml.text(value)
        if "/" in name or "\\" in name:
            self._yaml.complain(
                value, "the intents file lies beside the script: give its name only"
            )
            return
        root = self._yaml.root(self._folder / name) if name else None
        if root is None:
            return
        table = self._yaml.table(root, {"intents"})
        if "intents" not in table:
            self._yaml.complain(root, "intents is missing")
            return
        for intent, item in self._yaml.named(table["intents"]):
            self._names.intents[intent] = self._intent(item)

    def _intent(self, value: Value) -> IntentExamples:
        table = self._yaml.table(value, {"examples", "heard", "always", "never"})
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

        return IntentExamples(texts("examples"), texts("heard"), texts("always"), texts("never"))


def _join(first: IntentExamples, second: IntentExamples) -> IntentExamples:
    return IntentExamples(
        first.examples + second.examples,
        first.heard + second.heard,
        first.always + second.always,
        first.never + second.never,
    )
