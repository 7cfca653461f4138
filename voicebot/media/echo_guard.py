"""Tells the bot's own echo from a caller who speaks over it."""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np
import numpy.typing as npt

from voicebot.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, SILENCE, Samples
from voicebot.media.speech_detector import level_dbfs

WINDOW_FRAMES = 24
"""480 ms of what is heard are compared with what was sent."""

MAX_DELAY_FRAMES = 26
"""520 ms: a mobile call's round trip, and a loudspeaker's room."""

LIKENESS = 0.68
"""Correlation of levels over bands and frames. Echoes had 0.67 to 0.96, other voices at the best
of all delays 0.53 at most (2nd and 98th percentile; benchmarks/results/barge_in.md)."""

KNOWN_LIKENESS = 0.35
"""Enough at the delay that is known to be this line's."""

KNOWN_AFTER = 12
"""So many times at the same delay make it the line's."""

LEAST_LOSS_DB = -3.0
"""An echo is weaker than what was sent; what is louder is somebody."""

LOUDER_DB = 6.0
"""So far above the echo that was to be expected somebody speaks as well."""

JUDGE_EACH_FRAMES = 2
MOST_WAITING_FRAMES = 50
ACTIVE_DBFS = -45.0
RANGE_DB = 30.0
_BANDS_HZ = np.arange(350, 3400, 400)
Levels = npt.NDArray[np.float32]


class SentFrames(Protocol):
    """What the bot has said (a `Playout`)."""

    @property
    def n_sent_frames(self) -> int: ...

    def sent_since(self, n_frames: int) -> list[Samples]:
        """The frames after the first `n_frames`, as far as they are still kept."""


def _filters() -> Levels:
    at = np.arange(FRAME_SAMPLES) / SAMPLE_RATE
    window = np.hanning(FRAME_SAMPLES)
    rows = [f(2 * np.pi * hz * at) * window for f in (np.cos, np.sin) for hz in _BANDS_HZ]
    return np.array(rows, dtype=np.float32)


_FILTERS = _filters()
_N_BANDS = len(_BANDS_HZ)


class EchoGuard:
    """Compares how the level in each band moves, so that a loudspeaker, a room or a mobile
    codec in between does not hide an echo. Tell it of every frame.

    Where it has found one, it knows the delay and the loss of the line's echo, and what is
    louder than that echo would be is a caller who speaks at the same time.
    """

    def __init__(self, sent: SentFrames) -> None:
        self._sent = sent
        self._n_read = sent.n_sent_frames
        self._waiting: deque[Samples] = deque()
        n_far = WINDOW_FRAMES + MAX_DELAY_FRAMES + 1
        self._far = np.zeros((n_far, _N_BANDS), dtype=np.float32)
        self._far_dbfs = np.full(n_far, -99.0, dtype=np.float32)
        self._near = np.zeros((WINDOW_FRAMES, _N_BANDS), dtype=np.float32)
        self._near_dbfs = np.full(WINDOW_FRAMES, -99.0, dtype=np.float32)
        self._silent_frames = n_far
        self._since_judged = 0
        self._delay: int | None = None
        self._loss_db = 0.0
        self._last_delay = -9
        self._n_alike = 0
        self._known_delay: int | None = None
        self._known_loss_db = 0.0

    @property
    def delay_ms(self) -> int | None:
        """Of the echo this line has; None: none was found so far."""
        return None if self._known_delay is None else self._known_delay * FRAME_MS

    def receive_frame(self, samples: Samples, is_speech: bool) -> bool:
        """One frame heard; True: it is speech, but the bot's own."""
        self._take_sent()
        if self._silent_frames >= len(self._far):
            return False
        _shift_in(self._near, _levels(samples))
        _shift_in(self._near_dbfs, level_dbfs(samples))
        if not is_speech:
            self._since_judged = JUDGE_EACH_FRAMES
            return False
        self._since_judged += 1
        if self._since_judged >= JUDGE_EACH_FRAMES:
            self._since_judged = 0
            self._find_path()
        return self._delay is not None and self._is_explained(self._delay)

    def _take_sent(self) -> None:
        """One frame sent for each one heard, as the line's tick has it; a session that lags
        finds several, and takes them one by one."""
        self._waiting.extend(self._sent.sent_since(self._n_read))
        self._n_read = self._sent.n_sent_frames
        while len(self._waiting) > MOST_WAITING_FRAMES:
            self._waiting.popleft()
        frame = self._waiting.popleft() if self._waiting else SILENCE
        if frame is SILENCE:
            self._silent_frames += 1
            if self._silent_frames >= len(self._far):
                return
            _shift_in(self._far, 0.0)
            _shift_in(self._far_dbfs, -99.0)
            return
        if self._silent_frames >= len(self._far):
            # Nothing was compared for a while: what lies here is of another time.
            self._far[:], self._far_dbfs[:] = 0.0, -99.0
            self._near[:], self._near_dbfs[:] = 0.0, -99.0
        self._silent_frames = 0
        _shift_in(self._far, _levels(frame))
        _shift_in(self._far_dbfs, level_dbfs(frame))

    def _find_path(self) -> None:
        """The delay and loss with which what is heard would be an echo."""
        self._delay = None
        if float(self._far_dbfs.max()) < ACTIVE_DBFS:
            return
        likeness = self._likeness()
        best = int(likeness.argmax())
        if float(likeness[best]) >= LIKENESS:
            loss_db = self._loss(best)
            if loss_db >= LEAST_LOSS_DB:
                self._delay, self._loss_db = best, loss_db
                self._learn(best, loss_db)
        elif (known := self._known_delay) is not None and likeness[known] >= KNOWN_LIKENESS:
            self._delay, self._loss_db = known, self._known_loss_db

    def _likeness(self) -> Levels:
        """Element k: of what is heard and what was sent k frames before."""
        near = np.maximum(self._near, self._near.max() - RANGE_DB)
        near -= near.mean(axis=0)
        far = np.maximum(self._far, self._far.max() - RANGE_DB)
        windows = np.lib.stride_tricks.sliding_window_view(far, WINDOW_FRAMES, axis=0)[::-1]
        centred = windows[: MAX_DELAY_FRAMES + 1] - windows[: MAX_DELAY_FRAMES + 1].mean(
            axis=2, keepdims=True
        )
        flat = centred.reshape(MAX_DELAY_FRAMES + 1, -1)
        products = flat @ near.T.ravel()
        power = np.einsum("ij,ij->i", flat, flat) * float(np.square(near).sum())
        return np.asarray(products / np.sqrt(power + 1e-6), dtype=np.float32)

    def _loss(self, delay: int) -> float:
        """By how many dB the loud part of what is heard is weaker than what was sent."""
        end = len(self._far) - delay
        far = self._far_dbfs[end - WINDOW_FRAMES : end]
        loud = far > far.max() - 15.0
        return float(np.median((far - self._near_dbfs)[loud]))

    def _learn(self, delay: int, loss_db: float) -> None:
        is_same = abs(delay - self._last_delay) <= 1
        self._n_alike = self._n_alike + 1 if is_same else 1
        self._last_delay = delay
        if self._n_alike >= KNOWN_AFTER:
            self._known_delay, self._known_loss_db = delay, loss_db

    def _is_explained(self, delay: int) -> bool:
        """What is heard now is not louder than the echo of what was sent then."""
        at = len(self._far_dbfs) - 1 - delay
        sent_dbfs = float(self._far_dbfs[max(at - 2, 0) : at + 2].max())
        return float(self._near_dbfs[-1]) < sent_dbfs - self._loss_db + LOUDER_DB


def _shift_in(ring: Levels, new: Levels | float) -> None:
    ring[:-1] = ring[1:]
    ring[-1] = new


def _levels(samples: Samples) -> Levels:
    """Of each band, in dB."""
    parts = _FILTERS @ samples.astype(np.float32)
    power = np.square(parts[:_N_BANDS]) + np.square(parts[_N_BANDS:])
    return np.asarray(10 * np.log10(power + 1.0), dtype=np.float32)
