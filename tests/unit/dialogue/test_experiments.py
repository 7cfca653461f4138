"""Wordings and arms are drawn without chance: the same in every replay of a call."""

from __future__ import annotations

from collections import Counter

from tests.unit.dialogue.whole_language import Call, whole_language
from voicebot.dialogue.actions import RecordEvent
from voicebot.dialogue.script import Experiment
from voicebot.dialogue.state import seed_of_call
from voicebot.records import PersonName


def arm_of(call: Call) -> str:
    (event,) = [action for action in call.last if isinstance(action, RecordEvent)][:1]
    assert event.name == "experiment"
    return str(event.data["opening"])


def test_the_arm_is_noted_once_and_decides_conditions():
    arms = set()
    for n in range(12):
        call = Call(seed=f"call-{n}")
        arm = arm_of(call)
        arms.add(arm)
        assert ("long_story" in call.said) is (arm == "long")
        assert arm_of(Call(seed=f"call-{n}")) == arm
        call.say("nie")
        assert not [a for a in call.last if isinstance(a, RecordEvent) and a.name == "experiment"]
    assert arms == {"short", "long"}


def test_without_a_seed_the_first_arm_and_the_first_wording():
    call = Call()
    assert arm_of(call) == "short"
    assert "Dzień dobry, pani Anna Nowak." in call.texts
    call.prove_identity()
    assert "Dziękuję." in call.texts


def test_arms_come_in_their_weights():
    experiment = Experiment("x", ("a", "b", "c"), (1, 3, 0))
    drawn = Counter(experiment.arm(f"seed {n}") for n in range(2000))
    assert drawn["c"] == 0
    assert 400 < drawn["a"] < 600
    assert Experiment("x", ("a", "b"), (0, 1)).arm("") == "b"


def test_every_wording_comes_and_is_made_before_any_call():
    script, _ = whole_language()
    made = set(script.static_prompts({"company": "Firma"}).values())
    heard = set()
    for n in range(30):
        call = Call(seed=str(n))
        call.prove_identity()
        heard.add(call.texts[0])
        assert call.texts[0] in made
    assert heard == {"Dziękuję.", "Dziękuję bardzo.", "Bardzo dziękuję."}
    assert "Słucham?" in made
    assert "Czy chodzi o rozłożenie na raty?" in made


def test_a_name_is_declined_only_where_it_is_clear():
    assert "good_day" in Call().said
    unknown = Call(given={"person": PersonName("Anna", "Nowak", "")})
    assert "good_day" not in unknown.said
    assert "good_day" not in Call(given={"person": None}).said


def test_a_debtor_whose_case_is_known_beforehand_always_has_the_same():
    assert seed_of_call("call", {"case_number": "20260017"}) == "20260017"
    assert seed_of_call("call", {"company": "Firma"}) == "call"
    assert seed_of_call("call", {"case_number": None}) == "call"
