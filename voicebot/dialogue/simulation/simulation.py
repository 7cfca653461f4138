"""Lets many simulated callers talk with a script. Pure and seeded: no I/O, no clock."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from voicebot.dialogue.actions import Listen, NoInput, SystemFailed, TimeRanOut
from voicebot.dialogue.engine import DialogueEngine
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.script import Rule, Script, State
from voicebot.dialogue.simulation.caller import (
    CallerMove,
    CallerVoice,
    Hearing,
    SimulatedCaller,
)
from voicebot.dialogue.simulation.conversation import Conversation
from voicebot.dialogue.simulation.coverage import Coverage
from voicebot.dialogue.simulation.frontier import Frontier, Moment
from voicebot.dialogue.simulation.observer import CONSUMER_PROMISE_DAYS, Breach, Observer, Policy
from voicebot.dialogue.simulation.personas import PERSONAS, Persona
from voicebot.dialogue.simulation.remembered_meanings import RememberedMeanings
from voicebot.dialogue.simulation.truth import (
    FACTS_NEEDED,
    SimulatedDirectory,
    given_values,
    make_truth,
)
from voicebot.dialogue.trail import Edge

FIRST_DAY = datetime(2026, 3, 9, 9, 15, tzinfo=UTC)
"""A Monday; calls are spread over the week from then on, so that days off come up."""
SETTINGS: Mapping[str, object] = {
    "company": "Windykacja Przykładowa",
    "company_neutral": "Biuro Obsługi Przykład",
}
_DAYS = 6
_LATE_CALLS = 0.04
_TO_MIDNIGHT_MINUTES = 13 * 60 + 40
"""From FIRST_DAY's hour to five minutes before midnight in Warsaw."""
_SLOW = Persona("slow", answers=0.9, agrees=0.8, silence=0.4, odd=0.1)
_MUMBLING = Persona("mumbling", answers=0.9, agrees=0.8, gibberish=0.4, odd=0.1)
"""Who fails again and again and still gets on: so a call's limits are met everywhere."""
_SLACK_TURNS = 20
_CURIOSITY = 0.04
_COMPANIES = 0.85
_COMPANIES_ELSEWHERE = 0.3
"""Shares of calls about a company's debt, in a script for business and in any other."""
_MAX_STORIES = 3
_STATES_FIRST = 3
"""Tries for an edge to a state where nobody has been, before others are sought."""


@dataclass(frozen=True, slots=True)
class BreachFound:
    """A breach, in which call, and all that was said until then."""

    breach: Breach
    persona: str
    call: int
    story: tuple[str, ...]


@dataclass(slots=True)
class SimulationResult:
    """What came of all calls. `breaches`: the first few of each kind; n_breaches: of all."""

    script: str
    seed: int
    coverage: Coverage
    is_business: bool = False
    n_calls: int = 0
    n_continued: int = 0
    n_caller_turns: int = 0
    longest_call_turns: int = 0
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    n_breaches: Counter[str] = field(default_factory=Counter)
    breaches: list[BreachFound] = field(default_factory=list)
    turns: Counter[int] = field(default_factory=Counter)


Progress = Callable[[SimulationResult], None]


class Simulation:
    """Plays calls one after the other. The same script, seed and number give the same result.

    edges: every edge the script has; those not taken yet are sought. hearing: what becomes of a
    caller's words before the engine gets them (audio); without, text goes through unspoilt but for
    what the persona's line does to it. facts_needed: what the case directory asks for.
    """

    def __init__(
        self,
        script: Script,
        classifier: IntentClassifier,
        edges: Iterable[Edge],
        timezone: ZoneInfo,
        seed: int = 1,
        personas: Sequence[str] = tuple(PERSONAS),
        settings: Mapping[str, object] = SETTINGS,
        hearing: Hearing | None = None,
        facts_needed: int = FACTS_NEEDED,
    ) -> None:
        self._facts_needed = facts_needed
        self._script = script
        self._classifier = RememberedMeanings(classifier)
        self._timezone = timezone
        self._seed = seed
        self._personas = [PERSONAS[name] for name in personas]
        self._settings = settings
        self._hearing = hearing
        self._voice = CallerVoice(script)
        self.coverage = Coverage(script, edges)
        self._frontier = Frontier(random.Random(f"{seed} frontier"))
        self._tried: Counter[tuple[str, str, int]] = Counter()
        self._missed: Counter[Edge] = Counter()
        self._is_business = is_for_business(script)
        self.result = SimulationResult(script.name, seed, self.coverage, self._is_business)

    def run(self, n_calls: int, progress: Progress | None = None) -> SimulationResult:
        for _ in range(n_calls):
            self.play_call()
            if progress is not None:
                progress(self.result)
        return self.result

    def play_call(self) -> None:
        """One more call, by a persona or in search of a way that nobody has taken."""
        number = self.result.n_calls
        chance = random.Random(f"{self._seed} {number}")
        persona = self._personas[number % len(self._personas)]
        edge = self._next_missing(chance) if number % 2 and number >= len(PERSONAS) else None
        conversation = None if edge is None else self._seek(edge, persona, chance)
        if conversation is None:
            conversation = self._begin(number, persona, chance)
        else:
            self.result.n_continued += 1
        self._finish(conversation, chance)
        self._count(conversation, persona, number)

    # ---- one call --------------------------------------------------------------------------

    def _begin(self, number: int, persona: Persona, chance: random.Random) -> Conversation:
        now = FIRST_DAY + timedelta(days=chance.randrange(_DAYS))
        if chance.random() < _LATE_CALLS:
            now += timedelta(minutes=_TO_MIDNIGHT_MINUTES + chance.randrange(5))
        today = now.astimezone(self._timezone).date()
        companies = _COMPANIES if self._is_business else _COMPANIES_ELSEWHERE
        truth = make_truth(chance, today, companies, self._voice.facts.n_case_digits)
        given = given_values(self._script, truth, chance, self._settings)
        engine = DialogueEngine(
            self._script, self._classifier, given, self._timezone, f"{self._seed}-{number}"
        )
        policy = Policy.of(self._script.constants, self._is_business)
        conversation = Conversation(
            self._script,
            engine,
            SimulatedDirectory(truth, chance, self._facts_needed),
            Observer(truth, given, policy, today),
            SimulatedCaller(self._voice, persona, truth, chance, self._hearing),
            self.coverage,
            chance,
            now,
            self._timezone,
        )
        conversation.start()
        return conversation

    def _finish(self, conversation: Conversation, chance: random.Random) -> None:
        """Play on until somebody hangs up."""
        most_turns = 2 * self._script.limits.turns + _SLACK_TURNS
        while not conversation.is_over:
            if conversation.caller_turns >= most_turns:
                conversation.observer.never_ended()
                return
            moment = self._keep(conversation)
            conversation.play(self._choose(conversation, chance))
            if moment is not None:
                self._frontier.led_through(moment, conversation.last_trail)

    def _keep(self, conversation: Conversation) -> Moment | None:
        """Remember a new kind of moment, to go on from it later."""
        if not self.coverage.has_missing_edges:
            return None
        if not self._frontier.is_new(conversation.signature):
            return None
        # What is kept stands still; the call goes on.
        return self._frontier.keep(conversation.copy(conversation.caller, random.Random(0)))

    def _choose(self, conversation: Conversation, chance: random.Random) -> CallerMove:
        state, listen, caller = conversation.state, conversation.listen, conversation.caller
        if conversation.asks_if_understood and chance.random() < 0.9:
            return caller.says(chance.choice(("tak", "nie")), listen)
        if chance.random() < _CURIOSITY:
            return self._least_tried(state, listen, caller, chance)
        return caller.move(state, listen)

    def _least_tried(
        self, state: State, listen: Listen, caller: SimulatedCaller, chance: random.Random
    ) -> CallerMove:
        """What nobody, or hardly anybody, has done in this state yet."""
        rules = list(self._script.rules_in(state))
        options: list[Rule | str] = [*rules, "no_input", "no_match"]
        keys = [
            (state.name, _mark(option), option.line if isinstance(option, Rule) else 0)
            for option in options
        ]
        at = min(range(len(options)), key=lambda n: (self._tried[keys[n]], chance.random()))
        self._tried[keys[at]] += 1
        option = options[at]
        if isinstance(option, Rule):
            return caller.tries(option, state, listen)
        return CallerMove(NoInput()) if option == "no_input" else caller.babbles(listen)

    # ---- in search of what is missing ------------------------------------------------------

    def _next_missing(self, chance: random.Random) -> Edge | None:
        missing = self.coverage.missing_edges
        if not missing:
            return None
        unseen = self.coverage.unseen_states
        edge = min(
            missing,
            key=lambda edge: (
                self._missed[edge] + (0 if edge.target in unseen else _STATES_FIRST),
                chance.random(),
            ),
        )
        self._missed[edge] += 1
        return edge

    def _seek(self, edge: Edge, persona: Persona, chance: random.Random) -> Conversation | None:
        """A call that goes on from a moment of an earlier one, on purpose; None: no such moment."""
        state = self._script.states[edge.state]
        if state.listen is None:
            return self._seek_passing(edge, persona, chance)
        if edge.kind in ("no_input", "no_match") and chance.random() < 0.5:
            slow = _SLOW if edge.kind == "no_input" else _MUMBLING
            return self._begin(self.result.n_calls, slow, chance)
        moment = (
            self._frontier.most_silent_at(edge.state)
            if edge.kind in ("no_input", "no_match", "too_long") and chance.random() < 0.7
            else self._frontier.at(edge.state)
        )
        if moment is None:
            return None
        conversation = self._go_on(moment, persona, chance)
        listen, caller = conversation.listen, conversation.caller
        match edge.kind:
            case "no_input":
                conversation.play(CallerMove(NoInput()))
            case "no_match":
                conversation.play(caller.babbles(listen))
            case "too_long":
                conversation.play(CallerMove(TimeRanOut()))
            case "failure":
                conversation.play(CallerMove(SystemFailed()))
            case _:
                rule = self._rule_of(edge, state)
                if rule is None:
                    return None
                conversation.play(caller.tries(rule, state, listen))
        self._frontier.led_through(moment, conversation.last_trail)
        while (
            edge.kind in ("no_input", "no_match")
            and not conversation.is_over
            and conversation.state is state
            and edge not in self.coverage.edges
        ):
            silence = CallerMove(NoInput())
            babble = edge.kind == "no_match"
            conversation.play(caller.babbles(conversation.listen) if babble else silence)
        return conversation

    def _seek_passing(
        self, edge: Edge, persona: Persona, chance: random.Random
    ) -> Conversation | None:
        """The same way into a state that never waits, with other values or other luck."""
        found = self._frontier.before(edge.state)
        if found is None:
            return None
        moment, way_in = found
        conversation = self._go_on(moment, persona, chance)
        state = conversation.state
        conversation.fails_at = edge.state if edge.kind == "failure" else ""
        conversation.ends_at = edge.state if edge.kind == "too_long" else ""
        conversation.has_no_balance = edge.kind == "answer" and chance.random() < 0.3
        rule = self._rule_of(way_in, state)
        if rule is None:
            conversation.play(conversation.caller.move(state, conversation.listen))
        else:
            conversation.play(conversation.caller.tries(rule, state, conversation.listen))
        self._frontier.led_through(moment, conversation.last_trail)
        return conversation

    def _go_on(self, moment: Moment, persona: Persona, chance: random.Random) -> Conversation:
        moment.n_used += 1
        caller = moment.conversation.caller.with_mind(persona, chance)
        return moment.conversation.copy(caller, chance)

    def _rule_of(self, edge: Edge, state: State) -> Rule | None:
        rules = [rule for rule in self._script.rules_in(state) if rule.line == edge.line]
        return next((rule for rule in rules if rule.go == edge.target), rules[0] if rules else None)

    # ---- the result ------------------------------------------------------------------------

    def _count(self, conversation: Conversation, persona: Persona, number: int) -> None:
        result = self.result
        result.n_calls += 1
        result.n_caller_turns += conversation.caller_turns
        result.turns[conversation.caller_turns] += 1
        result.longest_call_turns = max(result.longest_call_turns, conversation.caller_turns)
        result.outcomes[persona.name][str(conversation.disposition)] += 1
        n_lines = [*conversation.found_at, len(conversation.story)]
        for number_of, breach in enumerate(conversation.observer.breaches):
            result.n_breaches[breach.kind] += 1
            if result.n_breaches[breach.kind] <= _MAX_STORIES:
                story = tuple(conversation.story[: n_lines[min(number_of, len(n_lines) - 1)]])
                result.breaches.append(BreachFound(breach, persona.name, number, story))


def _mark(option: Rule | str) -> str:
    return option.go if isinstance(option, Rule) else option


def is_for_business(script: Script) -> bool:
    """Whether it is judged by the rules for companies: it gives them more time than consumers."""
    return script.constants.get("ptp_max_days", 0) > CONSUMER_PROMISE_DAYS
