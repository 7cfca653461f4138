"""One answer of the caller in a state: which rules may follow it, in the engine's order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from voicebot.dialogue.check.abstract_values import Mark
from voicebot.dialogue.check.knowledge import Knowledge
from voicebot.dialogue.check.moments import Facts
from voicebot.dialogue.check.reading import TURN_SLOTS, filled_by
from voicebot.dialogue.expression import Expression
from voicebot.dialogue.script import AGAIN, STAYING, TURN_VARIABLES, ListenSpec, Rule, Script, State

THIRD_PARTY_INTENTS = frozenset(
    {
        "identity_denied_wrong_number",
        "third_party_available",
        "third_party_not_available",
        "minor_answers",
    }
)
"""After these somebody else than the debtor speaks."""
HANDOVER_INTENT = "third_party_available"
STOPPING_INTENTS = frozenset(
    {
        "crisis_self_harm",
        "deceased",
        "bankruptcy",
        "legal_representative",
        "vulnerable_life_event",
        "dispute_debt",
        "dispute_amount",
        "b2b_goods_dispute",
        "limitation_claim",
        "stop_contact",
    }
)
"""After these nobody is urged to pay (rules.md §1 dispute.pause, timebarred.block, and §8)."""
_SHOWN_INTENTS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """A rule that may be followed, with what is known then. label: what the caller did."""

    rule: Rule
    facts: Facts
    label: str


@dataclass(slots=True)
class _Intents:
    """What is left of the intents: which have had their rule, and which conditions failed."""

    gone: set[str] = field(default_factory=set)
    failed: dict[str, tuple[Expression, ...]] = field(default_factory=dict)


class Turn:
    """answered: filled by `answers`: the intents for which some rule surely holds."""

    def __init__(self, script: Script, knowledge: Knowledge, state: State, facts: Facts) -> None:
        self._script = script
        self._knowledge = knowledge
        self._state = state
        self._before = facts
        listen = state.listen or ListenSpec("none")
        self._lasting = [
            variable
            for name, slot in listen.slots.items()
            if slot.kind not in TURN_SLOTS
            for variable in filled_by(name, slot)
        ]
        self._fleeting = [name for name, slot in listen.slots.items() if slot.kind in TURN_SLOTS]
        self._has_disclosure = any(
            script.prompts[spoken.prompt_id].discloses for spoken in state.say
        )
        self._of_this_turn = {*TURN_VARIABLES, *self._lasting, *self._fleeting}
        self._before_it: list[Rule] = []
        self._is_shadowed = False
        self.answered: set[str] = set()

    def answers(self) -> Iterator[Answer]:
        """Every rule that some answer is followed by."""
        here: Facts | None = self._heard()
        intents = _Intents()
        rules = [(rule, True) for rule in self._state.rules]
        rules += [(rule, False) for rule in self._script.anywhere]
        rules.sort(key=lambda item: not item[0].is_priority)
        for rule, is_own in rules:
            if here is None:
                return
            if rule.intents:
                yield from self._for_intents(rule, is_own, here, intents)
                continue
            asked = self._not_before(rule, self._with_filled(here, rule))
            if asked is None:
                continue
            follows, otherwise = self._split(rule, asked)
            if follows is not None:
                yield Answer(rule, self._settled(follows), _label(rule, []))
            if rule.filled:
                self._before_it.append(rule)
                continue
            # A rule that may always hold here, as far as is known, leaves the others no answer.
            names = rule.condition.names if rule.condition is not None else frozenset()
            self._is_shadowed |= follows is not None and names.isdisjoint(self._of_this_turn)
            here = None if otherwise is None else self._settled(otherwise)

    def _not_before(self, rule: Rule, facts: Facts) -> Facts | None:
        """Where no rule before it took what was heard; None: one always does."""
        here: Facts | None = facts
        for earlier in self._before_it:
            if here is not None and set(earlier.filled) <= set(rule.filled):
                here = self._knowledge.assuming(earlier.condition, False, here)
        return here

    def _heard(self) -> Facts:
        """Any answer at all: each slot may have been filled anew."""
        knowledge = self._knowledge
        new: dict[str, object] = dict.fromkeys(self._fleeting, Mark.MAYBE)
        for name in self._lasting:
            before = knowledge.value(name, self._before)
            if before is not Mark.ANY:
                new[name] = Mark.MAYBE if before in (None, 0, Mark.MAYBE) else Mark.SET
        new["changed"] = Mark.ANY if self._lasting else False
        return knowledge.forgetting(knowledge.with_values(self._before, new), self._lasting)

    def _with_filled(self, facts: Facts, rule: Rule) -> Facts:
        slots = self._state.listen.slots if self._state.listen is not None else {}
        filled = [
            variable
            for name in rule.filled
            for variable in (filled_by(name, slots[name]) if name in slots else (name,))
        ]
        return self._knowledge.with_values(facts, dict.fromkeys(filled, Mark.SET))

    def _settled(self, facts: Facts) -> Facts:
        """Where nothing has changed, all that was known of the slots before is so still."""
        return (
            facts
            if self._knowledge.value("changed", facts) is not False
            else self._as_before(facts)
        )

    def _as_before(self, facts: Facts) -> Facts:
        """Without what was filled: the engine keeps nothing that came with a rule which holds
        anywhere and stays where it is."""
        knowledge = self._knowledge
        old = {name: knowledge.value(name, self._before) for name in self._lasting}
        return knowledge.with_values(facts, old)._replace(
            read_back=facts.read_back | self._before.read_back,
            bounded=facts.bounded | self._before.bounded,
        )

    def _split(self, rule: Rule, facts: Facts) -> tuple[Facts | None, Facts | None]:
        knowledge = self._knowledge
        return (
            knowledge.assuming(rule.condition, True, facts),
            knowledge.assuming(rule.condition, False, facts),
        )

    def _for_intents(
        self, rule: Rule, is_own: bool, here: Facts, intents: _Intents
    ) -> Iterator[Answer]:
        """One answer for all intents of a rule that mean the same to what is known."""
        groups: dict[tuple[Facts, bool, bool, bool], list[str]] = {}
        for intent in sorted(rule.intents - intents.gone):
            facts: Facts | None = here
            for condition in intents.failed.get(intent, ()):
                facts = facts and self._knowledge.assuming(condition, False, facts)
            if facts is not None:
                is_third = intent in THIRD_PARTY_INTENTS
                key = (facts, is_third, intent in STOPPING_INTENTS, intent == HANDOVER_INTENT)
                groups.setdefault(key, []).append(intent)
        for (facts, *_), names in groups.items():
            asked = self._with_filled(facts, rule)
            meant = names[0] if len(names) == 1 else Mark.ANY
            asked = self._knowledge.with_values(asked, {"intent": meant})
            follows, otherwise = self._split(rule, asked)
            if follows is not None:
                stays = not is_own and rule.go in STAYING
                settled = self._as_before(follows) if stays else self._settled(follows)
                after = _after_intent(settled, names[0])
                yield Answer(rule, after, _label(rule, names))
            self._note(rule, names, is_own, otherwise is None, intents)

    def _note(
        self, rule: Rule, names: list[str], is_own: bool, is_sure: bool, intents: _Intents
    ) -> None:
        if rule.filled:
            return
        if not is_sure:
            for name in names:
                if rule.condition is not None:
                    intents.failed[name] = (*intents.failed.get(name, ()), rule.condition)
            return
        if not self._is_shadowed:
            self.answered |= set(names)
        # What is said over a disclosure or another prompt passes such rules by (engine._rules_for).
        is_passed_by = is_own and (self._has_disclosure or (rule.go == AGAIN and not rule.say))
        if not is_passed_by:
            intents.gone |= set(names)


def _after_intent(facts: Facts, intent: str) -> Facts:
    if intent in STOPPING_INTENTS:
        facts = facts._replace(is_stopped=True)
    if intent in THIRD_PARTY_INTENTS:
        facts = facts._replace(is_third_party=True)
    if intent == HANDOVER_INTENT:
        facts = facts._replace(is_handed_over=True)
    return facts


def _label(rule: Rule, intents: list[str]) -> str:
    if intents:
        more = ["…"] if len(intents) > _SHOWN_INTENTS else []
        return "/".join([*intents[:_SHOWN_INTENTS], *more])
    if rule.filled:
        return f"{', '.join(rule.filled)} heard"
    return f"if {rule.condition.text}" if rule.condition is not None else "anything"
