"""Goes through the states of a call script: does, says and asks what each of them orders."""

from __future__ import annotations

from dataclasses import replace

from voicebot.dialogue.actions import Action, HangUp, Listen, Query, Say
from voicebot.dialogue.deeds import Deeds, plain
from voicebot.dialogue.look_ahead import SLOW_RATE
from voicebot.dialogue.script import (
    AGAIN,
    LISTEN,
    REPEAT,
    RETURN,
    Ladder,
    Reference,
    Rule,
    Script,
    Spoken,
    State,
)
from voicebot.dialogue.state import ConversationState
from voicebot.dialogue.trail import EdgeKind
from voicebot.records import Disposition

_MAX_HOPS = 50


class Walker:
    """Moves a conversation on. What it changes is in the memory that it is handed."""

    def __init__(self, script: Script, deeds: Deeds) -> None:
        self._script = script
        self._deeds = deeds

    def follow(
        self, memory: ConversationState, rule: Rule, kind: EdgeKind, before: list[Action]
    ) -> list[Action]:
        """Do and say what a rule or branch orders, and go where it goes. before: done already."""
        memory.pass_edge(kind, rule.line, rule.go)
        actions = [*before, *self.on_the_way(memory, rule)]
        if rule.go == REPEAT:
            repeated = tuple(replace(say, rate=SLOW_RATE) for say in memory.last_says)
            return [*actions, *repeated, self.listen(memory)]
        if rule.go == AGAIN:
            return [*actions, *self._ask_again(memory)]
        if rule.go == LISTEN:
            return [*actions, self.listen(memory)]
        return self.enter(memory, rule.go, actions)

    def on_the_way(self, memory: ConversationState, rule: Rule) -> list[Action]:
        actions = self._deeds.do(memory, rule.steps)
        return [*actions, *self._deeds.say(memory, rule.say)]

    def climb(
        self, memory: ConversationState, kind: EdgeKind, ladder: Ladder, n_th: int, lead: str = ""
    ) -> list[Action]:
        """Say the prompt for the n-th failure and ask again, or go where the ladder ends.

        lead: said in place of the first prompt.
        """
        if n_th > len(ladder.prompts):
            return self.leave(memory, kind, ladder.line, ladder.then)
        memory.pass_edge(kind, ladder.line, AGAIN)
        prompt_id = lead if lead and n_th == 1 else ladder.prompts[n_th - 1]
        return [*self._deeds.say(memory, [Spoken(prompt_id)]), *self._ask_again(memory)]

    def leave(
        self, memory: ConversationState, kind: EdgeKind, line: int, target: str
    ) -> list[Action]:
        """Go to a state without any rule that says so."""
        memory.pass_edge(kind, line, target)
        return self.enter(memory, target, [])

    def enter(self, memory: ConversationState, name: str, before: list[Action]) -> list[Action]:
        """Go to a state and on through those that neither listen, ask nor end."""
        actions = before
        for _ in range(_MAX_HOPS):
            if name == RETURN:
                if not memory.callers:
                    break
                caller = self._script.states[memory.callers[-1]]
                memory.callers = memory.callers[:-1]
                memory.move_to(caller.name)
                name = self._pass_on(memory, caller, "return", actions)
                continue
            memory.move_to(name)
            state = self._script.states[name]
            actions += self._deeds.do(memory, state.steps)
            actions += self._deeds.say(memory, state.say)
            if state.listen is not None:
                memory.last_says = tuple(item for item in actions if isinstance(item, Say))
                return [*actions, self.listen(memory)]
            if state.query is not None:
                memory.awaited_query = state.query.name
                return [*actions, self.query(memory)]
            if state.ending is not None:
                disposition = state.ending.disposition or memory.disposition
                return [*actions, *self.end(memory, state.ending.reason, disposition)]
            if state.call is not None:
                name = self._script.dialogues[state.call.dialogue]
                memory.pass_edge("call", state.call.line, name)
                memory.callers = (*memory.callers, state.name)
                continue
            name = self._pass_on(memory, state, "branch", actions)
        return [*actions, *self.end(memory, "script goes in circles", Disposition.ERROR)]

    def _pass_on(
        self, memory: ConversationState, state: State, kind: EdgeKind, actions: list[Action]
    ) -> str:
        """Take the branch that holds, adding to `actions`; where it goes."""
        branch = self.branch(memory, state)
        memory.pass_edge(kind, branch.line, branch.go)
        actions += self.on_the_way(memory, branch)
        return branch.go

    def branch(self, memory: ConversationState, state: State) -> Rule:
        """The first branch that holds; the loader sees to it that the last one always does."""
        scope = memory.scope
        return next(
            rule for rule in state.rules if rule.condition is None or rule.condition.holds(scope)
        )

    def end(self, memory: ConversationState, reason: str, disposition: Disposition) -> list[Action]:
        memory.disposition = disposition
        memory.end_reason = reason
        memory.is_over = True
        return [HangUp(reason, disposition)]

    def _ask_again(self, memory: ConversationState) -> list[Action]:
        """The state's short question, or what was said last where it has none."""
        reask = self._script.states[memory.name].reask
        says = self._deeds.say(memory, reask) if reask else []
        return [*(says or memory.last_says[-1:]), self.listen(memory)]

    def listen(self, memory: ConversationState) -> Listen:
        spec = self._script.states[memory.name].listen
        if spec is None:
            return Listen("none")
        return Listen(spec.kind, spec.no_input_s, spec.max_digits, spec.phrases)

    def query(self, memory: ConversationState) -> Query:
        spec = self._script.states[memory.name].query
        if spec is None:
            return Query("")
        args: dict[str, object] = {}
        for key, value in spec.args.items():
            given = memory.variables.get(value.variable) if isinstance(value, Reference) else value
            args[key] = plain(given)
        return Query(spec.name, args)
