"""`voicebot understand` as an operator meets it."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from voicebot.cli.understand import understand

NOW = "2026-03-11T10:15:00+01:00"


SMALL_SCRIPT = Path(__file__).resolve().parents[2] / "data" / "scripts" / "good.yaml"
"""Its few intents are learnt in no time."""


def run(*arguments: str, told: str | None = None, script: Path | None = SMALL_SCRIPT) -> Result:
    app = typer.Typer()
    app.command()(understand)
    named = ["--script", str(script)] if script else []
    return CliRunner().invoke(app, [*arguments, "--now", NOW, *named], input=told)


def test_one_utterance_as_json():
    result = run("w przyszłą środę", "--kind", "date", "--stage", "negotiate", "--json")
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert said.keys() == {"intent", "confidence", "value"}
    assert said["value"]["date"] == "2026-03-18"
    assert said["value"]["confirm"] is True


def test_the_context_is_used():
    result = run("całość", "--kind", "amount", "--context", "balance_gr=123456", "--json")
    assert json.loads(result.stdout)["value"]["amount_gr"] == 123456


def test_for_people_it_is_one_line():
    result = run("zapłacę w piątek", script=None)
    assert result.exit_code == 0
    assert result.stdout.startswith("promise_full_date (1.00): ")
    assert '"2026-03-13"' in result.stdout


def test_a_table_gives_a_line_for_each_row_whatever_is_in_it(tmp_path: Path):
    table = tmp_path / "table.tsv"
    table.write_bytes(
        "# a comment\nid\ttext\tkind\tcontext\n"
        "1\tjutro\tdate\t\n"
        "2\tjutro\tnonsense\t\n"
        '3\t"dwieście\tamount\n'
        "\n"
        "4\n"
        "5\t\t\t\n".encode()
        + b"6\t\xff\xfe\tdate\t\n"
        + f"7\t{'raz ' * 100_000}\tdate\n".encode()
        + b"8\tpojutrze\tdate\tbalance_gr=x;;=;now=\r\n"
    )
    result = run("--batch", str(table))
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 8
    assert lines[0]["value"]["date"] == "2026-03-12"
    assert lines[1] == {"intent": None, "confidence": 0.0, "value": None}
    assert lines[2]["value"]["amount_gr"] == 20000
    assert [line["value"] for line in lines[3:7]] == [None] * 4
    assert lines[7]["value"]["date"] == "2026-03-13"
    assert "table.tsv:4: no such kind: 'nonsense'" in result.stderr


def test_a_table_may_come_from_standard_input_and_call_the_column_utterance():
    result = run("--batch", "-", "--kind", "date", told="utterance\njutro\npojutrze\n")
    dates = [json.loads(line)["value"]["date"] for line in result.stdout.splitlines()]
    assert dates == ["2026-03-12", "2026-03-13"]


def test_what_cannot_be_is_said_at_once(tmp_path: Path):
    table = tmp_path / "table.tsv"
    table.write_text("kind\tcontext\ndate\t\n")
    for arguments in (
        ["jutro", "--kind", "nonsense"],
        ["jutro", "--stage", "nonsense"],
        ["--batch", str(table)],
        ["--batch", str(tmp_path / "none.tsv")],
        [],
    ):
        assert run(*arguments).exit_code == 2, arguments
    app = typer.Typer()
    app.command()(understand)
    assert CliRunner().invoke(app, ["jutro", "--now", "jutro"]).exit_code == 2
