"""What a caller says while the bot goes on speaking, and calls that are broken off."""

from __future__ import annotations

import pytest

from tests.unit.dialogue.dialogue_driver import NOW, WARSAW, Conversation, infolinia
from voicebot.dialogue.actions import (
    HangUp,
    Listen,
    QueryAnswered,
    RecordCallback,
    RecordPromise,
    Say,
    SystemFailed,
    TimeRanOut,
    UserTurn,
)
from voicebot.dialogue.engine import DialogueEngine
from voicebot.records import Disposition


def answering() -> DialogueEngine:
    script, classifier = infolinia()
    engine = DialogueEngine(script, classifier, {"company": "X", "caller_known": True}, WARSAW)
    engine.start(NOW)
    return engine


@pytest.mark.parametrize("text", ["halo", "mhm", "tak, słucham", "bla bla bla", ""])
def test_what_means_nothing_over_a_disclosure_is_dropped(text: str):
    actions = answering().handle(UserTurn(text, over="disclosure"), NOW)
    assert [type(action) for action in actions] == [Listen]


@pytest.mark.parametrize("text", ["mhm", "bla bla bla", ""])
def test_what_means_nothing_over_a_prompt_is_dropped(text: str):
    actions = answering().handle(UserTurn(text, over="prompt"), NOW)
    assert [type(action) for action in actions] == [Listen]


def test_dropped_words_are_no_failure_to_understand():
    engine = answering()
    for _ in range(20):
        engine.handle(UserTurn("bla bla bla", over="prompt"), NOW)
    assert engine.state_name == "greeting"
    actions = engine.handle(UserTurn("bla bla bla"), NOW)
    assert actions[0].prompt_id == "nomatch_1"


@pytest.mark.parametrize("over", ["prompt", "disclosure"])
def test_human_crisis_and_slots_count_over_anything(over):
    human = answering().handle(UserTurn("konsultant", over=over), NOW)
    assert isinstance(human[-1], HangUp)
    engine = answering()
    engine.handle(UserTurn("nie chcę żyć", over=over), NOW)
    assert engine.disposition is Disposition.CRISIS
    engine = answering()
    engine.handle(UserTurn("dwa cztery sześć osiem jeden trzy pięć siedem", over=over), NOW)
    assert engine.state_name == "find_case"


def test_yes_before_the_read_back_was_heard_confirms_nothing():
    call = Conversation().prove_identity().play("zapłacę całość w piątek")
    (read_back,) = [a for a in call.last if isinstance(a, Say) and a.prompt_id == "read_back"]
    assert not read_back.allow_barge_in
    assert [type(action) for action in call.handle(UserTurn("tak", over="disclosure"))] == [Listen]
    assert any(isinstance(action, RecordPromise) for action in call.say("tak"))


@pytest.mark.parametrize("event", [TimeRanOut(), SystemFailed()])
@pytest.mark.parametrize("is_asking", [False, True])
def test_call_that_is_broken_off_says_so_and_a_human_calls_back(event, is_asking: bool):
    engine = answering()
    if is_asking:
        engine.handle(UserTurn(digits="24681357"), NOW)
        assert engine.state_name == "find_case"
    actions = engine.handle(event, NOW)
    assert isinstance(actions[0], Say | RecordCallback)
    assert any(isinstance(action, RecordCallback) for action in actions)
    assert isinstance(actions[-1], HangUp)
    is_failure = isinstance(event, SystemFailed)
    assert actions[-1].disposition is (Disposition.ERROR if is_failure else Disposition.NO_MATCH)
    assert engine.handle(QueryAnswered("find_case", {"found": True}), NOW) == [actions[-1]]
