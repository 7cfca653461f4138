"""What a script orders beside promises: plans, disputes, blocks, messages, transfers."""

from __future__ import annotations

from datetime import date

from tests.unit.dialogue.whole_language import Call
from voicebot.dialogue.actions import (
    HangUp,
    Notify,
    RecordBlock,
    RecordCallback,
    RecordDispute,
    RecordPlan,
    Transfer,
)
from voicebot.records import BlockReason, Disposition


def test_a_plan_is_recorded_and_a_message_ordered():
    call = Call().prove_identity()
    call.say("w piątek", "na trzy raty")
    assert call.texts == ["Rat będzie trzy, po dwieście złotych. Czy zapisać?"]
    call.say("tak")
    assert RecordPlan(3, 20000, 60000, date(2026, 3, 13)) in call.last
    assert Notify("sms", "plan_agreed", {"rat": 3, "od": "2026-03-13"}) in call.last
    assert call.last[-1] == HangUp("finished", Disposition.PLAN_PROPOSED)


def test_a_plan_without_its_first_day_is_none():
    call = Call().prove_identity()
    call.say("na raty", "tak", "na trzy raty", "tak")
    assert not [action for action in call.last if isinstance(action, RecordPlan)]
    assert call.last[-1] == HangUp("finished", Disposition.ABANDONED)


def test_a_dispute_keeps_the_callers_words_and_blocks():
    call = Call().prove_identity()
    call.say("kwota mi się nie zgadza")
    assert RecordDispute("amount", "kwota mi się nie zgadza") in call.last
    assert RecordBlock(BlockReason.DISPUTE) in call.last
    assert call.last[-1] == HangUp("finished", Disposition.DISPUTE_AMOUNT)


def test_a_transfer_names_the_person():
    call = Call().prove_identity()
    call.say("konsultant")
    assert Transfer("prośba", "Anna Nowak") in call.last


def test_cleared_plan_is_asked_anew():
    call = Call().prove_identity()
    call.say("w piątek", "na trzy raty", "nie")
    assert call.engine.state_name == "plan"
    assert call.engine.variables["count"] == 0
    assert call.engine.variables["each"] is None


def test_a_company_proves_itself_by_nip():
    call = Call(given={"is_company": True})
    call.press("5260001247")
    assert call.said == ["what", "ask_nip"]
    call.press("5260001246")
    assert call.engine.state_name == "when"


# ---- two things in one sentence -----------------------------------------------------------------


def test_a_day_is_kept_where_something_else_is_followed():
    call = Call().prove_identity()
    call.say("zapłacę w piątek, ale proszę oddzwonić")
    assert RecordCallback("prośba, wpłata trzynastego marca") in call.last
    assert call.engine.last_understanding is not None
    assert "callback" in {
        call.engine.last_understanding.intent,
        *call.engine.last_understanding.other_intents,
    }


def test_a_priority_rule_wins_whatever_else_is_said():
    call = Call().prove_identity()
    call.say("zapłacę w piątek, ale proszę z konsultantem")
    assert call.engine.state_name == "human"
    assert call.engine.variables["day"] == date(2026, 3, 13)


def test_a_question_beside_the_answer_is_answered_first():
    call = Call().prove_identity()
    call.say("zapłacę w piątek, a kto mówi")
    assert call.said == ["here", "ask_plan"]
    kinds = [(edge.kind, edge.target) for edge in call.engine.take_trail()][-2:]
    assert kinds == [("rule", "again"), ("rule", "plan")]


def test_one_thing_said_is_no_two():
    call = Call().prove_identity()
    call.say("w piątek")
    assert call.said == ["ask_plan"]
    assert call.engine.last_understanding is not None
    assert call.engine.last_understanding.other_intents == ()


def test_a_yes_within_something_else_agrees_to_nothing():
    call = Call().prove_identity()
    call.say("w piątek", "na trzy raty", "dobrze, a kto mówi")
    assert call.said == ["here", "read_plan"]
    assert not [action for action in call.last if isinstance(action, RecordPlan)]
    call.say("tak")
    assert [action for action in call.last if isinstance(action, RecordPlan)]
