"""Moments of earlier calls that are worth going on from: what makes rare ways be found.

A way that needs three late dates in a row is rare by chance. So every new kind of moment is kept,
as a fuzzer keeps the inputs that reached something new, and missing ways are tried from there.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass

from voicebot.dialogue.simulation.conversation import Conversation
from voicebot.dialogue.trail import Edge

_MOMENTS_PER_STATE = 80
_MOMENTS_PER_STATE_PASSED = 60


@dataclass(slots=True)
class Moment:
    """A conversation that waits for the caller. Never played itself: its copies are.

    n_used: how often it was gone on from.
    """

    conversation: Conversation
    n_used: int = 0


class Frontier:
    """Keeps moments by state, and for states that never wait, those that led through them."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._seen: set[tuple[object, ...]] = set()
        self._at: defaultdict[str, list[Moment]] = defaultdict(list)
        self._through: defaultdict[str, list[tuple[Moment, Edge]]] = defaultdict(list)

    def is_new(self, signature: tuple[object, ...]) -> bool:
        """Whether no moment of this kind was kept before."""
        return signature not in self._seen

    def keep(self, conversation: Conversation) -> Moment:
        """Keep a moment. Give a copy: it must not be played on."""
        self._seen.add(conversation.signature)
        moment = Moment(conversation)
        moments = self._at[conversation.state.name]
        if len(moments) < _MOMENTS_PER_STATE:
            moments.append(moment)
        else:
            moments[self._chance.randrange(len(moments))] = moment
        return moment

    def led_through(self, moment: Moment, trail: list[Edge]) -> None:
        """Going on from `moment` took these ways."""
        if not trail:
            return
        for edge in trail[1:]:
            kept = self._through[edge.state]
            if len(kept) < _MOMENTS_PER_STATE_PASSED:
                kept.append((moment, trail[0]))
            elif self._chance.random() < 0.2:
                kept[self._chance.randrange(len(kept))] = (moment, trail[0])

    def at(self, state: str) -> Moment | None:
        """A moment in which the state waits for the caller: one of the least used."""
        moments = self._at.get(state)
        if not moments:
            return None
        return min(moments, key=lambda moment: (moment.n_used, self._chance.random()))

    def most_silent_at(self, state: str) -> Moment | None:
        moments = self._at.get(state)
        if not moments:
            return None
        return max(moments, key=lambda moment: _failures(moment) - moment.n_used / 4)

    def before(self, state: str) -> tuple[Moment, Edge] | None:
        """A moment, and the way taken from it, that led through the state."""
        kept = self._through.get(state)
        if not kept:
            return None
        return min(kept, key=lambda pair: (pair[0].n_used, self._chance.random()))


def _failures(moment: Moment) -> float:
    return moment.conversation.n_silences + moment.conversation.n_not_understood
