"""Speaking over the bot: how soon it stops for a caller, and what stops it that should not.

    python -m benchmarks.turns.barge_in --side all

A long prompt (18 s) is spoken over, once a call. A real interruption: the time from the caller's
first sample to the last audible one of the bot. A sound that is none: "left standing" where the
bot stopped and said nothing more within 2 s. Results: benchmarks/results/turns_barge_in.md.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.turns.command import machine_lines, run_sides, side_options
from benchmarks.turns.noises import false_sounds
from benchmarks.turns.servers import Side
from benchmarks.turns.stream_caller import StreamCaller, calling
from benchmarks.turns.voices import Voices, at_level
from voicebot.audio import Samples

LISTENED_S = 9.0
"""The disclosures are over by then, and the long prompt goes on for ten seconds more."""

STOP_PATIENCE_S = 3.0
QUIET_S = 0.7
"""Longer than the pauses between the sentences of the prompt: the bot has stopped."""

STANDING_S = 2.0
REAL = (
    "Przepraszam, mam pytanie.",
    "Proszę poczekać chwilę.",
    "Nie mam teraz czasu.",
    "Halo, a o co chodzi?",
    "Dobrze, to ja odpowiem.",
)


@dataclass(frozen=True, slots=True)
class Interruption:
    """stop_ms: None where the bot spoke on. is_left_standing: it stopped, and said no more."""

    sound: str
    stop_ms: float | None
    is_left_standing: bool


async def interrupt(caller: StreamCaller, sound: str, samples: Samples) -> Interruption:
    """Listen to the long prompt for a while, make the sound, hear what the bot does."""
    opened_at = await _first_word(caller)
    await asyncio.sleep(max(opened_at + LISTENED_S - caller.now, 0))
    # Not into a pause between its sentences, where nothing could be stopped.
    while True:
        if caller.playout.last_audible_at(caller.now - 0.04, caller.now) is not None:
            break
        await asyncio.sleep(0.01)
    spoken = await caller.say(samples)
    await asyncio.sleep(max(spoken.first_at + STOP_PATIENCE_S + QUIET_S - caller.now, 0))
    stopped_at = _stopped_at(caller, spoken.first_at)
    if stopped_at is None:
        return Interruption(sound, None, is_left_standing=False)
    await asyncio.sleep(max(max(stopped_at, spoken.last_at) + STANDING_S - caller.now, 0))
    went_on = caller.playout.first_audible_at(
        stopped_at + QUIET_S, max(stopped_at, spoken.last_at) + STANDING_S
    )
    return Interruption(sound, (stopped_at - spoken.first_at) * 1000, went_on is None)


async def _first_word(caller: StreamCaller) -> float:
    async with asyncio.timeout(60):
        while True:
            first = caller.playout.first_audible_at(caller.began_at, caller.now)
            if first is not None:
                return first
            await asyncio.sleep(0.02)


def _stopped_at(caller: StreamCaller, since: float) -> float | None:
    """The last audible sample before the first long quiet; None: there was none in time."""
    last = since
    while True:
        following = caller.playout.first_audible_at(last, last + QUIET_S)
        if following is None:
            return last
        last = caller.playout.last_audible_at(following, following + 0.2) or following + 0.2
        if last > since + STOP_PATIENCE_S:
            return None


def sounds(voices: Voices, n_real: int, n_false: int) -> list[tuple[str, Samples]]:
    """Real interruptions first, then as many of each false kind."""
    chosen = [
        ("real", at_level(voices.say(REAL[number % len(REAL)]), -16.0 - 3 * (number % 4)))
        for number in range(n_real)
    ]
    for kind, make in false_sounds(voices).items():
        chosen += [(kind, make(number)) for number in range(n_false)]
    return chosen


def page(found: dict[str, list[Interruption]], command: str) -> str:
    lines = [
        "# Speaking over the bot",
        "",
        *machine_lines(command),
        "",
        "Real: a sentence at −16 to −25 dBFS; from its first sample to the bot's last audible one.",
        "False: left standing = the bot stopped and said nothing within 2 s of the sound's end.",
        "Coughs and street noise are synthesised (`noises.py`), “mhm” is RHVoice, echo is the",
        "bot's own voice 30 dB down.",
        "",
        "| side | real: median stop ms | p95 | not stopped | "
        "false: stopped | false: left standing |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for side, results in found.items():
        real = [item for item in results if item.sound == "real"]
        false = [item for item in results if item.sound != "real"]
        times = [item.stop_ms for item in real if item.stop_ms is not None]
        median, p95 = np.percentile(times, [50, 95]) if times else (np.nan, np.nan)
        standing = sum(item.is_left_standing for item in false)
        lines.append(
            f"| {side} | **{median:.0f}** | {p95:.0f} | {len(real) - len(times)} of {len(real)} "
            f"| {sum(item.stop_ms is not None for item in false)} of {len(false)} "
            f"| **{standing}** ({100 * standing / max(len(false), 1):.1f} %) |"
        )
    lines += ["", "Left standing (stopped at all) by sound:", ""]
    kinds = list(dict.fromkeys(i.sound for r in found.values() for i in r if i.sound != "real"))
    lines += ["| side | " + " | ".join(kinds) + " |", "| --- |" + " --- |" * len(kinds)]
    for side, results in found.items():
        number = Counter(item.sound for item in results)
        stopped = Counter(item.sound for item in results if item.stop_ms is not None)
        standing_by = Counter(item.sound for item in results if item.is_left_standing)
        cells = [f"{standing_by[kind]} ({stopped[kind]}) of {number[kind]}" for kind in kinds]
        lines.append(f"| {side} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.turns.barge_in",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    side_options(parser)
    parser.add_argument("--real", type=int, default=20, help="real interruptions of each side")
    parser.add_argument("--false", type=int, default=10, help="of each kind of false sound")
    options = parser.parse_args()
    chosen = sounds(Voices(options.models), options.real, options.false)
    found: dict[str, list[Interruption]] = {}

    async def measure(name: str, side: Side, round_number: int) -> None:
        for number, (kind, samples) in enumerate(chosen):
            if number % options.rounds == round_number:
                async with calling(side, seed=number) as caller:
                    found.setdefault(name, []).append(await interrupt(caller, kind, samples))

    asyncio.run(run_sides(options, measure, is_long=True))
    command = "python -m benchmarks.turns.barge_in"
    report = page(found, command)
    print(report)
    results: Path = options.results or Path(__file__).parents[1] / "results" / "turns_barge_in.md"
    results.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
