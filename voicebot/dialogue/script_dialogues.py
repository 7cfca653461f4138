"""Reads all states of a call script, its own and those of its sub-dialogues."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.dialogue.script import RETURN, STAYING
from voicebot.dialogue.script_names import ScriptNames
from voicebot.dialogue.script_states import StateReader
from voicebot.dialogue.script_yaml import Value, YamlReader


class DialogueReader:
    """Reads states into the names; `starts` is the first state of each sub-dialogue, in full."""

    def __init__(self, yaml_reader: YamlReader, names: ScriptNames, states: StateReader) -> None:
        self._yaml = yaml_reader
        self._names = names
        self._states = states
        self.starts: dict[str, str] = {}

    def read(self, states: Mapping[str, Value], dialogues: Mapping[str, Value]) -> None:
        names = self._names
        tables = {name: self._dialogue(name, value) for name, value in dialogues.items()}
        names.known_dialogues.update(tables)
        names.known_states.update(states)
        names.known_states.update(
            f"{dialogue}.{name}" for dialogue, own in tables.items() for name in own
        )
        self._read_states(states)
        for dialogue, own in tables.items():
            names.dialogue = dialogue
            start = self._yaml.table(dialogues[dialogue]).get("start")
            if start is not None:
                self.starts[dialogue] = names.state_name(start)
                if self._yaml.text(start) not in own:
                    self._yaml.complain(start, f"{dialogue} starts in a state of its own")
            self._read_states(own)
            names.dialogue = ""
        self._refuse_circles()

    def _dialogue(self, name: str, value: Value) -> dict[str, Value]:
        """Its states by their short names."""
        table = self._yaml.table(value, {"start", "states"})
        for key in ("start", "states"):
            if key not in table:
                self._yaml.complain(value, f"{name}: {key} is missing")
        return dict(self._yaml.named(table["states"])) if "states" in table else {}

    def _read_states(self, states: Mapping[str, Value]) -> None:
        dialogue = self._names.dialogue
        for name, value in states.items():
            if name in STAYING or name == RETURN:
                self._yaml.complain(
                    value, f"{name} says where a rule goes and can't be a state's name"
                )
            full_name = f"{dialogue}.{name}" if dialogue else name
            self._names.states[full_name] = self._states.state(full_name, value)

    def _refuse_circles(self) -> None:
        """A sub-dialogue that calls itself, or one that calls it, might never return."""
        calls: dict[str, set[str]] = {}
        for state in self._names.states.values():
            if state.call is not None:
                calls.setdefault(state.dialogue, set()).add(state.call.dialogue)
        for state in self._names.states.values():
            if state.call is None or not state.dialogue:
                continue
            reached: set[str] = set()
            todo = [state.call.dialogue]
            while todo:
                name = todo.pop()
                if name not in reached:
                    reached.add(name)
                    todo += calls.get(name, ())
            if state.dialogue in reached:
                self._yaml.complain_at(
                    state.call.file, state.call.line, f"{state.dialogue} calls itself"
                )
