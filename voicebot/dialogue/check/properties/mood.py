"""What a script must keep to where it reads the caller's mood.

AI Act art. 50(3): whoever is exposed to emotion recognition is told of it; here he can refuse
it as well. And the model is often wrong (docs/explanation/emotion.md): what it says may choose
between two wordings of the same thing, and never decides alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from voicebot.dialogue.check.explorer import Exploration
from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import ScriptReading
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
    Step,
)

_MOOD_NAMES = frozenset(MOOD_NAMES)


def _notice_and_refusal(reading: ScriptReading, found: Exploration) -> Iterator[Finding]:
    script = reading.script
    notices = [
        (state, spoken)
        for state in script.states.values()
        if state.name in found.states
        for spoken in state.say
        if EMOTION in script.prompts[spoken.prompt_id].discloses
    ]
    if not notices:
        reason = "mood is read, but no state says that it is (a prompt with discloses: [emotion])"
        for file, line in sorted(_lines_that_read(script)):
            yield Finding(line, reason, file)
    for state, spoken in notices:
        needed = spoken.condition.requirements() if spoken.condition is not None else []
        if IS_EMOTION_READ not in needed:
            yield Finding(
                spoken.line or state.line,
                f"{spoken.prompt_id} needs if: {IS_EMOTION_READ}; not every call's emotion is read",
                spoken.file or state.file,
            )
    if notices and not any(_is_refusal(rule) for rule in script.anywhere):
        state, spoken = notices[0]
        yield Finding(
            spoken.line or state.line,
            "whoever is told that emotion is read must be able to refuse: anywhere needs a rule "
            "with intent and stop_emotion: true",
            spoken.file or state.file,
        )


def _is_refusal(rule: Rule) -> bool:
    return bool(rule.intents) and any(isinstance(step.deed, DropEmotion) for step in rule.steps)


def _decided_by_mood(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    script = reading.script
    for rule in _all_rules(script):
        if _reads(rule.condition) and not rule.intents and not rule.filled:
            reason = "mood decides nothing alone: a rule on it needs intent or filled too"
            yield Finding(rule.line, reason, rule.file)
        yield from _done_by_mood(rule.steps)
    for state in script.states.values():
        yield from _done_by_mood(state.steps)


def _done_by_mood(steps: Iterable[Step]) -> Iterator[Finding]:
    for step in steps:
        values = step.deed.values.values() if isinstance(step.deed, SetVariables) else ()
        if _reads(step.condition) or any(_reads(value) for value in values):
            reason = "mood may choose what is said, not what is done or remembered"
            yield Finding(step.line, reason, step.file)


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


def _lines_that_read(script: Script) -> set[tuple[str, int]]:
    reading = [spoken for spoken in _all_spoken(script) if _reads(spoken.condition)]
    lines = {(spoken.file, spoken.line) for spoken in reading}
    lines |= {(rule.file, rule.line) for rule in _all_rules(script) if _reads(rule.condition)}
    return lines | {(it.file, it.line) for it in script.interjections if _reads(it.condition)}


def _reads(expression: Expression | None) -> bool:
    return expression is not None and bool(expression.names & _MOOD_NAMES)


PROPERTIES = (
    Property("emotion read in secret", Exploration, _notice_and_refusal),
    Property("decided by mood", ScriptReading, _decided_by_mood),
)
