from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import AudioFileError
from voicebot.speech.emotion.emotion import EMOTIONS
from voicebot.speech.emotion.labelled_calls import read_labelled_calls


def folder_with(tmp_path: Path, table: str, *names: str) -> Path:
    (tmp_path / "data.tsv").write_text(table, encoding="utf-8")
    for name in names:
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_rows_name_files_of_another_ending_and_speakers_with_blanks(tmp_path: Path) -> None:
    table = "file_id\temotion\tspeaker_id\na.wav\tanger\t  S1\nb.wav\tneutral\tS2\n"
    found = read_labelled_calls(folder_with(tmp_path, table, "a.flac", "b.wav"))
    assert [one.path.name for one in found] == ["a.flac", "b.wav"]
    assert [one.speaker for one in found] == ["S1", "S2"]
    assert [EMOTIONS[one.emotion] for one in found] == ["anger", "neutral"]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("file\temotion\na.wav\tanger\n", "lacks the column speaker_id"),
        ("file\temotion\tspeaker_id\na.wav\tjoy\tS\n", r"data\.tsv:2: emotion 'joy' is none of"),
        ("file\temotion\tspeaker_id\na.wav\tanger\t \n", r"data\.tsv:2: speaker_id is empty"),
        ("file\temotion\tspeaker_id\na.wav\tanger\tS\ngone.wav\tfear\tT\n", r":3: .*'gone\.wav'"),
        ("file\temotion\tspeaker_id\na.wav\tanger\tS\na.wav\tfear\tS\n", "names 1 speakers"),
        ("file\temotion\tspeaker_id\n", "names 0 speakers"),
        ("", "lacks the column"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, table: str, problem: str) -> None:
    with pytest.raises(AudioFileError, match=problem):
        read_labelled_calls(folder_with(tmp_path, table, "a.wav"))


def test_a_folder_without_table_or_with_another_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"data\.tsv: No such file"):
        read_labelled_calls(tmp_path)
    (tmp_path / "data.tsv").write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(AudioFileError, match="no table"):
        read_labelled_calls(tmp_path)
