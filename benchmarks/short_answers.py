"""Measures whether short answers are heard at any loudness, and what else is taken for speech.

"Tak", "nie", "no", "dobra", "dobrze" of RHVoice's two voices at four speeds, and "nie" cut from
the beginnings of nEMO's sentences (they have no other of these words at an end; a cut is 120 to
260 ms long, and one speaker in the middle of a sentence says it quicker than anybody answers),
over A-law, at six levels, over three floors of noise. Missed: no turn begins with it, or the
turn's audio lacks its beginning. Level: RMS of the word, 0 dBFS a square wave; -6 is clipped, as
it is by telephones.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import telephone_sounds as sounds
from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from voicebot.errors import VoicebotError
from voicebot.media.speech_detector import SpeechDetector
from voicebot.media.turn_detector import SpeechStarted, TurnDetector
from voicebot.media.vad import VoiceActivityDetector, WebrtcVad
from voicebot.speech.backends.silero import SileroVad
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore

_RESULT = sounds.CHECKOUT / "benchmarks" / "results" / "short_answers.md"
WORDS = ("tak", "nie", "no", "dobra", "dobrze")
RATES = (0.85, 1.0, 1.15, 1.3)
LEVELS_DBFS = (-6, -12, -18, -24, -30)
FLOORS_DBFS = (-60, -50, -40)
LATE_START_MS = 30
LEAD_S, TAIL_S = 1.5, 1.0

MakeVad = Callable[[], VoiceActivityDetector]


@dataclass(frozen=True, slots=True)
class Line:
    """What the bot hears, and where in it somebody speaks (samples)."""

    samples: Samples
    first: int
    last: int


def line(utterance: sounds.Spoken, level_dbfs: float, floor_dbfs: float, seed: int) -> Line:
    rng = np.random.default_rng(seed)
    wave = sounds.at_level(utterance.wave, level_dbfs, of=utterance.speech)
    lead = int(LEAD_S * SAMPLE_RATE) + int(rng.integers(0, FRAME_SAMPLES))
    total = np.zeros(lead + len(wave) + int(TAIL_S * SAMPLE_RATE))
    total[lead : lead + len(wave)] = wave
    total += sounds.line_noise(len(total) / SAMPLE_RATE + 0.01, floor_dbfs, rng)[: len(total)]
    last = _audible_end(wave, floor_dbfs)
    return Line(sounds.over_alaw(total), lead + utterance.first, lead + last)


def _audible_end(wave: sounds.Wave, floor_dbfs: float) -> int:
    """Where the clean wave sinks for good to 30 dB below its loudest, or into the noise."""
    step = FRAME_SAMPLES // 8
    n = len(wave) // step
    power = np.convolve(
        (wave[: n * step].reshape(n, step) ** 2).mean(axis=1), np.ones(4) / 4, "same"
    )
    least = max(power.max() * 10 ** (-sounds.TRUTH_BELOW_LOUDEST_DB / 10), 10 ** (floor_dbfs / 10))
    return int(np.flatnonzero(power > least)[-1] + 1) * step


def is_heard(make_vad: MakeVad, heard: Line) -> bool:
    vad, turns = make_vad(), TurnDetector()
    for n, frame in enumerate(sounds.frames(heard.samples)):
        at = n * FRAME_SAMPLES
        event = turns.receive_frame(vad.is_speech(frame), at)
        if isinstance(event, SpeechStarted) and at > heard.first - SAMPLE_RATE * 3 // 10:
            is_in_time = at < heard.last + SAMPLE_RATE // 5
            return is_in_time and event.at_samples <= heard.first + LATE_START_MS * 8
    return False


def end_error_ms(make_vad: MakeVad, heard: Line) -> float | None:
    """When the last frame of speech ends, beside when speech does."""
    vad = make_vad()
    speech = [n for n, frame in enumerate(sounds.frames(heard.samples)) if vad.is_speech(frame)]
    inside = [n for n in speech if n * FRAME_SAMPLES > heard.first - 800]
    return ((inside[-1] + 1) * FRAME_SAMPLES - heard.last) / 8 if inside else None


def false_onsets(
    make_vad: MakeVad, waves: list[sounds.Wave], level_dbfs: float
) -> tuple[int, float]:
    """How many of them begin a turn, and how many turns a minute they begin."""
    n_with, n_turns, n_samples = 0, 0, 0
    for seed, wave in enumerate(waves):
        rng = np.random.default_rng(seed)
        total = np.concatenate(
            [np.zeros(12000), wave * 10 ** (level_dbfs / 20) / np.abs(wave).max()]
        )
        total += sounds.line_noise(len(total) / SAMPLE_RATE + 0.01, -60, rng)[: len(total)]
        vad, turns, n_here = make_vad(), TurnDetector(), 0
        for n, frame in enumerate(sounds.frames(sounds.over_alaw(total))):
            event = turns.receive_frame(vad.is_speech(frame), n * FRAME_SAMPLES)
            n_here += isinstance(event, SpeechStarted)
        n_with += n_here > 0
        n_turns += n_here
        n_samples += len(wave)
    return n_with, n_turns / (n_samples / SAMPLE_RATE / 60)


def cpu_us(make_vad: MakeVad, samples: Samples) -> float:
    vad = make_vad()
    frames = list(sounds.frames(samples))
    before = time.process_time()
    for frame in frames:
        vad.is_speech(frame)
    return (time.process_time() - before) / len(frames) * 1e6


def noises(voices: list[sounds.Spoken], music: Path | None, n: int) -> dict[str, list[sounds.Wave]]:
    rng = np.random.default_rng(5)
    made = {
        "coughs, 1 to 3": [sounds.coughing(2.5, rng) for _ in range(2 * n)],
        "breath, 5 s": [sounds.breath(5, rng) for _ in range(n)],
        "clicks and knocks, 5 s": [sounds.clicks(5, rng) for _ in range(n)],
        "street, 12 s": [sounds.street(12, rng) for _ in range(n)],
        "white noise, 8 s": [sounds.white(8, rng) for _ in range(n // 2)],
        "music made here, 6 s": [sounds.music(6, rng) for _ in range(n // 2)],
        "six people talking, 6 s": [sounds.babble(6, voices, 6, rng) for _ in range(n // 2)],
    }
    if music is not None:
        made["hold music, recorded, 6 s"] = list(sounds.recorded_music(music, 6, rng))
    return made


def report(
    makers: dict[str, MakeVad],
    words: list[sounds.Spoken],
    sentences: list[sounds.Spoken],
    others: dict[str, list[sounds.Wave]],
    arguments: str,
) -> Iterator[str]:
    yield "# Short answers heard, and what else is taken for speech\n"
    yield f"`python -m benchmarks.short_answers{arguments}`\n"
    yield (__doc__ or "").split("\n\n", 1)[1]
    yield f"{len(words)} words, {len(sentences)} sentences.\n"
    yield "## Missed words, % (by level in dBFS)\n"
    yield "| detector | noise floor | " + " | ".join(map(str, LEVELS_DBFS)) + " | all |"
    yield "| --- " * (len(LEVELS_DBFS) + 3) + "|"
    for name, make in makers.items():
        for floor in FLOORS_DBFS:
            missed = [
                [not is_heard(make, line(word, level, floor, n)) for n, word in enumerate(words)]
                for level in LEVELS_DBFS
            ]
            cells = [f"{100 * np.mean(row):.1f}" for row in missed]
            total = f"{100 * np.mean(missed):.1f}"
            yield f"| {name} | {floor} | " + " | ".join(cells) + f" | {total} |"
    yield "\n## End of the last frame of speech beside the end of speech, ms (speech at -20 dBFS)\n"
    yield "| detector | noise floor | median | median of the size | p95 of the size | p5 | p95 |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, make in makers.items():
        for floor in FLOORS_DBFS:
            lines = (line(one, -20, floor, n) for n, one in enumerate(words + sentences))
            errors = [e for one in lines if (e := end_error_ms(make, one)) is not None]
            sizes = np.abs(errors)
            yield (
                f"| {name} | {floor} | {np.median(errors):.0f} | {np.median(sizes):.0f} | "
                f"{np.percentile(sizes, 95):.0f} | {np.percentile(errors, 5):.0f} | "
                f"{np.percentile(errors, 95):.0f} |"
            )
    yield "\n## Turns begun by what is no speech (peak at -6 dBFS)\n"
    yield "| sound | " + " | ".join(f"{name}: % of them, turns a minute" for name in makers) + " |"
    yield "| --- " * (len(makers) + 1) + "|"
    for label, waves in others.items():
        found = [false_onsets(make, waves, -6) for make in makers.values()]
        cells = [f"{100 * n / len(waves):.0f}, {rate:.1f}" for n, rate in found]
        yield f"| {label} ({len(waves)}) | " + " | ".join(cells) + " |"
    talk = sounds.over_alaw(sounds.at_level(np.concatenate([s.wave for s in sentences[:20]]), -20))
    quiet = sounds.over_alaw(sounds.line_noise(30, -50, np.random.default_rng(1)))
    yield "\n## CPU time of a frame, us\n"
    yield "| detector | speech | a quiet line |"
    yield "| --- | --- | --- |"
    for name, make in makers.items():
        yield f"| {name} | {cpu_us(make, talk):.1f} | {cpu_us(make, quiet):.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=sounds.CHECKOUT / "models")
    parser.add_argument("--music", type=Path, help="folder with hold music (WAV)")
    parser.add_argument("--sentences", type=int, default=120, help="of nEMO")
    parser.add_argument("--noises", type=int, default=20, help="of each kind")
    parser.add_argument("--silero", action="store_true", help="beside Silero, which takes minutes")
    parser.add_argument("--output", type=Path, default=_RESULT)
    options = parser.parse_args()
    mouths = sounds.open_mouths(options.models)
    words = [mouths.say(text, voice, r) for text in WORDS for voice in sounds.VOICES for r in RATES]
    words += [
        cut
        for one in sounds.nemo(80, starting_with="nie ")
        if (cut := sounds.first_syllable(one)) is not None
    ]
    sentences = sounds.nemo(options.sentences)
    makers: dict[str, MakeVad] = {"ours": SpeechDetector, "webrtcvad 3": WebrtcVad}
    if options.silero:
        try:
            path = ModelStore(options.models, load_catalogue()).path("silero-vad")
            makers["Silero"] = lambda: SileroVad(path)
        except VoicebotError as error:
            raise SystemExit(str(error)) from None
    arguments = "".join(f" {argument}" for argument in sys.argv[1:])
    others = noises(sentences or words, options.music, options.noises)
    text = "\n".join(report(makers, words, sentences or words, others, arguments)) + "\n"
    print(text)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
