"""From everywhere there is a way to a human, to hearing it again, and on when nothing is said."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.check.moments import Listening
from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import ScriptReading
from voicebot.dialogue.script import HandOver, Ladder, NoteCallback, State, Step

ASK_HUMAN = "ask_human"
REPEAT_PLEASE = "repeat_please"
REQUIRED_ANYWHERE = ("crisis_self_harm", ASK_HUMAN)


def _human(_: ScriptReading, listening: Listening) -> Iterator[Finding]:
    state = listening.state
    if ASK_HUMAN not in listening.answered:
        yield Finding(
            state.line, f"in state {state.name} no rule is sure to follow {ASK_HUMAN}", state.file
        )


def _repeat(_: ScriptReading, listening: Listening) -> Iterator[Finding]:
    state = listening.state
    if REPEAT_PLEASE not in listening.answered:
        yield Finding(
            state.line,
            f"in state {state.name} no rule is sure to follow {REPEAT_PLEASE}",
            state.file,
        )


def _human_follows(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    """Whoever asks for a human is put through, or called back."""
    script = reading.script
    goals = [
        state.name
        for state in script.states.values()
        if _has_human(state.steps) or any(_has_human(rule.steps) for rule in state.rules)
    ]
    leading = reading.leading_to(goals, own_only=True)
    for _state, rule in reading.rules():
        if ASK_HUMAN in rule.intents and rule.go not in leading and not _has_human(rule.steps):
            yield Finding(
                rule.line,
                f"{ASK_HUMAN} leads to no human: neither transfer nor callback",
                rule.file,
            )


def _has_human(steps: tuple[Step, ...]) -> bool:
    return any(isinstance(step.deed, HandOver | NoteCallback) for step in steps)


def _silence(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    script = reading.script
    for state in script.states.values():
        if state.listen is not None:
            ladder, _no_match = reading.ladders(state)
            yield from _leads_back(reading, state, ladder, "silence")
    if not any(
        script.states[name].ending is not None
        for name in reading.without_listening(script.no_input.then)
    ):
        yield Finding(
            script.no_input.line,
            f"no_input: from state {script.no_input.then} a silent call never comes to its end",
            script.no_input.file,
        )


def _not_understood(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    for state in reading.script.states.values():
        if state.listen is not None:
            _no_input, ladder = reading.ladders(state)
            yield from _leads_back(reading, state, ladder, "what is not understood")


def _leads_back(
    reading: ScriptReading, state: State, ladder: Ladder, what: str
) -> Iterator[Finding]:
    if reading.without_listening(ladder.then) == {state.name}:
        yield Finding(
            ladder.line or state.line,
            f"{what} in state {state.name} only leads back to it",
            ladder.file or state.file,
        )


def _always_valid(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    anywhere = {
        intent
        for rule in reading.script.anywhere
        if rule.is_priority and rule.condition is None
        for intent in rule.intents
    }
    for intent in REQUIRED_ANYWHERE:
        if intent not in anywhere:
            yield Finding(
                1, f"anywhere needs a rule for {intent} with priority: true and without if"
            )


PROPERTIES = (
    Property("no way to a human", Listening, _human),
    Property("no way to hear it again", Listening, _repeat),
    Property("asking for a human is in vain", ScriptReading, _human_follows),
    Property("no way out of silence", ScriptReading, _silence),
    Property("no way out of misunderstanding", ScriptReading, _not_understood),
    Property("not valid anywhere", ScriptReading, _always_valid),
)
