"""Short answers at any loudness: how many are never answered.

    python -m benchmarks.turns.short_answers --side all

"Tak", "nie", "no" and "dobra" with their peak at -6 to -30 dBFS, each at three speeds, to yes/no
questions. Results: benchmarks/results/turns_short_answers.md.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.turns.command import machine_lines, run_sides, side_options
from benchmarks.turns.conversation import Conversation
from benchmarks.turns.dialogue import Answer, Dialogue, load_dialogue
from benchmarks.turns.prompt_ear import PromptEar
from benchmarks.turns.servers import Side
from benchmarks.turns.stream_caller import calling
from benchmarks.turns.verdicts import TurnHeard
from benchmarks.turns.voices import Voices
from voicebot.audio import Samples

WORDS = ("Tak.", "Nie.", "No.", "Dobra.")
PEAKS_DBFS = (-6.0, -12.0, -18.0, -24.0, -30.0)
RATES = (0.9, 1.0, 1.15)


def yes_no_dialogue() -> Dialogue:
    """The benchmark's questions, all of them to be answered with yes or no."""
    dialogue = load_dialogue()
    questions = tuple(
        replace(item, kind="yes_no", is_variable=False, length=0) for item in dialogue.questions
    )
    return replace(dialogue, questions=questions)


def at_peak(samples: Samples, peak_dbfs: float) -> Samples:
    peak = np.abs(samples.astype(np.int32)).max(initial=1)
    scale = 32767 * 10 ** (peak_dbfs / 20) / float(peak)
    scaled: Samples = np.round(samples * scale).astype(np.int16)
    return scaled


def plans(dialogue: Dialogue, n_times: int) -> list[dict[str, Answer]]:
    """Every word at every level and speed so often, shuffled, one dialogue after the other."""
    answers = [
        Answer(word, "short", peak, rate)
        for _ in range(n_times)
        for word in WORDS
        for peak in PEAKS_DBFS
        for rate in RATES
    ]
    random.Random("short answers").shuffle(answers)
    names = [question.question_id for question in dialogue.questions]
    return [
        dict(zip(names, answers[first : first + len(names)], strict=False))
        for first in range(0, len(answers), len(names))
    ]


def page(found: dict[str, list[tuple[Answer, TurnHeard]]], command: str) -> str:
    lines = [
        "# Short answers",
        "",
        *machine_lines(command),
        "",
        "Missed: nothing was heard of the bot within 6 s, or the same question again. Levels are",
        "the peak of the word; the line's noise is at −60 dBFS (RMS).",
        "",
        "| side | missed | median ms | " + " | ".join(f"{p:.0f} dBFS" for p in PEAKS_DBFS) + " | "
        "" + " | ".join(WORDS) + " |",
        "| --- |" + " --- |" * (2 + len(PEAKS_DBFS) + len(WORDS)),
    ]
    for side, turns in found.items():
        missed = [answer for answer, turn in turns if turn.was_never_answered]
        times = [turn.response_ms for _, turn in turns if turn.response_ms is not None]
        of_level, of_word = (
            Counter(answer.level_dbfs for answer, _ in turns),
            Counter(answer.text for answer, _ in turns),
        )
        by_level, by_word = (
            Counter(answer.level_dbfs for answer in missed),
            Counter(answer.text for answer in missed),
        )
        cells = [f"{by_level[peak]} of {of_level[peak]}" for peak in PEAKS_DBFS]
        cells += [f"{by_word[word]} of {of_word[word]}" for word in WORDS]
        share = 100 * len(missed) / max(len(turns), 1)
        lines.append(
            f"| {side} | **{len(missed)} of {len(turns)}** ({share:.1f} %) "
            f"| {np.median(times) if times else np.nan:.0f} | " + " | ".join(cells) + " |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.turns.short_answers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    side_options(parser)
    parser.add_argument("--times", type=int, default=2, help="each word so often (60 answers)")
    parser.add_argument("--turns", type=int, default=10_000, help="at most so many a call")
    options = parser.parse_args()
    dialogue = yes_no_dialogue()
    voices = Voices(options.models)
    ear = PromptEar({item.question_id: voices.prompt(item.text) for item in dialogue.questions})
    all_plans = plans(dialogue, options.times)
    options.rounds = len(all_plans)
    halo = voices.say("Halo, słucham?")
    spoken = [
        {name: at_peak(voices.say(a.text, a.rate), a.level_dbfs) for name, a in plan.items()}
        | {"halo": halo}
        for plan in all_plans
    ]
    found: dict[str, list[tuple[Answer, TurnHeard]]] = {}

    async def measure(name: str, side: Side, call: int) -> None:
        plan = all_plans[call]
        async with calling(side, seed=call) as caller:
            conversation = Conversation(caller, dialogue, ear, plan, spoken[call], call)
            heard = await conversation.run(min(len(plan), options.turns))
        found.setdefault(name, []).extend((plan[turn.question], turn) for turn in heard.turns)

    asyncio.run(run_sides(options, measure, dialogue=dialogue))
    report = page(found, "python -m benchmarks.turns.short_answers")
    print(report)
    results: Path = (
        options.results or Path(__file__).parents[1] / "results" / "turns_short_answers.md"
    )
    results.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
