"""One simulated call: the engine, the directory, a caller, and the observer of them all."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
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
    RecordPlan,
    RecordPromise,
    Say,
    SystemFailed,
    TimeRanOut,
    UserTurn,
)
from voicebot.dialogue.engine import DialogueEngine
from voicebot.dialogue.script import Script, State
from voicebot.dialogue.simulation.caller import CallerMove, SimulatedCaller
from voicebot.dialogue.simulation.coverage import Coverage
from voicebot.dialogue.simulation.observer import Observer
from voicebot.dialogue.simulation.truth import SimulatedDirectory
from voicebot.dialogue.trail import Edge
from voicebot.records import Disposition

_TURN_S = (4, 7, 12, 30, 60)
_LOST_PROMISES = 0.02
_TIME_RUNS_OUT = 0.001
_LATE_MINUTES = 5


class Conversation:
    """A call as far as it has got. `copy` gives another that goes its own way from here.

    actions: the last ones that were done. caller_turns: how often he spoke, pressed or kept
    silent. fails_at, ends_at: a state whose query shall stay unanswered, or is too late.
    has_no_balance: the books are not closed. story: what was said, line by line; found_at: how
    long it was at each breach.
    """

    def __init__(
        self,
        script: Script,
        engine: DialogueEngine,
        directory: SimulatedDirectory,
        observer: Observer,
        caller: SimulatedCaller,
        coverage: Coverage,
        chance: random.Random,
        now: datetime,
        timezone: ZoneInfo,
    ) -> None:
        self._script = script
        self._engine = engine
        self._directory = directory
        self.observer = observer
        self.caller = caller
        self._coverage = coverage
        self._chance = chance
        self._now = now
        self._timezone = timezone
        self._understood: object = None
        self.actions: list[Action] = []
        self.caller_turns = 0
        self.n_silences = 0
        self.story: list[str] = []
        self.found_at: list[int] = []
        self.last_trail: list[Edge] = []
        self.fails_at = ""
        self.ends_at = ""
        self.has_no_balance = False

    def start(self) -> None:
        self._perform(self._engine.start(self._now))

    def copy(self, caller: SimulatedCaller, chance: random.Random) -> Conversation:
        """The same call with another caller's mind from now on."""
        twin = Conversation(
            self._script,
            self._engine.copy(),
            self._directory.copy(chance),
            self.observer.copy(),
            caller,
            self._coverage,
            chance,
            self._now,
            self._timezone,
        )
        twin._understood = self._understood
        twin.actions = self.actions
        twin.caller_turns = self.caller_turns
        twin.n_silences = self.n_silences
        twin.story = list(self.story)
        twin.found_at = list(self.found_at)
        return twin

    @property
    def state(self) -> State:
        return self._script.states[self._engine.state_name]

    @property
    def disposition(self) -> Disposition:
        last = self.actions[-1]
        return last.disposition if isinstance(last, HangUp) else self._engine.disposition

    @property
    def n_not_understood(self) -> int:
        return self._engine.n_not_understood

    @property
    def is_over(self) -> bool:
        return isinstance(self.actions[-1], HangUp)

    @property
    def listen(self) -> Listen:
        last = self.actions[-1]
        return last if isinstance(last, Listen) else Listen("none")

    @property
    def asks_if_understood(self) -> bool:
        """The bot has just asked whether it understood right."""
        asks = self._script.unsure_prompt
        return bool(asks) and any(
            isinstance(action, Say) and action.prompt_id == asks for action in self.actions
        )

    @property
    def signature(self) -> tuple[object, ...]:
        """What kind of moment this is: the state, and what is known, without the values."""
        known: list[object] = []
        for value in self._engine.variables.values():
            if isinstance(value, bool) or value is None:
                known.append(value)
            elif isinstance(value, int):
                known.append(min(value, 3))
            else:
                known.append(1)
        return (
            self._engine.state_name,
            min(self.n_silences, 9) // 2,
            min(self._engine.n_not_understood, 9) // 2,
            # What is promised for today is over at midnight.
            (self._now + timedelta(minutes=_LATE_MINUTES)).astimezone(self._timezone).date()
            > self.observer.today,
            *known,
        )

    def play(self, move: CallerMove) -> None:
        """The caller does this; everything that follows until it is his turn again."""
        event = move.event
        self.caller_turns += 1
        if isinstance(event, UserTurn):
            self.observer.caller(event, move.meant)
            self.story.append(f"caller: {event.text or event.digits}")
        else:
            self.n_silences += isinstance(event, NoInput)
            self.observer.silence()
            self.story.append(f"({type(event).__name__})")
        self._handle(event)

    def _handle(self, event: DialogueEvent) -> None:
        self._now += timedelta(seconds=self._chance.choice(_TURN_S))
        self.observer.today = self._now.astimezone(self._timezone).date()
        actions = self._engine.handle(event, self._now)
        if isinstance(event, UserTurn):
            understood = self._engine.last_understanding
            if understood is not None and understood is not self._understood:
                self._coverage.add_intent(understood.intent)
            self._understood = understood
        if isinstance(event, CallerLeft):
            # Nobody is left to hear anything.
            actions = [action for action in actions if not isinstance(action, Say)]
        self._perform(actions)

    def _perform(self, actions: list[Action]) -> None:
        self.last_trail = self._engine.take_trail()
        self._coverage.add_trail(self.last_trail)
        for number, action in enumerate(actions):
            is_agreed = isinstance(action, RecordPromise | RecordPlan)
            if is_agreed and self._chance.random() < _LOST_PROMISES:
                # As calls/session.py: what was to be said of it is not said.
                self._note(actions[: number + 1])
                self.observer.promise_lost()
                self._handle_within(SystemFailed(promise_lost=True))
                return
        self._note(actions)
        last = actions[-1]
        if isinstance(last, Query):
            self._answer(last)

    def _answer(self, query: Query) -> None:
        """What the directory says; sometimes time runs out while it is asked."""
        here = self._engine.state_name
        if here == self.ends_at or self._chance.random() < _TIME_RUNS_OUT:
            self.ends_at = ""
            self._handle_within(TimeRanOut())
            return
        data = {} if here == self.fails_at else self._directory.answer(query)
        if self.has_no_balance and "balance_gr" in data:
            data = {**data, "balance_gr": None}
        self.fails_at = ""
        self.observer.answered(query, data)
        self._handle_within(QueryAnswered(query.name, data))

    def _handle_within(self, event: DialogueEvent) -> None:
        """An event that is no turn of the caller; its way is part of the same answer."""
        before = self.last_trail
        self._handle(event)
        self.last_trail = [*before, *self.last_trail]

    def _note(self, actions: list[Action]) -> None:
        self.actions = actions
        self.observer.did(actions)
        self.story += [f"bot: {action.text}" for action in actions if isinstance(action, Say)]
        n_new = len(self.observer.breaches) - len(self.found_at)
        self.found_at += [len(self.story)] * n_new
