"""`voicebot check SCRIPT…`: is a call script fit to be used?"""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from voicebot.cli.script_graph_page import graph_page, passed_in
from voicebot.dialogue.check.problem import Problem
from voicebot.dialogue.check.script_check import check_script, errors_of
from voicebot.dialogue.script import Script
from voicebot.dialogue.script_loader import load_script
from voicebot.dialogue.script_paths import find_script, shipped_folder
from voicebot.errors import ScriptError


class Format(StrEnum):
    """text: for people. json: one list. github: annotations of a pull request."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def check(
    scripts: Annotated[
        list[str] | None,
        typer.Argument(
            help="Call scripts: YAML files or names. All that come along if none is named.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Format, typer.Option("--format", help="How problems are told.")
    ] = Format.TEXT,
    graph: Annotated[
        Path | None,
        typer.Option(help="Draw the script's states into this HTML file.", show_default=False),
    ] = None,
    coverage: Annotated[
        Path | None,
        typer.Option(
            help="With --graph: what `voicebot simulate --json` wrote; unpassed ways turn red.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check call scripts: go every way a call can take and tell what is wrong with file, line and
    the shortest conversation that shows it. Errors end with status 1.

    Examples:

        voicebot check

        voicebot check infolinia my_scripts/*.yaml

        voicebot check --format github call_scripts/infolinia.yaml

        voicebot check infolinia --graph infolinia.html --coverage simulated.json
    """
    problems: list[Problem] = []
    for name in scripts or _shipped():
        script, found = _checked(name)
        problems += found
        if script is not None and graph is not None:
            passed = passed_in(coverage) if coverage is not None else None
            graph.write_text(graph_page(script, found, passed), encoding="utf-8")
        if output is Format.TEXT:
            _print(name, script, found)
    if output is Format.JSON:
        print(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False, indent=2))
    elif output is Format.GITHUB:
        for problem in problems:
            print(_annotation(problem))
    if errors_of(problems):
        raise typer.Exit(1)


def _shipped() -> list[str]:
    """The scripts of call_scripts/; its other files are parts of them."""
    folder = shipped_folder()
    return [str(path) for path in sorted(folder.glob("*.yaml")) if _is_script(path)]


def _is_script(path: Path) -> bool:
    return any(line.startswith("script:") for line in path.read_text(encoding="utf-8").splitlines())


def _checked(name: str) -> tuple[Script | None, list[Problem]]:
    try:
        script = load_script(find_script(name))
    except ScriptError as error:
        return None, [_unreadable(name, line) for line in error.problems]
    return script, check_script(script)


def _unreadable(name: str, text: str) -> Problem:
    """A problem of the loader, `file:line: reason`."""
    file, _, rest = text.partition(":")
    line, _, reason = rest.partition(": ")
    if not line.isdigit():
        return Problem(name, 1, "error", text, name="unreadable")
    return Problem(file, int(line), "error", reason, name="unreadable")


def _print(name: str, script: Script | None, problems: list[Problem]) -> None:
    for problem in problems:
        is_whole = problem.reason.startswith(problem.file)
        print(problem.reason if is_whole else problem)
    if script is not None and not errors_of(problems):
        print(
            f"{find_script(name)}: good ({len(script.states)} states, {len(script.prompts)} "
            f"prompts, {len(script.intents)} intents)"
        )


def _annotation(problem: Problem) -> str:
    """One line as GitHub Actions reads it (workflow commands: `::error file=…,line=…::text`)."""
    path = f" — path: {problem.path}" if problem.path else ""
    text = f"{problem.reason}{path}".replace("%", "%25").replace("\n", "%0A")
    return (
        f"::{problem.severity} file={problem.file},line={problem.line},title={problem.name}::{text}"
    )
