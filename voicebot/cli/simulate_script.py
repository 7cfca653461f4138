"""`voicebot simulate SCRIPT`: thousands of simulated callers talk with a call script."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from voicebot.cli.simulation_report import as_document, print_report
from voicebot.settings import load_settings

if TYPE_CHECKING:
    from voicebot.dialogue.simulation.caller import Hearing
    from voicebot.dialogue.simulation.simulation import SimulationResult

console = Console(stderr=True)

TEXT_CALLS = 1000
AUDIO_CALLS = 60


def simulate(
    script: Annotated[str, typer.Argument(help="Call script: a YAML file or a name.")],
    calls: Annotated[
        int | None,
        typer.Option(min=1, help=f"How many calls; {TEXT_CALLS}, with --audio {AUDIO_CALLS}."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same calls.")] = 1,
    persona: Annotated[
        list[str] | None, typer.Option(help="Only these callers; may be given again.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the result there; - for standard output.")
    ] = None,
    min_coverage: Annotated[
        float | None,
        typer.Option(
            min=0, max=100, help="Percent of states and edges; with --audio 95 of states."
        ),
    ] = None,
    audio: Annotated[
        bool, typer.Option("--audio", help="Speak and recognise every word (models needed).")
    ] = False,
    settings_file: Annotated[Path | None, typer.Option("--settings", "-s")] = None,
) -> None:
    """Let simulated callers talk with a script: coverage, outcomes and breaches.

    Callers are cooperative, evasive, hostile, confused, a third party, a wrong number, a machine,
    silent, or speak little Polish. An observer of its own judges every answer. Exit status 1: a
    breach was found, or too little was covered.

    Examples:

        voicebot simulate infolinia --calls 10000

        voicebot simulate my_script.yaml --persona hostile --persona silent --json result.json

        voicebot simulate infolinia --audio --calls 60
    """
    from voicebot.dialogue.simulation.personas import PERSONAS

    unknown = sorted(set(persona or ()) - PERSONAS.keys())
    if unknown:
        raise typer.BadParameter(
            f"no such persona: {', '.join(unknown)} (there are: {', '.join(PERSONAS)})",
            param_hint="--persona",
        )
    settings = load_settings(settings_file)
    n_calls = calls or (AUDIO_CALLS if audio else TEXT_CALLS)
    hearing = None
    if audio:
        from voicebot.cli.telephone_hearing import open_hearing

        hearing = open_hearing(settings, console)
    began = time.process_time()
    zone = ZoneInfo(settings.dialogue.timezone)
    result = _play(script, n_calls, seed, tuple(persona or PERSONAS), zone, hearing)
    cpu_s = time.process_time() - began
    threshold = min_coverage if min_coverage is not None else (95.0 if audio else 100.0)
    document = as_document(result, cpu_s, threshold, needs_edges=not audio)
    if json_file is not None:
        text = json.dumps(document, ensure_ascii=False, indent=2)
        if str(json_file) == "-":
            print(text)
        else:
            json_file.write_text(text + "\n", encoding="utf-8")
    print_report(document, Console(stderr=str(json_file) == "-"))
    if not document["passed"]:
        raise typer.Exit(1)


def _play(
    name: str,
    n_calls: int,
    seed: int,
    personas: tuple[str, ...],
    zone: ZoneInfo,
    hearing: Hearing | None,
) -> SimulationResult:
    from voicebot.dialogue.engine import make_classifier
    from voicebot.dialogue.script_graph import edges
    from voicebot.dialogue.script_loader import load_script
    from voicebot.dialogue.script_paths import find_script
    from voicebot.dialogue.simulation.simulation import Simulation

    script = load_script(find_script(name))
    simulation = Simulation(
        script, make_classifier(script), edges(script), zone, seed, personas, hearing=hearing
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task(f"Calls to {script.name}", total=n_calls)
        return simulation.run(n_calls, lambda result: progress.update(task, advance=1))
