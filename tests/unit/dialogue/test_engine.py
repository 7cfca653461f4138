"""The engine's own rules, on the smallest script that has them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from voicebot.dialogue.actions import (
    CallerLeft,
    HangUp,
    Listen,
    NoInput,
    Query,
    QueryAnswered,
    RecordCallback,
    RecordEvent,
    RecordPromise,
    Say,
    UserTurn,
)
from voicebot.dialogue.engine import DialogueEngine, make_classifier
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import Script
from voicebot.dialogue.script_loader import load_script
from voicebot.records import Disposition

GOOD = Path(__file__).resolve().parents[2] / "data" / "scripts" / "good.yaml"
NOW = datetime(2026, 3, 11, 9, 15, tzinfo=UTC)
DETAILS = {"balance_gr": 50000, "due_date": date(2026, 2, 1)}


@cache
def good() -> tuple[Script, IntentClassifier]:
    script = load_script(GOOD)
    return script, make_classifier(script)


@pytest.fixture
def engine() -> DialogueEngine:
    script, classifier = good()
    given = {"company": "Firma", "is_recorded": True, "not in the script": 1}
    engine = DialogueEngine(script, classifier, given, ZoneInfo("Europe/Warsaw"))
    engine.start(NOW)
    return engine


def say(engine: DialogueEngine, text: str, confidence: float = 0.9) -> list[object]:
    return list(engine.handle(UserTurn(text, confidence), NOW))


def answer(engine: DialogueEngine, name: str, **data: object) -> list[object]:
    return list(engine.handle(QueryAnswered(name, data), NOW))


def reach_the_question(engine: DialogueEngine) -> None:
    say(engine, "jeden dwa trzy")
    answer(engine, "find_case", found=True)
    say(engine, "ósmy maja siedemdziesiąty piąty")
    answer(engine, "verify_fact", matches=True)
    answer(engine, "case_details", **DETAILS)
    assert engine.state_name == "when"


def prompts(actions: list[object]) -> list[str]:
    return [action.prompt_id for action in actions if isinstance(action, Say)]


def test_starts_with_the_disclosure_and_notes_it():
    script, classifier = good()
    engine = DialogueEngine(script, classifier, {"company": "F"}, ZoneInfo("Europe/Warsaw"))
    assert engine.start(NOW) == [
        Say("hello", "Tu program firmy F. Rozmowa jest nagrywana.", True, allow_barge_in=False),
        RecordEvent("ai_disclosed"),
        RecordEvent("recording_disclosed"),
        Say("ask_number", "Proszę podać numer.", True),
        Listen("digits", 5, 3, ()),
    ]
    assert engine.state_name == "hello"
    assert engine.disposition is Disposition.ABANDONED


def test_query_carries_what_was_said_and_dates_in_iso_form(engine: DialogueEngine):
    assert say(engine, "jeden dwa trzy") == [Query("find_case", {"case_number": "123"})]
    answer(engine, "find_case", found=True)
    assert say(engine, "ósmy maja siedemdziesiąty piąty") == [
        Query("verify_fact", {"fact": "birth_date", "value": "1975-05-08"})
    ]


def test_promise_is_recorded_only_after_the_clear_yes(engine: DialogueEngine):
    reach_the_question(engine)
    assert engine.disposition is Disposition.INFORMED
    actions = say(engine, "sto złotych w piątek")
    assert prompts(actions) == ["read_back"]
    actions = say(engine, "tak")
    assert actions[0] == RecordPromise(10000, date(2026, 3, 13), Disposition.PTP_PARTIAL)
    assert actions[-1] == HangUp("finished", Disposition.PTP_PARTIAL)


def test_whole_balance_is_a_full_promise(engine: DialogueEngine):
    reach_the_question(engine)
    say(engine, "całość w piątek")
    actions = say(engine, "tak")
    assert actions[0] == RecordPromise(50000, date(2026, 3, 13), Disposition.PTP_FULL)


def test_a_yes_of_little_confidence_is_no_yes(engine: DialogueEngine):
    reach_the_question(engine)
    say(engine, "całość w piątek")
    actions = say(engine, "tak", confidence=0.49)
    assert prompts(actions) == ["unclear", "read_back"]
    assert engine.last_understanding is not None
    assert engine.last_understanding.slots == {}


def test_second_best_reading_fills_slots_but_agrees_to_nothing(engine: DialogueEngine):
    reach_the_question(engine)
    engine.handle(UserTurn("co ty", 0.9, ("całość w piątek",)), NOW)
    assert engine.state_name == "sure"
    engine.handle(UserTurn("chleb", 0.9, ("tak",)), NOW)
    assert engine.state_name == "sure"


def test_condition_on_slots_decides(engine: DialogueEngine):
    reach_the_question(engine)
    assert prompts(say(engine, "pięć złotych w piątek")) == ["ask_all"]
    assert engine.state_name == "when"
    assert prompts(say(engine, "sto złotych za miesiąc")) == ["ask_all"]
    assert prompts(say(engine, "sto złotych za tydzień")) == ["read_back"]


def test_silence_climbs_its_ladder_and_ends(engine: DialogueEngine):
    assert prompts(list(engine.handle(NoInput(), NOW))) == ["halo", "ask_number"]
    actions = engine.handle(NoInput(), NOW)
    assert actions[-1] == HangUp("finished", Disposition.ABANDONED)


def test_speech_between_silences_starts_the_ladder_anew(engine: DialogueEngine):
    engine.handle(NoInput(), NOW)
    say(engine, "proszę powtórzyć")
    assert prompts(list(engine.handle(NoInput(), NOW))) == ["halo", "ask_number"]


def test_silences_of_the_whole_call_are_limited_too(engine: DialogueEngine):
    for _ in range(3):
        assert isinstance(engine.handle(NoInput(), NOW)[-1], Listen)
        say(engine, "proszę powtórzyć")
    assert isinstance(engine.handle(NoInput(), NOW)[-1], HangUp)


def test_misunderstanding_climbs_its_own_ladder(engine: DialogueEngine):
    assert prompts(say(engine, "pada deszcz")) == ["what", "ask_number"]
    actions = say(engine, "pada deszcz")
    assert prompts(actions) == ["human"]
    assert RecordCallback("bo tak") in actions
    assert actions[-1] == HangUp("to a human", Disposition.CALLBACK)


def test_what_was_badly_heard_is_asked_for_again(engine: DialogueEngine):
    assert prompts(say(engine, "proszę powtórzyć", confidence=0.2)) == ["unclear", "ask_number"]
    assert prompts(list(engine.handle(UserTurn(confidence=0.0), NOW))) == ["human"]


def test_priority_words_count_even_when_badly_heard(engine: DialogueEngine):
    actions = say(engine, "nie chcę żyć", confidence=0.1)
    assert actions[-1] == HangUp("crisis", Disposition.CRISIS)


def test_repeat_is_slower_and_repeats_only_what_was_said_last(engine: DialogueEngine):
    actions = say(engine, "proszę powtórzyć")
    assert prompts(actions) == ["slower", "hello", "ask_number"]
    assert [a.rate for a in actions if isinstance(a, Say)] == [1.0, 0.85, 0.85]
    assert prompts(say(engine, "proszę powtórzyć")) == ["slower", "hello", "ask_number"]


def test_keys_fill_slots_or_stand_for_an_intent(engine: DialogueEngine):
    assert engine.handle(UserTurn(digits="123"), NOW) == [
        Query("find_case", {"case_number": "123"})
    ]
    answer(engine, "find_case", found=True)
    assert prompts(list(engine.handle(UserTurn(digits="0"), NOW))) == ["human"]


def test_keys_without_meaning_are_a_misunderstanding(engine: DialogueEngine):
    assert prompts(list(engine.handle(UserTurn(digits="9"), NOW))) == ["what", "ask_number"]


def test_while_a_query_runs_it_is_put_again(engine: DialogueEngine):
    query = say(engine, "jeden dwa trzy")
    assert say(engine, "halo") == query
    assert list(engine.handle(NoInput(), NOW)) == query
    assert answer(engine, "verify_fact", matches=True) == query
    assert engine.state_name == "find"


def test_an_answer_nobody_asked_for_changes_nothing(engine: DialogueEngine):
    assert answer(engine, "case_details", **DETAILS) == [Listen("digits", 5, 3, ())]
    assert engine.state_name == "hello"


def test_an_answer_without_its_data_leads_to_the_failure_state(engine: DialogueEngine):
    say(engine, "jeden dwa trzy")
    assert prompts(answer(engine, "find_case")) == ["human"]


def test_due_date_may_come_as_text(engine: DialogueEngine):
    say(engine, "jeden dwa trzy")
    answer(engine, "find_case", found=True)
    say(engine, "ósmy maja siedemdziesiąty piąty")
    answer(engine, "verify_fact", matches=True)
    (owed, *_) = answer(engine, "case_details", balance_gr=50000, due_date="2026-02-01")
    assert isinstance(owed, Say | RecordEvent)
    assert "pierwszego lutego" in getattr(owed, "text", "")


def test_after_the_end_only_the_end_is_repeated(engine: DialogueEngine):
    end = say(engine, "konsultant")[-1]
    assert say(engine, "halo") == [end]
    assert engine.handle(NoInput(), NOW) == [end]
    assert engine.handle(CallerLeft(), NOW) == [end]


def test_too_many_turns_end_the_call(engine: DialogueEngine):
    for _ in range(20):
        assert isinstance(say(engine, "proszę powtórzyć")[-1], Listen)
    assert say(engine, "proszę powtórzyć")[-1] == HangUp("finished", Disposition.ABANDONED)


def test_days_are_meant_in_the_callers_zone():
    """23:30 UTC on Wednesday is Thursday in Warsaw: tomorrow is Friday."""
    script, classifier = good()
    engine = DialogueEngine(script, classifier, {}, ZoneInfo("Europe/Warsaw"))
    engine.start(NOW)
    reach_the_question(engine)
    late = datetime(2026, 3, 11, 23, 30, tzinfo=UTC)
    engine.handle(UserTurn("całość jutro"), late)
    assert engine.last_understanding is not None
    assert engine.last_understanding.slots["day"] == "2026-03-13"


def test_understanding_tells_intent_score_slots_and_state(engine: DialogueEngine):
    say(engine, "konsultant")
    understanding = engine.last_understanding
    assert understanding is not None
    assert (understanding.intent, understanding.score) == ("ask_human", 1.0)
    assert (understanding.slots, understanding.state) == ({}, "hello")
