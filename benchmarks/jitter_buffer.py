"""Measures the jitter buffer against loss, jitter and reordering, beside one of a fixed 60 ms.

    python -m benchmarks.jitter_buffer > benchmarks/results/jitter_buffer.md

Both hear the same packets. Counted over the same ten minutes: what of the audio was made up or
left out (less is better), and how much later than the network's quickest packet it was played.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from voicebot.audio import FRAME_MS, FRAME_SAMPLES
from voicebot.media.codecs.g711 import PCMA
from voicebot.media.jitter_buffer import JitterBuffer

LOSSES = (0.0, 0.01, 0.05)
JITTERS_MS = (0, 5, 15, 30, 60)
REORDERINGS = (0.0, 0.05)
FIXED_DELAY_MS = 60
SETTLING_FRAMES = 500
"""10 s, not counted: calls are longer than what a buffer needs to learn."""

DETOUR_MS = (30.0, 50.0)
LOUD_SHARE = 0.6
"""In speech this share of the frames is not quiet; in runs of a second or so."""


@dataclass(frozen=True)
class Arrival:
    at_tick: float
    number: int


@dataclass
class Outcome:
    """made_up: ticks without a frame of the sender."""

    made_up: int = 0
    late: int = 0
    delay_ticks: float = 0.0
    played: int = 0

    def row(self, n_frames: int) -> str:
        return (
            f"{self.made_up * 1000 / n_frames:.1f} | {self.late * 1000 / n_frames:.1f} | "
            f"{self.delay_ticks / max(self.played, 1) * FRAME_MS:.0f}"
        )


class FixedBuffer:
    """Plays each frame a fixed time after the first one; what comes later is lost."""

    def __init__(self, delay_ms: int) -> None:
        self._delay = delay_ms // FRAME_MS
        self._frames: set[int] = set()
        self._ticks = 0
        self._first: int | None = None
        self.late = 0

    def put(self, number: int) -> None:
        if self._first is None:
            self._first = number
            self._ticks = 0
        if number - self._first < self._ticks - self._delay:
            self.late += 1
        else:
            self._frames.add(number)

    def get(self) -> int | None:
        if self._first is None:
            return None
        self._ticks += 1
        number = self._first + self._ticks - 1 - self._delay
        if number in self._frames:
            self._frames.remove(number)
            return number
        return None


def arrivals(
    n_frames: int, loss: float, jitter_ms: float, reordering: float, seed: int
) -> list[Arrival]:
    """jitter_ms: mean of an exponential delay, as queues make it."""
    rng = random.Random(seed)
    found = []
    for number in range(n_frames):
        delay_ms = rng.expovariate(1 / jitter_ms) if jitter_ms else 0.0
        if rng.random() < reordering:
            delay_ms += rng.uniform(*DETOUR_MS)
        if rng.random() >= loss:
            found.append(Arrival(number + 0.5 + delay_ms / FRAME_MS, number))
    return sorted(found, key=lambda arrival: arrival.at_tick)


def measure(packets: list[Arrival], n_frames: int, seed: int) -> tuple[Outcome, Outcome]:
    """Ours and the fixed one."""
    is_loud = list(itertools.islice(_loudness(random.Random(seed)), n_frames))

    def is_quiet(frame: bytes) -> bool:
        return not is_loud[int.from_bytes(frame[:4])]

    ours = JitterBuffer(is_quiet, PCMA.join, FRAME_SAMPLES)
    fixed = FixedBuffer(FIXED_DELAY_MS)
    outcomes = Outcome(), Outcome()
    late_before = (0, 0)
    waiting = iter(packets)
    upcoming = next(waiting, None)
    for tick in range(n_frames):
        while upcoming is not None and upcoming.at_tick <= tick:
            payload = upcoming.number.to_bytes(4) * (FRAME_SAMPLES // 4)
            ours.put(upcoming.number * FRAME_SAMPLES, payload)
            fixed.put(upcoming.number)
            upcoming = next(waiting, None)
        frame = ours.get()
        heard = (None if frame is None else int.from_bytes(frame[:4]), fixed.get())
        if tick == SETTLING_FRAMES:
            late_before = (ours.stats.late, fixed.late)
        if tick < SETTLING_FRAMES:
            continue
        for outcome, number in zip(outcomes, heard, strict=True):
            if number is None:
                outcome.made_up += 1
            else:
                outcome.played += 1
                outcome.delay_ticks += tick - (number + 0.5)
    outcomes[0].late = ours.stats.late - late_before[0]
    outcomes[1].late = fixed.late - late_before[1]
    return outcomes


def _loudness(rng: random.Random) -> Iterator[bool]:
    while True:
        loud = max(int(rng.expovariate(1 / 50)), 5)
        yield from itertools.repeat(True, loud)
        yield from itertools.repeat(False, int(loud * (1 / LOUD_SHARE - 1)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of each call (default 10)")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    n_frames = int(arguments.minutes * 60 * 1000 / FRAME_MS)
    n_counted = n_frames - SETTLING_FRAMES
    print("# Jitter buffer against loss, jitter and reordering\n")
    print(f"`python -m benchmarks.jitter_buffer --minutes {arguments.minutes:g}`\n")
    print(
        "jitter: mean of an exponential delay. reordered: packets held back by 30 to 50 ms.\n"
        "concealed: ms of each second that were made up (the loss itself is in it). late: ms of\n"
        "each second that came too late. delay: from the quickest packet's arrival to its\n"
        f"playing, mean. fixed: a buffer of always {FIXED_DELAY_MS} ms.\n"
    )
    print(
        "| loss % | jitter ms | reordered % | concealed ms/s | late ms/s | delay ms "
        "| fixed: concealed | late | delay |"
    )
    print("|" + "---:|" * 9)
    for loss, reordering, jitter_ms in itertools.product(LOSSES, REORDERINGS, JITTERS_MS):
        packets = arrivals(n_frames, loss, jitter_ms, reordering, arguments.seed)
        ours, fixed = measure(packets, n_frames, arguments.seed)
        print(
            f"| {loss * 100:g} | {jitter_ms} | {reordering * 100:g} "
            f"| {ours.row(n_counted)} | {fixed.row(n_counted)} |"
        )


if __name__ == "__main__":
    main()
