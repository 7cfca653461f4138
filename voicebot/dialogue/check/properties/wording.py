"""Prompts are short, ask one thing, and give the bot no gender (intents.yaml style_rules)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import ScriptReading

_GENDERED = re.compile(r"\w+(łem|łam|łbym|łabym)\b|\b(jestem pewien|jestem pewna)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def _length(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    limits = reading.script.limits
    for prompt in reading.script.prompts.values():
        limit = limits.prompt_words_disclosure if prompt.discloses else limits.prompt_words
        n_words = max(len(_WORD.findall(text)) for text in reading.wordings(prompt))
        if n_words > limit:
            reason = f"{prompt.prompt_id} has {n_words} words, more than {limit}"
            yield Finding(prompt.line, reason, prompt.file, "warning")


def _one_question(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    for prompt in reading.script.prompts.values():
        if any(text.count("?") > 1 for text in reading.wordings(prompt)):
            reason = f"{prompt.prompt_id} asks more than one question"
            yield Finding(prompt.line, reason, prompt.file, "warning")


def _gender(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    for prompt in reading.script.prompts.values():
        for text in reading.wordings(prompt):
            gendered = _GENDERED.search(text)
            if gendered:
                reason = f"{prompt.prompt_id}: “{gendered.group()}” gives the bot a gender"
                yield Finding(prompt.line, reason, prompt.file, "warning")


def _never_said(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    script = reading.script
    used = {
        spoken.prompt_id for state in script.states.values() for spoken in reading.spoken_in(state)
    }
    used |= {script.unclear_prompt, *script.no_input.prompts, *script.no_match.prompts}
    for prompt in script.prompts.values():
        if prompt.prompt_id not in used and prompt.file in ("", script.path):
            reason = f"prompt {prompt.prompt_id} is never said"
            yield Finding(prompt.line, reason, prompt.file, "warning")


PROPERTIES = (
    Property("prompt too long", ScriptReading, _length),
    Property("two questions at once", ScriptReading, _one_question),
    Property("bot with a gender", ScriptReading, _gender),
    Property("prompt never said", ScriptReading, _never_said),
)
