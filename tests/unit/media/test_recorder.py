"""Recordings can be played up to the last second, whatever happens to the process."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from voicebot.audio import FRAME_SAMPLES, Samples
from voicebot.media.recorder import FLUSH_FRAMES, Recorder, repair


def frame(value: int) -> Samples:
    return np.full(FRAME_SAMPLES, value, dtype=np.int16)


def read(path: Path) -> Samples:
    """Both channels, shape (n, 2), as the standard library reads the file."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        assert len(data) == 2 * file.getnframes()
        return data.reshape(-1, 2)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def append(path: Path, data: bytes) -> None:
    with open(path, "ab") as file:
        file.write(data)


async def test_caller_is_left_and_bot_is_right(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "call.wav"
    recorder = Recorder(path)
    for number in range(60):
        recorder.write(frame(number), frame(-number))
    recorder.close()
    recorder.close()
    recorder.write(frame(7), frame(7))
    await recorder.wait_closed()
    data = read(path)
    assert (data[:, 0] == np.repeat(np.arange(60), FRAME_SAMPLES)).all()
    assert (data[:, 1] == -data[:, 0]).all()


async def test_file_can_be_read_while_it_grows(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "call.wav")
    for _ in range(FLUSH_FRAMES + 3):
        recorder.write(frame(1), frame(2))
    await recorder.wait_closed()
    assert len(read(tmp_path / "call.wav")) == FLUSH_FRAMES * FRAME_SAMPLES
    recorder.close()
    await recorder.wait_closed()
    assert len(read(tmp_path / "call.wav")) == (FLUSH_FRAMES + 3) * FRAME_SAMPLES


async def test_offset_aligns_the_file_with_the_answer(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "call.wav", offset_samples=250)
    recorder.write(frame(9), frame(9))
    recorder.pad_to(1000)
    recorder.pad_to(10)
    recorder.write(frame(5), frame(5))
    assert recorder.duration_samples == 1160
    recorder.close()
    await recorder.wait_closed()
    data = read(tmp_path / "call.wav")
    assert len(data) == 1160
    assert not data[:250].any()
    assert (data[250:410] == 9).all()
    assert not data[410:1000].any()
    assert (data[1000:] == 5).all()


async def test_pause_writes_silence_and_keeps_the_time(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "call.wav")
    recorder.write(frame(1), frame(1))
    recorder.pause()
    recorder.write(frame(2), frame(2))
    recorder.resume()
    recorder.write(frame(3), frame(3))
    recorder.close()
    await recorder.wait_closed()
    assert list(read(tmp_path / "call.wav")[::FRAME_SAMPLES, 0]) == [1, 0, 3]


@pytest.mark.parametrize("is_closed_before", [True, False])
async def test_discarded_recording_leaves_nothing(tmp_path: Path, is_closed_before: bool) -> None:
    recorder = Recorder(tmp_path / "call.wav")
    for _ in range(FLUSH_FRAMES * 2):
        recorder.write(frame(1), frame(2))
    if is_closed_before:
        recorder.close()
    recorder.discard()
    recorder.write(frame(1), frame(2))
    recorder.close()
    await recorder.wait_closed()
    assert names_in(tmp_path) == []


async def test_disk_that_fails_ends_the_recording_not_the_call(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    recorder = Recorder(tmp_path / "file" / "call.wav")
    for _ in range(FLUSH_FRAMES):
        recorder.write(frame(1), frame(2))
    recorder.close()
    await recorder.wait_closed()
    assert recorder.has_failed


def test_killed_process_leaves_a_file_up_to_the_last_second(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    program = f"""
import os, signal, asyncio, numpy as np
from pathlib import Path
from voicebot.media.recorder import Recorder
recorder = Recorder(Path({str(path)!r}))
for number in range(130):
    recorder.write(np.full(160, number, np.int16), np.full(160, number, np.int16))
asyncio.run(recorder.wait_closed())
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False, cwd=Path(__file__).parents[3])
    data = read(path)
    assert (data[:, 0] == np.repeat(np.arange(100), FRAME_SAMPLES)).all()
    assert not repair(path)


async def test_lagging_header_is_repaired(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    recorder = Recorder(path)
    for _ in range(FLUSH_FRAMES):
        recorder.write(frame(1), frame(2))
    recorder.close()
    await recorder.wait_closed()
    # As after a kill between the samples and the header, in the middle of a sample.
    append(path, bytes(641))
    assert repair(path)
    assert len(read(path)) == FLUSH_FRAMES * FRAME_SAMPLES + 160
    assert not repair(path)


def test_file_that_got_no_header_is_repaired_to_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(b"RIFF")
    assert repair(path)
    assert len(read(path)) == 0
