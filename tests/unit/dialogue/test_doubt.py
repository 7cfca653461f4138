"""What was half understood is asked about, not guessed, and once only."""

from __future__ import annotations

from tests.unit.dialogue.dialogue_driver import NOW
from tests.unit.dialogue.whole_language import Call
from voicebot.dialogue.actions import Listen, UserTurn
from voicebot.dialogue.answer_completeness import Completeness
from voicebot.dialogue.trail import Edge

HALF = "raty może jakieś by się dało"


def asked() -> Call:
    call = Call().prove_identity()
    call.engine.take_trail()
    call.say(HALF)
    assert call.texts == ["Czy chodzi o rozłożenie na raty?"]
    return call


def test_it_is_asked_and_a_yes_follows_the_rule():
    call = asked()
    assert call.last[-1] == Listen("yes_no", 5, 0, ("tak", "nie"))
    assert call.engine.state_name == "when"
    assert call.engine.take_trail() == [Edge("when", "no_match", 0, "listen")]
    assert call.engine.completeness("tak", NOW) is Completeness.COMPLETE
    call.say("tak")
    assert call.engine.state_name == "plan"
    assert call.engine.last_understanding is not None
    assert call.engine.last_understanding.intent == "installments"


def test_keys_answer_too():
    call = asked()
    call.press("1")
    assert call.engine.state_name == "plan"
    call = asked()
    call.press("2")
    assert call.said == ["what", "ask_when"]


def test_a_no_is_not_understood_and_the_same_is_not_asked_again():
    call = asked()
    call.say("nie")
    assert call.said == ["what", "ask_when"]
    assert call.engine.state_name == "when"
    assert call.engine.n_not_understood == 1
    call.say(HALF)
    assert call.engine.n_not_understood == 2


def test_something_else_is_taken_as_it_is():
    call = asked()
    call.say("w piątek")
    assert call.engine.state_name == "plan"
    call = asked()
    call.say("nie, konsultant")
    assert call.engine.state_name == "human"


def test_silence_asks_the_question_of_the_state():
    call = asked()
    call.stay_silent()
    assert call.said == ["halo", "ask_when"]
    call.say("tak")
    assert call.engine.state_name == "when"


def test_what_is_sure_or_has_no_name_is_not_asked_about():
    call = Call().prove_identity()
    call.say("na raty")
    assert call.engine.state_name == "plan"
    call = Call().prove_identity()
    call.say("kto to tam jest że dzwoni")
    assert "meant" not in call.said


def test_a_copy_may_guess_at_the_answer():
    call = asked()
    twin = call.engine.copy()
    twin.handle(UserTurn("tak", 0.9), NOW)
    assert twin.state_name == "plan"
    assert call.engine.state_name == "when"
    call.say("nie")
    assert call.said == ["what", "ask_when"]


def test_a_cough_leaves_the_question_open():
    call = asked()
    call.engine.handle(UserTurn("mhm", 0.9, has_barged_in=True, has_heard_question=False), NOW)
    call.say("tak")
    assert call.engine.state_name == "plan"
