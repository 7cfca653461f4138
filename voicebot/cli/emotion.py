"""voicebot emotion: what mood a voice in files is in, and training on one's own calls."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from typer.core import TyperGroup

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.cli.emotion_train import train
from voicebot.errors import AudioFileError, ModelError, SettingsError
from voicebot.media.audio_file import read_telephone_audio
from voicebot.media.codecs.g711 import decode_alaw, encode_alaw
from voicebot.settings import load_settings
from voicebot.speech.emotion.emotion import Embedding, EmotionEncoder, EmotionHead, EmotionReading
from voicebot.speech.emotion.emotion_choice import (
    ENCODER_ID,
    EmotionChoice,
    load_encoder,
    load_head,
)
from voicebot.speech.emotion.features import MIN_SAMPLES
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore

_LISTEN = "listen"
_BASELINE = "--baseline"
_BASELINE_SEPARATOR = ";"


class _ListensByDefault(TyperGroup):
    """`voicebot emotion call.wav` stands for `voicebot emotion listen call.wav`, and one
    `--baseline` may be followed by several files, as the shell's *.wav gives them."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in self.commands and args[0] not in {"-h", "--help"}:
            args = [_LISTEN, *args]
        if args and args[0] == _LISTEN:
            args = [_LISTEN, *_one_file_an_option(args[1:])]
        return super().parse_args(ctx, args)


emotion_app = typer.Typer(
    name="emotion",
    cls=_ListensByDefault,
    no_args_is_help=True,
    help="The mood in a voice: voicebot emotion WAV… tells it, voicebot emotion train learns it.",
)
emotion_app.command("train")(train)


class EmotionModelName(StrEnum):
    WHISPER = "whisper"
    PROSODY = "prosody"


@emotion_app.command(_LISTEN)
def listen(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="WAV…", help="WAV or FLAC, any sample rate.")
    ] = None,
    baseline: Annotated[
        list[Path] | None,
        typer.Option(
            _BASELINE,
            metavar="WAV…",
            help="The same speaker's usual voice: one utterance a file, three are good.",
        ),
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            "--batch",
            metavar="FILE.tsv",
            help="A table with the columns file and baseline (files parted by ;); prints one "
            "JSON object a line.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON list rather than a readable table.")
    ] = False,
    model: Annotated[
        EmotionModelName,
        typer.Option(help="whisper: six emotions. prosody: only how aroused, by the baseline."),
    ] = EmotionModelName.WHISPER,
    head: Annotated[
        Path | None, typer.Option(help="A head of your own, from voicebot emotion train.")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--settings", "-s", help="Settings file; without it ./voicebot.toml is read."),
    ] = None,
) -> None:
    """Tell the mood of the voice in audio files, one utterance each, as it sounds over a telephone.

    A file that can't be read or is too short gives an object with `file` and `error`; the others
    are still read, and the exit status is then 1.

    Examples:

        voicebot emotion call.wav

        voicebot emotion angry.wav --json --baseline first.wav second.wav third.wav

        voicebot emotion --batch calls.tsv > moods.jsonl
    """
    errors = Console(stderr=True)
    wanted = list(files or [])
    if bool(wanted) == (batch is not None):
        _tell(errors, "Give either WAV files, before --baseline, or --batch FILE.tsv.")
        raise typer.Exit(2)
    try:
        rows = read_batch(batch) if batch else [Row(str(f), f, baseline or []) for f in wanted]
        choice = EmotionChoice(model.value, head)
        reader = FileReader(load_encoder(_ready_store(settings, choice), choice), load_head(choice))
    except (AudioFileError, ModelError, SettingsError) as error:
        _tell(errors, str(error))
        raise typer.Exit(1) from None
    entries = []
    is_bar_shown = errors.is_terminal and len(rows) > 20
    with Progress(console=errors, transient=True, disable=not is_bar_shown) as bar:
        for row in bar.track(rows, description="Listening"):
            entry = reader.entry(row)
            entries.append(entry)
            if batch:
                typer.echo(json.dumps(entry, ensure_ascii=False))
    if as_json and not batch:
        typer.echo(json.dumps(entries, ensure_ascii=False, indent=2))
    elif not batch:
        _show(entries)
    failed = [str(entry["error"]) for entry in entries if "error" in entry]
    for problem in failed:
        _tell(errors, problem)
    if failed:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Row:
    """What is to be read. name: the file as the user wrote it, and as it is printed."""

    name: str
    path: Path
    baseline: Sequence[Path]


class FileReader:
    """Reads files one after the other; each file is embedded once, however often it is named."""

    def __init__(self, encoder: EmotionEncoder, head: EmotionHead) -> None:
        self._encoder = encoder
        self._head = head
        self._seen: dict[Path, Embedding] = {}

    def entry(self, row: Row) -> dict[str, object]:
        """What is printed for one file; with the key `error` where it can't be read."""
        try:
            usual = [self._embed(path) for path in row.baseline]
            return _entry(row.name, self._head.read(self._embed(row.path), usual))
        except AudioFileError as error:
            return {"file": row.name, "error": str(error)}

    def _embed(self, path: Path) -> Embedding:
        if path not in self._seen:
            samples = read_phone_audio(path)
            if len(samples) < MIN_SAMPLES:
                raise AudioFileError(
                    f"{path}: too short to tell an emotion ({len(samples) / SAMPLE_RATE:.2f} s; "
                    f"{MIN_SAMPLES / SAMPLE_RATE} s are needed, 2 s are good)"
                )
            self._seen[path] = self._encoder.embed(samples)
        return self._seen[path]


def read_phone_audio(path: Path) -> Samples:
    """A file as a telephone brings it: 8 kHz and through A-law. Raises AudioFileError."""
    return decode_alaw(encode_alaw(read_telephone_audio(path)))


def read_batch(path: Path) -> list[Row]:
    """The rows of a --batch table. Paths that are not there are looked for beside the table.

    Raises AudioFileError, which names the table and what is wrong with it.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            if "file" not in (table.fieldnames or ()):
                raise AudioFileError(f"{path}: the first line must name a column file")
            return [
                Row(
                    row["file"].strip(),
                    _beside(path, row["file"].strip()),
                    [
                        _beside(path, name.strip())
                        for name in (row.get("baseline") or "").split(_BASELINE_SEPARATOR)
                        if name.strip()
                    ],
                )
                for row in table
                if (row["file"] or "").strip()
            ]
    except OSError as error:
        raise AudioFileError(f"{path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise AudioFileError(f"{path}: is no table of tab-separated text ({error})") from None


def _beside(table: Path, name: str) -> Path:
    path = Path(name)
    if not path.exists() and (table.parent / path).exists():
        return table.parent / path
    return path


def _one_file_an_option(args: Sequence[str]) -> list[str]:
    """`--baseline a b c` as `--baseline a --baseline b --baseline c`.

    Where it is given several times, each takes one file, as options mostly do.
    """
    if sum(arg == _BASELINE for arg in args) != 1:
        return list(args)
    return list(_spread(args))


def _spread(args: Sequence[str]) -> Iterator[str]:
    is_baseline = False
    for arg in args:
        if arg == _BASELINE:
            is_baseline = True
        elif arg.startswith("-") and len(arg) > 1:
            is_baseline = False
            yield arg
        elif is_baseline:
            yield from (_BASELINE, arg)
        else:
            yield arg


def _ready_store(settings_path: Path | None, choice: EmotionChoice) -> ModelStore:
    """The store, with the encoder made where only Whisper is there: that takes seconds."""
    settings = load_settings(settings_path)
    store = ModelStore(Path(settings.models_directory), load_catalogue(), settings.models_mirror)
    if choice.model == "whisper" and store.status(ENCODER_ID).state == "missing":
        store.pull(ENCODER_ID)
    return store


def _entry(file: str, reading: EmotionReading) -> dict[str, object]:
    return {
        "file": file,
        "emotion": reading.emotion,
        "group": reading.group,
        "probabilities": {name: round(p, 4) for name, p in reading.probabilities.items()},
        "confidence": round(reading.confidence, 4),
    }


def _show(entries: list[dict[str, object]]) -> None:
    width = max((len(str(entry["file"])) for entry in entries), default=0)
    typer.echo(f"{'File':{width}}  {'Emotion':9}  {'Group':8}  Confidence")
    for entry in entries:
        if "error" in entry:
            typer.echo(f"{entry['file']!s:{width}}  -")
        else:
            typer.echo(
                f"{entry['file']!s:{width}}  {entry['emotion']!s:9}  {entry['group']!s:8}  "
                f"{float(str(entry['confidence'])):.0%}"
            )


def _tell(console: Console, line: str) -> None:
    console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
