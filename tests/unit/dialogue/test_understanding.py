"""One utterance by itself: intent and value."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from voicebot.dialogue.intent_stages import STAGES, intents_at
from voicebot.dialogue.nlu import ExampleClassifier, IntentExamples
from voicebot.dialogue.understanding import Understander, parse_context, read_context

NOW = dt.datetime(2026, 3, 11, 10, 15, tzinfo=ZoneInfo("Europe/Warsaw"))
_INTENTS = {
    "confirm_identity": IntentExamples(("tak to ja", "przy telefonie", "zgadza się")),
    "promise_full_date": IntentExamples(("zapłacę w piątek", "przeleję jutro całość")),
    "affirm": IntentExamples(("tak", "zgadza się")),
    "ask_human": IntentExamples(("proszę z konsultantem",), always=("konsultant*",)),
}
_UNDERSTANDER = Understander(_INTENTS, ExampleClassifier(_INTENTS))


def test_intent_and_value_are_told():
    said = _UNDERSTANDER.understand("zapłacę w piątek", NOW)
    assert said.intent == "promise_full_date"
    assert said.confidence == 1.0
    assert said.as_json()["value"]["date"] == "2026-03-13"


def test_the_stage_limits_the_intents_but_not_those_that_hold_everywhere():
    assert _UNDERSTANDER.understand("zgadza się", NOW, "right_party").intent == "confirm_identity"
    assert _UNDERSTANDER.understand("zgadza się", NOW, "negotiate").intent == "affirm"
    for stage in STAGES:
        assert _UNDERSTANDER.understand("konsultanta", NOW, stage).intent == "ask_human"


def test_at_any_stage_all_intents_are_looked_for():
    assert intents_at("", _INTENTS) == frozenset(_INTENTS)
    assert "promise_full_date" not in intents_at("any", _INTENTS)
    assert "promise_full_date" not in intents_at("verify", _INTENTS)
    assert "of_a_script_of_ours" in intents_at("verify", ["of_a_script_of_ours"])


def test_nothing_said_is_no_intent_and_no_value():
    said = _UNDERSTANDER.understand("", NOW)
    assert said.as_json() == {"intent": None, "confidence": 0.0, "value": None}


def test_the_context_tells_the_tense_the_hours_and_the_balance():
    known = parse_context(" balance_gr=123456; contact_hours=9-21 ;intent=already_paid;nonsense;=x")
    context = read_context(known, NOW, known["intent"])
    assert context.balance_gr == 123456
    assert (context.opens, context.closes) == (dt.time(9), dt.time(21))
    assert context.direction == "past"
    assert context.now == NOW


def test_a_context_that_cannot_be_read_is_as_good_as_none():
    known = parse_context("balance_gr=abc;contact_hours=25-26;payday=99;now=gestern;length=²")
    assert read_context(known, NOW) == read_context({}, NOW)


def test_times_of_other_zones_are_polish_time():
    context = read_context({"now": "2026-03-11T23:30:00Z"}, NOW)
    assert context.now.date() == dt.date(2026, 3, 12)
    assert read_context({"now": "2026-03-11T10:15"}, NOW).now == NOW


def test_a_payday_is_a_day_or_a_date():
    assert read_context({"payday": "10"}, NOW).payday == 10
    assert read_context({"payday": "2026-03-25"}, NOW).payday == 25
