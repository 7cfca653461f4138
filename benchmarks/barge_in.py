"""Measures how soon a caller stops the bot, and what stops it that should not.

Offline: frames of A-law go through the detector, the echo guard, the line's sounds and the
barge-in as in a call, while the bot says its prompts. Latency: from the first speech sample to
the end of the frame that stops the bot. A false stop is undone in a call where the transcript is
empty, or short and not understood; that is not part of this and is measured by
`tests/calls/test_interruptions.py`. Music and people talking in the background do stop the bot
until they are known for what they are: counted here are stops within the seconds given.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import telephone_sounds as sounds
from benchmarks.telephone_sounds import Spoken, Wave
from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.calls.barge_in import BargeIn
from voicebot.media.echo_guard import EchoGuard
from voicebot.media.line_sounds import LineSounds
from voicebot.media.playout import Playout
from voicebot.media.speech_detector import SpeechDetector
from voicebot.settings import TurnSettings

_RESULT = sounds.CHECKOUT / "benchmarks" / "results" / "barge_in.md"
PROMPTS = (
    "Dzień dobry, tu infolinia firmy Windykacja Przykładowa. Rozmowa jest nagrywana.",
    "Proszę podać ośmiocyfrowy numer sprawy, cyfra po cyfrze, albo wybrać go na klawiaturze.",
    "Do zapłaty pozostaje tysiąc dwieście dziewięćdziesiąt cztery złote.",
)
SAID = (
    "nie wiem, o co chodzi",
    "chciałbym zapłacić w piątek",
    "tak, zgadza się",
    "proszę o rozłożenie na raty",
    "chwileczkę",
    "ale ja już to zapłaciłem",
    "dwieście złotych",
    "nie",
    "tak",
)
ASSENTS = ("mhm", "aha", "yhm")
SPEAKS_AT_S = 2.0
FLOOR_DBFS = -58.0


@dataclass(frozen=True, slots=True)
class Heard:
    """stopped_ms: after the caller's first sample; None: the bot went on."""

    stopped_ms: float | None
    cpu_us: float
    n_frames: int


def hear(prompt: Samples, line: Samples, begins_at: int) -> Heard:
    playout = Playout()
    playout.say(1, prompt)
    detector, barge_in = SpeechDetector(), BargeIn(TurnSettings().barge_in_ms)
    guard, line_sounds = EchoGuard(playout), LineSounds()
    stopped: float | None = None
    before, n_frames = time.process_time(), 0
    for n, frame in enumerate(sounds.frames(line), start=1):
        playout.pull(0.0)
        is_speech = detector.is_speech(frame)
        is_echo = guard.receive_frame(frame, is_speech)
        line_sounds.receive_frame(frame, is_speech)
        counts = is_speech and not is_echo and not line_sounds.is_music
        if barge_in.receive_frame(counts, True, frame) and stopped is None:
            stopped = n * 20 - begins_at / 8
        n_frames = n
    return Heard(stopped, (time.process_time() - before) / n_frames * 1e6, n_frames)


def over_noise(wave: Wave, seed: int) -> Wave:
    rng = np.random.default_rng(seed)
    return wave + sounds.line_noise(len(wave) / SAMPLE_RATE + 0.01, FLOOR_DBFS, rng)[: len(wave)]


def placed(wave: Wave, at: int, n: int) -> Wave:
    total = np.zeros(n)
    part = wave[: max(0, n - at)]
    total[at : at + len(part)] = part
    return total


def echo(said: Wave, rng: np.random.Generator) -> Wave:
    """After 20 to 500 ms, 6 to 26 dB weaker, out of a small room, with a codec's distortion."""
    room = rng.standard_normal(400) * np.exp(-np.arange(400) / 80) * 0.25
    room[0] = 1.0
    room /= np.sqrt((room**2).sum())
    delay = int(rng.uniform(0.02, 0.5) * SAMPLE_RATE)
    wave = np.convolve(said, room)[: len(said)] * 10 ** (-rng.uniform(6, 26) / 20)
    return np.concatenate([np.zeros(delay), np.tanh(2 * wave) / 2])[: len(said)]


def latencies(spoken: list[Spoken], prompts: list[Wave], with_echo: bool) -> list[Heard]:
    rng = np.random.default_rng(4)
    found = []
    for n, one in enumerate(spoken):
        prompt = prompts[n % len(prompts)]
        at = int(SPEAKS_AT_S * SAMPLE_RATE) + int(rng.integers(0, 160))
        wave = placed(sounds.at_level(one.wave, -20, of=one.speech), at, len(prompt))
        if with_echo:
            wave = wave + echo(prompt, rng)
        line = sounds.over_alaw(over_noise(wave, n))
        found.append(hear(sounds.over_alaw(prompt), line, at + one.first))
    return found


def false_stops(waves: list[Wave], prompts: list[Wave], level_dbfs: float) -> tuple[int, int]:
    n_stopped = 0
    for n, wave in enumerate(waves):
        prompt = prompts[n % len(prompts)]
        loud = wave * 10 ** (level_dbfs / 20) / np.abs(wave).max()
        total = over_noise(np.concatenate([np.zeros(12000), loud]), n)
        n_stopped += (
            hear(sounds.over_alaw(prompt), sounds.over_alaw(total), 0).stopped_ms is not None
        )
    return n_stopped, len(waves)


def latency_row(label: str, found: list[Heard]) -> str:
    times = [one.stopped_ms for one in found if one.stopped_ms is not None]
    early = sum(ms < 0 for ms in times)
    good = [ms for ms in times if ms >= 0] or [float("nan")]
    return (
        f"| {label} ({len(found)}) | {np.median(good):.0f} | {np.percentile(good, 95):.0f} | "
        f"{early} | {len(found) - len(times)} |"
    )


def report(
    mouths: sounds.Mouths, nemo: list[Spoken], music: Path | None, n: int, arguments: str
) -> Iterator[str]:
    prompts = [
        placed(sounds.at_level(mouths.say(text, voice).wave, -18), 4000, 6 * SAMPLE_RATE)
        for voice in sounds.VOICES
        for text in PROMPTS
    ]
    rhvoice = [mouths.say(text, voice) for text in SAID for voice in sounds.VOICES]
    yield "# Barge-in: how soon, and by what that is no speech\n"
    yield f"`python -m benchmarks.barge_in{arguments}`\n"
    yield (__doc__ or "").split("\n\n", 1)[1]
    yield f"`turns.barge_in_ms` {TurnSettings().barge_in_ms}; speech at -20 dBFS over noise at "
    yield f"{FLOOR_DBFS:.0f} dBFS; the bot at -18 dBFS.\n"
    yield "## From the first speech sample to the stop, ms\n"
    yield "| who speaks | median | p95 | stopped before he spoke | not stopped |"
    yield "| --- | --- | --- | --- | --- |"
    everything: list[Heard] = []
    for label, spoken in (("RHVoice", rhvoice), ("nEMO", nemo)):
        if spoken:
            for with_echo in (False, True):
                found = latencies(spoken, prompts, with_echo)
                everything += found
                yield latency_row(label + (", over an echo" if with_echo else ""), found)
    rng = np.random.default_rng(6)
    others: dict[str, list[Wave]] = {
        "coughs, 1 to 3": [sounds.coughing(2.5, rng) for _ in range(3 * n)],
        "breath, 5 s": [sounds.breath(5, rng) for _ in range(n)],
        "clicks and knocks, 5 s": [sounds.clicks(5, rng) for _ in range(n)],
        "street, 6 s": [sounds.street(6, rng) for _ in range(2 * n)],
        "mhm, aha, yhm": [mouths.say(t, v).wave for t in ASSENTS for v in sounds.VOICES],
        "six people talking, 6 s": [sounds.babble(6, nemo or rhvoice, 6, rng) for _ in range(n)],
        "music made here, 6 s": [sounds.music(6, rng) for _ in range(n)],
    }
    if music is not None:
        others["hold music, recorded, 6 s"] = list(sounds.recorded_music(music, 6, rng))
    yield "\n## False stops, % (peak at -6 and at -20 dBFS)\n"
    yield "| sound | -6 | -20 |"
    yield "| --- | --- | --- |"
    for label, waves in others.items():
        cells = []
        for level in (-6.0, -20.0):
            stopped, all_of_them = false_stops(waves, prompts, level)
            cells.append(f"{100 * stopped / all_of_them:.0f}")
        yield f"| {label} ({len(waves)}) | " + " | ".join(cells) + " |"
    n_stopped = 0
    for number in range(3 * n):
        prompt = prompts[number % len(prompts)]
        line = sounds.over_alaw(over_noise(echo(prompt, rng), number))
        found_one = hear(sounds.over_alaw(prompt), line, 0)
        everything.append(found_one)
        n_stopped += found_one.stopped_ms is not None
    yield f"| the bot's echo, 6 s ({3 * n}) | {100 * n_stopped / (3 * n):.0f} | |"
    frames = sum(one.n_frames for one in everything)
    cpu = sum(one.cpu_us * one.n_frames for one in everything) / frames
    yield f"\nCPU time of all of it: {cpu:.0f} us a frame while both speak.\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=sounds.CHECKOUT / "models")
    parser.add_argument("--music", type=Path, help="folder with hold music (WAV)")
    parser.add_argument("--sentences", type=int, default=120, help="of nEMO")
    parser.add_argument("--noises", type=int, default=20, help="of each kind")
    parser.add_argument("--output", type=Path, default=_RESULT)
    options = parser.parse_args()
    mouths = sounds.open_mouths(options.models)
    arguments = "".join(f" {argument}" for argument in sys.argv[1:])
    nemo = sounds.nemo(options.sentences)
    pages = report(mouths, nemo, options.music, options.noises, arguments)
    text = "\n".join(pages) + "\n"
    print(text)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
