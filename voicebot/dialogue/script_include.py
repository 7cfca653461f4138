"""Joins a call script with the files it includes: shared prompts, rules, states, sub-dialogues.

What the including file says wins, by name; of two included files, the one that is named first.
`anywhere` and `interject` add up instead: its own first, then the included ones' in their order.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import yaml

from voicebot.dialogue.script_yaml import Value, YamlReader

NAMED = (
    "constants",
    "given",
    "variables",
    "experiments",
    "prompts",
    "rules",
    "dialogues",
    "states",
    "limits",
    "keys",
)
"""Sections whose entries are taken one by one."""
LISTS = ("anywhere", "interject")
SINGLE = ("no_input", "no_match", "unclear", "unsure", "failure", "too_long")
OWN = ("script", "title", "description", "start")
"""What only the script itself says."""
KNOWN = frozenset({*NAMED, *LISTS, *SINGLE, *OWN, "intents", "include"})

_OF_ONE_KIND = frozenset({"given", "variables"})
_MAX_FILES = 100


class JoinedScript:
    """The parts of a script, whichever file each is from.

    named: entries by section and name. lists: values of a section, one a file. single: the rest.
    """

    def __init__(self, reader: YamlReader) -> None:
        self._yaml = reader
        self.named: dict[str, dict[str, Value]] = {section: {} for section in NAMED}
        self.lists: dict[str, list[Value]] = {section: [] for section in (*LISTS, "intents")}
        self.single: dict[str, Value] = {}
        self.files: list[str] = []

    def read(self, path: Path) -> Value | None:
        """Take in a script and all it includes; its root, None where there is no usable YAML."""
        root = self._yaml.root(path)
        if root is not None:
            self.files.append(str(path))
            self._take(root, (os.path.normpath(path),))
        return root

    def _take(self, root: Value, within: tuple[str, ...]) -> None:
        is_included = len(within) > 1
        table = self._yaml.table(root, set(KNOWN))
        for key in OWN if is_included else ():
            if key in table:
                self._yaml.complain(table.pop(key), f"{key} belongs to the script itself")
        for key, value in table.items():
            if key in self.named:
                self._add_named(key, value)
            elif key in self.lists:
                self.lists[key].append(value)
            elif key != "include":
                self.single.setdefault(key, value)
        for item in self._yaml.items(table["include"]) if "include" in table else ():
            self._include(item, within)

    def _add_named(self, section: str, value: Value) -> None:
        entries = self.named[section]
        # Keys of the telephone are no names that a script gives.
        found = self._yaml.table(value).items() if section == "keys" else self._yaml.named(value)
        for name, item in found:
            first = entries.setdefault(name, item)
            if first is not item and section in _OF_ONE_KIND and not _are_alike(first, item):
                self._yaml.complain(item, f"{name} is of another kind in {first.file}")

    def _include(self, value: Value, within: tuple[str, ...]) -> None:
        name = self._yaml.text(value)
        if not name:
            return
        steps = PurePosixPath(name)
        if steps.is_absolute() or ".." in steps.parts or "\\" in name:
            self._yaml.complain(
                value, "an included file lies beside the script or in a folder there"
            )
            return
        path = Path(value.file).parent / name
        place = os.path.normpath(path)
        if place in within:
            self._yaml.complain(value, f"{name} includes itself")
        elif str(path) in self.files:
            return
        elif len(self.files) >= _MAX_FILES:
            self._yaml.complain(value, f"more than {_MAX_FILES} files")
        else:
            root = self._yaml.root(path)
            if root is not None:
                self.files.append(str(path))
                self._take(root, (*within, place))


def _are_alike(first: Value, second: Value) -> bool:
    both_scalar = isinstance(first.node, yaml.ScalarNode) and isinstance(
        second.node, yaml.ScalarNode
    )
    return both_scalar and first.scalar == second.scalar
