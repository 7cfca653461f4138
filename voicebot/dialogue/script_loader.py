"""Reads a call script from YAML. Every problem is told as `file:line: reason`, not only the first.

Each part of a script has its reader: script_include (which file says what), script_states,
script_dialogues, script_rules, script_steps, script_prompts, script_intents; script_names knows
what names there are, script_yaml where a value stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from voicebot.dialogue.script import Limits, Script
from voicebot.dialogue.script_dialogues import DialogueReader
from voicebot.dialogue.script_include import JoinedScript
from voicebot.dialogue.script_intents import IntentReader
from voicebot.dialogue.script_names import ScriptNames
from voicebot.dialogue.script_prompts import PromptReader
from voicebot.dialogue.script_rules import RuleReader
from voicebot.dialogue.script_states import StateReader
from voicebot.dialogue.script_steps import StepReader
from voicebot.dialogue.script_yaml import Value, YamlReader
from voicebot.errors import ScriptError

_KEYS = frozenset("0123456789*#")
_REQUIRED_SINGLE = ("script", "start", "no_input", "no_match", "unclear", "failure", "too_long")
_SHARES = frozenset({"min_confidence", "min_score", "sure_score", "ask_score"})
LIMITS = frozenset({*_SHARES, "turns", "prompt_words", "prompt_words_disclosure"})


def load_script(path: Path) -> Script:
    """Read a script, what it includes and the intents files. Raises ScriptError with all
    problems."""
    return _ScriptReader(path).read()


class _ScriptReader:
    """Builds a Script. References are checked at the end, when all names are known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._yaml = YamlReader()
        self._joined = JoinedScript(self._yaml)
        self._names = ScriptNames(self._yaml)
        self._intents_reader = IntentReader(self._yaml, self._names)
        self._prompts = PromptReader(self._yaml, self._names)
        steps = StepReader(self._yaml, self._names)
        self._rules = RuleReader(self._yaml, self._names, steps)
        self._states = StateReader(self._yaml, self._names, steps, self._rules)
        self._dialogues = DialogueReader(self._yaml, self._names, self._states)

    def read(self) -> Script:
        root = self._joined.read(self._path)
        script = None if root is None else self._script(root)
        if script is None or self._yaml.problems:
            problems = sorted(set(self._yaml.problems))
            raise ScriptError([f"{file}:{line}: {reason}" for file, line, reason in problems])
        return script

    def _script(self, root: Value) -> Script | None:
        single, named, lists = self._joined.single, self._joined.named, self._joined.lists
        missing = [key for key in _REQUIRED_SINGLE if key not in single]
        missing += [key for key in ("prompts", "states") if not named[key]]
        missing += [] if lists["intents"] else ["intents"]
        for key in sorted(missing):
            self._yaml.complain(root, f"{key} is missing")
        names = self._names
        names.read_variables(named)
        names.experiments.update(self._prompts.experiments(named["experiments"]))
        for name, value in named["prompts"].items():
            names.prompts[name] = self._prompts.prompt(name, value)
        for value in lists["intents"]:
            self._intents_reader.read(value)
        self._rules.shared.update(named["rules"])
        self._dialogues.read(named["states"], named["dialogues"])
        anywhere = tuple(rule for value in lists["anywhere"] for rule in self._rules.rules(value))
        for rule in anywhere:
            if rule.filled:
                self._yaml.complain_at(
                    rule.file, rule.line, "filled has no meaning in a rule for anywhere"
                )
        keys = self._keys(named["keys"])
        limits = self._limits(named["limits"])
        interjections = tuple(
            item for value in lists["interject"] for item in self._rules.interjections(value)
        )
        unsure = self._prompts.unsure(single["unsure"]) if "unsure" in single else ""
        if missing:
            names.check_references()
            return None
        script = Script(
            name=self._yaml.text(single["script"]),
            path=str(self._path),
            start=names.state_name(single["start"]),
            variables=names.variables,
            given=names.given,
            constants=names.constants,
            constant_kinds=names.constant_kinds(),
            limits=limits,
            prompts=names.prompts,
            states=names.states,
            anywhere=anywhere,
            keys=keys,
            intents=names.intents,
            no_input=self._states.ladder(single["no_input"], is_default=True),
            no_match=self._states.ladder(single["no_match"], is_default=True),
            unclear_prompt=names.prompt_name(single["unclear"]),
            failure_state=names.state_name(single["failure"]),
            too_long_state=names.state_name(single["too_long"]),
            interjections=interjections,
            dialogues=self._dialogues.starts,
            experiments=names.experiments,
            unsure_prompt=unsure,
            title=self._text("title"),
            description=self._text("description"),
            files=(*self._joined.files, *self._intents_reader.files),
            version=self._yaml.version,
        )
        names.check_references()
        return script

    def _text(self, key: str) -> str:
        value = self._joined.single.get(key)
        return "" if value is None else self._yaml.text(value)

    def _limits(self, table: Mapping[str, Value]) -> Limits:
        default = Limits()
        for key, value in table.items():
            if key not in LIMITS:
                known = ", ".join(sorted(LIMITS))
                self._yaml.complain(value, f"no such key: {key} (there are: {known})")

        def share(key: str, otherwise: float) -> float:
            return self._yaml.number(table[key], 0, 1, otherwise) if key in table else otherwise

        def whole(key: str, otherwise: int) -> int:
            return self._yaml.whole(table[key], 1, 1000, otherwise) if key in table else otherwise

        return Limits(
            turns=whole("turns", default.turns),
            min_confidence=share("min_confidence", default.min_confidence),
            min_score=share("min_score", default.min_score),
            sure_score=share("sure_score", default.sure_score),
            ask_score=share("ask_score", default.ask_score),
            prompt_words=whole("prompt_words", default.prompt_words),
            prompt_words_disclosure=whole(
                "prompt_words_disclosure", default.prompt_words_disclosure
            ),
        )

    def _keys(self, table: Mapping[str, Value]) -> dict[str, str]:
        keys: dict[str, str] = {}
        for key, item in table.items():
            if key not in _KEYS:
                self._yaml.complain(item, f"no such key on a telephone: {key}")
            keys[key] = self._names.intent_name(item)
        return keys
