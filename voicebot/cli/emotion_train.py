"""voicebot emotion train: a head learnt from one's own labelled calls."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TaskID

from voicebot.audio import Samples
from voicebot.errors import AudioFileError, ModelError, SettingsError
from voicebot.media.audio_file import read_telephone_audio
from voicebot.media.codecs.g711 import decode_alaw, encode_alaw
from voicebot.settings import load_settings
from voicebot.speech.emotion.emotion_choice import ENCODER_ID, ENCODER_NAMES, load_encoder
from voicebot.speech.emotion.evaluation import ANY_BASELINE, NO_BASELINE
from voicebot.speech.emotion.head import HeadMetadata
from voicebot.speech.emotion.labelled_calls import read_labelled_calls
from voicebot.speech.emotion.report import ReportFacts, write_report
from voicebot.speech.emotion.training_run import COPIES, EmbeddingCache, TrainingRun
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore


def train(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="Folder with data.tsv (columns file, emotion, speaker_id) and the audio.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the head goes.")] = Path(
        "emotion-head.npz"
    ),
    report: Annotated[
        Path, typer.Option(help="Where the report goes; its pictures lie beside it.")
    ] = Path("emotion-report.md"),
    licence: Annotated[
        str, typer.Option(help="Licence of the recordings; kept in the head.")
    ] = "own recordings",
    commercial: Annotated[
        bool,
        typer.Option(
            "--commercial/--non-commercial", help="Whether the recordings may be used in business."
        ),
    ] = True,
    cache: Annotated[
        Path | None, typer.Option(help="Keep what the encoder heard here, for a quicker next run.")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", "-s", help="Settings file; without it ./voicebot.toml is read."),
    ] = None,
) -> None:
    """Train the emotion head on labelled utterances and report how good it is.

    Emotions are anger, fear, happiness, neutral, sadness and surprised. The report is always of
    speakers that were left out of the training: five speakers at the least, better ten, more
    help more than longer recordings.

    Example:

        voicebot emotion train calls/ --output head.npz --report head.md
    """
    errors = Console(stderr=True)
    try:
        values = load_settings(settings)
        store = ModelStore(Path(values.models_directory), load_catalogue(), values.models_mirror)
        if store.status(ENCODER_ID).state == "missing":
            store.pull(ENCODER_ID)
        files = read_labelled_calls(folder)
        with Progress(console=errors) as bars:
            run = TrainingRun(
                load_encoder(store),
                _read_phone_audio,
                _through_line,
                EmbeddingCache(cache, store.fingerprint(ENCODER_ID)),
                _Bars(bars),
            )
            metadata = HeadMetadata(
                ENCODER_NAMES["whisper"], licence, commercial, f"{len(files)} utterances"
            )
            head, outcomes, speakers = run.train(files, metadata)
        output.parent.mkdir(parents=True, exist_ok=True)
        head.save(output)
        copies = ", ".join(take.name for take in COPIES)
        facts = ReportFacts(
            "Emotion head",
            shlex.join(["voicebot", *sys.argv[1:]]),
            speakers,
            len(files),
            f"the recordings and changed copies of them ({copies})",
        )
        write_report(report, outcomes, facts)
    except (AudioFileError, ModelError, SettingsError) as error:
        errors.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except OSError as error:
        place = error.filename or output
        errors.print(f"{place}: {error.strerror or error}", style="red", markup=False)
        raise typer.Exit(1) from None
    for one in outcomes:
        if one.condition == outcomes[0].condition and one.baseline in (NO_BASELINE, ANY_BASELINE):
            typer.echo(
                f"Baseline {one.baseline}: recall of six {one.recall:.0%}, "
                f"of four groups {one.group_recall:.0%}"
            )
    typer.echo(f"Head: {output}. Report: {report}")


class _Bars:
    """One bar a step."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=total)
        self._bars.update(self._tasks[step], completed=done)


def _through_line(samples: Samples) -> Samples:
    return decode_alaw(encode_alaw(samples))


def _read_phone_audio(path: Path) -> Samples:
    return _through_line(read_telephone_audio(path))
