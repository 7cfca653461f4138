"""What became of each turn, and what a set of turns amounts to. No I/O, no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

ANSWER_PATIENCE_S = 6.0
"""A bot that has not been heard for so long after the caller's last word has not answered."""

CUT_TOLERANCE_S = 0.02
"""One frame: the bot may answer within the frame that the caller's speech ends in."""


@dataclass(frozen=True, slots=True)
class TurnHeard:
    """One turn as both sides of the wire had it. Seconds since the call began.

    question: what was asked; next_question: what the bot asked after the answer, "" where it
    was not made out. ended_s: the caller's last sample of speech; answered_s: the first
    audible sample of the bot since the caller began; None: none came in time.
    """

    call: int
    question: str
    kind: str
    style: str
    is_variable: bool
    text: str
    started_s: float
    ended_s: float
    answered_s: float | None
    next_question: str

    @property
    def was_cut_short(self) -> bool:
        """The bot spoke before the caller's utterance was over."""
        return self.answered_s is not None and self.answered_s < self.ended_s - CUT_TOLERANCE_S

    @property
    def was_never_answered(self) -> bool:
        """Nothing came, or the same question again: as if he had not spoken."""
        return self.answered_s is None or self.next_question == self.question

    @property
    def response_ms(self) -> float | None:
        """Last sample of speech to first audible sample; None where either error makes it void."""
        if self.answered_s is None or self.was_cut_short or self.was_never_answered:
            return None
        return max(self.answered_s - self.ended_s, 0.0) * 1000


@dataclass(frozen=True, slots=True)
class Summary:
    """What a set of turns amounts to; milliseconds."""

    n_turns: int
    n_cut_short: int
    n_never_answered: int
    n_answered_twice: int
    median_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float

    @property
    def n_errors(self) -> int:
        return self.n_cut_short + self.n_never_answered + self.n_answered_twice


def n_answered_twice(turns: Sequence[TurnHeard], order: Sequence[str]) -> int:
    """Questions that the bot asked and then went on from without an answer to them."""
    place = {name: number for number, name in enumerate(order)}
    n_skipped = 0
    for turn in turns:
        if turn.next_question in place:
            n_skipped += max(place[turn.next_question] - place[turn.question] - 1, 0)
    return n_skipped


def summarise(turns: Sequence[TurnHeard], order: Sequence[str]) -> Summary:
    times = np.array([turn.response_ms for turn in turns if turn.response_ms is not None])
    median, p95, p99 = np.percentile(times, [50, 95, 99]) if len(times) else (np.nan,) * 3
    return Summary(
        n_turns=len(turns),
        n_cut_short=sum(turn.was_cut_short for turn in turns),
        n_never_answered=sum(turn.was_never_answered and not turn.was_cut_short for turn in turns),
        n_answered_twice=n_answered_twice(turns, order),
        median_ms=float(median),
        p95_ms=float(p95),
        p99_ms=float(p99),
        max_ms=float(times.max()) if len(times) else float("nan"),
    )


def median_spread(turns: Iterable[TurnHeard], of_percentile: float = 50) -> tuple[float, float]:
    """Least and greatest of the calls' own percentiles: how much runs differ."""
    by_call: dict[int, list[float]] = {}
    for turn in turns:
        if turn.response_ms is not None:
            by_call.setdefault(turn.call, []).append(turn.response_ms)
    values = [float(np.percentile(times, of_percentile)) for times in by_call.values()]
    return (min(values), max(values)) if values else (float("nan"), float("nan"))


def kinds_of(turns: Iterable[TurnHeard]) -> list[str]:
    """The kinds of question that occur, the commonest first."""
    return [kind for kind, _ in Counter(turn.kind for turn in turns).most_common()]
