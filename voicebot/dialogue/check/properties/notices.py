"""Who is called is told first that an AI speaks, then that the call is recorded and his voice read.

AI Act art. 50(1) and (3), RODO art. 13 (rules.md §1 disclosure.ai, disclosure.recording).
"""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.check.moments import Listening, Saying
from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import ScriptReading
from voicebot.dialogue.script import EMOTION, State

_TOLD = {
    "ai": "that an AI speaks",
    "recording": "that the call is recorded",
    EMOTION: "that emotion is read",
}


def _ai_first(reading: ScriptReading, saying: Saying) -> Iterator[Finding]:
    state, prompt = saying.state, saying.prompt
    if "ai" in saying.facts.heard or "ai" in prompt.discloses:
        return
    if saying.facts.is_third_party and _only_ends(reading, state):
        return
    if state.name == reading.script.start:
        reason = "the first prompt must say that an AI speaks (discloses: [ai])"
        yield Finding(state.line, reason, state.file)
        return
    yield Finding(
        saying.spoken.line or prompt.line,
        f"{prompt.prompt_id} is said in state {state.name} before the caller knows that an AI "
        "speaks",
        saying.spoken.file or prompt.file,
    )


def _only_ends(reading: ScriptReading, state: State) -> bool:
    """Whether a call that somebody else has answered is only taken leave of."""
    states = reading.script.states
    return all(states[name].listen is None for name in reading.without_listening(state.name))


def _before_questions(reading: ScriptReading, listening: Listening) -> Iterator[Finding]:
    script, state = reading.script, listening.state
    needed = ["ai", "recording", *([EMOTION] if script.discloses(EMOTION) else [])]
    for notice in needed:
        if notice not in listening.facts.heard:
            yield Finding(
                state.line,
                f"state {state.name} listens before the caller knows {_TOLD[notice]} "
                f"(discloses: [{notice}])",
                state.file,
            )


def _heard_whole(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    for prompt in reading.script.prompts.values():
        if prompt.discloses and prompt.allow_barge_in:
            yield Finding(
                prompt.line,
                f"{prompt.prompt_id}: a disclosure must be heard: barge_in: false",
                prompt.file,
            )


PROPERTIES = (
    Property("AI not said first", Saying, _ai_first),
    Property("question before a notice", Listening, _before_questions),
    Property("notice talked over", ScriptReading, _heard_whole),
)
