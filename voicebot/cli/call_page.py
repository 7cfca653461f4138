"""How calls look on a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from voicebot.cli.call_document import CallDocument
from voicebot.records import CallRecord, Disposition, Speaker, Turn
from voicebot.storage.audit import AuditEntry

_GOOD = {Disposition.PTP_FULL, Disposition.PTP_PARTIAL, Disposition.CLAIMS_PAID}
_BAD = {Disposition.ERROR, Disposition.UNKNOWN, Disposition.CRISIS}
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f]")
_DOUBTFUL = 0.6


def printable(text: str) -> str:
    """The text without control characters: a caller must not steer the operator's terminal."""
    return _CONTROLS.sub("·", text)


def short_ids(ids: Sequence[str], least: int = 8) -> list[str]:
    """The shortest beginnings, of one length, that tell these ids apart."""
    longest = max((len(call_id) for call_id in ids), default=least)
    for length in range(least, longest):
        if len({call_id[:length] for call_id in ids}) == len(set(ids)):
            return [call_id[:length] for call_id in ids]
    return list(ids)


def amount(grosze: int) -> str:
    """1 234,50 zł."""
    zlote, rest = divmod(grosze, 100)
    return f"{zlote:,}".replace(",", "\u00a0") + f",{rest:02} zł"


def calls_table(
    records: Sequence[CallRecord], case_numbers: Mapping[int | None, str], zone: ZoneInfo
) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Call", "Started"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Length", justify="right", no_wrap=True)
    for heading in ("From", "Case", "Result", "Ended because"):
        table.add_column(heading, overflow="ellipsis", no_wrap=True)
    ids = short_ids([record.call_id for record in records])
    for call_id, record in zip(ids, records, strict=True):
        table.add_row(
            Text(printable(call_id)),
            _instant(record.started_at, zone, "%Y-%m-%d %H:%M:%S"),
            _length(record),
            Text(printable(_party(record.remote_party))),
            Text(printable(case_numbers.get(record.case_id, ""))),
            _result(record),
            Text(printable(record.end_reason)),
        )
    return table


def call_page(
    document: CallDocument, audit: Sequence[AuditEntry], zone: ZoneInfo
) -> RenderableType:
    """Head, transcript, agreement, timings, media and audit of one call."""
    parts: list[RenderableType] = [_head(document, zone), _transcript(document.turns)]
    agreement = _agreement(document, zone)
    parts += [agreement] if agreement else []
    parts += [_timings(document.turns)] if any(t.timings_ms for t in document.turns) else []
    stats = document.record.media_stats
    if stats:
        values = "   ".join(f"{name} {value:g}" for name, value in sorted(stats.items()))
        parts.append(Text.assemble(("Media    ", "bold"), printable(values)))
    if audit:
        parts.append(_audit(audit, zone))
    return Group(*(part for pair in parts for part in (pair, "")))


def _head(document: CallDocument, zone: ZoneInfo) -> RenderableType:
    record = document.record
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    started = _instant(record.started_at, zone, "%Y-%m-%d %H:%M:%S %Z")
    waited = ""
    if record.answered_at is not None:
        waited_s = (record.answered_at - record.started_at).total_seconds()
        waited = f", answered after {waited_s:.1f} s"
    rows: list[tuple[str, str | Text]] = [
        ("Result", _result(record)),
        ("Ended because", record.end_reason),
        ("Started", f"{started}{waited}"),
        ("Length", _length(record)),
        ("From", record.remote_party),
        ("To", record.local_party),
        ("Case", _case(document)),
        ("AI notice", _disclosed(record.ai_disclosed_at, record)),
        ("Rec. notice", _disclosed(record.recording_disclosed_at, record)),
        ("Mood notice", _disclosed(record.emotion_disclosed_at, record)),
        ("Recording", record.recording_path),
        ("Script", f"{record.script}  ({record.direction}, {record.leg_kind} {record.node})"),
    ]
    for label, value in rows:
        if value:
            grid.add_row(label, Text(printable(value)) if isinstance(value, str) else value)
    title = Text.assemble("Call ", (printable(record.call_id), "bold"))
    return Panel(grid, title=title, title_align="left")


def _transcript(turns: Sequence[Turn]) -> RenderableType:
    if not turns:
        return Text("Nothing was said.", "dim")
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("Time", justify="right", no_wrap=True)
    table.add_column("Who", no_wrap=True)
    table.add_column("What", ratio=3)
    table.add_column("Sure", justify="right", no_wrap=True)
    table.add_column("Understood", ratio=2)
    table.add_column("Waited", justify="right", no_wrap=True)
    for turn in turns:
        is_bot = turn.speaker is Speaker.BOT
        said = Text(printable(turn.text), "cyan" if is_bot else "")
        if turn.was_interrupted:
            said.append(" — interrupted", "yellow")
        waited_ms = turn.timings_ms.get("voice_to_voice")
        table.add_row(
            _clock(turn.started_s),
            Text("bot" if is_bot else "caller", "cyan" if is_bot else "bold"),
            said,
            _confidence(turn.confidence),
            _understood(turn),
            "" if waited_ms is None else f"{waited_ms:.0f} ms",
        )
    return table


def _understood(turn: Turn) -> Text:
    if turn.speaker is Speaker.BOT:
        return Text(printable(turn.prompt_id or turn.state), "dim")
    slots = "  ".join(f"{name}={value}" for name, value in turn.slots.items())
    return Text(printable("  ".join(part for part in (turn.intent, slots) if part)))


def _confidence(confidence: float | None) -> Text:
    if confidence is None:
        return Text("")
    return Text(f"{confidence:.0%}", "yellow" if confidence < _DOUBTFUL else "")


def _agreement(document: CallDocument, zone: ZoneInfo) -> Text:
    lines = Text()
    for promise in document.promises:
        counts = promise.status != "superseded"
        lines.append("Promise  ", "bold")
        lines.append(
            f"{amount(promise.amount_gr)} by {promise.due_date.isoformat()} ({promise.status})\n",
            "green" if counts else "dim strike",
        )
    for plan in document.plans:
        counts = plan.status != "superseded"
        lines.append("Plan     ", "bold")
        lines.append(
            f"{plan.n_installments} x {amount(plan.installment_gr)} of {amount(plan.total_gr)}, "
            f"first by {plan.first_date.isoformat()} ({plan.status})\n",
            "green" if counts else "dim strike",
        )
    for callback in document.callbacks:
        when = callback.wanted
        if callback.wanted_at is not None:
            when = _instant(callback.wanted_at, zone, "%Y-%m-%d %H:%M")
        lines.append("Callback ", "bold")
        words = f"{callback.reason}, {when or 'any time'}, {callback.phone} ({callback.status})"
        lines.append(printable(words) + "\n")
    for dispute in document.disputes:
        lines.append("Dispute  ", "bold")
        words = f"{dispute.kind}: {dispute.statement} ({dispute.status})"
        lines.append(printable(words) + "\n")
    for block in document.blocks:
        lines.append("Block    ", "bold")
        lines.append(printable(f"{block.reason} {block.phone} ({block.status})") + "\n")
    for message in document.notifications:
        lines.append("Message  ", "bold")
        words = f"{message.channel} {message.template} to {message.recipient} ({message.status})"
        lines.append(printable(words) + "\n")
    lines.rstrip()
    return lines


def _timings(turns: Sequence[Turn]) -> Table:
    measured: dict[str, list[float]] = {}
    for turn in turns:
        for name, value_ms in turn.timings_ms.items():
            if value_ms is not None:
                measured.setdefault(name, []).append(value_ms)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Timings")
    for heading in ("median ms", "max ms", "n"):
        table.add_column(heading, justify="right")
    for name, values in sorted(measured.items()):
        row = (f"{median(values):.0f}", f"{max(values):.0f}", str(len(values)))
        table.add_row(Text(printable(name)), *row)
    return table


def _audit(entries: Sequence[AuditEntry], zone: ZoneInfo) -> Text:
    lines = Text()
    for entry in entries:
        lines.append("Audit    ", "bold")
        data = "  ".join(f"{name}={value}" for name, value in entry.data.items())
        lines.append(printable(f"{_instant(entry.at, zone, '%H:%M:%S')}  {entry.name}  {data}"))
        lines.append("\n")
    lines.rstrip()
    return lines


def _result(record: CallRecord) -> Text:
    if record.ended_at is None:
        return Text("going on", "cyan")
    disposition = record.disposition
    style = "green" if disposition in _GOOD else "red" if disposition in _BAD else ""
    return Text(disposition or "", style)


def _case(document: CallDocument) -> str:
    if document.case_number is None:
        return ""
    return f"{document.case_number} ({'' if document.record.is_verified else 'not '}verified)"


def _disclosed(at: datetime | None, record: CallRecord) -> str:
    if at is None:
        return ""
    return f"given {_clock((at - (record.answered_at or record.started_at)).total_seconds())}"


def _instant(at: datetime, zone: ZoneInfo, pattern: str) -> str:
    return at.astimezone(zone).strftime(pattern)


def _length(record: CallRecord) -> str:
    if record.ended_at is None:
        return ""
    return _clock((record.ended_at - (record.answered_at or record.started_at)).total_seconds())


def _clock(seconds: float) -> str:
    tenths = max(round(seconds * 10), 0)
    minutes, rest = divmod(tenths, 600)
    return f"{minutes}:{rest / 10:04.1f}"


def _party(uri: str) -> str:
    """The short form of a SIP address: what stands before @."""
    return re.sub(r"^sips?:", "", uri).split("@")[0] or uri
