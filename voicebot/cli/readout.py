"""`voicebot readout KIND VALUE`: the words in which the voice says a value."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated, TextIO

import typer

from voicebot.dialogue.polish.readout_request import parse_context, read_out
from voicebot.errors import ReadoutError


def readout(
    kind: Annotated[
        str, typer.Argument(help="amount, date, time, count, name…", show_default=False)
    ] = "",
    value: Annotated[str, typer.Argument(help="What to read out.", show_default=False)] = "",
    context: Annotated[
        str, typer.Option(help="What else is known: case=gen;gender=f.", show_default=False)
    ] = "",
    batch: Annotated[
        Path | None,
        typer.Option(
            help="A table with the columns kind, input and context (may be missing); - is the "
            "standard input.",
        ),
    ] = None,
) -> None:
    """Read a value out in Polish words: amounts, days, hours, accounts, names in the right form.

    Kinds: address, amount, company, count, date, digits, iban, invoice, name, number, ordinal,
    percent, phone, postcode, time. Cases: nom, gen, dat, acc, ins, loc, voc. A tax or personal
    number is never read out.

    Examples:

        voicebot readout amount "1234,56 PLN" --context case=gen

        voicebot readout name "Jan Kowalski" --context "gender=m;case=ins"

        voicebot readout --batch values.tsv
    """
    if batch is not None:
        is_good = _read_file(batch)
    elif kind and value:
        is_good = _read_one(kind, value, context, "")
    else:
        raise typer.BadParameter("give a kind and a value, or --batch FILE")
    if not is_good:
        raise typer.Exit(1)


def _read_file(path: Path) -> bool:
    if str(path) == "-":
        return _read_batch(sys.stdin)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read_batch(file)
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"the table can't be read: {error}") from None


def _read_batch(file: TextIO) -> bool:
    """One line a row, an empty one where a row is bad; comments and blank lines are no rows."""
    lines = [
        (number, line)
        for number, line in enumerate(file, start=1)
        if line.strip() and not line.startswith("#")
    ]
    rows = csv.DictReader(
        (line for _, line in lines), delimiter="\t", quoting=csv.QUOTE_NONE, restval=""
    )
    missing = {"kind", "input"} - set(rows.fieldnames or [])
    if missing:
        raise typer.BadParameter(f"the table has no column {' and no '.join(sorted(missing))}")
    is_good = True
    for (number, _), row in zip(lines[1:], rows, strict=False):
        said = _read_one(row["kind"], row["input"], row.get("context") or "", f"line {number}: ")
        is_good = is_good and said
    return is_good


def _read_one(kind: str, value: str, context: str, where: str) -> bool:
    try:
        print(read_out(kind, value, parse_context(context)))
    except ReadoutError as error:
        if where:
            print()
        typer.echo(f"{where}{error}", err=True)
        return False
    return True
