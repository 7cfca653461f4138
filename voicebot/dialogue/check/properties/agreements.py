"""A promise or a plan counts after a clear yes to what was read back, and within the policy.

intents.yaml style_rules: amounts, days and plans are always read back and confirmed by a clear
yes; rules.md §1 ptp.max_days, plan.*: parameters that a script has as constants.
"""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.check.abstract_values import Mark
from voicebot.dialogue.check.moments import Doing
from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import Agreement, ScriptReading, agreement_of
from voicebot.dialogue.script import Rule, State

_SIDES = {"upper": "above", "lower": "below"}


def _read_back(_: ScriptReading, doing: Doing) -> Iterator[Finding]:
    agreement = agreement_of(doing.step)
    for name in agreement.names if agreement is not None else ():
        if agreement is not None and name not in doing.facts.read_back:
            yield Finding(
                doing.step.line,
                f"{agreement.what}: {{{name}}} is not read back after its last change",
                doing.step.file,
            )


def _within_policy(reading: ScriptReading, doing: Doing) -> Iterator[Finding]:
    agreement = agreement_of(doing.step)
    if agreement is None:
        return
    needed = [("upper", agreement.day)]
    if agreement.amount != agreement.balance:
        needed += [("lower", agreement.amount), ("upper", agreement.count or agreement.amount)]
    for side, name in needed:
        if (side, name) not in doing.facts.bounded:
            yield Finding(
                doing.step.line,
                f"{agreement.what} beyond policy: nothing on this way has kept {{{name}}} from "
                f"being {_SIDES[side]} a limit",
                doing.step.file,
            )


def _known(reading: ScriptReading, doing: Doing) -> Iterator[Finding]:
    agreement = agreement_of(doing.step)
    for name in agreement.names if agreement is not None else ():
        value = reading.value(name, doing.facts)
        if agreement is not None and value in (None, Mark.MAYBE):
            yield Finding(
                doing.step.line,
                f"{agreement.what}: {{{name}}} may be unset, then nothing is recorded",
                doing.step.file,
            )


def _by_the_debtor(_: ScriptReading, doing: Doing) -> Iterator[Finding]:
    agreement = agreement_of(doing.step)
    facts = doing.facts
    if agreement is not None and (facts.is_third_party or not facts.is_proven):
        yield Finding(
            doing.step.line,
            f"a {agreement.what} by somebody who has not proven to be the debtor",
            doing.step.file,
        )


def _clear_yes(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    for state in reading.script.states.values():
        for step in state.steps:
            agreement = agreement_of(step)
            if agreement is not None:
                reason = f"a {agreement.what} belongs to a rule on a clear yes"
                yield Finding(step.line, reason, step.file)
        for rule in state.rules:
            for step in rule.steps:
                agreement = agreement_of(step)
                if agreement is not None:
                    yield from _on_clear_yes(reading, state, rule, agreement, step.line)
    for rule in reading.script.anywhere:
        for step in rule.steps:
            agreement = agreement_of(step)
            if agreement is not None:
                reason = f"a {agreement.what} can't be recorded just anywhere"
                yield Finding(rule.line, reason, rule.file)


def _on_clear_yes(
    reading: ScriptReading, state: State, rule: Rule, agreement: Agreement, line: int
) -> Iterator[Finding]:
    slots = state.listen.slots if state.listen is not None else {}
    clear_yes = {f"{name} == 'yes'" for name, slot in slots.items() if slot.kind == "yes_no"}
    requirements = rule.condition.requirements() if rule.condition is not None else []
    if not clear_yes & set(requirements):
        reason = f"a {agreement.what} needs a condition: a yes_no slot == 'yes'"
        yield Finding(line, reason, rule.file)
    said = {
        name
        for spoken in state.say
        if spoken.condition is None
        for name in reading.script.prompts[spoken.prompt_id].template.names
    }
    for name in agreement.names:
        if name not in said:
            yield Finding(
                line,
                f"state {state.name} must read {{{name}}} back before it is "
                f"{'promised' if agreement.what == 'promise' else 'agreed'}",
                rule.file,
            )


PROPERTIES = (
    Property("not read back", Doing, _read_back),
    Property("beyond policy", Doing, _within_policy),
    Property("agreed without a value", Doing, _known),
    Property("agreed by a stranger", Doing, _by_the_debtor),
    Property("no clear yes", ScriptReading, _clear_yes),
)
