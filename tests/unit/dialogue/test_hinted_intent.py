"""An adviser's choice counts where the classifier is unsure, among the state's intents, only."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.dialogue.dialogue_driver import NOW
from tests.unit.dialogue.test_doubt import HALF
from tests.unit.dialogue.whole_language import Call
from voicebot.dialogue.actions import UserTurn

DOUBTFUL = UserTurn(HALF, 0.9)


def asked() -> Call:
    return Call().prove_identity()


def test_a_doubtful_turn_names_what_may_be_chosen():
    engine = asked().engine
    intents = engine.doubtful_intents(DOUBTFUL, NOW)
    assert intents["installments"] == "rozłożenie na raty"
    assert "other" not in intents


def test_asking_for_advice_changes_nothing():
    call, other = asked(), asked()
    call.engine.doubtful_intents(DOUBTFUL, NOW)
    assert call.engine.handle(DOUBTFUL, NOW) == other.engine.handle(DOUBTFUL, NOW)


def test_what_is_sure_keyed_or_badly_heard_needs_no_advice():
    engine = asked().engine
    for turn in (
        UserTurn("na raty", 0.9),
        UserTurn("w piątek", 0.9),
        UserTurn(digits="1"),
        replace(DOUBTFUL, confidence=0.0),
        replace(DOUBTFUL, over="speech"),
    ):
        assert engine.doubtful_intents(turn, NOW) == {}


def test_the_hint_is_followed_without_asking():
    call = asked()
    call.engine.handle(replace(DOUBTFUL, hinted_intent="installments"), NOW)
    assert call.engine.state_name == "plan"


def test_a_hint_is_nothing_where_the_caller_was_clear():
    call = asked()
    call.engine.handle(UserTurn("na raty", 0.9, hinted_intent="human"), NOW)
    assert call.engine.state_name == "plan"


def test_a_hint_that_makes_no_sense_here_is_nothing():
    call, other = asked(), asked()
    hinted = call.engine.handle(replace(DOUBTFUL, hinted_intent="no_such_intent"), NOW)
    assert hinted == other.engine.handle(DOUBTFUL, NOW)
