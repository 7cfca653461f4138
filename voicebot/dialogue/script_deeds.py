"""What a call script may order beside speaking and listening, as data. Done by deeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from voicebot.dialogue.expression import Expression
from voicebot.dialogue.template import Template
from voicebot.records import BlockReason, Disposition

DisputeKind = Literal["debt", "amount", "quality", "limitation", "paid"]
"""What is contested, as actions.RecordDispute tells it."""
NotificationChannel = Literal["sms", "email"]


@dataclass(frozen=True, slots=True)
class SetVariables:
    values: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class ClearVariables:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoteEvent:
    name: str


@dataclass(frozen=True, slots=True)
class NoteCallback:
    """`reason` and `wanted` are texts with variables; `wanted` in the caller's own words."""

    reason: Template
    wanted: Template | None = None


@dataclass(frozen=True, slots=True)
class NotePromise:
    """`amount` and `day` name variables. `balance`: a smaller amount is a part payment."""

    amount: str
    day: str
    balance: str


@dataclass(frozen=True, slots=True)
class DropRecording:
    """Stop recording and drop what there is."""


@dataclass(frozen=True, slots=True)
class DropEmotion:
    """Read no emotion any more and drop what was read."""


@dataclass(frozen=True, slots=True)
class SetOutcome:
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class HandOver:
    """Pass the call to a human, with a summary."""

    reason: Template
    summary: Template


@dataclass(frozen=True, slots=True)
class NotePlan:
    """Names of variables: how many instalments, how much each, the first day, all that is owed."""

    installments: str
    amount: str
    first: str
    balance: str


@dataclass(frozen=True, slots=True)
class NoteDispute:
    kind: DisputeKind
    statement: Template


@dataclass(frozen=True, slots=True)
class NoteBlock:
    reason: BlockReason


@dataclass(frozen=True, slots=True)
class SendNotice:
    """A message after the call. data: what its template shows, by the names of variables."""

    channel: NotificationChannel
    template: str
    data: Mapping[str, str] = field(default_factory=dict)


Deed = (
    SetVariables
    | ClearVariables
    | NoteEvent
    | NoteCallback
    | NotePromise
    | DropRecording
    | DropEmotion
    | SetOutcome
    | HandOver
    | NotePlan
    | NoteDispute
    | NoteBlock
    | SendNotice
)


@dataclass(frozen=True, slots=True)
class Step:
    """Something done on entering a state or following a rule, where its condition holds."""

    deed: Deed
    condition: Expression | None = None
    line: int = 0
    file: str = ""
