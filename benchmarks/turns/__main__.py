"""Turn-taking on the wire, ours beside Pipecat's: same caller, same WebSocket, same models.

    python -m benchmarks.turns --turns 300 --side all

Results are printed and written to benchmarks/results/turns.md; each turn is a line of JSON in the
file that --log names.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
import wave
from dataclasses import asdict
from pathlib import Path

from benchmarks.turns.command import chosen_sides, run_sides, side_options
from benchmarks.turns.conversation import CallHeard, Conversation
from benchmarks.turns.dialogue import Dialogue, load_dialogue
from benchmarks.turns.prompt_ear import PromptEar
from benchmarks.turns.report import SideResult, turns_page
from benchmarks.turns.servers import CpuMeter, Side
from benchmarks.turns.stream_caller import calling
from benchmarks.turns.voices import Voices
from voicebot.audio import SAMPLE_RATE, Samples

RESULTS = Path(__file__).parents[1] / "results"


def speak_all(voices: Voices, dialogue: Dialogue, n_calls: int) -> list[dict[str, Samples]]:
    """The caller's audio of each call, by question."""
    halo = voices.say("Halo, słucham?")
    spoken = []
    for call in range(n_calls):
        plan = dialogue.plan(call)
        spoken.append({name: voices.answer(answer) for name, answer in plan.items()})
        spoken[-1]["halo"] = halo
    return spoken


async def one_call(
    side: Side,
    call: int,
    n_turns: int,
    dialogue: Dialogue,
    ear: PromptEar,
    voice: dict[str, Samples],
    keep: Path | None = None,
) -> CallHeard:
    async with calling(side, seed=call) as caller:
        conversation = Conversation(caller, dialogue, ear, dialogue.plan(call), voice, call)
        heard = await conversation.run(n_turns)
        if keep is not None:
            await asyncio.to_thread(write_wav, keep, caller.two_channels())
        return heard


def write_wav(path: Path, both: Samples) -> None:
    """Caller left, bot right, both as the line had them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(both.tobytes())


async def measure_all(options: argparse.Namespace) -> str:
    dialogue = load_dialogue()
    names = chosen_sides(options)
    per_call = min(options.turns, len(dialogue.questions))
    n_calls = -(-options.turns // per_call)
    voices = await asyncio.to_thread(Voices, options.models)
    prompts = {item.question_id: voices.prompt(item.text) for item in dialogue.questions}
    ear = PromptEar(prompts)
    spoken = speak_all(voices, dialogue, n_calls)
    results = {name: SideResult(name) for name in names}
    # In rounds, so that what else the machine does meets all sides alike.
    options.rounds = n_calls

    async def measure(name: str, side: Side, call: int) -> None:
        meter = CpuMeter.start(side.pid)
        path = options.keep / f"{name}-{call:02}.wav" if options.keep else None
        heard = await one_call(side, call, per_call, dialogue, ear, spoken[call], path)
        results[name].add(heard, *meter.used())
        _note(options, name, heard)

    await run_sides(options, measure)
    return turns_page(
        list(results.values()),
        [question.question_id for question in dialogue.questions],
    )


def _note(options: argparse.Namespace, name: str, heard: CallHeard) -> None:
    with options.log.open("a", encoding="utf-8") as log:
        for turn in heard.turns:
            content = {"side": name, **asdict(turn), "response_ms": turn.response_ms}
            log.write(json.dumps(content, ensure_ascii=False) + "\n")
    times = [turn.response_ms for turn in heard.turns]
    shown = " ".join("-" if ms is None else f"{ms:.0f}" for ms in times)
    late = f"caller at most {heard.caller_late_ms:.0f} ms late"
    print(f"{name} call {heard.call}: {shown} {heard.ended_early} ({late})", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.turns",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--turns", type=int, default=300)
    side_options(parser)
    parser.add_argument("--log", type=Path, help="each turn as a line of JSON goes here")
    parser.add_argument("--keep", type=Path, help="the calls' audio goes to this folder")
    options = parser.parse_args()
    options.log = options.log or Path(tempfile.gettempdir()) / f"turns-{time.time():.0f}.jsonl"
    report = asyncio.run(measure_all(options))
    print(report)
    (options.results or RESULTS / "turns.md").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
