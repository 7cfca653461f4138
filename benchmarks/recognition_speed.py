"""Measures the time from the end of an utterance to its text, and what is lost by being quick.

Short answers (RHVoice's two voices, three ways of speaking, A-law) and sentences of nEMO (acted,
A-law) are recognised by Whisper with the silence behind them encoded anew each time, and with the
kept one, in turn. A short answer is right where its words are, digits or not; "tak" said twice for
"tak" counts as right, as it answers the same.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from benchmarks.recognition_nemo import (
    choose,
    edit_distance,
    over_the_telephone,
    quantile,
    read_utterances,
    words,
)
from voicebot.audio import SAMPLE_RATE, Samples, seconds
from voicebot.errors import VoicebotError
from voicebot.media.codecs import g711
from voicebot.speech.backends.rhvoice import RhvoiceSynthesizer
from voicebot.speech.backends.whisper import WhisperRecognizer
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.pauses import speech_level
from voicebot.speech.recognizer import RecognitionHints
from voicebot.speech.recognizer_choice import WHISPER_MODEL

_CHECKOUT = Path(__file__).resolve().parents[1]
_NEMO = _CHECKOUT.parent / "shared" / "speech" / "nemo_8k"
_RESULT = _CHECKOUT / "benchmarks" / "results" / "recognition_speed.md"

YES_NO = (
    *("tak", "nie", "no", "dobrze", "dobra", "jasne", "oczywiście", "no tak", "tak, tak", "no nie"),
    *("nie, nie", "tak, zgadza się", "zgadza się", "zgoda", "okej", "tak jest", "no dobrze"),
    *("pewnie", "potwierdzam", "nie, dziękuję", "nie zgadzam się", "raczej nie", "chyba tak"),
)
SHORT = (
    *("tak, słucham", "może", "nie wiem", "halo", "słucham", "przy telefonie", "nie mogę", "jutro"),
    *("w piątek", "pojutrze", "za tydzień", "w ratach", "całość", "konsultant", "pięćset złotych"),
    *("proszę powtórzyć", "pomyłka", "nie ma go", "już zapłaciłem", "oddzwonię później"),
)
_DIGITS = {"500": "pięćset", "ok": "okej", "okay": "okej", "ta": "tak"}


@dataclass(frozen=True, slots=True)
class Manner:
    """How an answer is spoken and heard."""

    rate: float
    pitch: float
    level_db: float
    noise_db: float


MANNERS = (
    Manner(rate=1.0, pitch=1.0, level_db=-18, noise_db=-58),
    Manner(rate=1.15, pitch=0.93, level_db=-24, noise_db=-44),
    Manner(rate=0.95, pitch=1.07, level_db=-30, noise_db=-45),
)


@dataclass(frozen=True, slots=True)
class Case:
    kind: str
    text: str
    samples: Samples


@dataclass(frozen=True, slots=True)
class Measured:
    case: Case
    text: str
    n_errors: int
    n_words: int
    cpu_ms: float
    wall_ms: float


def spoken(voice: RhvoiceSynthesizer, text: str, manner: Manner, seed: int) -> Samples:
    """The answer as a call delivers it, with the little line noise before and behind."""
    plain = np.concatenate(list(voice.synthesize(text, manner.rate))).astype(np.float32)
    pitched = soxr.resample(plain, SAMPLE_RATE, SAMPLE_RATE * manner.pitch)
    full_scale = 32768 * 10 ** (manner.level_db / 20)
    pitched *= full_scale / speech_level(pitched.astype(np.int16))
    voiced = np.pad(pitched, (1200, 1600))
    noise = np.random.default_rng(seed).normal(0, 32768 * 10 ** (manner.noise_db / 20), len(voiced))
    heard = np.clip(voiced + noise, -32768, 32767).astype(np.int16)
    return over_alaw(heard)


def over_alaw(samples: Samples) -> Samples:
    return g711.decode_alaw(g711.encode_alaw(samples))


def short_cases(store: ModelStore, manners: Sequence[Manner]) -> list[Case]:
    cases: list[Case] = []
    for name in ("Magda", "Natan"):
        voice = RhvoiceSynthesizer(store.path("rhvoice-pl"), name)
        for kind, texts in (("yes_no", YES_NO), ("open", SHORT)):
            for text in texts:
                cases += [
                    Case(kind, text, spoken(voice, text, manner, len(cases) + seed))
                    for seed, manner in enumerate(manners)
                ]
    return cases


def sentences(folder: Path, limit: int) -> list[Case]:
    chosen = choose(read_utterances(folder), limit, seed=1)
    return [Case("nEMO", it.text, over_the_telephone(it.file)) for it in chosen]


def plain(text: str) -> list[str]:
    return [_DIGITS.get(word, word) for word in words(text)]


def measure(recognizer: WhisperRecognizer, case: Case) -> Measured:
    kind = "open" if case.kind == "nEMO" else case.kind
    utterance = recognizer.start(RecognitionHints(kind=kind))
    utterance.accept(case.samples)
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    transcript = utterance.transcribe()
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    wanted, heard = plain(case.text), plain(transcript.text)
    if case.kind == "yes_no" and wanted and heard == wanted * (len(heard) // len(wanted)):
        heard = wanted if heard else heard
    return Measured(
        case=case,
        text=transcript.text,
        n_errors=edit_distance(wanted, heard),
        n_words=len(wanted),
        cpu_ms=cpu_s * 1000,
        wall_ms=wall_s * 1000,
    )


def row(name: str, kind: str, results: Sequence[Measured]) -> str:
    wer = 100 * sum(it.n_errors for it in results) / sum(it.n_words for it in results)
    exact = 100 * sum(not it.n_errors for it in results) / len(results)
    cpu = sorted(it.cpu_ms for it in results)
    wall = sorted(it.wall_ms for it in results)
    audio_s = statistics.mean(seconds(len(it.case.samples)) for it in results)
    return (
        f"| {kind} | {name} | {len(results)} | {audio_s:.1f} | {wer:.1f} | {exact:.1f} "
        f"| {statistics.median(cpu):.0f} | {quantile(cpu, 0.95):.0f} "
        f"| {statistics.median(wall):.0f} | {quantile(wall, 0.95):.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nemo", type=int, default=210, help="sentences of nEMO")
    parser.add_argument("--manners", type=int, default=3, help="ways of speaking, 1 to 3")
    parser.add_argument("--models", type=Path, default=_CHECKOUT / "models")
    parser.add_argument("--output", type=Path, default=_RESULT)
    options = parser.parse_args()
    try:
        store = ModelStore(options.models, load_catalogue())
        engines = {
            "anew": WhisperRecognizer(store.path(WHISPER_MODEL), keeps_silence=False),
            "kept": WhisperRecognizer(store.path(WHISPER_MODEL)),
        }
        cases = short_cases(store, MANNERS[: options.manners])
    except VoicebotError as error:
        raise SystemExit(str(error)) from None
    if _NEMO.is_dir():
        cases += sentences(_NEMO, options.nemo)
    results: dict[tuple[str, str], list[Measured]] = {}
    for n_done, case in enumerate(cases, start=1):
        for name, engine in engines.items():
            results.setdefault((case.kind, name), []).append(measure(engine, case))
        if n_done % 20 == 0:
            print(f"\r{n_done} of {len(cases)}", end="", file=sys.stderr, flush=True)
    arguments = f"--nemo {options.nemo} --manners {options.manners}"
    text = "\n".join(
        [
            "# From an utterance to its text",
            "",
            f"Engine: {engines['kept'].name}, one thread, {os.cpu_count()} cores, load "
            f"{os.getloadavg()[0]:.1f}. Command: `python -m benchmarks.recognition_speed "
            f"{arguments}`.",
            "",
            "| question | silence | utterances | mean s | WER % | exact % | CPU ms median | p95 "
            "| wall ms median | p95 |",
            "|---|---|---|---|---|---|---|---|---|---|",
            *(row(name, kind, results[kind, name]) for kind, name in results),
            "",
        ]
    )
    print(f"\n{text}")
    for (kind, name), found in results.items():
        if kind == "yes_no":
            wrong = [f"{it.case.text}: {it.text}" for it in found if it.n_errors]
            print(f"{name}: " + "; ".join(wrong), file=sys.stderr)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
