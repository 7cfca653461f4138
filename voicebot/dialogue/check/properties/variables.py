"""What is spoken has a value, and what is remembered is used."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.check.abstract_values import Mark
from voicebot.dialogue.check.moments import Saying
from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import ScriptReading, agreement_of, filled_by, templates_of
from voicebot.dialogue.script import (
    TURN_VARIABLES,
    ClearVariables,
    Reference,
    SendNotice,
    SetVariables,
)


def _unset(reading: ScriptReading, saying: Saying) -> Iterator[Finding]:
    for name in reading.names_said[saying.prompt.prompt_id]:
        if name in TURN_VARIABLES:
            continue
        value = reading.value(name, saying.facts)
        is_number_unset = name in reading.slot_variables and value == 0 and value is not False
        if value is None or value is Mark.MAYBE or is_number_unset:
            how = "may be" if value is Mark.MAYBE else "is"
            yield Finding(
                saying.spoken.line or saying.prompt.line,
                f"{saying.prompt.prompt_id} says {{{name}}} in state {saying.state.name}, where it "
                f"{how} unset",
                saying.spoken.file or saying.prompt.file,
            )


def _useless(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    read, written = _read(reading), _written(reading)
    for name in reading.script.variables:
        if name in read and name not in written:
            yield Finding(1, f"variable {name} is read but never set", severity="warning")
        if name not in read:
            yield Finding(1, f"variable {name} is never used", severity="warning")


def _read(reading: ScriptReading) -> set[str]:
    script = reading.script
    read = {name for expression in reading.conditions() for name in expression.names}
    for state in script.states.values():
        for spoken in reading.spoken_in(state):
            read |= script.prompts[spoken.prompt_id].template.names
        if state.listen is not None:
            read |= {slot.balance for slot in state.listen.slots.values()}
        if state.query is not None:
            arguments = state.query.args.values()
            read |= {value.variable for value in arguments if isinstance(value, Reference)}
    for step in reading.steps():
        agreement = agreement_of(step)
        if agreement is not None:
            read |= {*agreement.names, agreement.balance}
        if isinstance(step.deed, SetVariables):
            read |= {name for value in step.deed.values.values() for name in value.names}
        if isinstance(step.deed, SendNotice):
            read |= set(step.deed.data.values())
        read |= {name for template in templates_of(step) for name in template.names}
    return read


def _written(reading: ScriptReading) -> set[str]:
    written: set[str] = set()
    for state in reading.script.states.values():
        if state.listen is not None:
            for name, slot in state.listen.slots.items():
                written |= set(filled_by(name, slot))
        if state.query is not None:
            written |= set(state.query.save)
    for step in reading.steps():
        match step.deed:
            case SetVariables(values=values):
                written |= set(values)
            case ClearVariables(names=names):
                written |= set(names)
    return written


PROPERTIES = (
    Property("unset variable said", Saying, _unset),
    Property("useless variable", ScriptReading, _useless),
)
