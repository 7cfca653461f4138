"""What the commands of this benchmark share: their options, the sides run in rounds."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.turns.call_script import write_script
from benchmarks.turns.dialogue import Dialogue, load_dialogue
from benchmarks.turns.servers import Side, SideSpec, running

SIDES = ("voicebot", "pipecat-default", "pipecat-tuned")
OTHER_SIDES = ("pipecat-smart",)

LOAD_BEFORE = os.getloadavg()[0]
"""Of the minute before this program began to work: what others do on the machine."""

DISTURBING_LOAD = 0.7

Measure = Callable[[str, Side, int], Awaitable[None]]
"""Told the side's name, the side, and the number of the round."""


def side_options(parser: argparse.ArgumentParser) -> None:
    """Options of every command."""
    known = ", ".join((*SIDES, *OTHER_SIDES))
    parser.add_argument("--side", default="all", help=f"all, or some of {known}")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    parser.add_argument(
        "--pipecat-python",
        type=Path,
        default=Path(os.environ.get("PIPECAT_PYTHON", ".venv-pipecat/bin/python")),
        help="python of the environment with benchmarks/peers/requirements.txt",
    )
    parser.add_argument("--rounds", type=int, default=2, help="the sides take turns so often")
    parser.add_argument("--results", type=Path, help="the page; default: in benchmarks/results")


def chosen_sides(options: argparse.Namespace) -> tuple[str, ...]:
    """Raises SystemExit for a name that is none."""
    names = SIDES if options.side == "all" else tuple(options.side.split(","))
    for name in names:
        if name not in (*SIDES, *OTHER_SIDES):
            raise SystemExit(f"no such side: {name}")
    return names


async def run_sides(
    options: argparse.Namespace,
    measure: Measure,
    *,
    is_long: bool = False,
    dialogue: Dialogue | None = None,
) -> None:
    """Each side anew in each round. is_long: the bots begin with a prompt of 18 s.

    dialogue: for our script, where it is not the usual one; the questions are the same.
    """
    with tempfile.TemporaryDirectory(prefix="turns-") as name:
        folder = Path(name)
        script = folder / "turns.yaml"
        write_script(dialogue or load_dialogue(), script, with_long_prompt=is_long)
        for round_number in range(options.rounds):
            for side_name in chosen_sides(options):
                spec = SideSpec(
                    side_name,
                    folder / side_name,
                    options.models,
                    script,
                    options.pipecat_python.absolute(),
                    is_long,
                )
                async with running(spec) as side:
                    await measure(side_name, side, round_number)


def machine_lines(command: str) -> list[str]:
    """Where and how a page's figures came to be."""
    arguments = " ".join(sys.argv[1:])
    lines = [
        f"Command: `{f'{command} {arguments}'.strip()}`.",
        f"Machine: {os.cpu_count()} cores, {platform.machine()}, shared by caller and server; "
        f"load average before it {LOAD_BEFORE:.1f}, at the end {os.getloadavg()[0]:.1f}.",
    ]
    if LOAD_BEFORE > DISTURBING_LOAD:
        lines += ["", "**Others were at work on this machine: the figures are disturbed.**"]
    return lines
