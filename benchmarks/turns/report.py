"""The results page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.turns.command import machine_lines
from benchmarks.turns.conversation import CallHeard
from benchmarks.turns.verdicts import Summary, TurnHeard, kinds_of, median_spread, summarise


@dataclass(slots=True)
class SideResult:
    """All calls of one side."""

    name: str
    calls: list[CallHeard] = field(default_factory=list)
    cpu_s: float = 0.0
    wall_s: float = 0.0

    def add(self, heard: CallHeard, cpu_s: float, wall_s: float) -> None:
        self.calls.append(heard)
        self.cpu_s += cpu_s
        self.wall_s += wall_s

    @property
    def turns(self) -> list[TurnHeard]:
        return [turn for call in self.calls for turn in call.turns]


def turns_page(sides: Sequence[SideResult], order: Sequence[str]) -> str:
    lines = [
        "# Turn-taking on the wire",
        "",
        *machine_lines("python -m benchmarks.turns"),
        "The sides take turns call by call, each with a server just started.",
        "",
        "Response: from the frame with the caller's last sample of speech to the first audible",
        "sample of the bot as he hears it. Cut short: the bot spoke before he had finished. Never",
        "answered: nothing within 6 s, or the same question again. Answered twice: a question was",
        "asked and gone on from without his answer. Spread: least and greatest of the calls' own.",
        "",
        "| side | turns | median ms (spread) | p95 ms (spread) | p99 | max | cut short "
        "| never answered | answered twice | errors | CPU a call-second |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_row(side, order) for side in sides]
    for title, name in (("kind of question", "kind"), ("style of answer", "style")):
        lines += _table(sides, order, title, name)
    lines += ["", "Before a fixed prompt and before one with an amount read back:", ""]
    lines += ["| side | prompt | turns | median ms | p95 ms |", "| --- | --- | --- | --- | --- |"]
    for side in sides:
        for is_variable, word in ((False, "fixed"), (True, "with an amount")):
            turns = [turn for turn in side.turns if turn.is_variable is is_variable]
            summary = summarise(turns, order)
            lines.append(
                f"| {side.name} | {word} | {summary.n_turns} | {summary.median_ms:.0f} "
                f"| {summary.p95_ms:.0f} |"
            )
    lines += ["", *_wrong_turns(sides), *_early_ends(sides)]
    return "\n".join(lines).rstrip() + "\n"


def _row(side: SideResult, order: Sequence[str]) -> str:
    summary = summarise(side.turns, order)
    # A side that is restarted for each call answers what it skipped in one call only.
    low, high = median_spread(side.turns)
    low95, high95 = median_spread(side.turns, 95)
    return (
        f"| {side.name} | {summary.n_turns} | **{summary.median_ms:.0f}** ({low:.0f}–{high:.0f}) "
        f"| **{summary.p95_ms:.0f}** ({low95:.0f}–{high95:.0f}) | {summary.p99_ms:.0f} "
        f"| {summary.max_ms:.0f} | {_share(summary, summary.n_cut_short)} "
        f"| {_share(summary, summary.n_never_answered)} | {summary.n_answered_twice} "
        f"| {summary.n_errors} | {side.cpu_s / max(side.wall_s, 1e-9) * 1000:.0f} ms |"
    )


def _share(summary: Summary, n: int) -> str:
    return f"{n} ({100 * n / max(summary.n_turns, 1):.1f} %)"


def _table(sides: Sequence[SideResult], order: Sequence[str], title: str, name: str) -> list[str]:
    lines = ["", f"By {title} (median / p95 ms; cut short + never answered of turns):", ""]
    lines.append(f"| {title} | " + " | ".join(side.name for side in sides) + " |")
    lines.append("| --- |" + " --- |" * len(sides))
    turns = [turn for side in sides for turn in side.turns]
    values = kinds_of(turns) if name == "kind" else ["short", "long", "hesitating"]
    for value in values:
        cells = []
        for side in sides:
            chosen = [turn for turn in side.turns if getattr(turn, name) == value]
            summary = summarise(chosen, order)
            cells.append(
                f"{summary.median_ms:.0f} / {summary.p95_ms:.0f}; {summary.n_cut_short} + "
                f"{summary.n_never_answered} of {summary.n_turns}"
            )
        lines.append(f"| {value} | " + " | ".join(cells) + " |")
    return lines


def _wrong_turns(sides: Sequence[SideResult]) -> list[str]:
    """What was said where it went wrong: the answers are the benchmark's own, nobody's data."""
    lines = ["What was said in turns that were cut short or never answered:", ""]
    for side in sides:
        cut = [turn.text for turn in side.turns if turn.was_cut_short]
        never = [t.text for t in side.turns if t.was_never_answered and not t.was_cut_short]
        lines.append(f"- {side.name}: cut short {_quoted(cut)}; never answered {_quoted(never)}")
    return [*lines, ""]


def _quoted(texts: Sequence[str]) -> str:
    return ", ".join(f"“{text}”" for text in texts) or "none"


def _early_ends(sides: Sequence[SideResult]) -> list[str]:
    ends = [
        f"- {side.name}, call {call.call}: {call.ended_early} after {len(call.turns)} turns"
        for side in sides
        for call in side.calls
        if call.ended_early
    ]
    late = max((call.caller_late_ms for side in sides for call in side.calls), default=0.0)
    return [
        *(["Calls that ended early:", "", *ends, ""] if ends else []),
        f"The caller's own clock was at most {late:.0f} ms late with a frame.",
    ]
