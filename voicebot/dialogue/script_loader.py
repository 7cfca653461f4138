"""Reads a call script from YAML. Every problem is told as `file:line: reason`, not only the first.

Each part of a script has its reader: script_states, script_rules, script_steps, script_intents;
script_names knows what names there are, script_yaml where a value stands.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from voicebot.dialogue.script import EMOTION, STAYING, Limits, Prompt, Script
from voicebot.dialogue.script_intents import IntentReader
from voicebot.dialogue.script_names import ScriptNames
from voicebot.dialogue.script_rules import RuleReader
from voicebot.dialogue.script_states import StateReader
from voicebot.dialogue.script_steps import StepReader
from voicebot.dialogue.script_yaml import Value, YamlReader
from voicebot.dialogue.template import parse_template
from voicebot.errors import ScriptError

_KEYS = frozenset("0123456789*#")
_DISCLOSURES = frozenset({"ai", "recording", EMOTION})


def load_script(path: Path) -> Script:
    """Read a script and the intents file it names. Raises ScriptError with all problems."""
    return _ScriptReader(path).read()


class _ScriptReader:
    """Builds a Script. References are checked at the end, when all names are known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._yaml = YamlReader()
        self._names = ScriptNames(self._yaml)
        self._intents_reader = IntentReader(self._yaml, self._names, path.parent)
        steps = StepReader(self._yaml, self._names)
        self._rules = RuleReader(self._yaml, self._names, steps)
        self._states_reader = StateReader(self._yaml, self._names, steps, self._rules)

    def read(self) -> Script:
        root = self._yaml.root(self._path)
        script = None if root is None else self._script(root)
        if script is None or self._yaml.problems:
            lines = [f"{file}:{line}: {reason}" for file, line, reason in self._sorted_problems()]
            raise ScriptError(lines)
        return script

    def _sorted_problems(self) -> list[tuple[str, int, str]]:
        return sorted(set(self._yaml.problems))

    def _script(self, root: Value) -> Script | None:
        required = ["script", "start", "intents", "prompts", "states", "no_input", "no_match"]
        required += ["unclear", "failure", "too_long"]
        optional = ["given", "limits", "constants", "variables", "rules", "anywhere", "keys"]
        optional.append("interject")
        table = self._yaml.table(root, {*required, *optional})
        missing = [key for key in required if key not in table]
        for key in missing:
            self._yaml.complain(root, f"{key} is missing")
        self._names.read_variables(table)
        if "prompts" in table:
            for name, value in self._yaml.named(table["prompts"]):
                self._names.prompts[name] = self._prompt(name, value)
        if "intents" in table:
            self._intents_reader.read(table["intents"])
        if "rules" in table:
            for name, value in self._yaml.named(table["rules"]):
                self._rules.shared[name] = self._rules.rules(value)
        if "states" in table:
            for name, value in self._yaml.named(table["states"]):
                if name in STAYING:
                    self._yaml.complain(
                        value, f"{name} means staying in a state and can't be one's name"
                    )
                self._names.states[name] = self._states_reader.state(name, value)
        anywhere = self._rules.rules(table["anywhere"]) if "anywhere" in table else ()
        for rule in anywhere:
            if rule.filled:
                self._yaml.complain_at(
                    str(self._path), rule.line, "filled has no meaning in a rule for anywhere"
                )
        keys = self._keys(table["keys"]) if "keys" in table else {}
        limits = self._limits(table["limits"]) if "limits" in table else Limits()
        if missing:
            self._names.check_references()
            return None
        script = Script(
            name=self._yaml.text(table["script"]),
            path=str(self._path),
            start=self._names.state_name(table["start"]),
            variables=self._names.variables,
            given=self._names.given,
            constants=self._names.constants,
            constant_kinds=self._names.constant_kinds(),
            limits=limits,
            prompts=self._names.prompts,
            states=self._names.states,
            anywhere=anywhere,
            keys=keys,
            intents=self._names.intents,
            no_input=self._states_reader.ladder(table["no_input"], is_default=True),
            no_match=self._states_reader.ladder(table["no_match"], is_default=True),
            unclear_prompt=self._names.prompt_name(table["unclear"]),
            failure_state=self._names.state_name(table["failure"]),
            too_long_state=self._names.state_name(table["too_long"]),
            interjections=self._rules.interjections(table["interject"])
            if "interject" in table
            else (),
        )
        self._names.check_references()
        return script

    def _prompt(self, name: str, value: Value) -> Prompt:
        if isinstance(value.node, yaml.ScalarNode):
            return Prompt(name, self._names.known_template(value), line=value.line)
        table = self._yaml.table(value, {"text", "barge_in", "discloses"})
        if "text" not in table:
            self._yaml.complain(value, "text is missing")
            return Prompt(name, parse_template(""), line=value.line)
        discloses = self._yaml.texts(table["discloses"]) if "discloses" in table else ()
        for what in discloses:
            if what not in _DISCLOSURES:
                self._yaml.complain(
                    table["discloses"], f"no such disclosure: {what} (ai, emotion, recording)"
                )
        return Prompt(
            name,
            self._names.known_template(table["text"]),
            allow_barge_in=self._yaml.flag(table["barge_in"]) if "barge_in" in table else True,
            discloses=discloses,
            line=value.line,
        )

    def _limits(self, value: Value) -> Limits:
        default = Limits()
        table = self._yaml.table(value, {"turns", "min_confidence", "min_score", "sure_score"})

        def share(key: str, otherwise: float) -> float:
            return self._yaml.number(table[key], 0, 1, otherwise) if key in table else otherwise

        return Limits(
            turns=self._yaml.whole(table["turns"], 1, 1000, default.turns)
            if "turns" in table
            else default.turns,
            min_confidence=share("min_confidence", default.min_confidence),
            min_score=share("min_score", default.min_score),
            sure_score=share("sure_score", default.sure_score),
        )

    def _keys(self, value: Value) -> dict[str, str]:
        keys: dict[str, str] = {}
        for key, item in self._yaml.table(value).items():
            if key not in _KEYS:
                self._yaml.complain(item, f"no such key on a telephone: {key}")
            keys[key] = self._names.intent_name(item)
        return keys
