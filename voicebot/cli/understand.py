"""`voicebot understand TEXT`: what the bot makes of one utterance, or of a table of them."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, cast

import typer

from voicebot.clock import SystemClock
from voicebot.dialogue.engine import make_classifier
from voicebot.dialogue.intent_stages import STAGES
from voicebot.dialogue.script_loader import load_script
from voicebot.dialogue.script_paths import find_script
from voicebot.dialogue.spoken_values import KINDS, Kind
from voicebot.dialogue.understanding import (
    POLISH_TIME,
    Understander,
    Understood,
    parse_context,
)


def understand(
    text: Annotated[str, typer.Argument(help="What was said.", show_default=False)] = "",
    now: Annotated[
        str, typer.Option(help="When it was said (ISO 8601; Polish time without an offset).")
    ] = "",
    stage: Annotated[str, typer.Option(help=f"Stage of the call: {', '.join(STAGES)}.")] = "",
    kind: Annotated[str, typer.Option(help=f"What to look for: {', '.join(KINDS)}.")] = "",
    context: Annotated[
        str, typer.Option(help="What is known: balance_gr=123456;contact_hours=08:00-20:00")
    ] = "",
    batch: Annotated[
        Path | None,
        typer.Option(help="Table: tab-separated columns text, stage, kind, context; - is stdin."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    script: Annotated[str, typer.Option(help="Call script whose intents are meant.")] = "infolinia",
) -> None:
    """Understand an utterance: its intent, and the day, amount, plan or digits in it.

    With --batch one JSON line is printed for each row; a row that can't be read has the value
    null and is told on standard error.

    Examples:

        voicebot understand "zapłacę w piątek" --json

        voicebot understand "w przyszłą środę" --now 2026-03-11T10:15:00+01:00 --kind date --json

        voicebot understand --batch expressions.tsv --now 2026-03-11T10:15:00+01:00
    """
    moment = _moment(now)
    if batch is None and not text:
        raise typer.BadParameter("say a TEXT or give --batch FILE")
    problem = _problem(stage, kind)
    if problem:
        raise typer.BadParameter(problem)
    loaded = load_script(find_script(script))
    understander = Understander(loaded.intents, make_classifier(loaded))
    given = {"stage": stage, "kind": kind, "context": context}
    if batch is None:
        _print(_understand(understander, {**given, "text": text}, moment), as_json)
        return
    for number, row in _rows(batch):
        values = given | {name: cell for name, cell in row.items() if cell}
        problem = _problem(values["stage"], values["kind"])
        if problem:
            print(f"{batch}:{number}: {problem}", file=sys.stderr)
            _print(Understood("", 0.0, None), as_json=True)
        else:
            _print(_understand(understander, values, moment), as_json=True)


def _understand(understander: Understander, row: Mapping[str, str], now: dt.datetime) -> Understood:
    kind = cast(Kind, row["kind"]) if row["kind"] else None
    text = row.get("text") or row.get("utterance", "")
    return understander.understand(text, now, row["stage"], kind, parse_context(row["context"]))


def _problem(stage: str, kind: str) -> str:
    if stage and stage not in STAGES:
        return f"no such stage: {stage!r}; there are {', '.join(STAGES)}"
    if kind and kind not in KINDS:
        return f"no such kind: {kind!r}; there are {', '.join(KINDS)}"
    return ""


def _moment(text: str) -> dt.datetime:
    if not text:
        return SystemClock().now()
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"--now {text!r} is no ISO 8601 date and time") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=POLISH_TIME)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with its line number; lines that begin with # and empty ones are none."""
    # As bytes: a stray byte or quotation mark in one row must not cost the rows after it.
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"can't read {path}: {error.strerror}") from None
    names: list[str] = []
    for number, line in enumerate(data.decode("utf-8-sig", "replace").split("\n"), start=1):
        line = line.rstrip("\r")
        if not line or (line.startswith("#") and "\t" not in line[:2]):
            continue
        cells = line.split("\t")
        if not names:
            names = [cell.strip() for cell in cells]
            if not {"text", "utterance"} & set(names):
                raise typer.BadParameter(f"{path}:{number}: there is no column text")
            continue
        yield number, {name: cell.strip() for name, cell in zip(names, cells, strict=False)}


def _print(understood: Understood, as_json: bool) -> None:
    if as_json:
        print(json.dumps(understood.as_json(), ensure_ascii=False))
        return
    said = understood.value or {}
    value = ", ".join(f"{name} {json.dumps(item)}" for name, item in said.items())
    print(f"{understood.intent or 'no intent'} ({understood.confidence:.2f}): {value or 'nothing'}")
