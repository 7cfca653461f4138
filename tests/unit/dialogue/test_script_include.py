"""Scripts are joined from files: who wins, what adds up, and where problems are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.dialogue.whole_language import SCRIPTS, whole_language
from voicebot.dialogue.script_loader import load_script
from voicebot.errors import ScriptError

MAIN = """
script: main
start: begin
intents: {yes: {examples: [tak]}, no: {examples: [nie]}}
no_match: {then: end, per_call: 3}
unclear: hello
failure: end
too_long: end
"""
STATES = """
states:
  begin: {say: hello, listen: {kind: open}, on: [{intent: yes, go: end}]}
  end: {hang_up: done}
"""
PART = """
no_input: {then: end, per_call: 3}
prompts: {hello: Część.}
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / "main.yaml"


def problems_of(path: Path) -> list[str]:
    with pytest.raises(ScriptError) as caught:
        load_script(path)
    return [problem.removeprefix(f"{path.parent}/") for problem in caught.value.problems]


def test_what_the_including_file_says_wins(tmp_path: Path):
    path = write(
        tmp_path,
        main=MAIN
        + STATES
        + "include: [part.yaml]\n"
        + "prompts: {hello: Skrypt.}\nlimits: {turns: 9}\n",
        part=PART + "limits: {turns: 5, min_score: 0.4}\nkeys: {'1': yes}\n",
    )
    script = load_script(path)
    assert script.prompts["hello"].template.text == "Skrypt."
    assert (script.limits.turns, script.limits.min_score) == (9, 0.4)
    assert script.keys == {"1": "yes"}
    assert script.no_input.file == str(tmp_path / "part.yaml")
    assert script.files == (str(path), str(tmp_path / "part.yaml"))


def test_of_two_included_files_the_first_wins_and_none_is_read_twice(tmp_path: Path):
    path = write(
        tmp_path,
        main=MAIN + STATES + "include: [one.yaml, two.yaml]\n",
        one="include: [base.yaml]\nprompts: {hello: Raz.}\n",
        two="include: [base.yaml]\nprompts: {hello: Dwa., other: Inne.}\n",
        base=PART,
    )
    script = load_script(path)
    assert script.prompts["hello"].template.text == "Raz."
    assert [Path(file).name for file in script.files] == [
        "main.yaml", "one.yaml", "base.yaml", "two.yaml",
    ]  # fmt: skip


def test_rules_for_anywhere_add_up_own_first(tmp_path: Path):
    path = write(
        tmp_path,
        main=MAIN + STATES + "include: part.yaml\nanywhere: [{intent: yes, go: begin}]\n",
        part=PART
        + "anywhere: [{intent: [yes, no], go: end}]\ninterject: [{if: score > 1, say: hello}]\n",
    )
    script = load_script(path)
    assert [rule.go for rule in script.anywhere] == ["begin", "end"]
    assert [Path(rule.file).name for rule in script.anywhere] == ["main.yaml", "part.yaml"]
    assert len(script.interjections) == 1


def test_intents_of_all_files_are_joined(tmp_path: Path):
    path = write(
        tmp_path,
        main=MAIN + STATES + "include: part.yaml\n",
        part=PART + "intents: {yes: {examples: [owszem], named: zgodę}}\n",
    )
    yes = load_script(path).intents["yes"]
    assert yes.examples == ("tak", "owszem")
    assert yes.named == "zgodę"


@pytest.mark.parametrize(
    ("main", "part", "reason"),
    [
        ("", "anywhere: [{if: nobody, go: end}]", "part.yaml:3: no such variable: nobody"),
        ("", "start: end", "part.yaml:3: start belongs to the script itself"),
        ("", "include: main.yaml", "part.yaml:3: main.yaml includes itself"),
        ("", "include: part.yaml", "part.yaml:3: part.yaml includes itself"),
        ("", "include: gone.yaml", "gone.yaml:1: can't read the file"),
        ("", "include: ../part.yaml", "part.yaml:3: an included file lies beside the script"),
        ("", "include: /etc/passwd", "part.yaml:3: an included file lies beside the script"),
        ("", 'include: "a\\0b.yaml"', "no file can have this name"),
        ("variables: {x: date}", "variables: {x: text}", "part.yaml:3: x is of another kind in"),
        ("given: {x: date}", "variables: {x: date}", "part.yaml:3: x is the name of something"),
        ("", "anywhere: [{intent: maybe, go: end}]", "part.yaml:3: no such intent: maybe"),
        ("", "states: {lost: {go: nowhere}}", "part.yaml:3: no such state: nowhere"),
        ("rules: {a: [use: b]}\nanywhere: [use: a]", "rules: {b: [use: a]}", "use themselves"),
        ("limits: {patience: 3}", "", "no such key: patience"),
        ("variables: {x: person}", "", "x: a person can only be given"),
    ],
)
def test_problems_are_told_where_they_are(tmp_path: Path, main: str, part: str, reason: str):
    # PART begins and ends with a line break; what is added stands in its fourth line or later.
    path = write(
        tmp_path,
        main=MAIN + STATES + f"include: part.yaml\n{main}\n",
        part=PART.lstrip() + part + "\n",
    )
    problems = problems_of(path)
    assert any(reason in problem for problem in problems), problems


def test_every_part_knows_its_file():
    script, _ = whole_language()
    parts = str(SCRIPTS / "parts")
    for name, state in script.states.items():
        is_shared = state.dialogue != "" or name == "bye"
        assert state.file.startswith(parts) is is_shared, name
        for rule in state.rules:
            assert (bool(rule.file), bool(rule.line)) == (True, True)
        for step in state.steps:
            assert (bool(step.file), bool(step.line)) == (True, True)
    assert all(prompt.file and prompt.line for prompt in script.prompts.values())
    # The script has a prompt of its own instead of the included one.
    assert script.prompts["bye"].template.text == "Do widzenia."


# ---- wordings and experiments -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("prompts: {hello: {variants: [A., '{today.gen}.']}}", "need the same variables"),
        ("prompts: {hello: {variants: [A.]}}", "2 to 20 variants are expected"),
        ("prompts: {hello: {variants: [A., B.], text: C.}}", "text or variants, not both"),
        ("experiments: {x: {arms: [a]}}", "two or more different arms"),
        ("experiments: {x: {arms: [a, a]}}", "two or more different arms"),
        ("experiments: {x: {arms: [a, b], weights: [1]}}", "one weight an arm"),
        ("experiments: {x: {arms: [a, b], weights: [0, 0]}}", "one weight an arm"),
        ("interject: [{if: experiment.y == 'a', say: hello}]", "no such variable: experiment.y"),
        ("interject: [{if: yes.is_clear, say: hello}]", "no such variable: yes.is_clear"),
    ],
)
def test_wordings_and_experiments_that_can_not_be(tmp_path: Path, part: str, reason: str):
    path = write(
        tmp_path,
        main=MAIN + STATES + "include: part.yaml\n" + part + "\n",
        part=PART,
    )
    assert any(reason in problem for problem in problems_of(path)), problems_of(path)
