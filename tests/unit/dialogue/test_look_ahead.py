"""What may be said next is found before it is: on the hotline's script, by hand and by chance."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.unit.dialogue.dialogue_driver import NOW, WARSAW, Conversation, infolinia
from tests.unit.dialogue.random_calls import random_event
from tests.unit.dialogue.test_engine import good
from voicebot.dialogue.actions import HangUp, NoInput, Say, UserTurn
from voicebot.dialogue.engine import DialogueEngine


def ids(call: Conversation, rate: float = 1.0) -> list[str]:
    return [say.prompt_id for say in call.engine.possible_says(call.now) if say.rate == rate]


def test_thanks_for_a_yes_are_foreseen_first():
    call = Conversation().prove_identity().play("zapłacę całość w piątek")
    foreseen = call.engine.possible_says(call.now)
    assert foreseen[0].prompt_id == "promise_saved"
    assert "trzynastego marca" in foreseen[0].text
    call.say("tak")
    assert foreseen[0] in call.last


def test_reading_back_all_that_is_owed_is_foreseen_once_the_day_is_known():
    call = Conversation().prove_identity().play("w piątek")
    foreseen = call.engine.possible_says(call.now)
    assert foreseen[0].prompt_id == "read_back"
    call.say("całość")
    assert foreseen[0] in call.last


def test_nothing_is_foreseen_whose_value_the_turn_will_tell():
    call = Conversation()
    assert ids(call) == []
    call.prove_identity()
    assert "read_back" not in ids(call)
    assert "which_day" not in ids(call)
    assert all("{" not in say.text for say in call.engine.possible_says(call.now))


def test_latest_day_is_worked_out_as_it_will_be():
    call = Conversation().prove_identity()
    foreseen = {say.prompt_id: say for say in call.engine.possible_says(call.now)}
    call.say("za pół roku")
    assert foreseen["date_too_late"] in call.last


def test_repeating_slowly_comes_after_all_else_and_is_made_even_of_fixed_texts():
    call = Conversation().prove_identity()
    rates = [say.rate for say in call.engine.possible_says(call.now)]
    assert rates == sorted(rates, reverse=True)
    assert "ask_when" in ids(call, rate=0.85)
    foreseen = call.engine.possible_says(call.now)
    call.say("proszę powtórzyć")
    assert [say for say in call.last if isinstance(say, Say) and say.rate != 1] == [
        say for say in foreseen if say.rate != 1
    ]


def test_fixed_texts_are_left_to_the_prompt_cache_and_none_comes_twice():
    call = Conversation().prove_identity().play("w piątek", "sto złotych")
    foreseen = call.engine.possible_says(call.now)
    assert foreseen
    assert not any(say.is_static for say in foreseen if say.rate == 1)
    assert len({(say.text, say.rate) for say in foreseen}) == len(foreseen) <= 12


def test_looking_ahead_changes_nothing_and_is_empty_once_the_call_is_over():
    call = Conversation().prove_identity().play("w piątek")
    assert call.engine.possible_says(call.now) == call.engine.possible_says(call.now)
    assert call.engine.state_name == "agree_payment.ask_amount"
    call.play("do widzenia")
    assert call.hung_up
    assert call.engine.possible_says(call.now) == []


def test_other_scripts_are_followed_too():
    script, classifier = good()
    engine = DialogueEngine(script, classifier, {"company": "Firma"}, WARSAW)
    engine.start(NOW)
    assert all(say.text for say in engine.possible_says(NOW))


@dataclass
class Shares:
    """Of the prompts with variables that came: how many had their values known before the turn,
    and how many of those were foreseen."""

    n_came: int = 0
    n_known: int = 0
    n_foreseen: int = 0


def walk(seed: int, shares: Shares) -> None:
    script, classifier = infolinia()
    chance = random.Random(seed)
    given = {"company": "Windykacja Przykładowa", "is_recorded": True, "caller_known": True}
    engine = DialogueEngine(script, classifier, given, WARSAW)
    actions = engine.start(NOW)
    foreseen: list[Say] = []
    before: dict[str, object] = {}
    for _ in range(40):
        event = random_event(chance, engine, actions)
        if isinstance(event, UserTurn | NoInput):
            foreseen = engine.possible_says(NOW)
            before = dict(engine.variables)
        actions = engine.handle(event, NOW)
        for say in actions:
            if not isinstance(say, Say) or say.is_static:
                continue
            names = script.prompts[say.prompt_id].template.names
            is_known = all(before.get(n) is not None for n in names) and all(
                before[n] == engine.variables.get(n) for n in names
            )
            shares.n_came += 1
            shares.n_known += is_known
            shares.n_foreseen += is_known and say in foreseen
        if isinstance(actions[-1], HangUp):
            return


def test_most_prompts_whose_values_were_known_were_foreseen():
    shares = Shares()
    for seed in range(30):
        walk(seed, shares)
    assert shares.n_came >= 60
    assert shares.n_known >= 15
    assert shares.n_foreseen >= 0.7 * shares.n_known, shares
