"""`voicebot check SCRIPT…`: is a call script fit to be used?"""

from __future__ import annotations

from typing import Annotated

import typer

from voicebot.dialogue.script_check import Problem, check_script
from voicebot.dialogue.script_loader import load_script
from voicebot.dialogue.script_paths import find_script
from voicebot.errors import ScriptError


def check(
    scripts: Annotated[
        list[str], typer.Argument(help="Call scripts: YAML files or names.", show_default=False)
    ],
) -> None:
    """Check call scripts: every problem is told with file and line; errors end with status 1.

    Examples:

        voicebot check infolinia

        voicebot check my_scripts/*.yaml
    """
    has_errors = False
    for name in scripts:
        try:
            path = find_script(name)
            script = load_script(path)
        except ScriptError as error:
            has_errors = True
            for line in error.problems:
                print(line)
            continue
        problems: list[Problem] = check_script(script)
        for problem in problems:
            print(problem)
        n_errors = sum(problem.severity == "error" for problem in problems)
        has_errors = has_errors or n_errors > 0
        if not n_errors:
            print(
                f"{path}: good ({len(script.states)} states, {len(script.prompts)} prompts, "
                f"{len(script.intents)} intents)"
            )
    if has_errors:
        raise typer.Exit(1)
