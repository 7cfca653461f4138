"""Which states, edges and intents simulated calls have been through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from voicebot.dialogue.script import Script
from voicebot.dialogue.simulation.unreachable import unreachable_edges
from voicebot.dialogue.trail import Edge


class Coverage:
    """Counts over many calls. all_edges: every edge the script has; known_edges: those that
    somebody may take, `unreachable` the others, each with its proof."""

    def __init__(self, script: Script, all_edges: Iterable[Edge]) -> None:
        self.known_states = frozenset(script.states)
        self.all_edges = frozenset(all_edges)
        self.unreachable = unreachable_edges(script, self.all_edges)
        self.known_edges = self.all_edges - {proven.edge for proven in self.unreachable}
        self.known_intents = frozenset(
            intent
            for state in script.states.values()
            for rule in script.rules_in(state)
            for intent in rule.intents
        )
        self.states: Counter[str] = Counter({script.start: 1})
        self.edges: Counter[Edge] = Counter()
        self.intents: Counter[str] = Counter()

    def add_trail(self, trail: Iterable[Edge]) -> None:
        for edge in trail:
            self.edges[edge] += 1
            self.states[edge.state] += 1
            if edge.target in self.known_states:
                self.states[edge.target] += 1

    def add_intent(self, intent: str) -> None:
        if intent:
            self.intents[intent] += 1

    @property
    def unseen_states(self) -> frozenset[str]:
        return self.known_states - self.states.keys()

    @property
    def missing_states(self) -> list[str]:
        return sorted(self.unseen_states)

    @property
    def missing_edges(self) -> list[Edge]:
        return sorted(self.known_edges - self.edges.keys())

    @property
    def has_missing_edges(self) -> bool:
        return not self.known_edges <= self.edges.keys()

    @property
    def missing_intents(self) -> list[str]:
        return sorted(self.known_intents - self.intents.keys())

    @property
    def unforeseen_edges(self) -> list[Edge]:
        """Taken, though the script's graph does not have them or they were proven unreachable: a
        fault of the graph or of the proof."""
        return sorted(self.edges.keys() - self.known_edges)
