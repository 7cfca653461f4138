"""Every way that a conversation takes is in the graph, spelled the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

import pytest

from tests.unit.dialogue.dialogue_driver import INFOLINIA, NOW, WARSAW
from tests.unit.dialogue.random_calls import random_event
from tests.unit.dialogue.whole_language import ANNA, whole_language
from voicebot.dialogue.actions import (
    HangUp,
    NoInput,
    Query,
    QueryAnswered,
    SystemFailed,
    TimeRanOut,
    UserTurn,
)
from voicebot.dialogue.engine import DialogueEngine, make_classifier
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import RETURN, STAYING, Script
from voicebot.dialogue.script_graph import edges
from voicebot.dialogue.script_loader import load_script
from voicebot.dialogue.trail import Edge


@cache
def hotline() -> tuple[Script, IntentClassifier]:
    script = load_script(INFOLINIA)
    return script, make_classifier(script)


SAID = (
    "ósmy maja siedemdziesiąty piąty", "pięćset dwadzieścia sześć", "tak", "nie", "w piątek",
    "na trzy raty", "na raty", "raty może jakieś by się dało", "kto mówi", "pada deszcz", "jutro",
    "zapłacę w piątek, a kto mówi", "na cztery raty", "w poniedziałek", "proszę powtórzyć", "",
)  # fmt: skip
ANSWERS = {"plan": ("na trzy raty", "na cztery raty"), "when": SAID[2:8]}
RARELY_SAID = ("konsultant", "kwota mi się nie zgadza", "proszę oddzwonić", "nie chcę żyć")


def walk_the_whole_language(chance: random.Random) -> set[Edge]:
    script, classifier = whole_language()
    given = {"company": "F", "person": ANNA, "is_company": chance.random() < 0.4}
    engine = DialogueEngine(script, classifier, given, WARSAW, seed=str(chance.random()))
    passed: set[Edge] = set()
    actions = engine.start(NOW)
    for _ in range(40):
        event: UserTurn | NoInput | QueryAnswered | TimeRanOut | SystemFailed
        last, roll = actions[-1], chance.random()
        if isinstance(last, HangUp):
            break
        if roll < 0.01:
            event = chance.choice((TimeRanOut(), SystemFailed()))
        elif isinstance(last, Query):
            sure = chance.random() < 0.9
            data = {"found": sure, "matches": sure, "balance_gr": 60000}
            event = QueryAnswered(last.name, dict[str, object](data) if roll > 0.03 else {})
        elif roll < 0.1:
            event = NoInput()
        elif roll < 0.2:
            event = UserTurn(digits=chance.choice(("5260001246", "1", "2")))
        else:
            words = RARELY_SAID if roll < 0.24 else ANSWERS.get(engine.state_name, SAID)
            event = UserTurn(chance.choice(words), 0.9 if chance.random() < 0.95 else 0.1)
        actions = engine.handle(event, NOW)
        passed |= set(engine.take_trail())
    return passed


def walk_the_hotline(chance: random.Random) -> set[Edge]:
    script, classifier = hotline()
    given = {"company": "F", "is_recorded": True, "caller_known": True}
    engine = DialogueEngine(script, classifier, given, WARSAW)
    passed: set[Edge] = set()
    actions = engine.start(NOW)
    for _ in range(40):
        actions = engine.handle(random_event(chance, engine, actions), NOW)
        passed |= set(engine.take_trail())
        if isinstance(actions[-1], HangUp):
            break
    return passed


@pytest.mark.parametrize(
    ("read", "walk", "n_calls", "n_least"),
    [
        (whole_language, walk_the_whole_language, 250, 55),
        (hotline, walk_the_hotline, 25, 10),
    ],
)
def test_every_way_taken_is_in_the_graph(
    read: Callable[[], tuple[Script, IntentClassifier]],
    walk: Callable[[random.Random], set[Edge]],
    n_calls: int,
    n_least: int,
):
    script, _ = read()
    known = edges(script)
    passed: set[Edge] = set()
    for seed in range(n_calls):
        passed |= walk(random.Random(seed))
    assert passed <= known, sorted(passed - known)[:5]
    # Walks that get nowhere would prove nothing.
    assert len(passed) >= n_least
    assert {edge.kind for edge in passed} >= {"rule", "branch", "answer", "no_match"}


def test_all_kinds_of_ways_of_the_whole_language_are_taken():
    passed: set[Edge] = set()
    for seed in range(250):
        passed |= walk_the_whole_language(random.Random(seed))
    script, _ = whole_language()
    assert {edge.kind for edge in passed} == {edge.kind for edge in edges(script)}
    assert {edge.state for edge in passed} == {
        name for name, state in script.states.items() if state.ending is None
    }


@pytest.mark.parametrize("read", [whole_language, hotline])
def test_edges_lead_from_states_to_states(
    read: Callable[[], tuple[Script, IntentClassifier]],
):
    script, _ = read()
    for edge in edges(script):
        assert edge.state in script.states
        assert edge.target in script.states or edge.target in {*STAYING, RETURN}
        if edge.target == RETURN:
            assert script.states[edge.state].dialogue
