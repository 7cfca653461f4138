"""Waveforms from samples, and only recordings from the recordings' folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.errors import NotFound
from voicebot.media.audio_file import write_wav
from voicebot.records import CallRecord, Direction
from voicebot.web.recordings import Recordings, peaks

RECORD = CallRecord(
    *("c1", Direction.INBOUND, "sip", "x", "y", "z", datetime(2026, 3, 2, tzinfo=UTC))
)


@given(st.lists(st.integers(-32768, 32767), max_size=300), st.integers(1, 100))
def test_peaks_hold_the_loudest_sample(values: list[int], n_points: int) -> None:
    found = peaks(np.array(values, dtype=np.int16), n_points)
    assert len(found) == min(n_points, len(values))
    assert all(0 <= peak <= 255 for peak in found)
    if values:
        assert max(found) == max(abs(value) for value in values) * 255 // 32768


def test_the_loudest_negative_sample_does_not_overflow() -> None:
    assert peaks(np.full(10, -32768, dtype=np.int16), 2) == [255, 255]


def test_broken_and_foreign_files_are_not_found(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    recordings = Recordings(folder)
    write_wav(folder / "mono.wav", np.zeros(100, dtype=np.int16))
    (folder / "broken.wav").write_bytes(b"RIFF")
    (folder / "empty.wav").touch()
    write_wav(tmp_path / "outside.wav", np.zeros((100, 2), dtype=np.int16))
    (folder / "link.wav").symlink_to(tmp_path / "outside.wav")
    outside = ("../outside.wav", "link.wav", "gone.wav", ".")
    for name in ("mono.wav", "broken.wav", "empty.wav", *outside):
        with pytest.raises(NotFound):
            recordings.waveform(replace(RECORD, recording_path=str(folder / name)), 10)
    with pytest.raises(NotFound):
        recordings.path(RECORD)
