"""Makes out what the caller said in one turn, and which rule of the script answers it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from voicebot.dialogue.actions import UserTurn
from voicebot.dialogue.answer_completeness import Question
from voicebot.dialogue.nlu import IntentClassifier, Meaning
from voicebot.dialogue.script import (
    AGAIN,
    LISTEN,
    OTHER_INTENT,
    REPEAT,
    ListenSpec,
    Rule,
    Script,
    SlotKind,
    State,
)
from voicebot.dialogue.slots import FilledSlots, fill_from_keys, fill_from_text
from voicebot.dialogue.state import ConversationState, Guess

_COMMON_SLOTS = frozenset({"amount", "date", "plan", "yes_no"})
"""Any sentence may fill these."""
_OF_ONE_TURN = frozenset({"yes_no", "words", "time"})
_ASIDE = frozenset({AGAIN, LISTEN})
_NOTHING_MEANT = Meaning("", 0.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, or what was keyed, as it was understood. meanings: the best first."""

    text: str
    confidence: float
    by_keys: bool
    filled: FilledSlots
    meanings: tuple[Meaning, ...]

    @property
    def best(self) -> Meaning:
        return self.meanings[0] if self.meanings else _NOTHING_MEANT


@dataclass(frozen=True, slots=True)
class Choice:
    """The rule to follow, for what was meant by it. aside: said and done before it, for
    something else that the caller said in the same breath."""

    rule: Rule
    meaning: Meaning
    aside: Rule | None = None


class TurnReader:
    """Reads turns against the rules of one script. Remembers nothing itself."""

    def __init__(self, script: Script, classifier: IntentClassifier) -> None:
        self._script = script
        self._classifier = classifier

    def rules_for(self, here: State, turn: UserTurn) -> list[Rule]:
        """What he says over a disclosure answers no question: the question was not put yet.
        And what would only have it asked again is being asked already ("halo?", "mhm")."""
        rules = list(self._script.rules_in(here))
        if turn.over:
            rules = [rule for rule in rules if rule.say or rule.go != AGAIN]
        if turn.over == "disclosure":
            anywhere = [rule for rule in self._script.anywhere if rule.go != REPEAT]
            rules = [rule for rule in rules if rule.filled or rule in anywhere]
        return rules

    def question(self, memory: ConversationState) -> Question | None:
        """What an answer is measured by; None where none is awaited."""
        listen = self._listen(memory)
        if listen is None:
            return None
        if memory.guess is not None:
            return Question("yes_no", slots=frozenset({"yes_no"}))
        slots = listen.slots.values()
        balances = (memory.variables.get(slot.balance) for slot in slots if slot.balance)
        return Question(
            listen.kind,
            listen.max_digits,
            listen.phrases,
            frozenset(slot.kind for slot in slots),
            next((balance for balance in balances if isinstance(balance, int)), None),
        )

    # ---- what was said --------------------------------------------------------------------

    def read(
        self,
        memory: ConversationState,
        rules: Sequence[Rule],
        text: str,
        confidence: float,
        now: datetime,
    ) -> Reading:
        """A text, of which only what the rules ask for is looked for. now: local time."""
        allowed = frozenset(name for rule in rules for name in rule.intents)
        meanings = self._classifier.classify_all(text, allowed | {OTHER_INTENT})
        filled = self.fill(memory, text, confidence, now)
        # Where the best is none of the script's business, a weaker guess is none either.
        known = () if meanings and meanings[0].intent == OTHER_INTENT else tuple(meanings)
        sure = self._script.limits.sure_score
        return Reading(
            text,
            confidence,
            by_keys=False,
            filled=filled,
            meanings=tuple(
                meaning
                for n, meaning in enumerate(known)
                if n == 0 or (meaning.intent != OTHER_INTENT and meaning.score >= sure)
            ),
        )

    def doubtful_intents(
        self, memory: ConversationState, rules: Sequence[Rule], turn: UserTurn, now: datetime
    ) -> dict[str, str]:
        """The intents among which an adviser may choose, each with what it is called; none where
        the turn is understood, fills a slot, or is too badly heard to be told to anybody."""
        limits = self._script.limits
        if turn.digits or turn.over or turn.confidence < limits.min_confidence:
            return {}
        reading = self.read(memory, rules, turn.text, turn.confidence, now)
        if reading.filled.values or reading.best.score >= limits.ask_score:
            return {}
        names = {name for rule in rules for name in rule.intents}
        intents = self._script.intents
        return {name: intents[name].named or name for name in intents if name in names}

    def with_hint(self, rules: Sequence[Rule], reading: Reading, hint: str) -> Reading:
        """The reading with what an adviser took it for as its best meaning, where that may be."""
        limits = self._script.limits
        if reading.best.score >= limits.ask_score or reading.filled.values:
            return reading
        if not any(hint in rule.intents for rule in rules):
            return reading
        # Sure enough to act upon; never as sure as a pattern.
        meant = Meaning(hint, max(limits.sure_score, limits.ask_score, limits.min_score))
        return replace(reading, meanings=(meant,))

    def read_keys(self, memory: ConversationState, digits: str, now: datetime) -> Reading:
        """What was keyed: a slot's value, or a key that stands for an intent."""
        listen = self._listen(memory)
        filled = FilledSlots() if listen is None else fill_from_keys(listen.slots, digits, now)
        intent = self._script.keys.get(digits.rstrip("#") or digits, "")
        meant = (Meaning(intent, 1.0),) if intent and not filled.values else ()
        return Reading("", 1.0, by_keys=True, filled=filled, meanings=meant)

    def confirmed(self, memory: ConversationState, guess: Guess, now: datetime) -> Reading:
        """The words of a guess, once the caller has said that they were meant so."""
        filled = self.fill(memory, guess.text, guess.confidence, now)
        meant = (Meaning(guess.intent, 1.0),)
        return Reading(guess.text, guess.confidence, by_keys=False, filled=filled, meanings=meant)

    def fill(
        self, memory: ConversationState, text: str, confidence: float, now: datetime
    ) -> FilledSlots:
        listen = self._listen(memory)
        if listen is None:
            return FilledSlots()
        slots = {
            name: slot
            for name, slot in listen.slots.items()
            # Amounts, dates and digits are read back or compared; a doubtful yes would count.
            if slot.kind != "yes_no" or confidence >= self._script.limits.min_confidence
        }
        balances_gr = {
            name: balance
            for name, slot in slots.items()
            if isinstance(balance := memory.variables.get(slot.balance), int)
        }
        return fill_from_text(slots, text, balances_gr, now)

    def turn_variables(self, memory: ConversationState, reading: Reading) -> dict[str, object]:
        """What conditions may read of the turn."""
        listen = self._listen(memory)
        filled = reading.filled
        return {
            "intent": reading.best.intent,
            "score": reading.best.score,
            "other_intent": reading.meanings[1].intent if len(reading.meanings) > 1 else "",
            "confidence": reading.confidence,
            "by_keys": reading.by_keys,
            "problem": filled.problem,
            "said_day": filled.said_day,
            "said": reading.text,
            "changed": any(
                value != memory.variables.get(name)
                for name, value in filled.values.items()
                if listen is not None and _slot_kind(listen, name) != "yes_no"
            ),
        }

    # ---- which rule answers it ------------------------------------------------------------

    def choose(
        self, memory: ConversationState, rules: Sequence[Rule], reading: Reading
    ) -> Choice | None:
        """The first rule that fits: a priority rule for anything he said; then one for an intent
        that is surely meant elsewhere; then in the order of the meanings and rules.

        memory: as it is once the turn's variables and slots are in it.
        """
        meanings = reading.meanings or (_NOTHING_MEANT,)
        urgent = [rule for rule in rules if rule.is_priority]
        # Said beside something else, what only has the question put again can be said first.
        leading = [rule for rule in rules if len(meanings) == 1 or rule.go not in _ASIDE]
        elsewhere = [
            meaning for meaning in meanings if self._is_surely_elsewhere(memory, reading, meaning)
        ]
        choice = (
            self._first(memory, urgent, reading, meanings)
            or self._first(memory, leading, reading, elsewhere, only_meant=True)
            or self._first(memory, rules, reading, meanings)
        )
        if choice is None or choice.rule.is_priority or choice.rule.go == REPEAT:
            return choice
        own = self._here(memory).rules
        others = [meaning for meaning in meanings if meaning.intent not in choice.rule.intents]
        asides = [
            rule
            for rule in rules
            if rule.go in _ASIDE and rule.say and not rule.is_priority and rule not in own
        ]
        # A slot may be all that the best meaning is about: it alone is nothing said beside it.
        sure = self._script.limits.sure_score
        aside = self._first(
            memory,
            asides,
            reading,
            [meaning for meaning in others if len(meanings) > 1 and meaning.score >= sure],
            only_meant=True,
        )
        if aside is None or aside.rule is choice.rule:
            return choice
        return Choice(choice.rule, choice.meaning, aside.rule)

    def _first(
        self,
        memory: ConversationState,
        rules: Sequence[Rule],
        reading: Reading,
        meanings: Iterable[Meaning],
        *,
        only_meant: bool = False,
    ) -> Choice | None:
        """only_meant: no rules but those for the meaning itself."""
        for meaning in meanings:
            others = [other.intent for other in reading.meanings if other is not meaning]
            scope = {
                **memory.scope,
                "intent": meaning.intent,
                "score": meaning.score,
                "other_intent": others[0] if others else "",
            }
            for rule in rules:
                if only_meant and meaning.intent not in rule.intents:
                    continue
                if self._fits(rule, reading, meaning, scope):
                    return Choice(rule, meaning)
        return None

    def _is_surely_elsewhere(
        self, memory: ConversationState, reading: Reading, meaning: Meaning
    ) -> bool:
        """An intent that is meant surely and has no rule in this state.

        "Oddzwońcie jutro" has a date in it and still is no promise: such an intent goes before
        slots that any sentence may fill; and "dobrze, a kto mówi" agrees to nothing.
        """
        here = self._here(memory)
        listen, values = here.listen, reading.filled.values
        if listen is None or not values or meaning.score < self._script.limits.sure_score:
            return False
        if any(_slot_kind(listen, name) not in _COMMON_SLOTS for name in values):
            return False
        return not any(meaning.intent in own.intents for own in here.rules)

    def _fits(
        self, rule: Rule, reading: Reading, meaning: Meaning, scope: Mapping[str, object]
    ) -> bool:
        limits = self._script.limits
        if rule.intents:
            if meaning.intent not in rule.intents:
                return False
            is_certain = meaning.score >= 1
            if reading.confidence < limits.min_confidence and not (rule.is_priority and is_certain):
                return False
            has_slot = bool(reading.filled.values) and not rule.filled
            if meaning.score < (limits.sure_score if has_slot else limits.min_score):
                return False
        if any(name not in reading.filled.values for name in rule.filled):
            return False
        return rule.condition is None or rule.condition.holds(scope)

    def forget_turn_slots(self, memory: ConversationState) -> None:
        """A yes or no answers one question only: it must not be found here later."""
        listen = self._listen(memory)
        for name, slot in listen.slots.items() if listen is not None else ():
            if slot.kind in _OF_ONE_TURN:
                memory.variables[name] = None

    def _here(self, memory: ConversationState) -> State:
        return self._script.states[memory.name]

    def _listen(self, memory: ConversationState) -> ListenSpec | None:
        return self._here(memory).listen


def _slot_kind(listen: ListenSpec, name: str) -> SlotKind:
    """The amount of each instalment belongs to the slot that heard the plan."""
    return listen.slots[name].kind if name in listen.slots else "plan"
