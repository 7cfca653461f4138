"""Each script of tests/data/scripts/broken has one fault, which is found with its shortest path."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicebot.dialogue.check.problem import Problem
from voicebot.dialogue.check.properties.catalogue import PROPERTIES
from voicebot.dialogue.check.script_check import check_script
from voicebot.dialogue.script_loader import load_script

FOLDER = Path(__file__).resolve().parents[3] / "data" / "scripts" / "broken"
BROKEN = sorted(path for path in FOLDER.glob("*.yaml") if path.stem not in {"base", "intents"})
_EXPECTS = re.compile(
    r"# expects: (?P<severity>error|warning) at line (?P<line>\d+) "
    r"\((?P<name>.+?)\): (?P<reason>.+)"
    r"\n# path: ?(?P<path>.*)\n"
)


def expected(path: Path) -> Problem:
    found = _EXPECTS.match(path.read_text(encoding="utf-8"))
    assert found is not None, f"{path} does not say what is wrong with it"
    severity = "error" if found["severity"] == "error" else "warning"
    line, reason, way, name = int(found["line"]), found["reason"], found["path"], found["name"]
    return Problem(str(path), line, severity, reason, way, name)


def test_there_are_enough_of_them_and_every_property_has_one():
    assert len(BROKEN) >= 25
    assert {expected(path).name for path in BROKEN} == {item.name for item in PROPERTIES}


def test_the_script_they_are_made_of_is_good():
    assert check_script(load_script(FOLDER / "base.yaml")) == []


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_fault_is_found_with_its_path(path: Path):
    problem = expected(path)
    found = check_script(load_script(path))
    assert problem in found, "\n".join(map(str, found))


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_it_is_the_property_that_finds_it(path: Path):
    problem = expected(path)
    others = [item for item in PROPERTIES if item.name != problem.name]
    assert problem not in check_script(load_script(path), others)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_it_is_the_good_script_but_for_a_few_lines(path: Path):
    good = set((FOLDER / "base.yaml").read_text(encoding="utf-8").splitlines())
    broken = path.read_text(encoding="utf-8").splitlines()
    assert sum(line not in good for line in broken[3:]) <= 20
