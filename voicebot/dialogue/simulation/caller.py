"""One simulated caller: decides what he says, keys or does next, and knows what he means by it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from voicebot.dialogue.actions import (
    CallerLeft,
    DialogueEvent,
    Listen,
    NoInput,
    SpokenOver,
    SystemFailed,
    TimeRanOut,
    UserTurn,
)
from voicebot.dialogue.mood import UNKNOWN_MOOD, Mood
from voicebot.dialogue.script import STAYING, Rule, Script, State
from voicebot.dialogue.simulation import words
from voicebot.dialogue.simulation.condition_hints import ConditionHints, hints_of
from voicebot.dialogue.simulation.noise import misheard
from voicebot.dialogue.simulation.personas import Persona
from voicebot.dialogue.simulation.truth import CaseTruth

_SURE = 0.9
_DOUBTFUL = (0.05, 0.12, 0.2, 0.35)
_RARE = frozenset({"crisis_self_harm", "ask_human", "deceased", "bankruptcy", "goodbye"})
_BREAKDOWN = 0.002
_DOUBLED = 0.04


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of words on their way through the line and the recogniser."""

    text: str
    confidence: float
    alternatives: tuple[str, ...] = ()


Hearing = Callable[[str, Listen], Heard]
"""Words as spoken -> words as recognised. Of text calls: none, the caller spoils them himself."""


@dataclass(frozen=True, slots=True)
class CallerMove:
    """What happens next. meant: the intent, where the words are so clear that nobody can miss
    it."""

    event: DialogueEvent
    meant: str = ""


class CallerVoice:
    """What all callers of a script have in common: its words, and what its slots ask for."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.facts = words.FactIndex(script)
        self._owner: dict[str, str] = {}
        for intent, examples in script.intents.items():
            for example in examples.examples or map(words.pattern_words, examples.always):
                # A sentence that two intents share is clear to nobody.
                self._owner[example] = "" if example in self._owner else intent

    def clear_meaning(self, text: str) -> str:
        """The intent whose very example this is; empty where there is none, or two."""
        return self._owner.get(text, "")


class SimulatedCaller:
    """Plays one persona through one call. hearing: what the recogniser makes of his words."""

    def __init__(
        self,
        voice: CallerVoice,
        persona: Persona,
        truth: CaseTruth,
        chance: random.Random,
        hearing: Hearing | None = None,
    ) -> None:
        self._voice = voice
        self._script = voice.script
        self.persona = persona
        self._truth = truth
        self._chance = chance
        self._hearing = hearing
        self._is_angry = chance.random() < persona.angry
        self._mood = UNKNOWN_MOOD

    def with_mind(self, persona: Persona, chance: random.Random) -> SimulatedCaller:
        """The same person about the same case, of another character from now on."""
        twin = SimulatedCaller(self._voice, persona, self._truth, chance, self._hearing)
        twin._mood = self._mood
        return twin

    # ---- by character ----------------------------------------------------------------------

    def move(self, state: State, listen: Listen) -> CallerMove:
        """What somebody like him does now."""
        chance, persona = self._chance, self.persona
        roll = chance.random()
        if roll < persona.leaves:
            return CallerMove(CallerLeft())
        if roll < persona.leaves + _BREAKDOWN:
            return CallerMove(chance.choice((SystemFailed(), TimeRanOut())))
        if chance.random() < persona.silence:
            return CallerMove(NoInput())
        if chance.random() < persona.gibberish:
            return self.babbles(listen)
        if chance.random() < persona.answers:
            return self._answers(state, listen)
        return self._brings_up(state, listen)

    def _answers(self, state: State, listen: Listen) -> CallerMove:
        """Gives what was asked for."""
        spec = state.listen
        slots = {} if spec is None else dict(spec.slots)
        chance = self._chance
        if not slots:
            local = [rule for rule in state.rules if rule.intents]
            if local:
                return self.tries(chance.choice(local), state, listen)
            return self._brings_up(state, listen)
        yes_no = [name for name, slot in slots.items() if slot.kind == "yes_no"]
        if yes_no and chance.random() < 0.85:
            agrees = chance.random() < self.persona.agrees
            is_odd = chance.random() < self.persona.odd
            kinds = ("weak_yes", "weak_no", "unsure") if is_odd else ("yes",) if agrees else ("no",)
            answer = chance.choice(kinds)
            if answer in words.KEYS_FOR and chance.random() < self.persona.keys:
                return self.keys(words.KEYS_FOR[answer])
            return self.says(chance.choice(words.ANSWERS[answer]), listen)
        others = [name for name in slots if name not in yes_no] or list(slots)
        wanted = others if len(others) > 1 and chance.random() < 0.3 else [chance.choice(others)]
        if chance.random() < self.persona.keys:
            return self.keys(self._slot_keys(state, wanted[0]))
        return self.says(" ".join(self._slot_words(state, name) for name in wanted), listen)

    def _brings_up(self, state: State, listen: Listen) -> CallerMove:
        """Says something of his own, if it means anything here."""
        allowed = sorted(
            {intent for rule in self._script.rules_in(state) for intent in rule.intents}
            & self._script.intents.keys()
        )
        if not allowed:
            return self.babbles(listen)
        weights = [
            self.persona.says.get(intent, 0) * 10 + (0.05 if intent in _RARE else 0.3)
            for intent in allowed
        ]
        [intent] = self._chance.choices(allowed, weights)
        text = words.intent_words(self._script, intent, self._chance, heard=True)
        if self._chance.random() < _DOUBLED:
            other = words.intent_words(self._script, self._chance.choice(allowed), self._chance)
            text = f"{text}, ale {other}"
        return self.says(text, listen)

    # ---- on purpose ------------------------------------------------------------------------

    def tries(self, rule: Rule, state: State, listen: Listen) -> CallerMove:
        """What ought to take this rule of the state, as far as can be told beforehand."""
        chance = self._chance
        hints = hints_of(rule.condition)
        spec = state.listen
        slots = {} if spec is None else spec.slots
        wanted = list(rule.filled)
        if not rule.intents and not wanted:
            wanted = [name for name in slots if name in hints.names]
            if hints.is_changed:
                wanted = [name for name, slot in slots.items() if slot.kind in ("amount", "date")]
        intents = [name for name in sorted(rule.intents) if name in self._script.intents]
        intents = intents or list(hints.one_of("intent"))
        keyed = [key for key, intent in self._script.keys.items() if intent in rule.intents]
        if keyed and chance.random() < 0.2:
            return self.keys(chance.choice(keyed))
        if wanted and (hints.is_keyed or chance.random() < 0.1):
            return self.keys(self._slot_keys(state, chance.choice(wanted)))
        parts = self._parts(state, hints, wanted, intents)
        if rule.go in STAYING and rule.say and intents and chance.random() < 0.3:
            # Said beside something else: it may be all that can be answered of it here.
            parts.insert(0, self._something_else(state, intents))
        is_doubtful = hints.is_doubtful or (not rule.intents and chance.random() < 0.1)
        confidence = chance.choice(_DOUBTFUL) if is_doubtful else _SURE
        return self.says(" ".join(parts), listen, noise=0.0, confidence=confidence)

    def _something_else(self, state: State, intents: list[str]) -> str:
        chance = self._chance
        spec = state.listen
        if spec is not None and spec.slots and chance.random() < 0.7:
            return f"{self._slot_words(state, chance.choice(list(spec.slots)))}, a"
        others = sorted(
            {intent for rule in state.rules for intent in rule.intents}
            & self._script.intents.keys() - set(intents)
        )
        if not others:
            return "proszę poczekać, a"
        return f"{words.intent_words(self._script, chance.choice(others), chance)}, a"

    def _parts(
        self, state: State, hints: ConditionHints, wanted: list[str], intents: list[str]
    ) -> list[str]:
        chance = self._chance
        parts: list[str] = []
        if intents:
            parts.append(words.intent_words(self._script, chance.choice(intents), chance))
        problems = [name for name in hints.one_of("problem") if name in words.PROBLEMS]
        if problems:
            parts.append(chance.choice(words.PROBLEMS[chance.choice(problems)]))
        for name in wanted:
            answers = [value for value in hints.one_of(name) if value in words.ANSWERS]
            if answers:
                parts.append(chance.choice(words.ANSWERS[chance.choice(answers)]))
            else:
                parts.append(self._slot_words(state, name, odd=0.35))
        return parts

    def babbles(self, listen: Listen) -> CallerMove:
        """Words that mean nothing here; sometimes badly heard, or not at all."""
        if self._hearing is None and self._chance.random() < 0.1:
            return CallerMove(UserTurn(confidence=0.0))
        return self.says(self._chance.choice(words.GIBBERISH), listen, noise=0.0)

    def says(
        self,
        text: str,
        listen: Listen,
        noise: float | None = None,
        confidence: float | None = None,
    ) -> CallerMove:
        chance, persona = self._chance, self.persona
        spoilt = misheard(text, chance, persona.noise if noise is None else noise)
        if confidence is None:
            doubtful = chance.random() < persona.doubtful
            confidence = chance.choice(_DOUBTFUL) if doubtful else _SURE
        alternatives: tuple[str, ...] = (
            (misheard(text, chance, 0.5),) if chance.random() < 0.15 else ()
        )
        if self._hearing is not None:
            heard = self._hearing(text, listen)
            spoilt, confidence, alternatives = heard.text, heard.confidence, heard.alternatives
        has_barged_in = chance.random() < persona.barge_in
        over: SpokenOver = ""
        if has_barged_in and chance.random() < 0.4:
            over = chance.choice(("prompt", "disclosure"))
        is_clear = spoilt == text and confidence >= _SURE and not has_barged_in
        turn = UserTurn(
            text=spoilt,
            confidence=confidence,
            alternatives=alternatives,
            has_barged_in=has_barged_in and not over,
            over=over,
            has_heard_question=not has_barged_in,
            mood=self._next_mood(),
        )
        return CallerMove(turn, self._voice.clear_meaning(text) if is_clear else "")

    def keys(self, digits: str) -> CallerMove:
        return CallerMove(UserTurn(digits=digits, mood=self._mood))

    # ---- his own ---------------------------------------------------------------------------

    def _slot_words(self, state: State, name: str, odd: float | None = None) -> str:
        spec = state.listen
        if spec is None or name not in spec.slots:
            return ""
        chance = self._chance
        value = self._known_value(name)
        if value:
            return words.fact_words(self._voice.facts.fact(name), value, chance)
        is_odd = chance.random() < (self.persona.odd if odd is None else odd)
        return words.slot_words(spec.slots[name], chance, is_odd=is_odd)

    def _slot_keys(self, state: State, name: str) -> str:
        spec = state.listen
        if spec is None or name not in spec.slots:
            return "1"
        value = self._known_value(name)
        if value:
            return words.fact_keys(self._voice.facts.fact(name), value)
        return words.slot_keys(spec.slots[name], self._chance)

    def _known_value(self, name: str) -> str:
        """What his letter or his memory tells; empty where it doesn't, or he errs."""
        knows = 0.93 if self.persona.knows_facts else 0.1
        if self._voice.facts.fact(name) == "case_number":
            knows = 0.97  # whoever opened the letter can read the number
        return self._voice.facts.value(name, self._truth) if self._chance.random() < knows else ""

    def _next_mood(self) -> Mood:
        if self._is_angry and self._mood.hits < 3 and self._chance.random() < 0.4:
            self._mood = Mood(anger=0.7, calm=0.2, distress=0.1, hits=self._mood.hits + 1)
        return self._mood
