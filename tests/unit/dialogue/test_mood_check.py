"""A script that reads the caller's mood tells him, lets him refuse, and decides nothing by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.dialogue.check.script_check import check_script
from voicebot.dialogue.script_loader import load_script
from voicebot.errors import ScriptError

SCRIPT = """\
script: small
start: greeting
intents:
  from: intents.yaml
given:
  is_recorded: flag
  is_emotion_read: flag
variables:
  angry: flag
prompts:
  greeting: {text: Tu automat., barge_in: false, discloses: [ai]}
  recorded: {text: Rozmowa jest nagrywana., barge_in: false, discloses: [recording]}
  notice: {text: Program odczytuje emocje., barge_in: false, discloses: [emotion]}
  ask: W czym mogę pomóc?
  ask_gently: W czym mogę pomóc, proszę?
  offer: Można powiedzieć konsultant.
  stopped: Już nie.
  bye: Do widzenia.
states:
  greeting:
    say:
      - greeting
      - {prompt: recorded, if: is_recorded}
      - {prompt: notice, if: is_emotion_read}
      - {prompt: ask, if: mood.anger <= 0.6}
      - {prompt: ask_gently, if: mood.anger > 0.6}
    listen: {kind: open}
    on:
      - {intent: goodbye, if: mood.anger > 0.6, say: ask_gently, go: end}
      - {intent: goodbye, go: end}
  end: {say: bye, hang_up: done}
interject:
  - {if: mood.hits >= 2, say: offer}
anywhere:
  - {intent: crisis_self_harm, priority: true, go: end}
  - {intent: ask_human, priority: true, do: [callback: human], go: end}
  - {intent: repeat_please, go: repeat}
  - {intent: object_emotion, do: [stop_emotion: true], say: stopped, go: again}
no_input: {prompts: [ask], then: end, per_call: 3}
no_match: {prompts: [ask], then: end, per_call: 3}
unclear: ask
failure: end
too_long: end
"""
INTENTS = """\
intents:
  crisis_self_harm: {examples: [nie chcę żyć]}
  ask_human: {examples: [konsultant]}
  repeat_please: {examples: [proszę powtórzyć]}
  object_emotion: {examples: [bez analizy głosu]}
  goodbye: {examples: [do widzenia]}
"""


def errors(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "intents.yaml").write_text(INTENTS, encoding="utf-8")
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    problems = check_script(load_script(path))
    return [problem.reason for problem in problems if problem.severity == "error"]


def changed(before: str, after: str) -> str:
    assert SCRIPT.count(before) == 1
    return SCRIPT.replace(before, after)


def test_script_that_tells_and_lets_refuse_is_good(tmp_path: Path):
    assert errors(tmp_path, SCRIPT) == []


def test_mood_without_notice_is_refused(tmp_path: Path):
    silent = changed("      - {prompt: notice, if: is_emotion_read}\n", "")
    reasons = errors(tmp_path, silent)
    assert sum("mood is read, but" in reason for reason in reasons) == 4
    assert sum("no state says that it is" in reason for reason in reasons) == 4


def test_notice_in_a_state_no_call_comes_to_is_none(tmp_path: Path):
    text = changed("      - {prompt: notice, if: is_emotion_read}\n", "")
    text += "  # unreachable\n"
    text = text.replace(
        "states:\n", "states:\n  island: {say: {prompt: notice, if: is_emotion_read}, go: end}\n"
    )
    assert any("no state says that it is" in reason for reason in errors(tmp_path, text))


def test_notice_is_said_only_where_emotion_is_read(tmp_path: Path):
    text = changed("{prompt: notice, if: is_emotion_read}", "notice")
    assert ["needs if: is_emotion_read" in reason for reason in errors(tmp_path, text)] == [True]


def test_notice_that_can_be_talked_over_is_refused(tmp_path: Path):
    text = changed("emocje., barge_in: false, ", "emocje., ")
    assert ["must be heard" in reason for reason in errors(tmp_path, text)] == [True]


def test_who_is_told_must_be_able_to_refuse(tmp_path: Path):
    text = changed("do: [stop_emotion: true], say: stopped", "say: stopped")
    assert ["able to refuse" in reason for reason in errors(tmp_path, text)] == [True]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("      - {intent: goodbye, go: end}\n", "      - {if: mood.hits >= 2, go: end}\n"),
        (
            "  end: {say: bye, hang_up: done}",
            "  end: {go: [{if: mood.hits >= 2, go: end2}, end2]}\n"
            "  end2: {say: bye, hang_up: done}",
        ),
    ],
)
def test_mood_alone_leads_nowhere(tmp_path: Path, before: str, after: str):
    text = changed(before, after)
    if "end2" in after:
        text = text.replace("too_long: end\n", "too_long: end2\n")
    reasons = errors(tmp_path, text)
    assert any("decides nothing alone" in reason for reason in reasons), reasons


@pytest.mark.parametrize(
    "step",
    [
        "{set: {angry: mood.anger > 0.6}}",
        "{outcome: REFUSAL, if: mood.anger > 0.6}",
        "{set: {angry: true}, if: mood.hits >= 2}",
    ],
)
def test_mood_is_not_remembered_nor_acted_on(tmp_path: Path, step: str):
    text = changed("  end: {say: bye,", f"  end: {{do: [{step}], say: bye,")
    assert any("not what is done" in reason for reason in errors(tmp_path, text))


@pytest.mark.parametrize("name", ["mood.rage", "mood", "temper.anger", "mood.anger.more"])
def test_other_moods_are_unknown(tmp_path: Path, name: str):
    with pytest.raises(ScriptError):
        errors(tmp_path, changed("mood.anger <= 0.6", f"{name} <= 0.6"))


def test_mood_is_not_spoken(tmp_path: Path):
    with pytest.raises(ScriptError, match="no such variable: mood"):
        errors(tmp_path, changed("W czym mogę pomóc, proszę?", "'Złość {mood.anger}.'"))


@pytest.mark.parametrize("entry", ["{if: mood.hits > 1}", "{say: offer}", "{if: '(', say: offer}"])
def test_interjection_needs_condition_and_words(tmp_path: Path, entry: str):
    with pytest.raises(ScriptError):
        errors(tmp_path, changed("{if: mood.hits >= 2, say: offer}", entry))
