"""Finds what the bot may say next, so that it can be synthesised while the caller speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from voicebot.dialogue.actions import Say
from voicebot.dialogue.expression import UNKNOWN
from voicebot.dialogue.mood import MOOD_NAMES
from voicebot.dialogue.script import (
    AGAIN,
    IS_EMOTION_READ,
    IS_RECORDED,
    LISTEN,
    REPEAT,
    RETURN,
    ClearVariables,
    DropEmotion,
    DropRecording,
    Ladder,
    ListenSpec,
    Rule,
    Script,
    SetVariables,
    Spoken,
    State,
    Step,
)
from voicebot.dialogue.state import ConversationState

SLOW_RATE = 0.85
"""How fast a prompt is repeated to somebody who did not understand it."""

_MOST_SAYS = 12
_MOST_STATES = 300
_DOUBT_OF_REPEATS = 20
_TOLD_BY_TURN = frozenset({"score", "problem", "by_keys", "changed"})
_SAID = ("said", "guess", "other_intent")
_TROUBLES = frozenset({"problem", "changed"})
"""A value that can't be taken, or another than the one read back."""
_ANSWERS = ("yes", "no", "weak_yes", "unsure", "weak_no")

Scope = Mapping[str, object]


class LookAhead:
    """Follows every rule that may apply next, as far as what is known by now decides.

    What the caller may say is unknown, and so is what queries answer; but a yes/no question
    has few answers, and the amount that is meant is mostly all that is owed, so these are tried.
    Bounded in what it visits, so it is quick on any script.
    """

    def __init__(self, script: Script, turn: Scope) -> None:
        """turn: the turn's variables before anything is said."""
        self._script = script
        self._kinds = script.kinds
        self._turn = {**turn, **dict.fromkeys((*MOOD_NAMES, *_SAID), UNKNOWN)}
        self._found: dict[tuple[str, float], tuple[int, Say]] = {}
        self._doubt = 0
        self._states_left = _MOST_STATES

    def says(self, memory: ConversationState) -> list[Say]:
        """Prompts with variables, all of them known; the likeliest first, none twice.

        Without those whose text is always the same: they are made before any call.
        """
        here = self._script.states[memory.name]
        if memory.is_over or here.listen is None:
            return []
        self._memory = memory
        self._here = here
        for rule in here.rules:
            self._doubt = 1 + (not rule.filled) + 3 * bool(_names(rule) & _TROUBLES)
            self._try_rule(rule, here.listen)
        self._doubt = 3
        self._climb(here.no_match or self._script.no_match, memory.no_match_here)
        self._climb(here.no_input or self._script.no_input, memory.no_input_here)
        for rule in self._script.anywhere:
            self._doubt = 5
            self._try_rule(rule, here.listen)
        for interjection in self._script.interjections:
            if interjection not in memory.interjected:
                self._doubt = 4
                self._say(interjection.say, {**self._turn, **memory.variables})
        likeliest = sorted(self._found.values(), key=lambda found: found[0])
        return [say for _, say in likeliest][:_MOST_SAYS]

    # ---- what may have been said --------------------------------------------------------------

    def _try_rule(self, rule: Rule, listen: ListenSpec) -> None:
        for scope in self._readings(rule, listen):
            if rule.condition is None or rule.condition.outcome(scope) is not False:
                self._follow(rule, scope)

    def _readings(self, rule: Rule, listen: ListenSpec) -> Iterator[dict[str, object]]:
        """What is known once the rule fits, by what may have been said to make it fit."""
        asked = _names(rule)
        scope: dict[str, object] = {**self._turn, **self._memory.variables}
        scope.update(dict.fromkeys(asked & _TOLD_BY_TURN, UNKNOWN))
        scope["intent"] = next(iter(rule.intents)) if len(rule.intents) == 1 else UNKNOWN
        new = set(rule.filled)
        if asked & _TROUBLES:
            new |= {name for name, slot in listen.slots.items() if slot.kind != "yes_no"}
        scope.update(dict.fromkeys(new, UNKNOWN))
        answers = [n for n, slot in listen.slots.items() if slot.kind == "yes_no" and n in asked]
        if answers:
            for answer in _ANSWERS:
                self._doubt = 0 if answer == "yes" else 1
                yield {**scope, answers[0]: answer}
            return
        for name in rule.filled:
            balance = self._memory.variables.get(listen.slots[name].balance)
            if listen.slots[name].kind == "amount" and balance is not None:
                yield {**scope, name: balance}
        yield scope

    def _climb(self, ladder: Ladder, n_failed: int) -> None:
        scope = {**self._turn, **self._memory.variables}
        if n_failed < len(ladder.prompts):
            self._say((Spoken(ladder.prompts[n_failed]),), scope)
            self._ask_again(scope)
        else:
            self._enter(ladder.then, scope, self._memory.callers)

    # ---- what follows from it -----------------------------------------------------------------

    def _follow(self, rule: Rule, scope: Scope) -> None:
        scope = self._do(rule.steps, scope)
        self._say(rule.say, scope)
        if rule.go == REPEAT:
            for say in self._memory.last_says:
                self._keep(replace(say, rate=SLOW_RATE))
        elif rule.go == AGAIN:
            self._ask_again(scope)
        elif rule.go != LISTEN:
            self._enter(rule.go, scope, self._memory.callers)

    def _ask_again(self, scope: Scope) -> None:
        if self._here.reask:
            self._say(self._here.reask, scope)
        else:
            for say in self._memory.last_says[-1:]:
                self._keep(say)

    def _enter(self, name: str, scope: Scope, callers: tuple[str, ...]) -> None:
        """On through states until each way listens or ends. callers: of the sub-dialogues."""
        if self._states_left == 0 or (name == RETURN and not callers):
            return
        self._states_left -= 1
        if name == RETURN:
            self._pass_on(self._script.states[callers[-1]], scope, callers[:-1])
            return
        state = self._script.states[name]
        callers = callers if state.dialogue else ()
        scope = self._do(state.steps, scope)
        self._say(state.say, scope)
        if state.listen is not None or state.ending is not None:
            return
        if state.query is not None:
            scope = {**scope, **dict.fromkeys(state.query.save, UNKNOWN)}
        if state.call is not None:
            start = self._script.dialogues[state.call.dialogue]
            self._enter(start, scope, (*callers, state.name))
        else:
            self._pass_on(state, scope, callers)

    def _pass_on(self, state: State, scope: Scope, callers: tuple[str, ...]) -> None:
        doubt = self._doubt
        for branch, after, is_sure in self._branches(state, scope):
            self._doubt = doubt + (not is_sure)
            self._say(branch.say, after)
            self._enter(branch.go, after, callers)
        self._doubt = doubt

    def _branches(self, state: State, scope: Scope) -> Iterator[tuple[Rule, Scope, bool]]:
        """The branches that may be taken, each with what is known after its steps, and whether
        no other is likelier."""
        for branch in state.rules:
            outcome = True if branch.condition is None else branch.condition.outcome(scope)
            if outcome is not False:
                yield branch, self._do(branch.steps, scope), bool(outcome)
            if outcome:
                return

    def _do(self, steps: tuple[Step, ...], scope: Scope) -> Scope:
        for step in steps:
            outcome = True if step.condition is None else step.condition.outcome(scope)
            if outcome is False:
                continue
            changes = self._changes(step, scope)
            if outcome is None:
                changes = dict.fromkeys(changes, UNKNOWN)
            if changes:
                scope = {**scope, **changes}
        return scope

    def _changes(self, step: Step, scope: Scope) -> dict[str, object]:
        match step.deed:
            case SetVariables(values=values):
                return {name: value.value(scope) for name, value in values.items()}
            case ClearVariables(names=names):
                return {name: 0 if self._kinds[name] == "number" else None for name in names}
            case DropRecording():
                return {IS_RECORDED: False}
            case DropEmotion():
                return {IS_EMOTION_READ: False}
        return {}

    def _say(self, spoken: tuple[Spoken, ...], scope: Scope) -> None:
        for item in spoken:
            if item.condition is not None and item.condition.outcome(scope) is False:
                continue
            prompt = self._script.prompts[item.prompt_id]
            values = (scope.get(name) for name in prompt.template.names)
            if any(value is None or value is UNKNOWN for value in values):
                continue
            self._keep(
                Say(
                    prompt_id=prompt.prompt_id,
                    text=prompt.wording(self._memory.seed).render(scope, self._kinds),
                    is_static=self._script.is_static(prompt),
                    allow_barge_in=prompt.allow_barge_in,
                )
            )

    def _keep(self, say: Say) -> None:
        # Said slowly, even a text that never changes was not made before the call.
        if say.is_static and say.rate == 1:
            return
        doubt = self._doubt if say.rate == 1 else _DOUBT_OF_REPEATS
        known = self._found.get((say.text, say.rate))
        if known is None or doubt < known[0]:
            self._found[say.text, say.rate] = doubt, say


def _names(rule: Rule) -> frozenset[str]:
    return frozenset() if rule.condition is None else rule.condition.names
