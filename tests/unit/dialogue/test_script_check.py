"""voicebot check finds what would harm a caller, and nothing in the scripts we ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.dialogue.check.problem import Problem
from voicebot.dialogue.check.script_check import check_script, errors_of, load_checked_script
from voicebot.dialogue.script_loader import load_script
from voicebot.errors import ScriptError

REPOSITORY = Path(__file__).resolve().parents[3]
SCRIPTS = REPOSITORY / "tests" / "data" / "scripts"


def problems_of(name: str) -> list[Problem]:
    return check_script(load_script(SCRIPTS / f"{name}.yaml"))


SHIPPED = sorted(
    path for path in (REPOSITORY / "call_scripts").glob("*.yaml") if path.stem != "intents_pl"
)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scripts_have_no_error(path: Path):
    assert [str(problem) for problem in errors_of(check_script(load_script(path)))] == []


def test_there_is_a_script_for_each_kind_of_call():
    assert len(SHIPPED) == 6


def test_good_script_has_no_problem():
    assert problems_of("good") == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("harmful_debt_too_early", "ask_birth says “dług” in state birth"),
        ("harmful_promise", "a promise needs a condition: a yes_no slot == 'yes'"),
        ("harmful_no_read_back", "state sure must read {day} back"),
        ("harmful_no_disclosure", "the first prompt must say that an AI speaks"),
        ("harmful_no_disclosure", "a disclosure must be heard: barge_in: false"),
        ("harmful_dead_end", "state island can't be reached"),
        ("harmful_dead_end", "from state round no hang_up can be reached"),
        ("harmful_dead_end", "state round leads to itself without listening"),
        ("harmful_no_crisis", "anywhere needs a rule for crisis_self_harm"),
        ("harmful_secret", "ask_birth reads out {birth_date}"),
    ],
)
def test_harmful_script_is_found_out(name: str, reason: str):
    errors = [problem for problem in problems_of(name) if problem.severity == "error"]
    assert any(reason in problem.reason for problem in errors), errors
    with pytest.raises(ScriptError, match=r"\.yaml:[0-9]+: "):
        load_checked_script(SCRIPTS / f"{name}.yaml")


def test_problem_names_the_line_that_is_wrong():
    path = SCRIPTS / "harmful_debt_too_early.yaml"
    (problem,) = problems_of("harmful_debt_too_early")
    line = path.read_text(encoding="utf-8").splitlines()[problem.line - 1]
    assert "say: ask_birth" in line


def test_debt_told_behind_a_flag_set_after_verification_is_fine(tmp_path: Path):
    """A rule for anywhere may speak of the debt where only a verified caller gets to it."""
    text = (SCRIPTS / "good.yaml").read_text(encoding="utf-8")
    guarded = text.replace(
        "anywhere:\n", "anywhere:\n  - {intent: affirm, if: told, say: owed, go: again}\n"
    )
    (tmp_path / "small_intents.yaml").write_bytes((SCRIPTS / "small_intents.yaml").read_bytes())
    path = tmp_path / "guarded.yaml"
    path.write_text(guarded, encoding="utf-8")
    assert check_script(load_script(path)) == []
    path.write_text(guarded.replace("if: told, say: owed", "say: owed"), encoding="utf-8")
    reasons = [problem.reason for problem in check_script(load_script(path))]
    assert "owed says {balance} in state hello, where identity is not yet proven" in reasons


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("Czy tak? Czy nie?", "asks more than one question"),
        ("słowo " * 26, "has 26 words, more than 25"),
        ("Nie zrozumiałem.", "gives the bot a gender"),
    ],
)
def test_wording_is_warned_about(tmp_path: Path, prompt: str, reason: str):
    text = (SCRIPTS / "good.yaml").read_text(encoding="utf-8")
    (tmp_path / "small_intents.yaml").write_bytes((SCRIPTS / "small_intents.yaml").read_bytes())
    path = tmp_path / "wordy.yaml"
    path.write_text(text.replace("Proszę powtórzyć.", f'"{prompt}"'), encoding="utf-8")
    (problem,) = check_script(load_script(path))
    assert problem.severity == "warning"
    assert reason in problem.reason
    load_checked_script(path)
