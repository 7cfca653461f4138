"""Scripts load whole or not at all, and then every problem is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.dialogue.script_loader import load_script
from voicebot.errors import ScriptError
from voicebot.records import Disposition

REPOSITORY = Path(__file__).resolve().parents[3]
SCRIPTS = REPOSITORY / "tests" / "data" / "scripts"


def problems_of(path: Path) -> list[str]:
    with pytest.raises(ScriptError) as caught:
        load_script(path)
    return [problem.removeprefix(f"{path}:") for problem in caught.value.problems]


def test_good_script_is_read_as_written():
    script = load_script(SCRIPTS / "good.yaml")
    assert script.start == "hello"
    assert script.limits.turns == 20
    assert script.limits.min_confidence == 0.5
    assert script.states["hello"].listen is not None
    assert script.states["hello"].listen.slots["number"].length == 3
    assert script.states["human"].ending is not None
    assert script.states["human"].ending.disposition is Disposition.CALLBACK
    assert script.keys == {"0": "ask_human"}
    assert script.secret_variables == {"birth_date"}
    assert [rule.is_priority for rule in script.anywhere] == [True, True, False]


def test_static_prompts_are_those_that_sound_the_same_in_every_call():
    script = load_script(SCRIPTS / "good.yaml")
    prompts = script.static_prompts({"company": "Firma"})
    assert prompts["hello"] == "Tu program firmy Firma. Rozmowa jest nagrywana."
    assert prompts["ask_all"].endswith("najpóźniej za czternaście dni.")
    assert "owed" not in prompts


def test_every_wrong_reference_is_named_with_its_line():
    path = SCRIPTS / "broken_references.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()

    def line_of(text: str) -> int:
        return next(n for n, line in enumerate(lines, 1) if text in line)

    expected = {
        f"{line_of('start: nowhere')}: no such state: nowhere",
        f"{line_of('today: date')}: today is the name of something else already",
        f"{line_of('Dzień dobry')}: no such variable: nobody",
        f"{line_of('prompts: [lost]')}: no such prompt: lost",
        f"{line_of('say: helo')}: no such prompt: helo",
        f"{line_of('ghost')}: no such variable: ghost",
        f"{line_of('ghost')}: day: a slot of kind amount needs balance (what 'all' means)",
        f"{line_of('intent: promise')}: no such intent: promise",
        f"{line_of('tomorrow')}: no such variable: tomorrow",
        f"{line_of('__import__')}: no such function: __import__ (there are: "
        "date_in, days_until, is_holiday, is_weekend, next_business_day)",
        f"{line_of('- {go: bye}')}: a rule needs intent, filled or if",
        f"{line_of('go: away')}: no such state: away",
        f"{line_of('bye: {say: bye, hang_up: done}')}: bye is here twice",
    }
    problems = set(problems_of(path))
    assert expected <= problems, expected - problems
    assert any("{amount} can't be said: amount is of kind amount" in line for line in problems)
    assert any("a variable is written {name}" in line for line in problems)
    assert any("no such value: opn" in line for line in problems)
    assert any("no such value: NICE" in line for line in problems)


def test_problems_come_in_the_order_of_their_lines():
    problems = problems_of(SCRIPTS / "broken_references.yaml")
    numbers = [int(problem.split(":")[0]) for problem in problems]
    assert numbers == sorted(numbers)


def test_broken_yaml_is_a_problem_at_its_line():
    (problem,) = problems_of(SCRIPTS / "broken_yaml.yaml")
    assert problem.startswith("4: ")


def test_a_query_is_put_again_only_until_what_it_saves(tmp_path: Path):
    (tmp_path / "small_intents.yaml").write_bytes(INTENTS)
    path = tmp_path / "script.yaml"
    text = GOOD.decode().replace("save: {is_known: found}", "save: {is_known: found}, until: told")
    path.write_text(text, encoding="utf-8")
    (problem,) = problems_of(path)
    assert problem.endswith("until: told is not saved by this query")


def test_aliases_are_refused():
    assert problems_of(SCRIPTS / "broken_alias.yaml") == [
        "2: anchors and aliases (& and *) are not supported"
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "a script is a table"),
        (b"- a\n- b\n", "a script is a table"),
        (b"script: \xff\xfe", "no UTF-8 text"),
        (b"a: " + b"[" * 30 + b"]" * 30, "nested deeper"),
        (b"a: b\n---\nc: d\n", "found another document"),
        (b"#" * 1_000_001, "larger than"),
        (b"script: x\n", "start is missing"),
        (b"x: \x01", "characters are not allowed"),
    ],
)
def test_no_script_at_all(tmp_path: Path, content: bytes, reason: str):
    path = tmp_path / "script.yaml"
    path.write_bytes(content)
    assert any(reason in problem for problem in problems_of(path))


def test_missing_file_and_missing_intents_file(tmp_path: Path):
    assert "can't read the file" in problems_of(tmp_path / "none.yaml")[0]
    path = tmp_path / "script.yaml"
    path.write_text("intents: gone.yaml\n", encoding="utf-8")
    with pytest.raises(ScriptError) as caught:
        load_script(path)
    assert f"{tmp_path / 'gone.yaml'}:1: can't read the file" in "\n".join(caught.value.problems)


def test_intents_file_is_taken_only_from_beside_the_script(tmp_path: Path):
    path = tmp_path / "script.yaml"
    path.write_text("intents: ../../etc/passwd\n", encoding="utf-8")
    assert any("lies beside the script" in problem for problem in problems_of(path))


GOOD = (SCRIPTS / "good.yaml").read_bytes()
INTENTS = (SCRIPTS / "small_intents.yaml").read_bytes()


@settings(max_examples=150, deadline=None)
@given(
    place=st.integers(0, len(GOOD)),
    length=st.integers(0, 40),
    inserted=st.one_of(st.binary(max_size=8), st.sampled_from([b": ", b"- ", b"{", b"\n", b"&a"])),
)
def test_damaged_script_fails_with_the_documented_error_only(
    tmp_path_factory: pytest.TempPathFactory, place: int, length: int, inserted: bytes
):
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "small_intents.yaml").write_bytes(INTENTS)
    path = folder / "script.yaml"
    path.write_bytes(GOOD[:place] + inserted + GOOD[place + length :])
    problems: list[str] = []
    try:
        load_script(path)
    except ScriptError as error:
        problems = error.problems or ["an error without a problem"]
    assert [problem for problem in problems if not problem.startswith(str(folder))] == []
