"""The server's own times of its turns against those of a capture of the line.

Starts a server of its own, calls it as a synthetic debtor, one call after the other, and captures
the loopback meanwhile. Each answer that the server timed is looked up in the capture: when the
caller's last audible sample and the bot's first one passed the kernel. Needs root (for the
capture) and the demo models.

    python -m benchmarks.turn_times --minutes 4

Results are printed and written to benchmarks/results/turn_times.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.conversations import RESULTS, RTP_PORTS, run_callers, start_server, usage
from benchmarks.wire import RtpStream, StreamKey, capture, read_streams
from voicebot.calls.turn_times import STEPS

WINDOW_S = 0.4
"""So far apart the server's clock of a call and the capture's may put the same first sound."""

DEBTOR = Path(__file__).parent / "spoken_in_order.yaml"

LIMIT_MS = 20
"""What the two may differ by, in the median."""


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What the server wrote down of one answer. first_sound_at: seconds of the epoch, about."""

    first_sound_at: float
    timings_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Compared:
    """One answer, timed twice. captured_ms: from the caller's last sample to the bot's first."""

    own: OwnAnswer
    captured_ms: float

    @property
    def difference_ms(self) -> float:
        return self.own.timings_ms["voice_to_voice"] - self.captured_ms


def own_answers(database: Path) -> list[OwnAnswer]:
    """All answers in a server's database, in order."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "select calls.call_id, answered_at, speaker, started_s, timings_ms"
            " from turns join calls using (call_id) order by answered_at, turn_index"
        ).fetchall()
    found = []
    heard: dict[str, dict[str, float]] = {}
    for call_id, answered_at, speaker, started_s, timings in rows:
        timings_ms = json.loads(timings)
        if speaker == "caller":
            heard[call_id] = timings_ms
        elif "voice_to_voice" in timings_ms and call_id in heard:
            began = datetime.fromisoformat(answered_at).replace(tzinfo=UTC).timestamp()
            silence_ms = timings_ms["voice_to_voice"] - timings_ms["speech_end_to_first_packet"]
            first_sound_at = began + started_s + silence_ms / 1000
            found.append(OwnAnswer(first_sound_at, heard.pop(call_id) | timings_ms))
    return found


def compare(
    own: Sequence[OwnAnswer], streams: dict[StreamKey, RtpStream], bot_ports: tuple[int, int]
) -> list[Compared]:
    """Find each answer in the capture; those that can't be found are left out."""
    waits = []
    for (source, source_port, destination, port), bot in streams.items():
        caller = streams.get((destination, port, source, source_port))
        if caller is None or not bot_ports[0] <= source_port <= bot_ports[1]:
            continue
        caller_ends = [end for _, end in caller.sounds]
        for begin, _ in bot.spells_of_sound(min_pause_s=0.2):
            n_before = bisect_left(caller_ends, begin)
            if n_before:
                waits.append((begin, (begin - caller_ends[n_before - 1]) * 1000))
    found = []
    for answer in own:
        near = [wait for wait in waits if abs(wait[0] - answer.first_sound_at) < WINDOW_S]
        if near:
            nearest = min(near, key=lambda wait: abs(wait[0] - answer.first_sound_at))
            found.append(Compared(answer, nearest[1]))
    return found


def table(compared: Sequence[Compared], n_own: int) -> list[str]:
    if not compared:
        return [f"Of {n_own} answers none was found in the capture."]
    own = np.array([each.own.timings_ms["voice_to_voice"] for each in compared])
    captured = np.array([each.captured_ms for each in compared])
    differences = np.array([each.difference_ms for each in compared])
    off = float(np.median(own) - np.median(captured))
    lines = [
        "| voice to voice, ms | median | p95 | max |",
        "| --- | --- | --- | --- |",
    ]
    for name, values in (
        ("the server's own", own),
        ("from the capture", captured),
        ("one answer's difference (own − captured)", differences),
        ("size of that difference", np.abs(differences)),
    ):
        middle, p95 = np.percentile(values, [50, 95])
        lines.append(f"| {name} | {middle:.1f} | {p95:.1f} | {values.max():.1f} |")
    lines += [
        "",
        f"Answers: {n_own} timed by the server, {len(compared)} of them found in the capture. The "
        f"medians differ by {abs(off):.1f} ms (allowed: {LIMIT_MS} ms): "
        f"{'agreed' if abs(off) <= LIMIT_MS else '**not agreed**'}.",
        "",
        "Median of each step, ms since the caller's last sample on the wire:",
        "",
        "| step | median | p95 |",
        "| --- | --- | --- |",
    ]
    for key in (*STEPS, "decision_to_first_packet", "guess_head_start"):
        values = [e.own.timings_ms[key] for e in compared if key in e.own.timings_ms]
        if values:
            p95 = float(np.percentile(values, 95))
            lines.append(f"| `{key}` ({len(values)}) | {median(values):.0f} | {p95:.0f} |")
    return lines


async def measure(options: argparse.Namespace) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = await start_server(folder, options.models)
        before = usage(server.pid)
        async with capture(folder / "wire.pcap", RTP_PORTS[0], RTP_PORTS[1]):
            await run_callers(folder, options.models, options)
        after = usage(server.pid)
        server.send_signal(signal.SIGTERM)
        await asyncio.wait_for(server.wait(), 60)
        own = own_answers(folder / "data" / "voicebot.sqlite3")
        compared = compare(own, read_streams(folder / "wire.pcap"), RTP_PORTS)
    lines = [
        "# The server's own times against a capture of the line",
        "",
        f"Command: `python -m benchmarks.turn_times {' '.join(sys.argv[1:])}`. One call at a time,",
        f"caller and server on one machine with {os.cpu_count()} cores; load average at the end "
        f"{os.getloadavg()[0]:.1f}. CPU time: node {after.node_cpu_s - before.node_cpu_s:.1f} s,",
        f"workers {after.worker_cpu_s - before.worker_cpu_s:.1f} s.",
        "",
        *table(compared, len(own)),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=4.0, help="how long calls are made")
    parser.add_argument("--codec", default="PCMA", choices=["PCMA", "PCMU"])
    parser.add_argument("--debtor", type=Path, default=DEBTOR, help="what the debtor says")
    parser.add_argument(
        "--listens",
        dest="in_order",
        action="store_false",
        help="the debtor recognises what the bot says: costs CPU time beside the server",
    )
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    options = parser.parse_args()
    options.calls = 1
    report = asyncio.run(measure(options))
    print(report)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "turn_times.md").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
