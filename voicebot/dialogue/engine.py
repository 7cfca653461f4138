"""Holds the conversation that a script describes. No I/O: events in, actions out, time told.

The same script, events and times give the same actions, so a recorded call can be replayed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from voicebot.dialogue.actions import (
    Action,
    CallerLeft,
    DialogueEvent,
    HangUp,
    Listen,
    NoInput,
    Query,
    QueryAnswered,
    RecordCallback,
    RecordEvent,
    RecordPromise,
    Say,
    StopEmotion,
    StopRecording,
    SystemFailed,
    TimeRanOut,
    Transfer,
    UserTurn,
)
from voicebot.dialogue.answer_completeness import Completeness, Question, completeness
from voicebot.dialogue.backchannels import is_backchannel
from voicebot.dialogue.look_ahead import SLOW_RATE, LookAhead
from voicebot.dialogue.mood import UNKNOWN_MOOD
from voicebot.dialogue.nlu import ExampleClassifier, IntentClassifier
from voicebot.dialogue.script import (
    AGAIN,
    EMOTION,
    IS_EMOTION_READ,
    IS_RECORDED,
    LISTEN,
    OTHER_INTENT,
    REPEAT,
    ClearVariables,
    DropEmotion,
    DropRecording,
    HandOver,
    Ladder,
    NoteCallback,
    NoteEvent,
    NotePromise,
    QuerySpec,
    Reference,
    Rule,
    Script,
    SetOutcome,
    SetVariables,
    Spoken,
    State,
    Step,
)
from voicebot.dialogue.slots import FilledSlots, fill_from_keys, fill_from_text
from voicebot.dialogue.state import Understanding, first_state
from voicebot.records import Disposition

_MAX_HOPS = 50
_MAX_ALTERNATIVES = 4
_MASKED = "***"
_COMMON_SLOTS = frozenset({"amount", "date"})
_PROMISED = frozenset({Disposition.PTP_FULL, Disposition.PTP_PARTIAL})


def make_classifier(script: Script) -> IntentClassifier:
    """The classifier for a script's intents. Takes up to a second; share it between calls."""
    return ExampleClassifier(script.intents)


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
    ) -> None:
        self._script = script
        self._classifier = classifier
        self._timezone = timezone
        self._kinds = script.kinds
        self._state = first_state(script, variables)
        self._turn_scope: dict[str, object] = {}
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

    def copy(self) -> DialogueEngine:
        """Another engine that remembers the same. What it is told is nothing to this one, so a
        guess may be handled by a copy, which then takes this one's place or is dropped."""
        twin = copy.copy(self)
        twin._state = self._state.copy()
        twin._turn_scope = dict(self._turn_scope)
        return twin

    def completeness(self, text: str, now: datetime) -> Completeness:
        """Whether what is recognised so far answers the question of this state whole."""
        listen = self._here.listen
        if listen is None:
            return Completeness.OPEN
        slots = listen.slots.values()
        balances = (self._state.variables.get(slot.balance) for slot in slots if slot.balance)
        question = Question(
            listen.kind,
            listen.max_digits,
            listen.phrases,
            frozenset(slot.kind for slot in slots),
            next((balance for balance in balances if isinstance(balance, int)), None),
        )
        return completeness(text, question, now.astimezone(self._timezone))

    def possible_says(self, now: datetime) -> list[Say]:
        """What may be said after the caller's next turn and could be synthesised by now: prompts
        with variables, all of them known. The likeliest first."""
        return LookAhead(self._script, self._new_turn(now)).says(self._state)

    def start(self, now: datetime) -> list[Action]:
        """Greet the caller. now: UTC-aware, as everywhere here."""
        self._begin_turn(now)
        return self._enter(self._script.start)

    def handle(self, event: DialogueEvent, now: datetime) -> list[Action]:
        """Answer one event. Never raises because of what was said, keyed or answered."""
        state = self._state
        if state.is_over:
            return [HangUp(state.end_reason, state.disposition)]
        self._begin_turn(now)
        if isinstance(event, CallerLeft):
            return self._end("caller left", state.disposition)
        if isinstance(event, TimeRanOut | SystemFailed):
            return self._break_off(event)
        if isinstance(event, QueryAnswered):
            return self._interject(self._handle_answer(event))
        if state.awaited_query:
            # Only an answer helps here; the question is put again so that it can't get lost.
            return [self._query(self._here)]
        state.n_turns += 1
        if state.n_turns > self._script.limits.turns:
            return self._give_up()
        if isinstance(event, NoInput):
            return self._handle_no_input()
        state.mood = event.mood
        self._turn_scope.update(state.mood.scope)
        return self._interject(self._handle_turn(event, now.astimezone(self._timezone)))

    # ---- events -----------------------------------------------------------------------------

    def _begin_turn(self, now: datetime) -> None:
        self._turn_scope = self._new_turn(now)

    def _new_turn(self, now: datetime) -> dict[str, object]:
        return {
            "today": now.astimezone(self._timezone).date(),
            "intent": "",
            "score": 0,
            "confidence": 1,
            "clarity": 1,
            "by_keys": False,
            "changed": False,
            "problem": "",
            "said_day": None,
            **self._state.mood.scope,
        }

    def _give_up(self) -> list[Action]:
        """The conversation went in circles for too long."""
        if self._state.n_turns > self._script.limits.turns + 1:
            return self._end("too many turns", self._state.disposition)
        return self._enter(self._script.too_long_state)

    def _break_off(self, event: TimeRanOut | SystemFailed) -> list[Action]:
        self._state.awaited_query = ""
        if isinstance(event, TimeRanOut):
            return self._enter(self._script.too_long_state)
        if event.promise_lost:
            self._state.disposition = Disposition.ERROR
        return self._enter(self._script.failure_state)

    def _handle_answer(self, event: QueryAnswered) -> list[Action]:
        state = self._state
        query = self._here.query
        if query is None or not state.awaited_query or event.name != state.awaited_query:
            return [self._query(self._here)] if state.awaited_query else [self._listen()]
        state.awaited_query = ""
        if not set(query.save.values()) <= set(event.data):
            # The directory could not answer (database down, caller not verified).
            return self._enter(self._script.failure_state)
        for variable, key in query.save.items():
            state.variables[variable] = _of_kind(self._kinds[variable], event.data[key])
        if query.until and state.variables[query.until] is False and self._take_other(query):
            state.awaited_query = query.name
            return [self._query(self._here)]
        return self._follow(self._branch(self._here))

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
        state.no_input_here += 1
        state.no_input_in_call += 1
        ladder = self._here.no_input or self._script.no_input
        if state.no_input_in_call > self._script.no_input.per_call:
            return self._enter(self._script.no_input.then)
        return self._climb(ladder, state.no_input_here, lead="")

    def _handle_turn(self, turn: UserTurn, now: datetime) -> list[Action]:
        if turn.has_barged_in and not turn.digits and self._is_backchannel(turn):
            return [self._listen()]
        readings = (turn.text, *turn.alternatives[:_MAX_ALTERNATIVES])
        self._state.other_values = {}
        self._turn_scope["clarity"] = 1.0 if turn.digits else turn.confidence
        for n, text in enumerate(readings):
            # A second-best reading may fill a slot, which is read back, but decides nothing.
            confidence = turn.confidence if n == 0 else min(turn.confidence, 0.01)
            rule = self._understand(
                self._rules_for(turn), turn.digits, text, confidence, now, is_first=n == 0
            )
            if rule is not None:
                self._state.no_input_here = 0
                if not turn.digits:
                    self._keep_others(rule, readings[n + 1 :], now)
                return self._follow(rule)
        self._forget_turn_slots()
        if turn.over:
            return [self._listen()]
        is_unclear = not turn.digits and turn.confidence < self._script.limits.min_confidence
        self._state.no_match_here += 1
        self._state.no_match_in_call += 1
        if self._state.no_match_in_call > self._script.no_match.per_call:
            return self._enter(self._script.no_match.then)
        ladder = self._here.no_match or self._script.no_match
        return self._climb(
            ladder, self._state.no_match_here, self._script.unclear_prompt if is_unclear else ""
        )

    def _is_backchannel(self, turn: UserTurn) -> bool:
        listen = self._here.listen
        asked = listen.kind if listen is not None and turn.has_heard_question else "none"
        return is_backchannel(turn.text, asked)

    def _interject(self, actions: list[Action]) -> list[Action]:
        """The answer with what the script wants said before it; not to one who is let go."""
        if isinstance(actions[-1], HangUp) or not any(isinstance(item, Say) for item in actions):
            return actions
        scope = self._scope()
        for interjection in self._script.interjections:
            if interjection not in self._state.interjected and interjection.condition.holds(scope):
                self._state.interjected |= {interjection}
                return [*self._say(interjection.say), *actions]
        return actions

    def _keep_others(self, rule: Rule, readings: tuple[str, ...], now: datetime) -> None:
        """Remember what else the slots of the rule may be, for queries with `until`."""
        for text in readings:
            filled = self._fill("", text, 0.0, now)
            for name in rule.filled:
                others = self._state.other_values.setdefault(name, [])
                value = filled.values.get(name)
                if value not in (None, self._state.variables[name], *others):
                    others.append(value)

    def _climb(self, ladder: Ladder, n_th: int, lead: str) -> list[Action]:
        """Say the prompt for the n-th failure and ask again, or go where the ladder ends.

        lead: said in place of the first prompt.
        """
        if n_th > len(ladder.prompts):
            return self._enter(ladder.then)
        prompt_id = lead if lead and n_th == 1 else ladder.prompts[n_th - 1]
        return [*self._say([Spoken(prompt_id)]), *self._ask_again()]

    # ---- understanding --------------------------------------------------------------------

    def _rules_for(self, turn: UserTurn) -> list[Rule]:
        """What he says over a disclosure answers no question: the question was not put yet.
        And what would only have it asked again is being asked already ("halo?", "mhm")."""
        rules = list(self._script.rules_in(self._here))
        if turn.over:
            rules = [rule for rule in rules if rule.say or rule.go != AGAIN]
        if turn.over == "disclosure":
            anywhere = [rule for rule in self._script.anywhere if rule.go != REPEAT]
            rules = [rule for rule in rules if rule.filled or rule in anywhere]
        return rules

    def _understand(
        self,
        rules: list[Rule],
        digits: str,
        text: str,
        confidence: float,
        now: datetime,
        *,
        is_first: bool,
    ) -> Rule | None:
        """The rule to follow, with the turn's variables set for it; None: no rule fits."""
        here = self._here
        filled = self._fill(digits, text, confidence, now)
        intent, score = "", 0.0
        if digits:
            if not filled.values:
                intent = self._script.keys.get(digits.rstrip("#") or digits, "")
                score = 1.0 if intent else 0.0
        else:
            allowed = frozenset(name for rule in rules for name in rule.intents)
            meaning = self._classifier.classify(text, allowed | {OTHER_INTENT})
            if meaning is not None and meaning.intent != OTHER_INTENT:
                intent, score = meaning.intent, meaning.score
        before = self._state.variables
        self._turn_scope.update(
            intent=intent,
            score=score,
            confidence=1.0 if digits else confidence,
            by_keys=bool(digits),
            problem=filled.problem,
            said_day=filled.said_day,
            changed=any(
                value != before.get(name)
                for name, value in filled.values.items()
                if here.listen is not None and here.listen.slots[name].kind != "yes_no"
            ),
        )
        if is_first:
            self.last_understanding = Understanding(
                intent=intent if score >= self._script.limits.min_score else "",
                score=score,
                slots={
                    name: _MASKED if name in self._secrets else _plain(value)
                    for name, value in filled.values.items()
                },
                state=self._state.name,
            )
        return self._choose(rules, filled, 1.0 if digits else confidence)

    def _fill(self, digits: str, text: str, confidence: float, now: datetime) -> FilledSlots:
        listen = self._here.listen
        if listen is None:
            return FilledSlots()
        if digits:
            return fill_from_keys(listen.slots, digits, now)
        slots = {
            name: slot
            for name, slot in listen.slots.items()
            # Amounts, dates and digits are read back or compared; a doubtful yes would count.
            if slot.kind != "yes_no" or confidence >= self._script.limits.min_confidence
        }
        balances_gr = {
            name: balance
            for name, slot in slots.items()
            if isinstance(balance := self._state.variables.get(slot.balance), int)
        }
        return fill_from_text(slots, text, balances_gr, now)

    def _choose(self, rules: list[Rule], filled: FilledSlots, confidence: float) -> Rule | None:
        """The first rule that fits, in the order of _rank. Keeps its slots."""
        self._forget_turn_slots()
        kept = dict(self._state.variables)
        self._state.variables.update(filled.values)
        scope = self._scope()
        elsewhere = self._surely_meant_elsewhere(filled)
        for rule in sorted(rules, key=lambda rule: _rank(rule, elsewhere)):
            if self._fits(rule, filled, confidence, scope):
                return rule
        self._state.variables = kept
        return None

    def _surely_meant_elsewhere(self, filled: FilledSlots) -> str:
        """An intent that is meant surely and has no rule in this state; empty: none.

        "Oddzwońcie jutro" has a date in it and still is no promise: such an intent goes before
        slots that any sentence may fill.
        """
        listen, intent, score = (
            self._here.listen,
            self._turn_scope["intent"],
            self._turn_scope["score"],
        )
        is_sure = isinstance(score, int | float) and score >= self._script.limits.sure_score
        is_common = listen is not None and all(
            listen.slots[name].kind in _COMMON_SLOTS for name in filled.values
        )
        is_elsewhere = not any(intent in own.intents for own in self._here.rules)
        is_found = is_sure and is_common and is_elsewhere and bool(filled.values)
        return str(intent) if is_found else ""

    def _fits(
        self, rule: Rule, filled: FilledSlots, confidence: float, scope: Mapping[str, object]
    ) -> bool:
        limits = self._script.limits
        if rule.intents:
            score = self._turn_scope["score"]
            if self._turn_scope["intent"] not in rule.intents or not isinstance(score, int | float):
                return False
            is_certain = score >= 1
            if confidence < limits.min_confidence and not (rule.is_priority and is_certain):
                return False
            has_slot = bool(filled.values) and not rule.filled
            if score < (limits.sure_score if has_slot else limits.min_score):
                return False
        if any(name not in filled.values for name in rule.filled):
            return False
        return rule.condition is None or rule.condition.holds(scope)

    def _forget_turn_slots(self) -> None:
        """A yes or no answers one question only: it must not be found here later."""
        listen = self._here.listen
        for name, slot in listen.slots.items() if listen is not None else ():
            if slot.kind in {"yes_no", "words", "time"}:
                self._state.variables[name] = None

    # ---- acting ---------------------------------------------------------------------------

    @property
    def _here(self) -> State:
        return self._script.states[self._state.name]

    def _scope(self) -> dict[str, object]:
        return {**self._turn_scope, **self._state.variables}

    def _follow(self, rule: Rule) -> list[Action]:
        actions = self._do(rule.steps)
        says = self._say(rule.say)
        if rule.go == REPEAT:
            repeated = tuple(replace(say, rate=SLOW_RATE) for say in self._state.last_says)
            return [*actions, *says, *repeated, self._listen()]
        if rule.go == AGAIN:
            return [*actions, *says, *self._ask_again()]
        if rule.go == LISTEN:
            return [*actions, *says, self._listen()]
        return self._enter(rule.go, [*actions, *says])

    def _enter(self, name: str, before: list[Action] | None = None) -> list[Action]:
        """Go to a state and on through those that neither listen, ask nor end."""
        actions = before or []
        for _ in range(_MAX_HOPS):
            self._state.move_to(name)
            state = self._here
            actions += self._do(state.steps)
            actions += self._say(state.say)
            if state.listen is not None:
                self._state.last_says = tuple(item for item in actions if isinstance(item, Say))
                return [*actions, self._listen()]
            if state.query is not None:
                self._state.awaited_query = state.query.name
                return [*actions, self._query(state)]
            if state.ending is not None:
                disposition = state.ending.disposition or self._state.disposition
                return [*actions, *self._end(state.ending.reason, disposition)]
            branch = self._branch(state)
            actions += self._do(branch.steps)
            actions += self._say(branch.say)
            name = branch.go
        return [*actions, *self._end("script goes in circles", Disposition.ERROR)]

    def _branch(self, state: State) -> Rule:
        """The first branch that holds; the loader sees to it that the last one always does."""
        scope = self._scope()
        return next(
            rule for rule in state.rules if rule.condition is None or rule.condition.holds(scope)
        )

    def _end(self, reason: str, disposition: Disposition) -> list[Action]:
        self._state.disposition = disposition
        self._state.end_reason = reason
        self._state.is_over = True
        return [HangUp(reason, disposition)]

    def _ask_again(self) -> list[Action]:
        """The state's short question, or what was said last where it has none."""
        says: list[Action] = self._say(self._here.reask) if self._here.reask else []
        if not says:
            says = list(self._state.last_says[-1:])
        return [*says, self._listen()]

    def _say(self, spoken: tuple[Spoken, ...] | list[Spoken]) -> list[Action]:
        actions: list[Action] = []
        scope = self._scope()
        for item in spoken:
            if item.condition is not None and not item.condition.holds(scope):
                continue
            prompt = self._script.prompts[item.prompt_id]
            actions.append(
                Say(
                    prompt_id=prompt.prompt_id,
                    text=prompt.template.render(scope, self._kinds),
                    is_static=self._script.is_static(prompt),
                    allow_barge_in=prompt.allow_barge_in,
                )
            )
            for what in prompt.discloses:
                if what not in self._state.disclosed:
                    self._state.disclosed.add(what)
                    actions.append(RecordEvent(f"{what}_disclosed"))
        return actions

    def _listen(self) -> Listen:
        spec = self._here.listen
        if spec is None:
            return Listen("none")
        return Listen(spec.kind, spec.no_input_s, spec.max_digits, spec.phrases)

    def _query(self, state: State) -> Query:
        if state.query is None:
            return Query("")
        args: dict[str, object] = {}
        for key, value in state.query.args.items():
            given = (
                self._state.variables.get(value.variable) if isinstance(value, Reference) else value
            )
            args[key] = _plain(given)
        return Query(state.query.name, args)

    def _do(self, steps: tuple[Step, ...]) -> list[Action]:
        actions: list[Action] = []
        for step in steps:
            scope = self._scope()
            if step.condition is None or step.condition.holds(scope):
                actions += self._perform(step, scope)
        return actions

    def _perform(self, step: Step, scope: Mapping[str, object]) -> list[Action]:
        variables = self._state.variables
        match step.deed:
            case SetVariables(values=values):
                variables.update({name: value.evaluate(scope) for name, value in values.items()})
            case ClearVariables(names=names):
                for name in names:
                    variables[name] = 0 if self._kinds[name] == "number" else None
            case SetOutcome(disposition=disposition):
                # What was promised stays the outcome, whatever is talked about afterwards.
                if self._state.disposition not in _PROMISED:
                    self._state.disposition = disposition
            case NoteEvent(name=name):
                return [RecordEvent(name)]
            case NoteCallback(reason=reason, wanted=wanted):
                when = "" if wanted is None else wanted.render(scope, self._kinds)
                return [RecordCallback(reason.render(scope, self._kinds), when)]
            case NotePromise(amount=amount, day=day, balance=balance):
                return self._promise(scope.get(amount), scope.get(day), scope.get(balance))
            case DropRecording():
                self._forget_notice("recording", IS_RECORDED)
                return [StopRecording()]
            case DropEmotion():
                self._forget_notice(EMOTION, IS_EMOTION_READ)
                self._state.mood = UNKNOWN_MOOD
                self._turn_scope.update(UNKNOWN_MOOD.scope)
                return [StopEmotion()]
            case HandOver(reason=reason, summary=summary):
                return [
                    Transfer(reason.render(scope, self._kinds), summary.render(scope, self._kinds))
                ]
        return []

    def _forget_notice(self, what: str, flag: str) -> None:
        """What is not recorded any more must not be announced as recorded, nor repeated so."""
        if flag in self._script.given:
            self._state.variables[flag] = False
        self._state.last_says = tuple(
            say
            for say in self._state.last_says
            if what not in self._script.prompts[say.prompt_id].discloses
        )

    def _promise(self, amount_gr: object, day: object, balance_gr: object) -> list[Action]:
        """Record a promise; nothing where the amount or the day is not known."""
        if not isinstance(amount_gr, int) or not isinstance(day, date):
            return []
        is_full = isinstance(balance_gr, int) and amount_gr >= balance_gr
        self._state.disposition = Disposition.PTP_FULL if is_full else Disposition.PTP_PARTIAL
        return [RecordPromise(amount_gr, day, self._state.disposition)]


def _rank(rule: Rule, elsewhere: str) -> int:
    """Priority rules, then those for the intent surely meant elsewhere, then all in their order."""
    if rule.is_priority:
        return 0
    return 1 if elsewhere in rule.intents else 2


def _of_kind(kind: str, value: object) -> object:
    """A value of the case directory as the script's variable holds it; none where it is none."""
    if kind == "date" and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    if kind == "date" and isinstance(value, datetime):
        return value.date()
    return value


def _plain(value: object) -> object:
    """A value as JSON and the case directory take it."""
    if isinstance(value, date):
        return value.isoformat()
    return value
