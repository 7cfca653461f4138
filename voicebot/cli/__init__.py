"""The command line: a thin layer over the rest."""

from __future__ import annotations

import typer

from voicebot import __version__
from voicebot.cli.calls import calls_app
from voicebot.cli.check import check
from voicebot.cli.emotion import emotion_app
from voicebot.cli.hash_password import hash_password
from voicebot.cli.models import models_app
from voicebot.cli.outgoing import call
from voicebot.cli.readout import readout
from voicebot.cli.replay import replay
from voicebot.cli.serve import serve
from voicebot.cli.simulate import simulate_caller
from voicebot.cli.simulate_script import simulate
from voicebot.cli.speech import speak, transcribe
from voicebot.cli.understand import understand

app = typer.Typer(
    name="voicebot",
    help="A telephony server that talks with people about overdue payments, in Polish.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"voicebot {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: bool = typer.Option(
        False, "--version", help="Show the version.", callback=_show_version, is_eager=True
    ),
) -> None:
    """A telephony server that talks with people about overdue payments, in Polish."""


app.command()(serve)
app.command()(call)
app.command()(transcribe)
app.command()(speak)
app.command("simulate-caller")(simulate_caller)
app.command()(check)
app.command()(simulate)
app.command()(replay)
app.command()(readout)
app.command()(understand)
app.command()(hash_password)
app.add_typer(models_app)
app.add_typer(calls_app)
app.add_typer(emotion_app)
