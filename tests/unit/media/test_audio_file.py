"""Files as users have them are read; what is no audio gets a clear error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voicebot.errors import AudioFileError
from voicebot.media.audio_file import read_audio, read_telephone_audio, write_wav

RAMP = np.arange(-8000, 8000, dtype=np.int16)


@pytest.mark.parametrize("sample_rate", [8000, 16000, 44100])
@pytest.mark.parametrize(
    ("suffix", "subtype"), [("wav", "PCM_16"), ("flac", "PCM_16"), ("wav", "PCM_24")]
)
def test_samples_come_back_exactly(
    tmp_path: Path, suffix: str, subtype: str, sample_rate: int
) -> None:
    path = tmp_path / f"ramp.{suffix}"
    soundfile.write(path, RAMP, sample_rate, subtype=subtype)
    samples, rate = read_audio(path)
    assert rate == sample_rate
    assert samples.dtype == np.int16
    assert (samples == RAMP).all()


def test_file_at_another_rate_is_brought_to_8_khz(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    wave = (8000 * np.sin(np.arange(44100) * 2 * np.pi * 300 / 44100)).astype(np.int16)
    soundfile.write(path, wave, 44100)
    assert len(read_telephone_audio(path)) == 8000


def test_stereo_is_mixed(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([RAMP, np.zeros_like(RAMP)], axis=1), 8000)
    samples, _ = read_audio(path)
    assert samples.shape == RAMP.shape
    assert np.abs(samples - RAMP / 2).max() <= 1


def test_float_files_are_clipped_and_nonsense_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "float.wav"
    values = np.array([0.0, 0.5, 2.0, -2.0, np.nan, np.inf], dtype=np.float32)
    soundfile.write(path, values, 8000, subtype="FLOAT")
    samples, _ = read_audio(path)
    assert list(samples) == [0, 16384, 32767, -32768, 0, 32767]


def test_g711_wav_is_read(tmp_path: Path) -> None:
    path = tmp_path / "alaw.wav"
    soundfile.write(path, RAMP, 8000, subtype="ALAW")
    samples, _ = read_audio(path)
    assert np.corrcoef(samples, RAMP)[0, 1] > 0.999


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"To jest tekst, nie nagranie.\n" * 20, "is no audio file that can be read"),
        (b"", "is empty"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "is no audio file that can be read"),
    ],
)
def test_what_is_no_audio_is_named_with_the_kinds_we_read(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "letter.wav"
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=reason) as caught:
        read_audio(path)
    assert str(path) in str(caught.value)
    assert "WAV and FLAC" in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"no such file|No such file"):
        read_audio(tmp_path / "none.wav")
    with pytest.raises(AudioFileError, match=r"folder|directory"):
        read_audio(tmp_path)


def test_file_without_samples(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    soundfile.write(path, RAMP[:0], 8000)
    with pytest.raises(AudioFileError, match="holds no audio"):
        read_audio(path)


def test_cut_off_file_gives_what_there_is_or_the_documented_error(tmp_path: Path) -> None:
    whole = tmp_path / "whole.flac"
    soundfile.write(whole, RAMP, 8000)
    data = whole.read_bytes()
    for length in range(0, len(data), max(len(data) // 40, 1)):
        path = tmp_path / "cut.flac"
        path.write_bytes(data[:length])
        try:
            samples, _ = read_audio(path)
        except AudioFileError:
            continue
        assert len(samples) <= len(RAMP)


def test_written_wav_is_read_back(tmp_path: Path) -> None:
    write_wav(tmp_path / "new" / "out.wav", RAMP)
    samples, rate = read_audio(tmp_path / "new" / "out.wav")
    assert rate == 8000
    assert (samples == RAMP).all()


def test_place_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AudioFileError, match="file"):
        write_wav(tmp_path / "file" / "out.wav", RAMP)
