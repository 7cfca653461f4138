"""Two-channel recording of a call: caller left, bot right, 16-bit 8 kHz WAV."""

from __future__ import annotations

import asyncio
import logging
import os
import struct
from concurrent.futures import Future, ThreadPoolExecutor
from io import FileIO
from pathlib import Path

import numpy as np

from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, SILENCE, Samples

log = logging.getLogger(__name__)

FLUSH_FRAMES = 50
"""Once a second: what a kill -9 can cost."""

_BYTES_PER_POSITION = 4
"""Two channels of 16 bits."""

_HEADER_BYTES = 44
_MAX_DATA_BYTES = 0xFFFFFFFF - _HEADER_BYTES

_writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")
"""One thread writes for all calls, in order; it starts with the first recording."""


class Recorder:
    """Writes both directions of one leg to disk, without ever making the audio loop wait.

    `write` takes one frame of each direction per tick; a thread puts them on disk once a
    second and then moves the header's lengths on, so that the file can be played up to the
    last second even when the process is killed. A disk that fails ends the recording, not
    the call: see `has_failed`.

    offset_samples: silence put first, so that position 0 is the instant of the answer.
    """

    def __init__(self, path: Path, offset_samples: int = 0) -> None:
        self._path = path
        self._inbound: list[Samples] = []
        self._outbound: list[Samples] = []
        self._is_paused = False
        self._is_closed = False
        self._has_failed = False
        self._position = 0
        self._file: FileIO | None = None
        self._data_bytes = 0
        self._last_job: Future[None] = _writer.submit(self._open)
        self.pad_to(offset_samples)

    @property
    def path(self) -> Path:
        return self._path

    @property
    def has_failed(self) -> bool:
        """The file could not be written (the reason is in the log); what was written stays."""
        return self._has_failed

    @property
    def duration_samples(self) -> int:
        """Samples a channel taken in so far."""
        return self._position

    def write(self, inbound: Samples, outbound: Samples) -> None:
        """One frame of each direction, of equal length; they must not be changed afterwards."""
        if self._is_closed:
            return
        if self._is_paused:
            inbound = outbound = np.zeros(len(inbound), dtype=np.int16)
        self._inbound.append(inbound)
        self._outbound.append(outbound)
        self._position += len(inbound)
        if len(self._inbound) >= FLUSH_FRAMES:
            self._flush()

    def pad_to(self, position_samples: int) -> None:
        """Write silence up to this position of the leg; does nothing where it is passed."""
        missing = position_samples - self._position
        if missing <= 0:
            return
        frames, rest = divmod(missing, FRAME_SAMPLES)
        for _ in range(frames):
            self.write(SILENCE, SILENCE)
        if rest:
            self.write(SILENCE[:rest], SILENCE[:rest])

    def pause(self) -> None:
        """Write silence in both channels until `resume`: something secret is being entered."""
        self._is_paused = True

    def resume(self) -> None:
        self._is_paused = False

    def close(self) -> None:
        """Write what is left and close the file, in the background. Safe to call twice."""
        if not self._is_closed:
            self._flush()
            self._is_closed = True
            self._last_job = _writer.submit(self._close)

    def discard(self) -> None:
        """Delete the file: the caller objected. Also after `close`; nothing is written later."""
        self._is_closed = True
        self._inbound.clear()
        self._outbound.clear()
        self._last_job = _writer.submit(self._delete)

    async def wait_closed(self) -> None:
        """Return when everything asked for so far has reached the disk."""
        await asyncio.wrap_future(self._last_job)

    def _flush(self) -> None:
        inbound, outbound = self._inbound, self._outbound
        self._inbound, self._outbound = [], []
        if inbound:
            self._last_job = _writer.submit(self._append, inbound, outbound)

    # ---- below runs in the writer thread ---------------------------------------------------

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # A voice recording is personal data: readable by the server's user alone.
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = FileIO(descriptor, "wb")
            self._file.write(_header(0))
        except OSError as error:
            self._fail(error)

    def _append(self, inbound: list[Samples], outbound: list[Samples]) -> None:
        if self._file is None or self._has_failed:
            return
        left = np.concatenate(inbound)
        both = np.empty((len(left), 2), dtype="<i2")
        both[:, 0] = left
        both[:, 1] = np.concatenate(outbound)
        data = both.tobytes()
        if self._data_bytes + len(data) > _MAX_DATA_BYTES:
            return
        try:
            # The samples first: a header that promises more than there is can't be played.
            self._file.seek(_HEADER_BYTES + self._data_bytes)
            self._file.write(data)
            self._data_bytes += len(data)
            self._file.seek(0)
            self._file.write(_header(self._data_bytes))
        except OSError as error:
            self._fail(error)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _delete(self) -> None:
        self._close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self._has_failed = True
        log.error("recording failed", extra={"path": str(self._path), "reason": str(error)})


def repair(path: Path) -> bool:
    """Set a recording's header right after its process was killed; whether it was wrong.

    Only for files written by `Recorder`. Blocking. Raises OSError.
    """
    with open(path, "r+b", buffering=0) as file:
        size = file.seek(0, 2)
        n_data = max(size - _HEADER_BYTES, 0)
        n_data -= n_data % _BYTES_PER_POSITION
        header = _header(n_data)
        file.seek(0)
        if file.read(_HEADER_BYTES) == header and size == _HEADER_BYTES + n_data:
            return False
        file.truncate(_HEADER_BYTES + n_data)
        file.seek(0)
        file.write(header)
    return True


def _header(n_data: int) -> bytes:
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + n_data,
        b"WAVE",
        b"fmt ",
        16,
        1,
        2,
        SAMPLE_RATE,
        SAMPLE_RATE * _BYTES_PER_POSITION,
        _BYTES_PER_POSITION,
        16,
        b"data",
        n_data,
    )
