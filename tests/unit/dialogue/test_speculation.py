"""An engine's copy: what it is told stays its own, and it may take the engine's place."""

from __future__ import annotations

import random
from dataclasses import fields
from datetime import timedelta

import pytest

from tests.unit.dialogue.dialogue_driver import NOW, WARSAW, Conversation, infolinia
from tests.unit.dialogue.random_calls import random_event
from voicebot.dialogue.actions import Action, HangUp, RecordPromise, Say, UserTurn
from voicebot.dialogue.engine import DialogueEngine
from voicebot.dialogue.state import first_state

N_CALLS = 12


def new_call() -> tuple[DialogueEngine, list[Action]]:
    script, classifier = infolinia()
    given = {"company": "Windykacja Przykładowa", "is_recorded": True, "caller_known": True}
    engine = DialogueEngine(script, classifier, given, WARSAW)
    return engine, engine.start(NOW)


@pytest.mark.parametrize("seed", range(N_CALLS))
def test_guesses_handled_by_copies_change_no_answer(seed: int):
    """Two engines are told the same; before each event one of them speculates wildly."""
    chance, guesses = random.Random(seed), random.Random(1000 + seed)
    plain, actions = new_call()
    speculating, same = new_call()
    assert same == actions
    now = NOW
    for _ in range(25):
        now += timedelta(seconds=7)
        event = random_event(chance, plain, actions)
        for _ in range(2):
            dropped = speculating.copy()
            answer = dropped.handle(random_event(guesses, dropped, actions), now)
            # A wrong guess may have been followed by more of them.
            dropped.copy().handle(random_event(guesses, dropped, answer), now)
        speculating.possible_says(now)
        actions = plain.handle(event, now)
        assert speculating.handle(event, now) == actions
        assert speculating.state_name == plain.state_name
        assert speculating.disposition == plain.disposition
        assert speculating.last_understanding == plain.last_understanding
        if isinstance(actions[-1], HangUp):
            return


@pytest.mark.parametrize("seed", range(N_CALLS))
def test_adopted_copy_goes_on_like_the_engine_itself(seed: int):
    chance = random.Random(seed)
    plain, actions = new_call()
    adopting, _ = new_call()
    now = NOW
    for _ in range(25):
        now += timedelta(seconds=7)
        event = random_event(chance, plain, actions)
        actions = plain.handle(event, now)
        twin = adopting.copy()
        assert twin.handle(event, now) == actions
        adopting = twin
        assert adopting.last_understanding == plain.last_understanding
        if isinstance(actions[-1], HangUp):
            return


def test_promise_on_a_copy_is_none():
    call = Conversation().prove_identity().play("zapłacę całość w piątek")
    guess = call.engine.copy().handle(UserTurn("tak", 0.9), call.now)
    assert any(isinstance(action, RecordPromise) for action in guess)
    assert call.say("nie")[0] == Say("ask_change", "Co mam zmienić, kwotę czy termin?", True)
    assert not call.promises


def test_walks_reach_promises_and_ends():
    """The walks above prove little unless they get somewhere."""
    states: set[str] = set()
    n_promises = n_ended = 0
    for seed in range(2 * N_CALLS):
        chance = random.Random(seed)
        engine, actions = new_call()
        for _ in range(25):
            states.add(engine.state_name.rpartition(".")[2])
            actions = engine.handle(random_event(chance, engine, actions), NOW)
            n_promises += any(isinstance(action, RecordPromise) for action in actions)
            if isinstance(actions[-1], HangUp):
                n_ended += 1
                break
    assert states >= {"read_back", "ask_change", "ask_amount", "anything_else"}
    assert n_promises >= 3
    assert n_ended >= 8


def test_no_container_of_the_memory_is_shared():
    script, _ = infolinia()
    memory = first_state(script, {})
    memory.disclosed.add("ai")
    memory.other_values["birth_date"] = ["1975-05-08"]
    twin = memory.copy()
    assert twin == memory
    for field in fields(memory):
        value = getattr(memory, field.name)
        if isinstance(value, dict | set | list):
            assert getattr(twin, field.name) is not value, field.name
    assert twin.other_values["birth_date"] is not memory.other_values["birth_date"]
