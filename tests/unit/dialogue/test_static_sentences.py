"""Sentences without variables in prompts with some: they can be made before any call."""

from __future__ import annotations

from tests.unit.dialogue.dialogue_driver import Conversation, infolinia
from voicebot.calls.prompt_maker import sentences
from voicebot.dialogue.actions import Say

SETTINGS = {"company": "Windykacja Przykładowa"}


def test_fixed_sentences_of_prompts_with_variables_are_found_once():
    script, _ = infolinia()
    found = script.static_sentences(SETTINGS)
    assert {"Dziękuję.", "Sprawa dotyczy należności.", "Czy to się zgadza?"} <= set(found)
    assert len(found) == len(set(found))
    assert not any("{" in sentence or ":" in sentence for sentence in found)


def test_they_are_cut_as_the_prompts_are_when_they_are_said():
    script, _ = infolinia()
    found = set(script.static_sentences(SETTINGS))
    call = Conversation().prove_identity().play("całość w piątek", "tak")
    said = [action for action in call.actions if isinstance(action, Say) and not action.is_static]
    first = {say.prompt_id: sentences(say.text)[0] for say in said}
    assert first["debt_what"] in found
    spoken = [sentence for say in said for sentence in sentences(say.text)]
    assert sum(sentence in found for sentence in spoken) >= 2
    assert not any("złot" in sentence or "piątek" in sentence for sentence in found)
