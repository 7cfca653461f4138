"""voicebot models: list, fetch and check what the speech workers load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from voicebot.errors import ModelError, SettingsError
from voicebot.settings import load_settings
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_sources import SourceFetcher
from voicebot.speech.model_store import ModelStore

models_app = typer.Typer(
    name="models",
    no_args_is_help=True,
    help="Models for recognition and voices: what there is, fetching it, checking it.",
)

SettingsPath = Annotated[
    Path | None,
    typer.Option("--settings", "-s", help="Settings file; without it ./voicebot.toml is read."),
]

_STATES = {"installed": "[green]installed[/]", "missing": "[dim]-[/]", "damaged": "[red]damaged[/]"}


@models_app.command("list")
def list_models(settings: SettingsPath = None) -> None:
    """Show every model, its licence and whether it is installed.

    Example: voicebot models list
    """
    console = Console()
    store = _store(settings, console)
    console.print(f"Models in {store.models_dir}")
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("Model", "State", "Size", "Licence", "Business"):
        table.add_column(heading, no_wrap=True)
    table.add_column("For")
    try:
        for status in store.list():
            model = status.model
            table.add_row(
                model.id,
                _STATES[status.state],
                f"{model.size / 1e6:.0f} MB" if model.size else "",
                model.licence,
                "yes" if model.commercial_use else "[yellow]no[/]",
                f"{', '.join(model.roles)} ({model.language})",
            )
    except ModelError as error:
        raise _refused(console, error) from None
    console.print(table)
    console.print("Fetch one: voicebot models pull ID. For a demo: voicebot models pull --default")


@models_app.command("pull")
def pull_models(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Models to fetch.")
    ] = None,
    default: Annotated[
        bool,
        typer.Option(
            "--default",
            help="What a demo needs. Done when there is a recogniser and any voice: espeak-ng "
            "speaks where a better voice can't be had.",
        ),
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Every model of the catalogue.")] = False,
    settings: SettingsPath = None,
) -> None:
    """Fetch models. Goes on where an earlier try stopped; what is installed is left alone.

    Examples:

      voicebot models pull --default

      voicebot models pull piper-pl-gosia vosk-small-pl

      VOICEBOT_MODELS_MIRROR=/media/models voicebot models pull --default
    """
    console = Console()
    store = _store(settings, console)
    models = store.catalogue.models
    wanted = list(ids or [])
    wanted += [m.id for m in models.values() if every or (default and m.is_default)]
    if not wanted:
        console.print("Say which models: IDs, --default or --all. See voicebot models list")
        raise typer.Exit(2)
    failed = _pull_all(store, list(dict.fromkeys(wanted)), console)
    if default and all("synthesis" in models[model_id].roles for model_id in failed) and failed:
        console.print(
            f"[yellow]Going on without {', '.join(failed)}: espeak-ng speaks instead, "
            "if it is installed (apt-get install espeak-ng).[/]"
        )
    elif failed:
        raise typer.Exit(1)


@models_app.command("verify")
def verify_models(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Models to check; all installed ones without."),
    ] = None,
    settings: SettingsPath = None,
) -> None:
    """Read the files of installed models and compare their digests.

    Examples:

      voicebot models verify

      voicebot models verify whisper-base
    """
    console = Console()
    store = _store(settings, console)
    has_problems = False
    try:
        wanted = ids or [s.model.id for s in store.list() if s.state != "missing"]
        for model_id in wanted:
            problems = store.verify(model_id)
            has_problems = has_problems or bool(problems)
            console.print(f"{model_id}: " + ("[red]damaged[/]" if problems else "[green]ok[/]"))
            for problem in problems:
                _say(console, f"  {problem}")
    except ModelError as error:
        raise _refused(console, error) from None
    if not wanted:
        console.print(f"No model is installed in {store.models_dir}")
    if has_problems:
        console.print("Fetch a damaged model again with: voicebot models pull ID")
        raise typer.Exit(1)


def _pull_all(store: ModelStore, wanted: list[str], console: Console) -> list[str]:
    """Fetch one after the other; return those that could not be had."""
    failed = []
    fetcher = SourceFetcher()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        for model_id in wanted:
            task = bars.add_task(model_id, total=None)
            try:
                path = store.pull(
                    model_id,
                    progress=_shown_on(bars, task),
                    report=lambda line: _say(console, f"  {line}", "yellow"),
                    fetcher=fetcher,
                )
            except ModelError as error:
                bars.remove_task(task)
                _say(console, str(error), "red")
                failed.append(model_id)
                continue
            bars.remove_task(task)
            licence = store.catalogue.get(model_id).licence
            _say(console, f"{model_id} is in {path} ({licence})")
    return failed


def _shown_on(bars: Progress, task: TaskID) -> Callable[[int, int], None]:
    """Puts the bytes of one model on its bar."""

    def show(done: int, total: int) -> None:
        bars.update(task, completed=done, total=max(done, total) or None)

    return show


def _store(settings_path: Path | None, console: Console) -> ModelStore:
    try:
        settings = load_settings(settings_path)
        catalogue = load_catalogue()
    except (SettingsError, ModelError) as error:
        raise _refused(console, error) from None
    return ModelStore(Path(settings.models_directory), catalogue, settings.models_mirror)


def _refused(console: Console, error: ModelError | SettingsError) -> typer.Exit:
    _say(console, str(error), "red")
    return typer.Exit(1)


def _say(console: Console, line: str, style: str = "") -> None:
    """Print what may hold [brackets] of its own, on one line."""
    console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
