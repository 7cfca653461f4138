"""Holds the conversation that a script describes. No I/O: events in, actions out, time told.

The same script, seed, events and times give the same actions, so a recorded call can be replayed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from voicebot.dialogue.actions import (
    Action,
    CallerLeft,
    DialogueEvent,
    HangUp,
    Listen,
    NoInput,
    QueryAnswered,
    RecordEvent,
    Say,
    SystemFailed,
    TimeRanOut,
    UserTurn,
)
from voicebot.dialogue.answer_completeness import Completeness, completeness
from voicebot.dialogue.backchannels import is_backchannel
from voicebot.dialogue.deeds import Deeds, of_kind, plain
from voicebot.dialogue.doubt import Doubt
from voicebot.dialogue.intent_model_store import default_folder
from voicebot.dialogue.look_ahead import LookAhead
from voicebot.dialogue.nlu import ExampleClassifier, IntentClassifier
from voicebot.dialogue.script import (
    EXPERIMENT,
    LISTEN,
    STAYING,
    QuerySpec,
    Reference,
    Rule,
    Script,
    Spoken,
    State,
)
from voicebot.dialogue.state import Guess, Understanding, first_state
from voicebot.dialogue.trail import Edge
from voicebot.dialogue.turn_reader import Choice, Reading, TurnReader
from voicebot.dialogue.walker import Walker
from voicebot.records import Disposition

_MAX_ALTERNATIVES = 4
_MASKED = "***"


def make_classifier(script: Script, cache: Path | None = None) -> IntentClassifier:
    """The classifier for a script's intents; share it between calls.

    Takes seconds where their examples are new, else a moment: what was learnt is kept in `cache`,
    a folder (None: that of the user).
    """
    return ExampleClassifier(script.intents, cache or default_folder())


class DialogueEngine:
    """One conversation. Call `start` once, then `handle` with every event until `HangUp`.

    Every answer ends with Listen, Query or HangUp. After HangUp any further event is
    answered with the same HangUp.
    """

    def __init__(
        self,
        script: Script,
        classifier: IntentClassifier,
        variables: Mapping[str, object],
        timezone: ZoneInfo,
        seed: str = "",
        is_written: bool = False,
    ) -> None:
        """seed: draws the wordings and the arms of experiments; the first of each without one.
        is_written: the conversation is read, not heard: amounts and dates have digits.
        """
        self._script = script
        self._timezone = timezone
        self._kinds = script.kinds
        self._state = first_state(script, variables, seed)
        self._reader = TurnReader(script, classifier)
        self._deeds = Deeds(script, is_written)
        self._walker = Walker(script, self._deeds)
        self._doubt = Doubt(script)
        self._secrets = script.secret_variables
        self.last_understanding: Understanding | None = None

    @property
    def state_name(self) -> str:
        return self._state.name

    @property
    def disposition(self) -> Disposition:
        """What the call has come to so far; what it ends with when the caller leaves now."""
        return self._state.disposition

    @property
    def variables(self) -> Mapping[str, object]:
        """What is known so far, by the script's names. To be read only."""
        return self._state.variables

    @property
    def n_not_understood(self) -> int:
        """Turns so far that answered nothing."""
        return self._state.no_match_in_call

    def take_trail(self) -> list[Edge]:
        """The ways that were taken through the script since this was last asked."""
        trail, self._state.trail = self._state.trail, []
        return trail

    def copy(self) -> DialogueEngine:
        """Another engine that remembers the same. What it is told is nothing to this one, so a
        guess may be handled by a copy, which then takes this one's place or is dropped."""
        twin = copy.copy(self)
        twin._state = self._state.copy()
        return twin

    def completeness(self, text: str, now: datetime) -> Completeness:
        """Whether what is recognised so far answers the question of this state whole."""
        question = self._reader.question(self._state)
        if question is None:
            return Completeness.OPEN
        return completeness(text, question, now.astimezone(self._timezone))

    def possible_says(self, now: datetime) -> list[Say]:
        """What may be said after the caller's next turn and could be synthesised by now: prompts
        with variables, all of them known. The likeliest first."""
        return LookAhead(self._script, self._new_turn(now)).says(self._state)

    def doubtful_intents(self, turn: UserTurn, now: datetime) -> dict[str, str]:
        """What a turn may mean that is not understood surely: intents and what they are called.
        Empty where there is nothing to advise on. Changes nothing."""
        if self._state.is_over or self._state.awaited_query or self._state.guess is not None:
            return {}
        rules = self._reader.rules_for(self._here, turn)
        local = now.astimezone(self._timezone)
        return self._reader.doubtful_intents(self._state, rules, turn, local)

    def start(self, now: datetime) -> list[Action]:
        """Greet the caller. now: UTC-aware, as everywhere here."""
        self._begin_turn(now)
        arms: dict[str, object] = {
            name: self._state.variables[f"{EXPERIMENT}.{name}"] for name in self._script.experiments
        }
        noted: list[Action] = [RecordEvent(EXPERIMENT, arms)] if arms else []
        return self._walker.enter(self._state, self._script.start, noted)

    def handle(self, event: DialogueEvent, now: datetime) -> list[Action]:
        """Answer one event. Never raises because of what was said, keyed or answered."""
        state = self._state
        if state.is_over:
            if isinstance(event, SystemFailed) and event.promise_lost:
                # A script may hang up in the very answer that promised.
                state.disposition = Disposition.ERROR
            return [HangUp(state.end_reason, state.disposition)]
        self._begin_turn(now)
        if isinstance(event, CallerLeft):
            return self._walker.end(self._state, "caller left", state.disposition)
        if isinstance(event, TimeRanOut | SystemFailed):
            return self._break_off(event)
        if isinstance(event, QueryAnswered):
            return self._interject(self._handle_answer(event))
        if state.awaited_query:
            # Only an answer helps here; the question is put again so that it can't get lost.
            return [self._walker.query(self._state)]
        state.n_turns += 1
        if state.n_turns > self._script.limits.turns:
            return self._handle_urgent(event, now.astimezone(self._timezone)) or self._give_up()
        if isinstance(event, NoInput):
            return self._handle_no_input()
        state.mood = event.mood
        state.turn.update(state.mood.scope)
        return self._interject(self._handle_turn(event, now.astimezone(self._timezone)))

    # ---- events -----------------------------------------------------------------------------

    def _begin_turn(self, now: datetime) -> None:
        self._state.turn = self._new_turn(now)

    def _new_turn(self, now: datetime) -> dict[str, object]:
        return {
            "today": now.astimezone(self._timezone).date(),
            "intent": "",
            "score": 0,
            "other_intent": "",
            "confidence": 1,
            "clarity": 1,
            "by_keys": False,
            "changed": False,
            "problem": "",
            "said_day": None,
            "said": "",
            "guess": "",
            **self._state.mood.scope,
        }

    def _handle_urgent(self, event: NoInput | UserTurn, now: datetime) -> list[Action]:
        """However long the call has been: a cry for help, or for a human, is never talked over."""
        if not isinstance(event, UserTurn) or event.digits:
            return []
        rules = [
            rule for rule in self._script.anywhere if rule.is_priority and rule.go not in STAYING
        ]
        reading = self._reader.read(self._state, rules, event.text, event.confidence, now)
        choice = self._choose(rules, reading)
        return [] if choice is None else self._follow(choice)

    def _give_up(self) -> list[Action]:
        """The conversation went in circles for too long."""
        if self._state.n_turns > self._script.limits.turns + 1:
            return self._walker.end(self._state, "too many turns", self._state.disposition)
        return self._walker.leave(self._state, "too_long", 0, self._script.too_long_state)

    def _break_off(self, event: TimeRanOut | SystemFailed) -> list[Action]:
        self._state.awaited_query = ""
        if isinstance(event, TimeRanOut):
            return self._walker.leave(self._state, "too_long", 0, self._script.too_long_state)
        if event.promise_lost:
            self._state.disposition = Disposition.ERROR
        return self._walker.leave(self._state, "failure", 0, self._script.failure_state)

    def _handle_answer(self, event: QueryAnswered) -> list[Action]:
        state = self._state
        query = self._here.query
        if query is None or not state.awaited_query or event.name != state.awaited_query:
            return [self._walker.query(self._state)] if state.awaited_query else [self._listen()]
        state.awaited_query = ""
        if not set(query.save.values()) <= set(event.data):
            # The directory could not answer (database down, caller not verified).
            return self._walker.leave(self._state, "failure", 0, self._script.failure_state)
        for variable, key in query.save.items():
            state.variables[variable] = of_kind(self._kinds[variable], event.data[key])
        if query.until and state.variables[query.until] is False and self._take_other(query):
            state.awaited_query = query.name
            return [self._walker.query(self._state)]
        branch = self._walker.branch(state, self._here)
        return self._walker.follow(state, branch, "answer", [])

    def _take_other(self, query: QuerySpec) -> bool:
        """Put another reading of the last utterance in the query's variables; False: none is left.

        All readings of one utterance are one try: the caller said one thing, and what differs is
        our hearing. A stranger gains little by it: the readings are few and differ in a digit.
        """
        for value in query.args.values():
            if isinstance(value, Reference):
                others = self._state.other_values.get(value.variable)
                if others:
                    self._state.variables[value.variable] = others.pop(0)
                    return True
        return False

    def _handle_no_input(self) -> list[Action]:
        state = self._state
        state.guess = None
        state.no_input_here += 1
        state.no_input_in_call += 1
        ladder = self._here.no_input or self._script.no_input
        if state.no_input_in_call > self._script.no_input.per_call:
            ladder = self._script.no_input
            return self._walker.leave(self._state, "no_input", ladder.line, ladder.then)
        return self._walker.climb(state, "no_input", ladder, state.no_input_here)

    def _handle_turn(self, turn: UserTurn, now: datetime) -> list[Action]:
        state = self._state
        guess, state.guess = state.guess, None
        if turn.has_barged_in and not turn.digits and self._is_backchannel(turn, guess is not None):
            state.guess = guess
            return [self._listen()]
        state.other_values = {}
        state.turn["clarity"] = 1.0 if turn.digits else turn.confidence
        if guess is not None:
            answered = self._take_answer(guess, turn, now)
            if answered is not None:
                return answered
        rules = self._reader.rules_for(self._here, turn)
        if turn.digits:
            choice = self._choose(rules, self._reader.read_keys(state, turn.digits, now))
            return self._handle_no_match(turn) if choice is None else self._follow(choice)
        readings = (turn.text, *turn.alternatives[:_MAX_ALTERNATIVES])
        for n, text in enumerate(readings):
            # A second-best reading may fill a slot, which is read back, but decides nothing.
            confidence = turn.confidence if n == 0 else min(turn.confidence, 0.01)
            reading = self._reader.read(state, rules, text, confidence, now)
            if turn.hinted_intent and n == 0:
                reading = self._reader.with_hint(rules, reading, turn.hinted_intent)
            choice = self._choose(rules, reading, is_first=n == 0)
            if choice is None:
                continue
            if self._doubt.is_in(choice, reading):
                if turn.over or choice.meaning.intent in state.denied:
                    continue
                return self._ask_whether(Guess(choice.meaning.intent, text, confidence))
            self._keep_others(choice.rule, readings[n + 1 :], now)
            return self._follow(choice)
        return self._handle_no_match(turn)

    def _handle_no_match(self, turn: UserTurn) -> list[Action]:
        state = self._state
        self._reader.forget_turn_slots(state)
        if turn.over:
            return [self._listen()]
        is_unclear = not turn.digits and turn.confidence < self._script.limits.min_confidence
        state.no_match_here += 1
        state.no_match_in_call += 1
        if state.no_match_in_call > self._script.no_match.per_call:
            ladder = self._script.no_match
            return self._walker.leave(self._state, "no_match", ladder.line, ladder.then)
        ladder = self._here.no_match or self._script.no_match
        lead = self._script.unclear_prompt if is_unclear else ""
        return self._walker.climb(state, "no_match", ladder, state.no_match_here, lead)

    def _is_backchannel(self, turn: UserTurn, has_guessed: bool) -> bool:
        listen = self._here.listen
        asked = listen.kind if listen is not None and turn.has_heard_question else "none"
        return is_backchannel(turn.text, "yes_no" if has_guessed else asked)

    def _interject(self, actions: list[Action]) -> list[Action]:
        """The answer with what the script wants said before it; not to one who is let go."""
        if isinstance(actions[-1], HangUp) or not any(isinstance(item, Say) for item in actions):
            return actions
        scope = self._state.scope
        for interjection in self._script.interjections:
            if interjection not in self._state.interjected and interjection.condition.holds(scope):
                self._state.interjected |= {interjection}
                return [*self._deeds.say(self._state, interjection.say), *actions]
        return actions

    def _keep_others(self, rule: Rule, readings: tuple[str, ...], now: datetime) -> None:
        """Remember what else the slots of the rule may be, for queries with `until`."""
        for text in readings:
            filled = self._reader.fill(self._state, text, 0.0, now)
            for name in rule.filled:
                others = self._state.other_values.setdefault(name, [])
                value = filled.values.get(name)
                if value not in (None, self._state.variables[name], *others):
                    others.append(value)

    # ---- understanding --------------------------------------------------------------------

    def _choose(
        self, rules: list[Rule], reading: Reading, *, is_first: bool = True
    ) -> Choice | None:
        """The choice of a rule, with the turn's variables and slots set for it."""
        state = self._state
        state.turn.update(self._reader.turn_variables(state, reading))
        if is_first:
            self.last_understanding = self._understanding(reading)
        self._reader.forget_turn_slots(state)
        before = dict(state.variables)
        state.variables.update(reading.filled.values)
        choice = self._reader.choose(state, rules, reading)
        if choice is None:
            state.variables = before
            return None
        if choice.rule.go in STAYING and choice.rule not in self._here.rules:
            # It is answered and the question put again, in the old words: a value that came with
            # it would be agreed to without having been read back.
            state.variables = before
        others = [m.intent for m in reading.meanings if m.intent != choice.meaning.intent]
        state.turn.update(
            intent=choice.meaning.intent,
            score=choice.meaning.score,
            other_intent=others[0] if others else "",
        )
        return choice

    def _understanding(self, reading: Reading) -> Understanding:
        best = reading.best
        return Understanding(
            intent=best.intent if best.score >= self._script.limits.min_score else "",
            score=best.score,
            slots={
                name: _MASKED if name in self._secrets else plain(value)
                for name, value in reading.filled.values.items()
            },
            state=self._state.name,
            other_intents=tuple(meaning.intent for meaning in reading.meanings[1:]),
        )

    def _follow(self, choice: Choice) -> list[Action]:
        state = self._state
        state.no_input_here = 0
        before: list[Action] = []
        if choice.aside is not None:
            state.pass_edge("rule", choice.aside.line, choice.aside.go)
            before = self._walker.on_the_way(state, choice.aside)
        return self._walker.follow(state, choice.rule, "rule", before)

    # ---- doubt ------------------------------------------------------------------------------

    def _ask_whether(self, guess: Guess) -> list[Action]:
        """Ask whether he meant it; until he says so, nothing follows from it."""
        state = self._state
        state.guess = guess
        state.turn["guess"] = self._script.intents[guess.intent].named
        state.pass_edge("no_match", 0, LISTEN)
        return [*self._deeds.say(state, [Spoken(self._script.unsure_prompt)]), self._listen()]

    def _take_answer(self, guess: Guess, turn: UserTurn, now: datetime) -> list[Action] | None:
        """What follows from a yes or no to the question; None where he said something else.

        After a yes his words are read again, as if they had been surely understood at once.
        """
        state = self._state
        answer = self._doubt.answer(turn)
        if answer:
            reading = self._reader.confirmed(state, guess, now)
            choice = self._choose(list(self._script.rules_in(self._here)), reading)
            if choice is not None:
                return self._follow(choice)
        state.denied |= {guess.intent}
        return None if answer is None else self._handle_no_match(turn)

    def _listen(self) -> Listen:
        spec = self._here.listen
        if spec is not None and self._state.guess is not None:
            return self._doubt.listen(spec)
        return self._walker.listen(self._state)

    @property
    def _here(self) -> State:
        return self._script.states[self._state.name]
