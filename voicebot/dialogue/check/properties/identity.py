"""Nothing about the debt reaches a stranger, and what proves identity is never said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from voicebot.dialogue.check.moments import Doing, Saying
from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import ScriptReading, templates_of
from voicebot.dialogue.script import SendNotice

_DEBT_WORDS = re.compile(
    r"\b(dług(?!o|ie|a)|zadłuż|zaleg|należnoś|niezapłac|nieopłac|wierzyciel|odset|komornik"
    r"|windykac|do zapłaty|rat[aeęy]?\b|niespłac|przeterminowan)",
    re.IGNORECASE,
)
"""What tells a stranger that somebody owes (intents.yaml style_rules: neutral until proven)."""


def _told(reading: ScriptReading, saying: Saying) -> Iterator[Finding]:
    facts, prompt = saying.facts, saying.prompt
    if facts.is_proven and not facts.is_third_party:
        return
    told = sorted(reading.names_said[prompt.prompt_id] & reading.debt_variables)
    what = f"{{{told[0]}}}" if told else _debt_word(reading.texts[prompt.prompt_id])
    if what:
        why = (
            "to somebody else than the debtor"
            if facts.is_proven
            else "where identity is not yet proven"
        )
        yield Finding(
            saying.spoken.line or prompt.line,
            f"{prompt.prompt_id} says {what} in state {saying.state.name}, {why}",
            saying.spoken.file or prompt.file,
        )


@lru_cache(maxsize=4096)
def _debt_word(texts: tuple[str, ...]) -> str:
    for text in texts:
        found = _DEBT_WORDS.search(text)
        if found:
            return f"“{found.group()}”"
    return ""


def _sent(reading: ScriptReading, doing: Doing) -> Iterator[Finding]:
    deed = doing.step.deed
    if isinstance(deed, SendNotice) and not doing.facts.is_proven:
        for name in sorted(set(deed.data.values()) & reading.debt_variables):
            yield Finding(
                doing.step.line,
                f"{deed.template} sends {{{name}}} before identity is proven",
                doing.step.file,
            )


def _secrets(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    secrets = reading.script.secret_variables
    for prompt in reading.script.prompts.values():
        for name in sorted(prompt.template.names & secrets):
            yield Finding(
                prompt.line,
                f"{prompt.prompt_id} reads out {{{name}}}, with which callers prove who they are",
                prompt.file,
            )
    for step in reading.steps():
        names = {name for template in templates_of(step) for name in template.names}
        if isinstance(step.deed, SendNotice):
            names |= set(step.deed.data.values())
        for name in sorted(names & secrets):
            yield Finding(step.line, f"{{{name}}} proves identity: not to be recorded", step.file)


PROPERTIES = (
    Property("debt told to a stranger", Saying, _told),
    Property("debt sent to a stranger", Doing, _sent),
    Property("secret told", ScriptReading, _secrets),
)
