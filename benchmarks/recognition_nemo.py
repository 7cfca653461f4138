"""Measures recognition on telephone Polish: nEMO through A-law and back.

Errors are counted over normalised text: lower case, punctuation removed, whitespace joined.
Numbers are not converted: nEMO's sentences have none, and a digit written for a word is an error.
CPU is the process's time around `transcribe`, so it holds whatever threads the engine uses.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import statistics
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from voicebot.audio import Samples
from voicebot.errors import VoicebotError
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.recognizer import RecognitionHints, Recognizer, Transcript
from voicebot.speech.recognizer_choice import build_recognizer, choose_recognizer

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

_CHECKOUT = Path(__file__).resolve().parents[1]
_NEMO = _CHECKOUT.parent / "shared" / "speech" / "nemo_8k"
_RESULT = _CHECKOUT / "benchmarks" / "results" / "recognition_nemo.md"
_NOT_WORDS = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True, slots=True)
class Utterance:
    """One sentence of one speaker."""

    file: Path
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What the recogniser made of it."""

    utterance: Utterance
    transcript: Transcript
    word_errors: int
    n_words: int
    letter_errors: int
    n_letters: int
    cpu_ms: float


def words(text: str) -> list[str]:
    return _NOT_WORDS.sub(" ", text.lower()).split()


def edit_distance(wanted: Sequence[str], heard: Sequence[str]) -> int:
    """Levenshtein: substitutions, insertions and deletions each count one."""
    row = list(range(len(heard) + 1))
    for i, want in enumerate(wanted, start=1):
        diagonal, row[0] = row[0], i
        for j, got in enumerate(heard, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (want != got))
    return row[-1]


def read_utterances(folder: Path) -> list[Utterance]:
    with open(folder / "data.tsv", encoding="utf-8", newline="") as file:
        return [
            Utterance(
                file=folder / row["file_id"].replace(".wav", ".flac"),
                speaker=row["speaker_id"].strip(),
                text=row["normalized_text"],
            )
            # Without QUOTE_NONE a sentence that begins with a quotation mark eats the next ones.
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def choose(utterances: list[Utterance], limit: int, seed: int) -> list[Utterance]:
    """The same number of each speaker, `limit` in all; 0: all."""
    if not limit:
        return utterances
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in sorted(utterances, key=lambda it: it.file.name):
        by_speaker[utterance.speaker].append(utterance)
    generator = random.Random(seed)
    share = max(1, limit // len(by_speaker))
    return [
        chosen
        for speaker in sorted(by_speaker)
        for chosen in generator.sample(by_speaker[speaker], min(share, len(by_speaker[speaker])))
    ]


def over_the_telephone(file: Path) -> Samples:
    """What a call delivers of the file: 8 kHz, A-law and back."""
    samples, sample_rate = soundfile.read(file, dtype="int16")
    if sample_rate != 8000:
        raise SystemExit(f"{file}: 8 kHz are expected")
    coded = audioop.lin2alaw(samples.tobytes(), 2)
    return np.frombuffer(audioop.alaw2lin(coded, 2), dtype=np.int16)


def measure(recognizer: Recognizer, utterance: Utterance) -> Measured:
    listening = recognizer.start(RecognitionHints())
    samples = over_the_telephone(utterance.file)
    started = time.process_time()
    listening.accept(samples)
    transcript = listening.transcribe()
    cpu_ms = (time.process_time() - started) * 1000
    wanted, heard = words(utterance.text), words(transcript.text)
    return Measured(
        utterance=utterance,
        transcript=transcript,
        word_errors=edit_distance(wanted, heard),
        n_words=len(wanted),
        letter_errors=edit_distance(" ".join(wanted), " ".join(heard)),
        n_letters=len(" ".join(wanted)),
        cpu_ms=cpu_ms,
    )


def row(name: str, results: Sequence[Measured]) -> str:
    wer = 100 * sum(it.word_errors for it in results) / sum(it.n_words for it in results)
    cer = 100 * sum(it.letter_errors for it in results) / sum(it.n_letters for it in results)
    exact = 100 * sum(it.word_errors == 0 for it in results) / len(results)
    cpu = sorted(it.cpu_ms for it in results)
    spread = f"{statistics.median(cpu):.0f} ({quantile(cpu, 0.1):.0f} to {quantile(cpu, 0.9):.0f})"
    audio_s = statistics.mean(it.transcript.audio_s for it in results)
    return (
        f"| {name} | {len(results)} | {audio_s:.1f} | {wer:.1f} | {cer:.1f} | {exact:.0f} | "
        f"{spread} |"
    )


def quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def confidence_table(results: Sequence[Measured]) -> list[str]:
    """How far confidence can be trusted: errors in each tenth of it."""
    lines = ["| confidence | utterances | WER % | exact % |", "|---|---|---|---|"]
    for low in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        high = low + 0.1 if low < 0.6 else 1.01
        found = [it for it in results if low <= it.transcript.confidence < high]
        if found:
            wer = 100 * sum(it.word_errors for it in found) / sum(it.n_words for it in found)
            exact = 100 * sum(it.word_errors == 0 for it in found) / len(found)
            lines.append(
                f"| {low:.1f} to {min(high, 1):.1f} | {len(found)} | {wer:.0f} | {exact:.0f} |"
            )
    return lines


def report(recognizer: Recognizer, results: Sequence[Measured], arguments: str) -> str:
    speakers = sorted({it.utterance.speaker for it in results})
    n_dropped = sum(not it.transcript.text for it in results)
    total_s = sum(it.transcript.audio_s for it in results)
    factor = sum(it.cpu_ms for it in results) / 1000 / total_s
    lines = [
        "# Recognition of telephone Polish (nEMO, A-law)",
        "",
        f"Engine: {recognizer.name}. Command: `python -m benchmarks.recognition_nemo {arguments}`.",
        f"{total_s:.0f} s of acted emotional speech; {n_dropped} of {len(results)} utterances came "
        f"back empty; {factor:.3f} s of CPU for a second of audio.",
        "",
        "| speaker | utterances | mean s | WER % | CER % | exact % | CPU ms: median (10 to 90 %) |",
        "|---|---|---|---|---|---|---|",
        *(row(it, [r for r in results if r.utterance.speaker == it]) for it in speakers),
        row("all", results),
        "",
        *confidence_table(results),
        "",
        "WER and CER over lower-case text without punctuation; digits and words are not equated. "
        "The largest no_speech of these utterances, which all are speech: "
        f"{max(it.transcript.no_speech for it in results):.2f} "
        "(text is dropped above 0.40 where it is unlikely too).",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=700, help="utterances in all; 0: every one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", default="auto", choices=("auto", "whisper", "vosk"))
    parser.add_argument("--models", type=Path, default=_CHECKOUT / "models")
    parser.add_argument("--data", type=Path, default=_NEMO)
    parser.add_argument("--output", type=Path, default=_RESULT)
    options = parser.parse_args()
    try:
        store = ModelStore(options.models, load_catalogue())
        choice = choose_recognizer("commercial", options.engine, store)
        recognizer = build_recognizer(choice, store)
    except VoicebotError as error:
        raise SystemExit(str(error)) from None
    chosen = choose(read_utterances(options.data), options.limit, options.seed)
    results = []
    for n_done, utterance in enumerate(chosen, start=1):
        results.append(measure(recognizer, utterance))
        if n_done % 20 == 0 or n_done == len(chosen):
            print(f"\r{n_done} of {len(chosen)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    text = report(recognizer, results, f"--limit {options.limit} --seed {options.seed}")
    print(text)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")
    print(f"written: {options.output}", file=sys.stderr)


if __name__ == "__main__":
    main()
