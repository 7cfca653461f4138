"""A JSON Schema of call scripts, for editors: keys are completed and typed wrong names underlined.

It knows the form only. What it can't tell (whether a state exists, what is said to whom) is told by
the loader and by `voicebot check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

from voicebot.dialogue import script_words as words
from voicebot.dialogue.actions import QuestionKind
from voicebot.dialogue.script import (
    DisputeKind,
    NotificationChannel,
    SlotKind,
    VariableKind,
)
from voicebot.dialogue.script_prompts import DISCLOSURES
from voicebot.dialogue.script_states import FACTS, QUERY_ANSWERS, QUERY_ARGS
from voicebot.records import BlockReason, Disposition

Schema = Mapping[str, object]

SCHEMA_FILE = "call-script.schema.json"
_NAME = r"^[a-z_][a-z0-9_]*$"
_TEXT: Schema = {"type": ["string", "number", "boolean"]}
"""Any scalar may stand for a text: `examples: [5]` is the text "5"."""
_NUMBER: Schema = {"type": "number"}
_FLAG: Schema = {"type": "boolean"}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}


def schema() -> dict[str, object]:
    """The schema of a script, and of a file that it includes: what must be there is not asked."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Voicebot call script",
        "description": "docs/reference/script.md explains it.",
        **_table(
            words.SCRIPT,
            {
                "script": _TEXT,
                "title": _TEXT,
                "description": _TEXT,
                "start": _TEXT,
                "include": _some(_TEXT),
                "intents": _any(_TEXT, _named(_any(_TEXT, _ref("intent")))),
                "limits": _table(words.LIMITS, _limits()),
                "constants": _named(_NUMBER),
                "given": _named(_choice(get_args(VariableKind))),
                "variables": _named(_choice(get_args(VariableKind))),
                "experiments": _named(_experiment()),
                "prompts": _named(_ref("prompt")),
                "no_input": _ref("ladder"),
                "no_match": _ref("ladder"),
                "unclear": _TEXT,
                "unsure": _any(_TEXT, _object({"prompt": _TEXT})),
                "failure": _TEXT,
                "too_long": _TEXT,
                "keys": _object(dict.fromkeys("0123456789*#", _TEXT)),
                "rules": _named(_ref("rules")),
                "anywhere": _ref("rules"),
                "interject": _some(_object({"if": _TEXT, "say": _ref("says")}, ["if", "say"])),
                "dialogues": _named(
                    _object({"start": _TEXT, "states": _named(_ref("state"))}, ["start", "states"])
                ),
                "states": _named(_ref("state")),
            },
        ),
        "$defs": {
            "prompt": _any(_TEXT, _table(words.PROMPT, _prompt())),
            "intent": _table(words.INTENT, dict.fromkeys(words.INTENT, _some(_TEXT))),
            "ladder": _table(
                words.LADDER,
                {"prompts": _some(_TEXT), "then": _TEXT, "per_call": {"type": "integer"}},
                ["then"],
            ),
            "says": _some(_any(_TEXT, _object({"prompt": _TEXT, "if": _TEXT}, ["prompt"]))),
            "steps": _some(_ref("step")),
            "step": _step(),
            "rules": _some(_any(_rule(), _object({"use": _TEXT}, ["use"]))),
            "branches": _some(_any(_TEXT, _branch())),
            "listen": _table(words.LISTEN, _listen(), ["kind"]),
            "query": {"anyOf": [_query(name) for name in QUERY_ARGS]},
            "state": _table(words.STATE, _state()),
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _any(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


def _some(schema: Schema) -> Schema:
    """A list; a single value is a list of one."""
    return _any(schema, {"type": "array", "items": schema})


def _choice(choices: Iterable[str]) -> Schema:
    return {"enum": list(choices)}


def _named(schema: Schema) -> Schema:
    """A table whose keys are names that the script gives."""
    return {
        "type": "object",
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": schema,
    }


def _object(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> dict[str, object]:
    found: dict[str, object] = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    return found | ({"required": list(required)} if required else {})


def _table(
    meanings: words.Words, properties: Mapping[str, Schema], required: Iterable[str] = ()
) -> dict[str, object]:
    """An object each of whose keys is explained."""
    return _object(
        {key: {"description": meaning, **properties[key]} for key, meaning in meanings.items()},
        required,
    )


def _limits() -> dict[str, Schema]:
    whole: Schema = {"type": "integer", "minimum": 1, "maximum": 1000}
    return {key: _SHARE if key.endswith(("score", "confidence")) else whole for key in words.LIMITS}


def _experiment() -> Schema:
    weights: Schema = {"type": "integer", "minimum": 0}
    return _object({"arms": _some(_TEXT), "weights": _some(weights)}, ["arms"])


def _prompt() -> dict[str, Schema]:
    return {
        "text": _TEXT,
        "variants": {"type": "array", "items": _TEXT, "minItems": 2},
        "barge_in": _FLAG,
        "discloses": _some(_choice(sorted(DISCLOSURES))),
        "persuades": _FLAG,
    }


def _rule() -> Schema:
    return _table(
        words.RULE,
        {
            "intent": _some(_TEXT),
            "filled": _some(_TEXT),
            "if": _TEXT,
            "priority": _FLAG,
            "do": _ref("steps"),
            "say": _ref("says"),
            "go": _TEXT,
        },
        ["go"],
    )


def _branch() -> Schema:
    return _object({"if": _TEXT, "do": _ref("steps"), "say": _ref("says"), "go": _TEXT}, ["go"])


def _state() -> dict[str, Schema]:
    outcome = _choice(Disposition)
    return {
        "do": _ref("steps"),
        "say": _ref("says"),
        "reask": _ref("says"),
        "listen": _ref("listen"),
        "on": _ref("rules"),
        "query": _ref("query"),
        "call": _TEXT,
        "then": _ref("branches"),
        "go": _ref("branches"),
        "hang_up": _any(_TEXT, _object({"reason": _TEXT, "outcome": outcome}, ["reason"])),
        "no_input": _ref("ladder"),
        "no_match": _ref("ladder"),
    }


def _listen() -> dict[str, Schema]:
    kinds = _choice(get_args(SlotKind))
    slot = _table(
        words.SLOT,
        {
            "kind": kinds,
            "length": {"type": "integer", "minimum": 1, "maximum": 30},
            "balance": _TEXT,
            "amount": _TEXT,
        },
        ["kind"],
    )
    return {
        "kind": _choice(get_args(QuestionKind)),
        "no_input_s": {"type": "number", "minimum": 1, "maximum": 60},
        "max_digits": {"type": "integer", "minimum": 0, "maximum": 30},
        "slots": _named(_any(kinds, slot)),
        "phrases": _some(_TEXT),
    }


def _query(name: str) -> Schema:
    arguments = {
        key: _any(_choice(sorted(FACTS)), {"type": "string", "pattern": r"^\$"})
        if key == "fact"
        else _TEXT
        for key in sorted(QUERY_ARGS[name])
    }
    required = ["name", "args"] if arguments else ["name"]
    return _table(
        words.QUERY,
        {
            "name": {"const": name},
            "args": _object(arguments, sorted(arguments)),
            "save": _named(_choice(sorted(QUERY_ANSWERS[name]))),
            "until": _TEXT,
        },
        required,
    )


def _step() -> Schema:
    """One deed, and perhaps the condition on which it is done."""
    deeds: dict[str, Schema] = {
        "set": _named(_TEXT),
        "clear": _some(_TEXT),
        "event": _TEXT,
        "outcome": _choice(Disposition),
        "callback": _any(_TEXT, _object({"reason": _TEXT, "wanted": _TEXT}, ["reason"])),
        "promise": _texts("amount", "date", "balance"),
        "plan": _texts("installments", "amount", "first", "balance"),
        "dispute": _object(
            {"kind": _choice(get_args(DisputeKind)), "statement": _TEXT}, ["kind", "statement"]
        ),
        "block": _choice(BlockReason),
        "notify": _object(
            {
                "channel": _choice(get_args(NotificationChannel)),
                "template": _TEXT,
                "data": _named(_TEXT),
            },
            ["channel", "template"],
        ),
        "transfer": _texts("reason", "summary"),
        "stop_recording": {"const": True},
        "stop_emotion": {"const": True},
    }
    return {
        **_table({**words.STEPS, "if": words.RULE["if"]}, {**deeds, "if": _TEXT}),
        "oneOf": [{"required": [key]} for key in words.STEPS],
    }


def _texts(*keys: str) -> Schema:
    return _object(dict.fromkeys(keys, _TEXT), keys)
