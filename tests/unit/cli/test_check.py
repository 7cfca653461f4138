"""`voicebot check` as an operator meets it."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from voicebot.cli.check import check
from voicebot.dialogue.script_loader import load_script

REPOSITORY = Path(__file__).resolve().parents[3]
SCRIPTS = REPOSITORY / "tests" / "data" / "scripts"


def run(*paths: Path) -> tuple[int, list[str]]:
    app = typer.Typer()
    app.command()(check)
    result = CliRunner().invoke(app, [str(path) for path in paths])
    return result.exit_code, result.output.splitlines()


def test_good_scripts_are_called_good():
    status, lines = run(REPOSITORY / "call_scripts" / "infolinia.yaml", SCRIPTS / "good.yaml")
    assert status == 0
    assert len(lines) == 2
    assert all(": good (" in line for line in lines)


def test_every_problem_of_every_script_is_told():
    broken, harmful = SCRIPTS / "broken_references.yaml", SCRIPTS / "harmful_promise.yaml"
    status, lines = run(broken, harmful)
    assert status == 1
    assert sum(line.startswith(f"{broken}:") for line in lines) > 10
    assert sum(line.startswith(f"{harmful}:") for line in lines) == 1


def test_a_file_that_is_no_script_gets_a_clear_error():
    status, lines = run(REPOSITORY / "tests" / "data" / "scripts" / "none.yaml")
    assert status == 1
    assert "none.yaml: no such call script" in lines[0]


def test_problems_for_programs_and_for_pull_requests():
    app = typer.Typer()
    app.command()(check)
    broken = str(SCRIPTS / "broken" / "promise_too_late.yaml")
    answered = CliRunner().invoke(app, [broken, "--format", "json"])
    (problem,) = json.loads(answered.output)
    assert answered.exit_code == 1
    assert problem["path"].startswith("hello → [number heard] → find")
    annotated = CliRunner().invoke(app, [broken, "--format", "github"])
    assert annotated.output.startswith(f"::error file={broken},line={problem['line']},")


def test_graph_draws_every_state(tmp_path: Path):
    app = typer.Typer()
    app.command()(check)
    page = tmp_path / "graph.html"
    result = CliRunner().invoke(app, [str(SCRIPTS / "good.yaml"), "--graph", str(page)])
    assert result.exit_code == 0
    assert page.read_text(encoding="utf-8").count("<rect") == len(
        load_script(SCRIPTS / "good.yaml").states
    )
