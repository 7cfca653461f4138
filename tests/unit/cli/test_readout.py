"""`voicebot readout` as an operator meets it."""

from __future__ import annotations

import typer
from typer.testing import CliRunner, Result

from voicebot.cli.readout import readout


def run(*arguments: str, text: str | None = None) -> Result:
    app = typer.Typer()
    app.command()(readout)
    return CliRunner().invoke(app, list(arguments), input=text)


def test_one_value():
    result = run("count", "2 raty", "--context", "case=ins")
    assert (result.exit_code, result.stdout) == (0, "dwiema ratami\n")


def test_a_value_that_cannot_be_read_out_is_told_on_stderr():
    result = run("amount", "dużo")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "an amount must be like 1234,56 PLN\n"


def test_a_table_gives_one_line_a_row_even_for_a_bad_one(tmp_path):
    table = tmp_path / "values.tsv"
    table.write_text(
        "# values\nid\tkind\tinput\tcontext\n1\tcount\t5 rat\t\n2\tnip\t5261040828\t\n"
        "\n3\tname\tAnna Nowak\tgender=f;case=ins\n",
        encoding="utf-8",
    )
    result = run("--batch", str(table))
    assert result.exit_code == 1
    assert result.stdout.split("\n") == ["pięć rat", "", "panią Anną Nowak", ""]
    assert result.stderr == "line 4: a tax number is never read out\n"


def test_the_context_column_may_be_missing_and_the_table_may_be_piped():
    result = run("--batch", "-", text="kind\tinput\namount\t1,00 PLN\ntime\t16:30\n")
    assert (result.exit_code, result.stdout) == (0, "jeden złoty\no szesnastej trzydzieści\n")


def test_a_table_without_its_columns_is_refused(tmp_path):
    table = tmp_path / "values.tsv"
    table.write_text("sort\tinput\n", encoding="utf-8")
    result = run("--batch", str(table))
    assert result.exit_code == 2
    assert "no column kind" in result.stderr


def test_without_a_value_there_is_nothing_to_do():
    assert run("amount").exit_code == 2
