"""The schema for editors takes every script that loads, and knows every key of the loader."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from tests.unit.dialogue.json_schema import problems
from voicebot.dialogue import script_words as words
from voicebot.dialogue.expression import FUNCTIONS
from voicebot.dialogue.script import TURN_VARIABLES, SlotKind, VariableKind
from voicebot.dialogue.script_include import KNOWN
from voicebot.dialogue.script_intents import INTENT_KEYS
from voicebot.dialogue.script_loader import LIMITS
from voicebot.dialogue.script_prompts import PROMPT_KEYS
from voicebot.dialogue.script_rules import BRANCH_KEYS, RULE_KEYS
from voicebot.dialogue.script_schema import schema
from voicebot.dialogue.script_states import LISTEN_KEYS, QUERY_KEYS, SLOT_KEYS, STATE_KEYS
from voicebot.dialogue.script_steps import STEP_KEYS
from voicebot.dialogue.script_yaml import Value

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = sorted([*ROOT.glob("call_scripts/*.yaml"), *ROOT.glob("call_scripts/wspolne/*.yaml")])
GOOD = [
    ROOT / "tests/data/scripts" / name
    for name in ("good.yaml", "whole_language.yaml", "parts/identity.yaml", "parts/ending.yaml")
]


def read(text: str) -> Any:
    """YAML as an editor reads it: by the core schema of YAML 1.2, as the loader does."""

    def plain(node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {str(key.value): plain(value) for key, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [plain(item) for item in node.value]
        return Value(node, "").scalar

    return plain(yaml.compose(text, Loader=yaml.SafeLoader))


def problems_of(text: str) -> list[str]:
    return problems(read(text), schema(), schema())


@pytest.mark.parametrize("path", [*SHIPPED, *GOOD], ids=lambda path: path.name)
def test_scripts_are_as_the_schema_says(path: Path):
    assert problems_of(path.read_text(encoding="utf-8"))[:3] == []


@pytest.mark.parametrize(
    "text",
    [
        "scrip: x",
        "states: {a: {lissten: {kind: open}}}",
        "states: {a: {listen: {kind: opn}}}",
        "states: {A: {go: b}}",
        "variables: {x: amout}",
        "prompts: {a: {text: b, barge_in: maybe}}",
        "prompts: {a: {variants: [b]}}",
        "prompts: {a: {text: b, discloses: [everything]}}",
        "anywhere: [{intent: a}]",
        "anywhere: [{intent: a, go: b, do: [outcome: NICE]}]",
        "anywhere: [{intent: a, go: b, do: [{event: x, outcome: CRISIS}]}]",
        "anywhere: [{intent: a, go: b, do: [block: BORED]}]",
        "states: {a: {query: {name: find_case, args: {number: 1}}, then: b}}",
        "states: {a: {query: {name: verify_fact, args: {fact: shoe, value: $x}}, then: b}}",
        "states: {a: {query: {name: case_details, save: {x: colour}}, then: b}}",
        "dialogues: {a: {states: {b: {go: return}}}}",
        "limits: {min_score: 3}",
        "limits: {patience: 3}",
        "keys: {'11': a}",
        "experiments: {a: {weights: [1]}}",
    ],
)
def test_what_the_loader_would_refuse_is_underlined(text: str):
    assert problems_of(text) != []


def test_every_key_and_name_has_its_words():
    assert set(words.SCRIPT) == KNOWN
    assert set(words.LIMITS) == LIMITS
    assert set(words.PROMPT) == PROMPT_KEYS
    assert set(words.STATE) == STATE_KEYS
    assert set(words.LISTEN) == LISTEN_KEYS
    assert set(words.SLOT) == SLOT_KEYS
    assert set(words.SLOTS) == set(words.SLOT_KEYS_PRESSED) == set(get_args(SlotKind))
    assert set(words.RULE) == RULE_KEYS
    assert set(words.RULE) > BRANCH_KEYS
    assert tuple(words.STEPS) == STEP_KEYS
    assert set(words.QUERY) == QUERY_KEYS
    assert set(words.INTENT) == INTENT_KEYS
    assert set(words.KINDS) == set(get_args(VariableKind))
    assert set(words.FUNCTIONS) == set(FUNCTIONS)
    assert set(words.TURN) == set(TURN_VARIABLES)
