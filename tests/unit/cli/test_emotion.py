from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.models import need_model
from tests.shared import shared_path
from voicebot.cli import app
from voicebot.cli.emotion import FileReader, Row, read_batch
from voicebot.errors import AudioFileError
from voicebot.media.audio_file import write_wav
from voicebot.speech.emotion.emotion import EMOTIONS, GROUPS
from voicebot.speech.emotion.prosody import ProsodyEncoder
from voicebot.speech.emotion.prosody_head import ArousalHead

PROSODY = ["emotion", "--model", "prosody"]


def voice_file(path: Path, seconds: float = 1.0, sample_rate: int = 8000) -> Path:
    times = np.arange(round(seconds * sample_rate)) / sample_rate
    wave = 6000 * np.sin(2 * np.pi * 150 * times) * (1 + np.sin(2 * np.pi * 4 * times)) / 2
    write_wav(path, wave.astype(np.int16), sample_rate)
    return path


def run(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return result.exit_code, result.stdout, result.stderr


def check_entry(entry: dict[str, object]) -> None:
    assert set(entry) == {"file", "emotion", "group", "probabilities", "confidence"}
    probabilities = entry["probabilities"]
    assert isinstance(probabilities, dict)
    assert tuple(probabilities) == EMOTIONS
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-3)
    assert entry["emotion"] in EMOTIONS
    assert entry["group"] in GROUPS.values()


def test_json_of_several_files_with_a_baseline_of_several(tmp_path: Path) -> None:
    files = [voice_file(tmp_path / f"{name}.wav") for name in "abc"]
    usual = [voice_file(tmp_path / f"usual{n}.wav") for n in range(3)]
    code, out, _ = run(*PROSODY, *files, "--json", "--baseline", *usual)
    assert code == 0
    entries = json.loads(out)
    assert [entry["file"] for entry in entries] == [str(path) for path in files]
    for entry in entries:
        check_entry(entry)
    # A baseline was heard: without one the fallback claims nothing.
    assert entries[0]["confidence"] > 0.5


def test_a_baseline_for_each_option_leaves_the_files_alone(tmp_path: Path) -> None:
    one, two = voice_file(tmp_path / "one.wav"), voice_file(tmp_path / "two.wav")
    code, out, _ = run(*PROSODY, "--json", "--baseline", one, "--baseline", two, one)
    assert code == 0
    assert [entry["file"] for entry in json.loads(out)] == [str(one)]


def test_any_rate_and_two_channels(tmp_path: Path) -> None:
    wide = voice_file(tmp_path / "wide.wav", sample_rate=44100)
    stereo = tmp_path / "stereo.wav"
    write_wav(stereo, np.zeros((16000, 2), np.int16), 16000)
    code, out, _ = run(*PROSODY, "--json", wide, stereo)
    assert code == 0
    assert len(json.loads(out)) == 2


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    good = voice_file(tmp_path / "good.wav")
    short = voice_file(tmp_path / "short.wav", seconds=0.3)
    noise = tmp_path / "noise.wav"
    noise.write_text("no audio")
    code, out, err = run(*PROSODY, "--json", short, noise, tmp_path / "gone.wav", good)
    assert code == 1
    entries = json.loads(out)
    assert [set(entry) == {"file", "error"} for entry in entries] == [True, True, True, False]
    assert "0.30 s" in entries[0]["error"]
    assert "no such file" in entries[2]["error"]
    check_entry(entries[3])
    assert "short.wav" in err


def test_table_for_people(tmp_path: Path) -> None:
    code, out, _ = run(*PROSODY, voice_file(tmp_path / "a.wav"))
    assert code == 0
    assert "a.wav" in out
    assert "neutral" in out
    assert "{" not in out


def test_batch_prints_an_object_a_line_and_keeps_names_as_written(tmp_path: Path) -> None:
    for name in ("a", "b", "u1", "u2"):
        voice_file(tmp_path / f"{name}.wav")
    table = tmp_path / "calls.tsv"
    table.write_text("file\tbaseline\na.wav\tu1.wav; u2.wav\nb.wav\t\ngone.wav\tu1.wav\n")
    code, out, _ = run(*PROSODY, "--batch", table)
    assert code == 1
    first, second, third = (json.loads(line) for line in out.splitlines())
    check_entry(first)
    assert (first["file"], second["file"]) == ("a.wav", "b.wav")
    assert first["confidence"] > 0.5 > second["confidence"]
    assert set(third) == {"file", "error"}


def test_a_bad_baseline_is_the_error_of_its_row(tmp_path: Path) -> None:
    reader = FileReader(ProsodyEncoder(), ArousalHead())
    good = voice_file(tmp_path / "good.wav")
    entry = reader.entry(Row("good.wav", good, [tmp_path / "gone.wav"]))
    assert "gone.wav" in str(entry["error"])


@pytest.mark.parametrize("content", [b"", b"name\tbaseline\n", b"\xff\xfe\x00"])
def test_a_table_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "calls.tsv"
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=r"calls\.tsv"):
        read_batch(path)
    assert run(*PROSODY, "--batch", path)[0] == 1


def test_files_or_batch_but_not_both_and_not_none(tmp_path: Path) -> None:
    path = voice_file(tmp_path / "a.wav")
    assert run("emotion", "--json")[0] == 2
    assert run("emotion", path, "--batch", path)[0] == 2
    code, _, err = run("emotion", "--baseline", path)
    assert code == 2
    assert "before --baseline" in err


def test_training_on_a_folder_without_table_says_so(tmp_path: Path) -> None:
    need_model("emotion-encoder")
    code, _, err = run("emotion", "train", tmp_path)
    assert code == 1
    assert "data.tsv" in err


def test_six_emotions_on_real_speech() -> None:
    pytest.importorskip("onnxruntime")
    need_model("emotion-encoder")
    nemo = shared_path("speech/nemo_8k")
    usual = [nemo / f"IC0_neutral_{n}.flac" for n in (1, 2, 3)]
    files = [nemo / f"IC0_{name}_10.flac" for name in ("anger", "neutral", "sadness")]
    code, out, _ = run("emotion", *files, "--json", "--baseline", *usual)
    assert code == 0
    assert [entry["emotion"] for entry in json.loads(out)] == ["anger", "neutral", "sadness"]
