"""Finds what is wrong with a script that loads: dead ends, secrets told too early, promises
without a clear yes. `voicebot check` prints it; an error keeps a script from being used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from voicebot.dialogue.check.explorer import Exploration, Explorer, Focus, Moment, Node
from voicebot.dialogue.check.passed_scripts import has_passed, note_passed
from voicebot.dialogue.check.problem import Problem
from voicebot.dialogue.check.properties.catalogue import PROPERTIES
from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import ScriptReading
from voicebot.dialogue.check.refinement import Confirmation, Key, Witness
from voicebot.dialogue.script import Script
from voicebot.dialogue.script_loader import load_script
from voicebot.errors import ScriptError

_MAX_REFINEMENTS = 12
_MANY_NODES = 200
"""With more than these it is no longer made sure that every state and rule can be come to."""
_TOO_MANY_NODES = 2000
"""With more than these nothing more is followed: problems may be told that no call can have."""


def load_checked_script(path: Path) -> Script:
    """Load a script that has no errors, as the server does. Raises ScriptError with all of them."""
    script = load_script(path)
    if has_passed(script):
        return script
    refused = [str(problem) for problem in errors_of(check_script(script))]
    if refused:
        raise ScriptError(refused)
    note_passed(script)
    return script


def check_script(script: Script, properties: Sequence[Property] = PROPERTIES) -> list[Problem]:
    """Everything that is wrong with a loaded script, by line."""
    return Check(script, properties).problems()


class Check:
    """Explores a script under one focus after the other, with all properties looking on."""

    def __init__(self, script: Script, properties: Sequence[Property] = PROPERTIES) -> None:
        self._script = script
        self._reading = ScriptReading(script)
        self._by_moment: dict[type, list[Property]] = {}
        for item in properties:
            self._by_moment.setdefault(item.at, []).append(item)
        self._problems: dict[Key, Problem] = {}
        self.n_nodes = 0

    def problems(self) -> list[Problem]:
        reading = self._reading
        for n, (names, marked) in enumerate(self._foci()):
            found, findings = self._explored(names, marked, n == 0)
            for witness, finding in findings:
                path = found.path(witness.node, witness.label)
                self._keep(witness.key, finding, path)
            if n == 0:
                self._look_at(Exploration, found, found)
                self._look_at(ScriptReading, reading, found)
        return sorted(self._problems.values())

    def _foci(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        """What is looked at together: the ways themselves; what the case directory answers; each
        variable of a promise or plan; every other variable that is spoken."""
        reading = self._reading
        saved = frozenset(
            name
            for state in self._script.states.values()
            if state.query is not None
            for name in state.query.save
        )
        foci = [(frozenset[str](), frozenset[str]())]
        agreed = sorted(reading.money_variables)
        foci += [(frozenset({name}), frozenset({name})) for name in agreed]
        told = frozenset(reading.tracked) & reading.spoken - reading.money_variables
        told &= frozenset(self._script.variables)
        together = told & saved
        foci += [(frozenset({name}), frozenset[str]()) for name in sorted(told - together)]
        return [*foci, (together, frozenset[str]())] if together else foci

    def _explored(
        self, names: frozenset[str], marked: frozenset[str], has_notices: bool
    ) -> tuple[Exploration, list[tuple[Witness, Finding]]]:
        """An exploration that follows enough for all it found to hold."""
        followed = names
        for _ in range(_MAX_REFINEMENTS):
            findings: dict[Key, tuple[Witness, Finding]] = {}

            def see(
                moment: Moment,
                node: Node,
                label: str,
                findings: dict[Key, tuple[Witness, Finding]] = findings,
            ) -> None:
                for key, finding in self._find(moment):
                    if key not in findings and key not in self._problems:
                        findings[key] = (Witness(key, node, label), finding)

            focus = Focus(followed, marked, has_notices)
            found = Explorer(self._reading, see, focus).explore()
            self.n_nodes += found.n_nodes
            confirmation = Confirmation(
                self._reading, found, lambda it: (k for k, _ in self._find(it))
            )
            witnesses = [witness for witness, _ in findings.values()]
            is_exact = has_notices and found.n_nodes < _MANY_NODES
            missing = confirmation.missing(witnesses, followed, is_exact=is_exact) - followed
            if not missing or found.n_nodes > _TOO_MANY_NODES:
                break
            followed |= missing
        doubtful = confirmation.doubtful
        return found, [
            (witness, _doubted(finding) if witness.key in doubtful else finding)
            for witness, finding in findings.values()
        ]

    def _find(self, moment: Moment) -> Iterator[tuple[Key, Finding]]:
        for item in self._by_moment.get(type(moment), ()):
            for finding in item.find(self._reading, moment):
                yield (item.name, finding.file, finding.line, finding.reason), finding

    def _look_at(self, at: type, subject: object, found: Exploration) -> None:
        for item in self._by_moment.get(at, []):
            for finding in item.find(self._reading, subject):
                path = found.path(finding.node) if finding.node is not None else ""
                self._keep((item.name, finding.file, finding.line, finding.reason), finding, path)

    def _keep(self, key: Key, finding: Finding, path: str) -> None:
        file = finding.file or self._script.path
        problem = Problem(file, finding.line, finding.severity, finding.reason, path, key[0])
        self._problems.setdefault(key, problem)


def _doubted(finding: Finding) -> Finding:
    """The same as a warning: its shortest way is one that no call can take, others may be."""
    return replace(finding, severity="warning", reason=f"{finding.reason} (not sure)")


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity == "error"]
