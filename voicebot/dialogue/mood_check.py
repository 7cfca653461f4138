"""What a script must keep to where it reads the caller's mood.

AI Act art. 50(3): whoever is exposed to emotion recognition is told of it; here he can refuse
it as well. And the model is often wrong (docs/explanation/emotion.md): what it says may choose
between two wordings of the same thing, and never decides alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from voicebot.dialogue.expression import Expression
from voicebot.dialogue.mood import MOOD_NAMES
from voicebot.dialogue.script import (
    EMOTION,
    IS_EMOTION_READ,
    DropEmotion,
    Rule,
    Script,
    SetVariables,
    Spoken,
    State,
    Step,
)

Finding = tuple[int, str]
"""Line and reason."""

_MOOD_NAMES = frozenset(MOOD_NAMES)


def find_mood_problems(script: Script, reachable: Iterable[State]) -> Iterator[Finding]:
    """reachable: the states that a call can come to."""
    notices = [
        (state, spoken)
        for state in reachable
        for spoken in state.say
        if EMOTION in script.prompts[spoken.prompt_id].discloses
    ]
    if not notices:
        for line in sorted(_lines_that_read(script)):
            yield (
                line,
                "mood is read, but no state says that it is (a prompt with discloses: [emotion])",
            )
    for state, spoken in notices:
        needed = spoken.condition.requirements() if spoken.condition is not None else []
        if IS_EMOTION_READ not in needed:
            yield (
                spoken.line or state.line,
                f"{spoken.prompt_id} needs if: {IS_EMOTION_READ}; not every call's emotion is read",
            )
    if notices and not any(_is_refusal(rule) for rule in script.anywhere):
        yield (
            notices[0][1].line or notices[0][0].line,
            "whoever is told that emotion is read must be able to refuse: anywhere needs a rule "
            "with intent and stop_emotion: true",
        )
    yield from _decided_by_mood(script)


def _is_refusal(rule: Rule) -> bool:
    return bool(rule.intents) and any(isinstance(step.deed, DropEmotion) for step in rule.steps)


def _decided_by_mood(script: Script) -> Iterator[Finding]:
    for rule in _all_rules(script):
        if _reads(rule.condition) and not rule.intents and not rule.filled:
            yield rule.line, "mood decides nothing alone: a rule on it needs intent or filled too"
        yield from _done_by_mood(rule.steps)
    for state in script.states.values():
        yield from _done_by_mood(state.steps)


def _done_by_mood(steps: Iterable[Step]) -> Iterator[Finding]:
    for step in steps:
        values = step.deed.values.values() if isinstance(step.deed, SetVariables) else ()
        if _reads(step.condition) or any(_reads(value) for value in values):
            yield step.line, "mood may choose what is said, not what is done or remembered"


def _all_rules(script: Script) -> Iterator[Rule]:
    for state in script.states.values():
        yield from state.rules
    yield from script.anywhere


def _all_spoken(script: Script) -> Iterator[Spoken]:
    for state in script.states.values():
        yield from state.say
        yield from state.reask
    for rule in _all_rules(script):
        yield from rule.say
    for interjection in script.interjections:
        yield from interjection.say


def _lines_that_read(script: Script) -> set[int]:
    lines = {spoken.line for spoken in _all_spoken(script) if _reads(spoken.condition)}
    lines |= {rule.line for rule in _all_rules(script) if _reads(rule.condition)}
    lines |= {it.line for it in script.interjections if _reads(it.condition)}
    return lines


def _reads(expression: Expression | None) -> bool:
    return expression is not None and bool(expression.names & _MOOD_NAMES)
