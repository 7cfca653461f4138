"""Reads the prompts of a call script, and the experiments that choose between them."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from voicebot.dialogue.script import EMOTION, Experiment, Prompt
from voicebot.dialogue.script_names import ScriptNames
from voicebot.dialogue.script_yaml import Value, YamlReader
from voicebot.dialogue.template import Template, parse_template

DISCLOSURES = frozenset({"ai", "recording", EMOTION})
PROMPT_KEYS = frozenset({"text", "variants", "barge_in", "discloses", "persuades"})
_MOST_VARIANTS = 20


class PromptReader:
    """Reads what is said, and in which of several ways."""

    def __init__(self, yaml_reader: YamlReader, names: ScriptNames) -> None:
        self._yaml = yaml_reader
        self._names = names

    def prompt(self, name: str, value: Value) -> Prompt:
        """A text, or a table with `text` or `variants` and what else there is to say about it."""
        if isinstance(value.node, yaml.ScalarNode):
            text = self._names.known_template(value)
            return Prompt(name, text, line=value.line, file=value.file, variants=(text,))
        table = self._yaml.table(value, set(PROMPT_KEYS))
        variants = self._variants(value, table)
        discloses = self._yaml.texts(table["discloses"]) if "discloses" in table else ()
        for what in discloses:
            if what not in DISCLOSURES:
                known = ", ".join(sorted(DISCLOSURES))
                self._yaml.complain(table["discloses"], f"no such disclosure: {what} ({known})")
        return Prompt(
            name,
            variants[0],
            allow_barge_in=self._yaml.flag(table["barge_in"]) if "barge_in" in table else True,
            discloses=discloses,
            line=value.line,
            file=value.file,
            variants=variants,
            persuades="persuades" in table and self._yaml.flag(table["persuades"]),
        )

    def _variants(self, value: Value, table: Mapping[str, Value]) -> tuple[Template, ...]:
        """At least one, whatever the table holds."""
        if ("text" in table) == ("variants" in table):
            reason = "text or variants, not both" if "text" in table else "text is missing"
            self._yaml.complain(value, reason)
            return (parse_template(""),)
        if "text" in table:
            return (self._names.known_template(table["text"]),)
        items = self._yaml.items(table["variants"])
        variants = tuple(self._names.known_template(item) for item in items[:_MOST_VARIANTS])
        if not 2 <= len(items) <= _MOST_VARIANTS:
            self._yaml.complain(table["variants"], f"2 to {_MOST_VARIANTS} variants are expected")
        for item, variant in zip(items, variants, strict=False):
            if variant.names != variants[0].names:
                self._yaml.complain(item, "all variants need the same variables")
        return variants or (parse_template(""),)

    def unsure(self, value: Value) -> str:
        """The prompt that asks whether {guess} was meant."""
        if isinstance(value.node, yaml.ScalarNode):
            return self._names.prompt_name(value)
        table = self._yaml.table(value, {"prompt"})
        if "prompt" not in table:
            self._yaml.complain(value, "prompt is missing")
            return ""
        return self._names.prompt_name(table["prompt"])

    def experiments(self, table: Mapping[str, Value]) -> dict[str, Experiment]:
        return {
            name: experiment
            for name, value in table.items()
            if (experiment := self._experiment(name, value)) is not None
        }

    def _experiment(self, name: str, value: Value) -> Experiment | None:
        table = self._yaml.table(value, {"arms", "weights"})
        if "arms" not in table:
            self._yaml.complain(value, "arms is missing")
            return None
        arms = self._yaml.texts(table["arms"])
        weights = (
            tuple(self._yaml.whole(item, 0, 1000) for item in self._yaml.items(table["weights"]))
            if "weights" in table
            else (1,) * len(arms)
        )
        if len(arms) < 2 or len(set(arms)) != len(arms):
            self._yaml.complain(table["arms"], "an experiment needs two or more different arms")
            return None
        if len(weights) != len(arms) or not any(weights):
            self._yaml.complain(value, "one weight an arm is expected, not all of them 0")
            return None
        return Experiment(name, arms, weights, value.line, value.file)
