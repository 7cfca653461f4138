"""Several conversations at once: response times and holes in the bot's audio.

    python -m benchmarks.turns.capacity --calls 4 --side all
    python -m benchmarks.turns.capacity --find-capacity --side all

Capacity is the most calls with a p95 of at most 1.2 s and no hole over 60 ms. Callers begin one
after the other over 6 s. Results: benchmarks/results/turns_capacity.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.turns.command import chosen_sides, machine_lines, run_sides, side_options
from benchmarks.turns.conversation import CallHeard, Conversation
from benchmarks.turns.dialogue import Dialogue, load_dialogue
from benchmarks.turns.prompt_ear import PromptEar
from benchmarks.turns.servers import CpuMeter, Side
from benchmarks.turns.stream_caller import calling
from benchmarks.turns.verdicts import Summary, summarise
from benchmarks.turns.voices import Voices
from voicebot.audio import Samples

STEPS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48)
MAX_P95_MS = 1200.0
MAX_GAP_MS = 60.0
START_OVER_S = 6.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a number of calls at once came to. n_refused: calls that were not taken."""

    n_calls: int
    summary: Summary
    max_gap_ms: float
    n_gaps: int
    n_refused: int
    n_ended_early: int
    cores: float
    caller_late_ms: float

    @property
    def is_borne(self) -> bool:
        return (
            self.summary.p95_ms <= MAX_P95_MS
            and self.max_gap_ms <= MAX_GAP_MS
            and not self.n_refused
            and not self.n_ended_early
        )


class Callers:
    """Speaks all answers once, then calls a side with as many callers as asked."""

    def __init__(self, models: Path, most_calls: int, n_turns: int) -> None:
        self._dialogue: Dialogue = load_dialogue()
        voices = Voices(models)
        prompts = {q.question_id: voices.prompt(q.text) for q in self._dialogue.questions}
        self._ear = PromptEar(prompts)
        self._n_turns = n_turns
        halo = voices.say("Halo, słucham?")
        # Eight callers' answers are enough: what follows repeats them in another order.
        self._voices: list[dict[str, Samples]] = [
            {name: voices.answer(answer) for name, answer in self._dialogue.plan(call).items()}
            | {"halo": halo}
            for call in range(min(most_calls, 8))
        ]

    async def load(self, side: Side, n_calls: int) -> Load:
        meter = CpuMeter.start(side.pid)
        results = await asyncio.gather(
            *(self._call(side, call, call * START_OVER_S / n_calls) for call in range(n_calls))
        )
        cpu_s, wall_s = meter.used()
        heard = [item for item in results if item is not None]
        gaps = [gap for call in heard for gap in call.gaps_ms]
        order = [question.question_id for question in self._dialogue.questions]
        return Load(
            n_calls=n_calls,
            summary=summarise([turn for call in heard for turn in call.turns], order),
            max_gap_ms=max(gaps, default=0.0),
            n_gaps=sum(gap > MAX_GAP_MS for gap in gaps),
            n_refused=n_calls - len(heard),
            n_ended_early=sum(bool(call.ended_early) for call in heard),
            cores=cpu_s / max(wall_s, 1e-9),
            caller_late_ms=max((call.caller_late_ms for call in heard), default=0.0),
        )

    async def _call(self, side: Side, call: int, delay_s: float) -> CallHeard | None:
        await asyncio.sleep(delay_s)
        plan = self._dialogue.plan(call % len(self._voices))
        voice = self._voices[call % len(self._voices)]
        try:
            async with calling(side, seed=call) as caller:
                conversation = Conversation(caller, self._dialogue, self._ear, plan, voice, call)
                return await conversation.run(self._n_turns)
        except (ConnectionError, aiohttp.ClientError):
            return None


def page(found: dict[str, list[Load]], command: str) -> str:
    lines = [
        "# Conversations at once",
        "",
        *machine_lines(command),
        "",
        "Borne: p95 at most 1.2 s, no hole over 60 ms in the bot's audio as the caller hears it",
        "(no jitter buffer), every call taken and brought to its end.",
        "",
        "| side | calls | turns | median ms | p95 ms | cut short | never answered "
        "| greatest hole ms | holes > 60 ms | refused | ended early | cores "
        "| caller late ms | borne |",
        "| --- |" + " --- |" * 13,
    ]
    for side, loads in found.items():
        for load in loads:
            summary = load.summary
            lines.append(
                f"| {side} | {load.n_calls} | {summary.n_turns} | {summary.median_ms:.0f} "
                f"| {summary.p95_ms:.0f} | {summary.n_cut_short} | {summary.n_never_answered} "
                f"| {load.max_gap_ms:.0f} | {load.n_gaps} | {load.n_refused} "
                f"| {load.n_ended_early} | {load.cores:.2f} | {load.caller_late_ms:.0f} "
                f"| {'yes' if load.is_borne else 'no'} |"
            )
    lines += ["", "Most calls borne: "]
    for side, loads in found.items():
        most = max((load.n_calls for load in loads if load.is_borne), default=0)
        lines.append(f"- {side}: **{most}**")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.turns.capacity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    side_options(parser)
    parser.add_argument("--calls", type=int, default=4, help="conversations at once")
    parser.add_argument("--find-capacity", action="store_true", help="more and more calls")
    parser.add_argument("--turns", type=int, default=12, help="of each call")
    parser.set_defaults(rounds=1)
    options = parser.parse_args()
    steps = STEPS if options.find_capacity else (options.calls,)
    callers = Callers(options.models, max(steps), options.turns)
    found: dict[str, list[Load]] = {name: [] for name in chosen_sides(options)}

    async def measure(name: str, side: Side, _round: int) -> None:
        for n_calls in steps:
            load = await callers.load(side, n_calls)
            found[name].append(load)
            print(name, load, file=sys.stderr)
            if not load.is_borne:
                break

    asyncio.run(run_sides(options, measure))
    report = page(found, "python -m benchmarks.turns.capacity")
    print(report)
    results: Path = options.results or Path(__file__).parents[1] / "results" / "turns_capacity.md"
    results.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
