"""Measures voice emotion on telephone Polish, and trains the head that comes with Voicebot.

nEMO through A-law, each actor left out in turn. CPU is the process's time around encoder and head,
one thread. With --head the head for all actors is written, too.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress, TaskID

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.errors import VoicebotError
from voicebot.media.audio_file import read_telephone_audio
from voicebot.media.codecs.g711 import decode_alaw, encode_alaw
from voicebot.speech.backends.emotion_whisper import WHISPER_ENCODER
from voicebot.speech.emotion.emotion import EMOTIONS, EmotionEncoder
from voicebot.speech.emotion.emotion_choice import ENCODER_ID, load_encoder
from voicebot.speech.emotion.evaluation import area_under_curve
from voicebot.speech.emotion.head import HeadMetadata, LinearHead
from voicebot.speech.emotion.labelled_calls import LabelledFile, read_labelled_calls
from voicebot.speech.emotion.prosody import ProsodyEncoder
from voicebot.speech.emotion.prosody_head import arousal_of
from voicebot.speech.emotion.report import ReportFacts, write_report
from voicebot.speech.emotion.training_run import COPIES, EmbeddingCache, TrainingRun, evenly
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore

_CHECKOUT = Path(__file__).resolve().parents[1]
_NEMO = _CHECKOUT.parent / "shared" / "speech" / "nemo_8k"
_RESULT = _CHECKOUT / "benchmarks" / "results" / "emotion.md"

_TIMED_UTTERANCES = 40
_PROSODY_PER_SPEAKER = 60
_CALM = (EMOTIONS.index("neutral"), EMOTIONS.index("sadness"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=_NEMO)
    parser.add_argument("--models", type=Path, default=_CHECKOUT / "models")
    parser.add_argument("--output", type=Path, default=_RESULT)
    parser.add_argument("--cache", type=Path, help="keep embeddings here")
    parser.add_argument("--head", type=Path, help="write the head for all speakers here")
    arguments = parser.parse_args()
    console = Console(stderr=True)
    try:
        store = ModelStore(arguments.models, load_catalogue())
        store.pull(ENCODER_ID)
        files = read_labelled_calls(arguments.data)
        encoder = load_encoder(store)
        with Progress(console=console) as bars:
            cache = EmbeddingCache(arguments.cache, store.fingerprint(ENCODER_ID))
            run = TrainingRun(encoder, read_phone_audio, through_line, cache, Bars(bars))
            metadata = HeadMetadata(
                WHISPER_ENCODER,
                "CC BY-NC-SA 4.0",
                False,
                "nEMO (Iwona Christop, LREC-COLING 2024), seven of its actors, 8 kHz, A-law",
            )
            head, outcomes, speakers = run.train(files, metadata)
    except VoicebotError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.head:
        head.save(arguments.head)
    audio = [read_phone_audio(one.path) for one in files[:_TIMED_UTTERANCES]]
    facts = ReportFacts(
        "Voice emotion on nEMO",
        shlex.join(["python", "-m", "benchmarks.emotion", *sys.argv[1:]]),
        speakers,
        len(files),
        f"the recordings and changed copies ({', '.join(take.name for take in COPIES)})",
        [
            timing_note("Six emotions", encoder, audio, head),
            timing_note("Prosody alone", ProsodyEncoder(), audio),
            prosody_note(files),
        ],
    )
    write_report(arguments.output, outcomes, facts)
    for one in outcomes[:3]:
        print(f"{one.baseline}: {one.recall:.1%} of six, {one.group_recall:.1%} of four")
    return 0


def timing_note(
    name: str, encoder: EmotionEncoder, audio: Sequence[Samples], head: LinearHead | None = None
) -> str:
    """CPU and wall time a second of audio, one line of the report."""
    encoder.embed(audio[0])
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    for samples in audio:
        embedding = encoder.embed(samples)
        if head is not None:
            head.read(embedding, [embedding])
    cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
    audio_s = sum(len(samples) for samples in audio) / SAMPLE_RATE
    return (
        f"- {name}: **{1000 * cpu_s / audio_s:.1f} ms** of CPU for a second of audio "
        f"({1000 * wall_s / audio_s:.1f} ms by the clock; {len(audio)} utterances, one thread)."
    )


def prosody_note(files: Sequence[LabelledFile], seed: int = 1) -> str:
    """How well the fallback tells aroused speech from calm, beside three of any mood."""
    names = sorted({one.speaker for one in files})
    speakers = np.array([names.index(one.speaker) for one in files], dtype=np.intp)
    encoder, rng = ProsodyEncoder(), np.random.default_rng(seed)
    rows = evenly(speakers, _PROSODY_PER_SPEAKER)
    embeddings = {int(row): encoder.embed(read_phone_audio(files[row].path)) for row in rows}
    scores = []
    for row in rows:
        others = [other for other in rows if speakers[other] == speakers[row] and other != row]
        drawn = rng.choice(np.array(others), 3, replace=False)
        scores.append(arousal_of(embeddings[int(row)], [embeddings[int(one)] for one in drawn]))
    emotions = np.array([files[row].emotion for row in rows])
    values = np.array(scores, dtype=np.float32)
    aroused = area_under_curve(values, ~np.isin(emotions, _CALM))
    anger = area_under_curve(values, emotions == EMOTIONS.index("anger"))
    return (
        f"- The fallback without trained weights, {len(rows)} utterances, baseline of three of any "
        f"mood: aroused (anger, fear, happiness, surprised) against neutral and sadness AUC "
        f"{aroused:.2f}, anger against all else {anger:.2f}."
    )


def through_line(samples: Samples) -> Samples:
    return decode_alaw(encode_alaw(samples))


def read_phone_audio(path: Path) -> Samples:
    return through_line(read_telephone_audio(path))


class Bars:
    """One bar a step."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=total)
        self._bars.update(self._tasks[step], completed=done)


if __name__ == "__main__":
    sys.exit(main())
