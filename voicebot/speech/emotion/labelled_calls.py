"""Labelled recordings for training: a folder with data.tsv and audio."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from voicebot.errors import AudioFileError
from voicebot.speech.emotion.emotion import EMOTIONS

TABLE_NAME = "data.tsv"
_AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """One utterance. emotion: index in EMOTIONS."""

    path: Path
    emotion: int
    speaker: str


def read_labelled_calls(folder: Path) -> list[LabelledFile]:
    """The rows of `folder`/data.tsv: columns file (or file_id), emotion and speaker_id.

    A file may be named with another ending than it has. Raises AudioFileError, which names the
    table, the line and what is wrong with it.
    """
    table_path = folder / TABLE_NAME
    try:
        with table_path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            names = table.fieldnames or ()
            column = "file" if "file" in names else "file_id"
            missing = [name for name in (column, "emotion", "speaker_id") if name not in names]
            if missing:
                raise AudioFileError(
                    f"{table_path}: lacks the column {' and '.join(missing)} (file, emotion and "
                    "speaker_id are needed, parted by tabs)"
                )
            found = [
                _labelled(folder, f"{table_path}:{table.line_num}", row, column) for row in table
            ]
    except OSError as error:
        raise AudioFileError(f"{table_path}: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise AudioFileError(f"{table_path}: is no table of tab-separated text ({error})") from None
    speakers = Counter(one.speaker for one in found)
    if len(speakers) < 2:
        raise AudioFileError(
            f"{table_path}: names {len(speakers)} speakers; two are the least, since each is "
            "left out in turn to see how the others' head does on him"
        )
    return found


def _labelled(folder: Path, place: str, row: dict[str, str | None], column: str) -> LabelledFile:
    name, emotion, speaker = ((row[key] or "").strip() for key in (column, "emotion", "speaker_id"))
    if emotion not in EMOTIONS:
        raise AudioFileError(f"{place}: emotion {emotion!r} is none of {', '.join(EMOTIONS)}")
    if not speaker:
        raise AudioFileError(f"{place}: speaker_id is empty")
    path = folder / name
    candidates = [path, *(path.with_suffix(suffix) for suffix in _AUDIO_SUFFIXES)]
    existing = [one for one in candidates if one.is_file()] if name else []
    if not existing:
        raise AudioFileError(f"{place}: there is no audio file {name!r} in {folder}")
    return LabelledFile(existing[0], EMOTIONS.index(emotion), speaker)
