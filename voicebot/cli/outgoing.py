"""`voicebot call`: place one call and hold the conversation."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer
from rich.console import Console

from voicebot.errors import NotFound, SettingsError
from voicebot.logs import configure_logging
from voicebot.records import Speaker
from voicebot.settings import Settings, TrunkSettings, load_settings

console = Console(stderr=True)


def call(
    whom: str = typer.Argument(
        ..., help="A number (+48600100200) or an address (sip:anna@192.0.2.10:5060)."
    ),
    trunk: str = typer.Option("", help="Trunk to call a number through; by order if not given."),
    settings_file: Path | None = typer.Option(None, "--settings", "-s", help="Settings file."),
    script: str = typer.Option("", help="Call script; the settings' one if not given."),
    case: str = typer.Option(
        "", help="Number of the case the call is about; scripts for calls out need one."
    ),
    demo: bool = typer.Option(False, help="Use the demonstration voice and sample debtors."),
    ring_s: float = typer.Option(45.0, min=1, help="Seconds to let it ring."),
) -> None:
    """Call a number or a SIP address and hold the conversation of the call script.

    A number goes through the trunks of the settings, and only where [dial] allows it. The call
    takes ports of its own, so a running server is not disturbed; its record goes to the same
    database.

    Examples:

        voicebot call +48600100200 --trunk carrier

        voicebot call sip:anna@192.0.2.10

        voicebot call sip:100@pbx.local:5060 --script infolinia --demo

        voicebot call +48600100200 --script przypomnienie_konsument --case 24681357
    """
    settings = load_settings(settings_file)
    changes: dict[str, object] = {
        "sip": settings.sip.model_copy(update={"port": 0, "tls_port": 0}),
        "web": settings.web.model_copy(update={"port": 0}),
        "speech": settings.speech.model_copy(update={"workers": 1}),
        "trunks": {name: _for_one_call(known) for name, known in settings.trunks.items()},
    }
    if trunk and trunk not in settings.trunks:
        raise typer.BadParameter(f"the settings have no trunk {trunk}", param_hint="--trunk")
    if demo:
        changes["use"] = "demo"
    if script:
        changes["dialogue"] = settings.dialogue.model_copy(update={"script": script})
    settings = settings.model_copy(update=changes)
    configure_logging(settings.log_level)
    asyncio.run(_call(settings, whom, trunk, ring_s, demo, case))


def _for_one_call(trunk: TrunkSettings) -> TrunkSettings:
    """Not registered: calls to us are the server's, not those of this short-lived process."""
    return trunk.model_copy(update={"register_expires_s": 0, "options_interval_s": 0.0})


async def _call(
    settings: Settings, whom: str, trunk: str, ring_s: float, demo: bool, case: str
) -> None:
    from voicebot.app import Node  # loads everything; --help and the small commands need not

    node = Node(settings)
    try:
        await node.start(lambda line: console.print(line, style="dim"), with_samples=demo)
        try:
            conversation = await node.conversation_about(case)
        except (NotFound, SettingsError) as error:
            # Nobody is rung up before it is known what about.
            raise typer.BadParameter(str(error), param_hint="--case") from None
        console.print("Calling")
        leg = await node.sip.call(whom, settings.sip.user, ring_s, trunk=trunk)
        console.print("Answered")
        call_id = await node.take_call(leg, conversation=conversation)
        if node.database is None:
            return
        for turn in await node.database.calls.turns(call_id):
            who = "bot   " if turn.speaker is Speaker.BOT else "caller"
            print(f"{turn.started_s:6.1f} s  {who}  {turn.text}")
        record = await node.database.calls.get(call_id)
        print(f"{call_id}: {record.disposition}")
    finally:
        await node.stop()
