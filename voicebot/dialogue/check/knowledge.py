"""How what is known of a conversation changes with what is done, assumed and heard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from voicebot.dialogue.check.conditions import Conditions
from voicebot.dialogue.check.moments import Facts
from voicebot.dialogue.check.reading import ScriptReading
from voicebot.dialogue.expression import Expression
from voicebot.dialogue.script import (
    EMOTION,
    IS_EMOTION_READ,
    IS_RECORDED,
    ClearVariables,
    NoteBlock,
    NoteDispute,
    SetOutcome,
    SetVariables,
    Spoken,
    Step,
)
from voicebot.records import Disposition

NOTICE_FLAGS = {"recording": IS_RECORDED, EMOTION: IS_EMOTION_READ}
"""The flag that says whether a notice is needed in a call; the notice of AI always is."""
STOPPING_OUTCOMES = frozenset({Disposition.CRISIS, Disposition.DISPUTE_DEBT})


class Knowledge:
    """The rules of one script's facts. Holds no facts itself."""

    def __init__(self, reading: ScriptReading) -> None:
        self._reading = reading
        self._kinds = reading.script.kinds
        self._conditions = Conditions(reading.tracked, dict(reading.script.constants))

    def outcome(self, condition: Expression | None, facts: Facts) -> bool | None:
        return self._conditions.outcome(condition, facts.values)

    def value(self, name: str, facts: Facts) -> object:
        return self._conditions.get(name, facts.values)

    def assuming(self, condition: Expression | None, holds: bool, facts: Facts) -> Facts | None:
        """What is known where the condition holds, or does not; None: it can't be so."""
        if condition is None:
            return facts if holds else None
        values = self._conditions.assume(condition, holds, facts.values)
        if values is None:
            return None
        bounded = facts.bounded
        for bound in self._conditions.bounds(condition, holds):
            if bound in self._reading.limits_needed:
                bounded |= {bound}
        return facts._replace(values=values, bounded=bounded)

    def with_values(self, facts: Facts, changes: Mapping[str, object]) -> Facts:
        return facts._replace(values=self._conditions.changed(facts.values, changes))

    def forgetting(self, facts: Facts, names: Iterable[str]) -> Facts:
        """Without what was read back or compared of variables that have changed."""
        gone = frozenset(names)
        return facts._replace(
            read_back=facts.read_back - gone,
            bounded=frozenset(bound for bound in facts.bounded if bound[1] not in gone),
        )

    def changing(self, facts: Facts, changes: Mapping[str, object]) -> Facts:
        return self.forgetting(self.with_values(facts, changes), changes)

    def notices_heard(self, spoken: Spoken, facts: Facts, notices: Iterable[str]) -> frozenset[str]:
        """With those that are said wherever they are needed: `if: is_recorded` is enough."""
        heard = facts.heard
        for notice in notices:
            there = self.with_values(facts, {NOTICE_FLAGS.get(notice, ""): True})
            if self.outcome(spoken.condition, there) is True:
                heard |= {notice}
        return heard

    def done(self, step: Step, facts: Facts) -> Facts:
        match step.deed:
            case SetVariables(values=values):
                return self._set(facts, values)
            case ClearVariables(names=names):
                cleared = {name: 0 if self._kinds[name] == "number" else None for name in names}
                return self.changing(facts, cleared)
            case NoteDispute() | NoteBlock():
                return facts._replace(is_stopped=True)
            case SetOutcome(disposition=disposition) if disposition in STOPPING_OUTCOMES:
                return facts._replace(is_stopped=True)
        return facts

    def _set(self, facts: Facts, values: Mapping[str, Expression]) -> Facts:
        caps, texts = self._reading.counter_caps, self._reading.compared_texts
        new = {
            name: self._conditions.evaluated(
                value, facts.values, caps.get(name), is_text_kept=name in texts
            )
            for name, value in values.items()
        }
        bounded = set()
        for name, value in values.items():
            # A copy keeps to the limits of what it was copied from; what is owed is one itself.
            if value.text in self._reading.debt_variables or value.text == "today":
                bounded |= {("upper", name), ("lower", name)}
            bounded |= {(side, name) for side, source in facts.bounded if source == value.text}
        bounded &= self._reading.limits_needed
        facts = self.changing(facts, new)
        return facts._replace(bounded=facts.bounded | bounded)
