"""One call with everything about it, as data to print or export."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol, TextIO

from voicebot.records import (
    Block,
    Callback,
    CallRecord,
    Dispute,
    Notification,
    Plan,
    Promise,
    Turn,
)


class ExportFormat(StrEnum):
    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class CallDocument:
    """A call's record and what belongs to it. `case_number` None: no case was found."""

    record: CallRecord
    case_number: str | None
    turns: list[Turn] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    notifications: list[Notification] = field(default_factory=list)

    def call(self) -> dict[str, Any]:
        """The call alone, ready for JSON; instants are ISO 8601 in UTC."""
        return _plain_items({**asdict(self.record), "case_number": self.case_number})

    def whole(self) -> dict[str, Any]:
        """The call with its turns and what came of it, ready for JSON."""
        belongings = {
            "turns": [asdict(turn) for turn in self.turns],
            "promises": [asdict(promise) for promise in self.promises],
            "callbacks": [asdict(callback) for callback in self.callbacks],
            "plans": [asdict(plan) for plan in self.plans],
            "disputes": [asdict(dispute) for dispute in self.disputes],
            "blocks": [asdict(block) for block in self.blocks],
            "notifications": [asdict(message) for message in self.notifications],
        }
        return {**self.call(), **_plain_items(belongings)}


class DocumentWriter(Protocol):
    def write(self, document: CallDocument) -> None: ...
    def close(self) -> None: ...


def writer_for(format: ExportFormat, file: TextIO) -> DocumentWriter:
    """Writes documents to `file` one by one, so that any number of calls fits in memory."""
    match format:
        case ExportFormat.JSONL:
            return JsonLinesWriter(file)
        case ExportFormat.JSON:
            return JsonWriter(file)
        case ExportFormat.CSV:
            return CsvWriter(file)


class JsonLinesWriter:
    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, document: CallDocument) -> None:
        self._file.write(json.dumps(document.whole(), ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.flush()


class JsonWriter:
    """One array."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._before_next = "[\n"

    def write(self, document: CallDocument) -> None:
        self._file.write(self._before_next + json.dumps(document.whole(), ensure_ascii=False))
        self._before_next = ",\n"

    def close(self) -> None:
        self._file.write("[]\n" if self._before_next == "[\n" else "\n]\n")
        self._file.flush()


class CsvWriter:
    """A row per turn with its call beside it; a call without turns has one row."""

    CALL_COLUMNS = (
        *("call_id", "started_at", "answered_at", "ended_at", "direction", "leg_kind"),
        *("remote_party", "local_party", "script", "disposition", "end_reason", "case_number"),
        "is_verified",
    )
    PROMISE_COLUMNS = ("promise_amount_gr", "promise_due_date")
    TURN_COLUMNS = (
        *("speaker", "started_s", "ended_s", "text", "confidence", "intent", "slots"),
        *("prompt_id", "state", "was_interrupted", "timings_ms"),
    )

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._rows = csv.writer(file)
        turn_columns = [f"turn_{name}" for name in ("index", *self.TURN_COLUMNS)]
        self._rows.writerow([*self.CALL_COLUMNS, *self.PROMISE_COLUMNS, *turn_columns])

    def write(self, document: CallDocument) -> None:
        whole = document.whole()
        call = [_cell(whole[name]) for name in self.CALL_COLUMNS]
        counting = [p for p in document.promises if p.status != "superseded"]
        for promise in counting[-1:]:
            call += [str(promise.amount_gr), promise.due_date.isoformat()]
        call += [""] * (len(self.CALL_COLUMNS) + len(self.PROMISE_COLUMNS) - len(call))
        for index, turn in enumerate(whole["turns"]):
            self._rows.writerow([*call, index, *(_cell(turn[name]) for name in self.TURN_COLUMNS)])
        if not whole["turns"]:
            self._rows.writerow([*call, "", *("" for _ in self.TURN_COLUMNS)])

    def close(self) -> None:
        self._file.flush()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            return json.dumps(value, ensure_ascii=False) if value else ""
        case str() if value.startswith(("=", "@", "\t", "\r")) or (
            value.startswith(("+", "-")) and not value[1:].replace(" ", "").isdigit()
        ):
            # A spreadsheet would run it as a formula, and strangers choose what they say.
            return f"'{value}"
    return str(value)


def _plain_items(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case StrEnum():
            return value.value
        case dict():
            return _plain_items(value)
        case list():
            return [_plain(item) for item in value]
    return value
