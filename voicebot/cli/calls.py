"""`voicebot calls`: look at the record of past and running calls, and take it along."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TextIO
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.text import Text

from voicebot.cli.call_document import CallDocument, ExportFormat, writer_for
from voicebot.cli.call_page import call_page, calls_table
from voicebot.errors import NotFound, VoicebotError
from voicebot.records import CallRecord, Disposition
from voicebot.settings import Settings, load_settings
from voicebot.storage.database import Database

calls_app = typer.Typer(
    name="calls",
    no_args_is_help=True,
    help="Past and running calls: what was said, agreed and measured.",
)

ConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--settings", "-s", help="Settings file; ./voicebot.toml is taken where there is one."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
OnlyDisposition = Annotated[
    Disposition | None,
    typer.Option(
        case_sensitive=False,
        metavar="RESULT",
        help="Only calls that ended so: PTP_FULL, CALLBACK, NO_INPUT ...",
    ),
]
_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def _moment(flag: str, help_text: str) -> Any:
    return typer.Option(
        flag,
        formats=_MOMENTS,
        metavar="DATE",
        help=f"{help_text}; 2026-03-01 or 2026-03-01T14:30, local time.",
    )


@calls_app.command("list")
def list_calls(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")] = 20,
    disposition: OnlyDisposition = None,
    case: Annotated[str | None, typer.Option(help="Only calls about this case number.")] = None,
    before: Annotated[
        datetime | None, _moment("--before", "Only calls that started earlier")
    ] = None,
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """Show the latest calls, one a line.

    Examples:

        voicebot calls list

        voicebot calls list -n 100 --disposition PTP_FULL

        voicebot calls list --case 24681357 --json
    """
    settings = load_settings(config)
    zone = ZoneInfo(settings.dialogue.timezone)

    async def work(database: Database) -> None:
        records = await database.calls.list(limit, _in_zone(before, zone), disposition, case)
        case_numbers = await _case_numbers(database, records)
        if as_json:
            documents = [CallDocument(r, case_numbers.get(r.case_id)).call() for r in records]
            print(json.dumps(documents, ensure_ascii=False, indent=2))
        elif records:
            console = Console()
            console.print(calls_table(records, case_numbers, zone))
            console.print(Text("One call with its transcript: voicebot calls show ID", "dim"))
        else:
            Console().print("No such calls." if case or disposition or before else "No calls yet.")

    _run(settings, work)


@calls_app.command("show")
def show_call(
    call_id: Annotated[
        str, typer.Argument(metavar="ID", help="The call's id, its beginning, or `last`.")
    ],
    as_json: AsJson = False,
    config: ConfigPath = None,
) -> None:
    """Show one call: transcript with times, what was understood and agreed, timings.

    Examples:

        voicebot calls show last

        voicebot calls show 7f3a

        voicebot calls show last --json | jq '.turns[].text'
    """
    settings = load_settings(config)

    async def work(database: Database) -> None:
        document = await _document(database, await _resolve(database, call_id))
        if as_json:
            print(json.dumps(document.whole(), ensure_ascii=False, indent=2))
            return
        audit = await database.audit.list(document.record.call_id)
        zone = ZoneInfo(settings.dialogue.timezone)
        Console().print(call_page(document, audit, zone))

    _run(settings, work)


@calls_app.command("export")
def export_calls(
    format: Annotated[
        ExportFormat,
        typer.Option("--format", "-f", help="csv: a row per turn; jsonl: a line per call."),
    ] = ExportFormat.JSONL,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; without it: the screen.")
    ] = None,
    since: Annotated[
        datetime | None, _moment("--since", "Only calls that started then or later")
    ] = None,
    until: Annotated[datetime | None, _moment("--until", "Only calls that started earlier")] = None,
    disposition: OnlyDisposition = None,
    config: ConfigPath = None,
) -> None:
    """Write calls with their turns and what came of them, the latest first.

    The file holds personal data: only you can read it (mode 600).

    Examples:

        voicebot calls export -o calls.jsonl

        voicebot calls export --format csv --since 2026-03-01 -o march.csv

        voicebot calls export --disposition PTP_FULL --format json | jq length
    """
    settings = load_settings(config)
    zone = ZoneInfo(settings.dialogue.timezone)

    async def work(database: Database) -> None:
        n_calls = 0
        with _opened(output) as file:
            writer = writer_for(format, file)
            chosen = database.calls.each(_in_zone(since, zone), _in_zone(until, zone), disposition)
            async for record in chosen:
                writer.write(await _document(database, record))
                n_calls += 1
            writer.close()
        if output is not None:
            Console(stderr=True).print(f"{n_calls} calls written to {output}", markup=False)

    _run(settings, work)


async def _resolve(database: Database, wanted: str) -> CallRecord:
    """The call that somebody means by a whole id, its beginning, or `last`."""
    if wanted == "last":
        latest = await database.calls.list(limit=1)
        if not latest:
            raise NotFound("there are no calls yet")
        return latest[0]
    try:
        return await database.calls.get(wanted)
    except NotFound:
        matching = await database.calls.starting_with(wanted)
    if not matching:
        raise NotFound(f"no call {wanted}; see voicebot calls list")
    if len(matching) > 1:
        raise NotFound(f"more than one call begins with {wanted}: type more of the id")
    return matching[0]


async def _document(database: Database, record: CallRecord) -> CallDocument:
    case_numbers = await _case_numbers(database, [record])
    return CallDocument(
        record,
        case_numbers.get(record.case_id),
        await database.calls.turns(record.call_id),
        await database.promises.list(call_id=record.call_id),
        await database.callbacks.list(call_id=record.call_id),
        await database.plans.list(call_id=record.call_id),
        await database.disputes.list(call_id=record.call_id),
        await database.blocks.list(call_id=record.call_id),
        await database.notifications.list(call_id=record.call_id),
    )


async def _case_numbers(database: Database, records: list[CallRecord]) -> dict[int | None, str]:
    ids = {record.case_id for record in records if record.case_id is not None}
    return {case_id: (await database.cases.get(case_id)).case_number for case_id in ids}


def _in_zone(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=zone)


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(descriptor, 0o600)
        # newline: the csv module ends lines itself (RFC 4180).
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise VoicebotError(f"{path}: {error.strerror}") from None


def _run(settings: Settings, work: Callable[[Database], Coroutine[None, None, None]]) -> None:
    async def with_database() -> None:
        async with _database(settings) as database:
            await work(database)

    asyncio.run(with_database())


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = await Database.open_existing(settings.database_url)
    try:
        yield database
    finally:
        await database.close()
