"""Reads what a call script does and says: steps and prompts, each where its condition holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import yaml

from voicebot.dialogue.expression import Expression
from voicebot.dialogue.script import (
    ClearVariables,
    Deed,
    DisputeKind,
    DropEmotion,
    DropRecording,
    HandOver,
    NoteBlock,
    NoteCallback,
    NoteDispute,
    NoteEvent,
    NotePlan,
    NotePromise,
    NotificationChannel,
    SendNotice,
    SetOutcome,
    SetVariables,
    Spoken,
    Step,
    VariableKind,
)
from voicebot.dialogue.script_names import ScriptNames
from voicebot.dialogue.script_yaml import Value, YamlReader
from voicebot.dialogue.template import parse_template
from voicebot.records import BlockReason, Disposition

STEP_KEYS = (
    "set",
    "clear",
    "event",
    "outcome",
    "callback",
    "promise",
    "plan",
    "dispute",
    "block",
    "notify",
    "transfer",
    "stop_recording",
    "stop_emotion",
)


class StepReader:
    """Reads `do` and `say`."""

    def __init__(self, yaml_reader: YamlReader, names: ScriptNames) -> None:
        self._yaml = yaml_reader
        self._names = names

    def says(self, value: Value) -> tuple[Spoken, ...]:
        return tuple(self._spoken(item) for item in self._yaml.items(value))

    def _spoken(self, value: Value) -> Spoken:
        if isinstance(value.node, yaml.ScalarNode):
            return Spoken(self._names.prompt_name(value), line=value.line, file=value.file)
        table = self._yaml.table(value, {"prompt", "if"})
        if "prompt" not in table:
            self._yaml.complain(value, "prompt is missing")
            return Spoken("", line=value.line, file=value.file)
        condition = self._names.known_expression(table["if"]) if "if" in table else None
        return Spoken(self._names.prompt_name(table["prompt"]), condition, value.line, value.file)

    def steps(self, value: Value) -> tuple[Step, ...]:
        return tuple(filter(None, map(self._step, self._yaml.items(value))))

    def _step(self, value: Value) -> Step | None:
        readers: dict[str, Callable[[Value], Deed]] = {
            "set": self._set_variables,
            "clear": lambda item: ClearVariables(
                tuple(map(self._names.variable_name, self._yaml.items(item)))
            ),
            "event": lambda item: NoteEvent(self._yaml.text(item)),
            "callback": self._note_callback,
            "promise": self._note_promise,
            "stop_recording": self._drop_recording,
            "stop_emotion": self._drop_emotion,
            "outcome": lambda item: SetOutcome(self.disposition(item)),
            "transfer": self._hand_over,
            "plan": self._note_plan,
            "dispute": self._note_dispute,
            "block": lambda item: NoteBlock(
                BlockReason(self._yaml.choice(item, tuple(str(reason) for reason in BlockReason)))
            ),
            "notify": self._send_notice,
        }
        table = self._yaml.table(value, {"if", *STEP_KEYS})
        deeds = [key for key in table if key != "if"]
        if len(deeds) != 1:
            self._yaml.complain(value, f"a step is one of: {', '.join(STEP_KEYS)}")
            return None
        condition = self._names.known_expression(table["if"]) if "if" in table else None
        return Step(readers[deeds[0]](table[deeds[0]]), condition, value.line, value.file)

    def _set_variables(self, value: Value) -> SetVariables:
        values: dict[str, Expression] = {}
        for name, item in self._yaml.named(value):
            expression = self._names.known_expression(item)
            if expression is not None:
                values[name] = expression
            self._names.later(
                lambda name=name, item=item: (
                    None  # type: ignore[misc]
                    if name in self._names.variables
                    else self._yaml.complain(item, f"no such variable: {name}")
                )
            )
        return SetVariables(values)

    def _note_callback(self, value: Value) -> NoteCallback:
        if isinstance(value.node, yaml.ScalarNode):
            return NoteCallback(self._names.known_template(value))
        table = self._yaml.table(value, {"reason", "wanted"})
        if "reason" not in table:
            self._yaml.complain(value, "reason is missing")
            return NoteCallback(parse_template(""))
        wanted = self._names.known_template(table["wanted"]) if "wanted" in table else None
        return NoteCallback(self._names.known_template(table["reason"]), wanted)

    def _note_promise(self, value: Value) -> NotePromise:
        names = self._variables(value, {"amount": "amount", "date": "date", "balance": "amount"})
        return NotePromise(names["amount"], names["date"], names["balance"])

    def _note_plan(self, value: Value) -> NotePlan:
        names = self._variables(
            value,
            {"installments": "number", "amount": "amount", "first": "date", "balance": "amount"},
        )
        return NotePlan(names["installments"], names["amount"], names["first"], names["balance"])

    def _variables(self, value: Value, kinds: dict[str, VariableKind]) -> dict[str, str]:
        """A table of names of variables, by key, each of its kind."""
        table = self._yaml.table(value, set(kinds))
        names = dict.fromkeys(kinds, "")
        for key, kind in kinds.items():
            if key in table:
                names[key] = self._names.readable_name(table[key], frozenset({kind}))
            else:
                self._yaml.complain(value, f"{key} is missing")
        return names

    def _note_dispute(self, value: Value) -> NoteDispute:
        kinds: tuple[DisputeKind, ...] = get_args(DisputeKind)
        table = self._yaml.table(value, {"kind", "statement"})
        for key in ("kind", "statement"):
            if key not in table:
                self._yaml.complain(value, f"{key} is missing")
                return NoteDispute("debt", parse_template(""))
        return NoteDispute(
            self._yaml.choice(table["kind"], kinds), self._names.known_template(table["statement"])
        )

    def _send_notice(self, value: Value) -> SendNotice:
        channels: tuple[NotificationChannel, ...] = get_args(NotificationChannel)
        table = self._yaml.table(value, {"channel", "template", "data"})
        for key in ("channel", "template"):
            if key not in table:
                self._yaml.complain(value, f"{key} is missing")
                return SendNotice("sms", "")
        data = {
            key: self._names.readable_name(item)
            for key, item in (self._yaml.named(table["data"]) if "data" in table else ())
        }
        return SendNotice(
            self._yaml.choice(table["channel"], channels), self._yaml.text(table["template"]), data
        )

    def _drop_recording(self, value: Value) -> DropRecording:
        if not self._yaml.flag(value):
            self._yaml.complain(value, "stop_recording can only be true")
        return DropRecording()

    def _drop_emotion(self, value: Value) -> DropEmotion:
        if not self._yaml.flag(value):
            self._yaml.complain(value, "stop_emotion can only be true")
        return DropEmotion()

    def _hand_over(self, value: Value) -> HandOver:
        table = self._yaml.table(value, {"reason", "summary"})
        for key in ("reason", "summary"):
            if key not in table:
                self._yaml.complain(value, f"{key} is missing")
                return HandOver(parse_template(""), parse_template(""))
        return HandOver(
            self._names.known_template(table["reason"]),
            self._names.known_template(table["summary"]),
        )

    def disposition(self, value: Value) -> Disposition:
        return Disposition(self._yaml.choice(value, tuple(str(item) for item in Disposition)))
