"""Recordings of calls: where they are, and what they look like."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.errors import NotFound
from voicebot.records import CallRecord
from voicebot.web.api_models import Waveform

MAX_READ_FRAMES = 4 * 60 * 60 * 8000
"""Four hours; the waveform of a longer file shows only its beginning."""


class Recordings:
    """Finds a call's recording, and nothing but recordings."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, record: CallRecord) -> Path:
        """Raises NotFound. Blocking, shortly.

        The path comes from the database, never from a request; one that leads out of the
        recordings' folder is still not followed.
        """
        if not record.recording_path:
            raise NotFound("this call was not recorded")
        path = Path(record.recording_path).resolve()
        if not path.is_relative_to(self._directory.resolve()) or not path.is_file():
            raise NotFound("the recording is gone")
        return path

    def waveform(self, record: CallRecord, n_points: int) -> Waveform:
        """Raises NotFound. Blocking: reads the whole file."""
        path = self.path(record)
        try:
            with wave.open(str(path), "rb") as file:
                if file.getnchannels() != 2 or file.getsampwidth() != 2:
                    raise NotFound("the recording has not two channels of 16 bits")
                sample_rate = file.getframerate()
                data = file.readframes(min(file.getnframes(), MAX_READ_FRAMES))
        except (OSError, EOFError, wave.Error):
            raise NotFound("the recording can't be read") from None
        samples = np.frombuffer(data[: len(data) // 4 * 4], dtype="<i2").reshape(-1, 2)
        return Waveform(
            duration_s=len(samples) / sample_rate,
            caller=peaks(samples[:, 0], n_points),
            bot=peaks(samples[:, 1], n_points),
        )


def peaks(samples: npt.NDArray[np.int16], n_points: int) -> list[int]:
    """The loudest sample of each of `n_points` equal stretches, 0..255; fewer for few samples."""
    if not len(samples):
        return []
    n_points = min(n_points, len(samples))
    starts = np.arange(n_points) * len(samples) // n_points
    loudest = np.maximum.reduceat(samples, starts).astype(np.int32)
    lowest = np.minimum.reduceat(samples, starts).astype(np.int32)
    values = np.maximum(loudest, -lowest) * 255 // 32768
    return [int(value) for value in values]
