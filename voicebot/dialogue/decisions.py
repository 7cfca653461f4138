"""What a dialogue was told and what it answered, as JSON lines: written, read and run again.

One line a decision, the header first. Values keep their type, so the same events can be handed in
again, and the same call gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from voicebot.dialogue import actions as dialogue_actions
from voicebot.dialogue.actions import Action, DialogueEvent
from voicebot.dialogue.engine import DialogueEngine
from voicebot.dialogue.mood import Mood
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import Script
from voicebot.dialogue.trail import Edge
from voicebot.errors import DecisionLogError
from voicebot.records import Disposition, PersonName

FORMAT = 1

_TYPES: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        dialogue_actions.UserTurn,
        dialogue_actions.NoInput,
        dialogue_actions.QueryAnswered,
        dialogue_actions.CallerLeft,
        dialogue_actions.TimeRanOut,
        dialogue_actions.SystemFailed,
        Mood,
        PersonName,
    )
}
"""What may be made again out of a log: events and what they hold, nothing else."""


class Deciding(Protocol):
    """The engine as its decisions are noted."""

    @property
    def state_name(self) -> str: ...
    @property
    def disposition(self) -> Disposition: ...
    @property
    def n_not_understood(self) -> int: ...
    @property
    def variables(self) -> Mapping[str, object]: ...
    def take_trail(self) -> list[Edge]: ...


@dataclass(frozen=True, slots=True)
class HeardSpan:
    """Where in the caller's channel a turn is, in samples, and what the recogniser was told.

    kind, phrases: its hints.
    """

    first_sample: int
    last_sample: int
    kind: str = "open"
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionHeader:
    """What a call's decisions depend on beside its events. given: the script's given values."""

    call_id: str
    script: str
    script_path: str
    script_version: str
    timezone: str
    seed: str = ""
    classifier: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """One line read back. event None: the call began. told_at: the time handed to the engine."""

    told_at: datetime
    event: DialogueEvent | None
    heard: HeardSpan | None
    line: str

    @property
    def document(self) -> dict[str, Any]:
        return dict(json.loads(self.line))


class DecisionWriter:
    """Turns one engine's decisions into lines. Keeps what the engine knew, to tell what changed."""

    def __init__(self) -> None:
        self._number = 0
        self._known: dict[str, Any] = {}

    def line(
        self,
        event: DialogueEvent | None,
        told_at: datetime,
        actions: Iterable[Action],
        engine: Deciding,
        heard: HeardSpan | None = None,
    ) -> str:
        """The next decision. engine: as it is after it."""
        known = {name: _plain(value) for name, value in engine.variables.items()}
        changed = {
            name: value
            for name, value in known.items()
            if name not in self._known or self._known[name] != value
        }
        self._known = known
        document = {
            "n": self._number,
            "at": told_at.isoformat(),
            "event": _plain(event),
            "actions": [_plain(action) for action in actions],
            "state": engine.state_name,
            "disposition": str(engine.disposition),
            "not_understood": engine.n_not_understood,
            "changed": changed,
            "trail": [
                [edge.state, edge.kind, edge.line, edge.target] for edge in engine.take_trail()
            ],
        }
        if heard is not None:
            document["heard"] = {
                "samples": [heard.first_sample, heard.last_sample],
                "kind": heard.kind,
                "phrases": list(heard.phrases),
            }
        self._number += 1
        return _written(document)


def header_line(header: DecisionHeader) -> str:
    return _written(
        {
            "decisions": FORMAT,
            "call_id": header.call_id,
            "script": header.script,
            "script_path": header.script_path,
            "script_version": header.script_version,
            "timezone": header.timezone,
            "seed": header.seed,
            "classifier": header.classifier,
            "models": dict(header.models),
            "given": {name: _plain(value) for name, value in header.given.items()},
        }
    )


def read_log(text: str) -> tuple[DecisionHeader, list[LoggedDecision]]:
    """Read a whole log. A last line that was cut off (the process was killed) is left out.

    Raises DecisionLogError.
    """
    lines = text.split("\n")
    try:
        header = _read_header(json.loads(lines[0]))
        return header, [_read_decision(line) for line in lines[1:-1]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DecisionLogError(f"this is no decision log: {error}") from None


def run_again(
    header: DecisionHeader,
    logged: Iterable[LoggedDecision],
    script: Script,
    classifier: IntentClassifier,
    events: Mapping[int, DialogueEvent] | None = None,
) -> Iterator[str]:
    """The log that the same events at the same times give now, line by line, header first.

    events: by number, what is to be handed in instead of what was logged.
    """
    now_header = replace(
        header, script_version=script.version, classifier=type(classifier).__name__
    )
    yield header_line(now_header)
    engine = DialogueEngine(
        script, classifier, header.given, ZoneInfo(header.timezone), header.seed
    )
    writer = DecisionWriter()
    for number, decision in enumerate(logged):
        event = (events or {}).get(number, decision.event)
        actions = (
            engine.start(decision.told_at)
            if event is None
            else engine.handle(event, decision.told_at)
        )
        yield writer.line(event, decision.told_at, actions, engine, decision.heard)


def digest(lines: Iterable[str]) -> str:
    """sha256 of a log's text."""
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line.encode() + b"\n")
    return whole.hexdigest()


def _read_header(document: dict[str, Any]) -> DecisionHeader:
    if document["decisions"] != FORMAT:
        raise ValueError(f"format {document['decisions']}, not {FORMAT}")
    ZoneInfo(document["timezone"])
    return DecisionHeader(
        call_id=document["call_id"],
        script=document["script"],
        script_path=document["script_path"],
        script_version=document["script_version"],
        timezone=document["timezone"],
        seed=document["seed"],
        classifier=document["classifier"],
        models=document["models"],
        given={name: _value(value) for name, value in document["given"].items()},
    )


def _read_decision(line: str) -> LoggedDecision:
    document = json.loads(line)
    heard = document.get("heard")
    return LoggedDecision(
        told_at=datetime.fromisoformat(document["at"]),
        event=_value(document["event"]),
        heard=None
        if heard is None
        else HeardSpan(
            first_sample=heard["samples"][0],
            last_sample=heard["samples"][1],
            kind=heard["kind"],
            phrases=tuple(heard["phrases"]),
        ),
        line=line,
    )


def _written(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _plain(value: object) -> Any:
    """A value as JSON holds it; what JSON does not know says what it is."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if is_dataclass(value) and not isinstance(value, type):
        held = {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
        return {"is": type(value).__name__, **held}
    if isinstance(value, Mapping):
        return {"map": {str(key): _plain(item) for key, item in value.items()}}
    if isinstance(value, frozenset | set):
        return sorted(_plain(item) for item in value)
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    return str(value)


def _value(plain: Any) -> Any:
    """The opposite of _plain, for events and given values."""
    if isinstance(plain, list):
        return tuple(_value(item) for item in plain)
    if not isinstance(plain, dict):
        return plain
    if "date" in plain:
        return date.fromisoformat(plain["date"])
    if "datetime" in plain:
        return datetime.fromisoformat(plain["datetime"])
    if "map" in plain:
        return {key: _value(item) for key, item in plain["map"].items()}
    kind = _TYPES[plain["is"]]
    return kind(**{name: _value(item) for name, item in plain.items() if name != "is"})
