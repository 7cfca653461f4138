"""Sub-dialogues are called, may call others, and come back to whoever called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.dialogue.dialogue_driver import NOW
from tests.unit.dialogue.whole_language import Call, whole_language
from voicebot.dialogue.actions import HangUp, Say, SystemFailed, TimeRanOut
from voicebot.dialogue.script_loader import load_script
from voicebot.dialogue.trail import Edge
from voicebot.errors import ScriptError


def test_a_dialogue_within_a_dialogue_returns_to_the_script():
    call = Call()
    assert call.engine.state_name == "identity.ask_birth"
    call.engine.take_trail()
    call.say("ósmy maja siedemdziesiąty piąty")
    assert call.engine.state_name == "when"
    assert call.said == ["thanks", "met", "ask_when"]
    trail = call.engine.take_trail()
    assert [(edge.kind, edge.state, edge.target) for edge in trail] == [
        ("rule", "identity.ask_birth", "identity.check"),
        ("answer", "identity.check", "identity.sure"),
        ("call", "identity.sure", "thanks.say_it"),
        ("branch", "thanks.say_it", "return"),
        ("return", "identity.sure", "return"),
        ("return", "prove", "details"),
        ("answer", "details", "when"),
    ]
    assert call.engine.take_trail() == []


def test_the_callers_branches_see_what_the_dialogue_found_out():
    call = Call(matches=False)
    call.say("ósmy maja siedemdziesiąty piąty")
    assert isinstance(call.last[-1], HangUp)
    assert call.said == ["bye", "bye"]


def test_names_mean_the_dialogues_own_states_first_and_shared_rules_follow_it():
    script, _ = whole_language()
    refusing = script.states["identity.ask_birth"].rules[-1]
    assert refusing.go == "identity.refused"
    assert refusing.file.endswith("parts/identity.yaml")
    assert script.states["identity.ask_nip"].no_match is not None
    call = Call()
    call.say("nie")
    assert call.said == ["bye", "bye"]


def test_a_ladder_may_end_a_dialogue():
    call = Call(given={"is_company": True})
    assert call.engine.state_name == "identity.ask_nip"
    call.say("pada deszcz", "pada deszcz")
    assert call.said == ["bye"]
    ladder = whole_language()[0].states["identity.ask_nip"].no_match
    assert ladder is not None
    assert Edge("identity.ask_nip", "no_match", ladder.line, "return") in call.engine.take_trail()


def test_leaving_by_a_rule_for_anywhere_forgets_who_called():
    call = Call()
    call.say("konsultant")
    assert call.engine.state_name == "human"
    assert isinstance(call.last[-1], HangUp)


@pytest.mark.parametrize("event", [TimeRanOut(), SystemFailed()])
def test_a_call_is_broken_off_from_within_a_dialogue(event: TimeRanOut | SystemFailed):
    call = Call()
    assert isinstance(call.engine.handle(event, NOW)[-1], HangUp)


def test_copies_keep_their_own_callers_and_trail():
    call = Call()
    call.engine.take_trail()
    twin = call.engine.copy()
    call.say("ósmy maja siedemdziesiąty piąty")
    assert twin.state_name == "identity.ask_birth"
    assert twin.take_trail() == []
    assert call.engine.take_trail()


def test_what_comes_after_the_return_is_foreseen():
    """Said once the sub-dialogue is over, it is made while the sub-dialogue goes on."""
    call = Call(given={"is_company": True})
    foreseen = [say.prompt_id for say in call.engine.possible_says(NOW)]
    assert "met" in foreseen
    assert "met" in [say.prompt_id for say in call.press("5260001246") if isinstance(say, Say)]


# ---- what the loader refuses ------------------------------------------------------------------

ASK = "{say: hello, listen: {kind: open}, on: [{intent: yes, go: return}]}"


def _script(folder: Path, ask: str, end: str = "{hang_up: done}", more: str = "") -> Path:
    path = folder / "script.yaml"
    path.write_text(
        f"""
script: small
start: begin
intents: {{yes: {{examples: [tak]}}}}
variables: {{wanted: text}}
prompts:
  hello: Dzień dobry.
  done: Koniec.
no_input: {{then: end, per_call: 3}}
no_match: {{then: end, per_call: 3}}
unclear: hello
failure: end
too_long: end
dialogues:
  asking: {{start: ask, states: {{ask: {ask}}}}}
{more}
states:
  begin: {{call: asking, then: end}}
  end: {end}
""",
        encoding="utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("ask", "more", "reason"),
    [
        ("{call: asking, then: return}", "", "asking calls itself"),
        (
            "{call: second, then: return}",
            "  second: {start: one, states: {one: {call: asking, then: return}}}",
            "second calls itself",
        ),
        ("{call: nobody, then: return}", "", "no such dialogue: nobody"),
        ("{go: nowhere}", "", "no such state: nowhere"),
        (
            ASK,
            "  second: {start: end, states: {one: {go: return}}}",
            "starts in a state of its own",
        ),
        (ASK, "  second: {states: {one: {go: return}}}", "second: start is missing"),
        (
            ASK,
            "  second: {start: one, states: {one: {go: asking.ask}}}",
            "asking.ask: a sub-dialogue is entered by call only",
        ),
        ("{call: asking}", "", "query or call and then belong together"),
        (ASK, "  second: {start: return, states: {return: {go: end}}}", "can't be a state's name"),
    ],
)
def test_dialogues_that_can_not_be(tmp_path: Path, ask: str, more: str, reason: str):
    with pytest.raises(ScriptError) as caught:
        load_script(_script(tmp_path, ask, more=more))
    assert any(reason in problem for problem in caught.value.problems), caught.value.problems


def test_return_is_for_dialogues_only(tmp_path: Path):
    path = _script(tmp_path, ASK, "{go: return}")
    with pytest.raises(ScriptError) as caught:
        load_script(path)
    assert caught.value.problems == [f"{path}:19: return has a meaning only in a sub-dialogue"]
