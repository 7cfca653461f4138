"""Recognises what is no person: a fax, a line's own tones, hold music, steady noise."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from voicebot.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, Samples

LineSoundKind = Literal["fax", "busy", "ringing", "music", "music_over", "noise"]


@dataclass(frozen=True, slots=True)
class LineSound:
    """Said once, when it is sure.

    fax: a calling or answering fax or modem. busy: the other side is gone, the exchange gives
    the busy or dialling tone. ringing: another telephone is being rung. music: hold music, a
    radio or a crowd, continuous for 8 s, until music_over. noise: loud and steady.
    """

    kind: LineSoundKind


TONES_HZ = (425, 1075, 1100, 1125, 2100)
"""425: Poland's exchange tones (ITU-T E.180 supplement 2). 1100 +- 38: a calling fax (CNG,
ITU-T T.30 4.1); three filters are as wide. 2100 +- 15: an answering fax or modem (CED, V.25)."""

TONE_SHARE = 0.65
"""Of a frame's energy; a voice has not a quarter in any 50 Hz for long."""

FAINTEST_TONE_DBFS = -45.0

FAINTEST_MUSIC_DBFS = -50.0
WINDOW_FRAMES = 400
CHECK_EACH_FRAMES = 25
QUIETER_DB = 12.0
MOST_QUIET_IN_MUSIC = 0.08
"""Speech has at least 21 % of frames so much quieter than its loud ones, however dense; hold
music has next to none (benchmarks/results/barge_in.md)."""

MOST_GAPS_IN_MUSIC = 4
LEAST_SOUND_IN_MUSIC = 0.5
QUIET_AFTER_MUSIC = 0.2
NOISE_FROM_DBFS = -38.0
NOISE_SPREAD_DB = 2.0


def _filters() -> npt.NDArray[np.float32]:
    """A row for the cosine and one for the sine of each tone, and one for the mean."""
    at = np.arange(FRAME_SAMPLES) / SAMPLE_RATE
    rows = [f(2 * np.pi * hz * at) for f in (np.cos, np.sin) for hz in TONES_HZ]
    return np.array([*rows, np.ones(FRAME_SAMPLES)], dtype=np.float32)


_FILTERS = _filters()
_FULL_SCALE_DB = 20 * math.log10(32768)
_N_TONES = len(TONES_HZ)


class LineSounds:
    """Told every frame of one leg; answers with a sound when it has recognised one."""

    def __init__(self) -> None:
        self._levels = np.full(WINDOW_FRAMES, -99.0, dtype=np.float32)
        self._is_speech = np.zeros(WINDOW_FRAMES, dtype=np.bool_)
        self._n_frames = 0
        self._tones = _Cadence()
        self._said: set[LineSoundKind] = set()
        self._music_dbfs: float | None = None

    @property
    def is_music(self) -> bool:
        """What is heard now is music and nobody to be answered."""
        return self._music_dbfs is not None

    def receive_frame(self, samples: Samples, is_speech: bool) -> LineSound | None:
        """is_speech: what the voice activity detector says of it."""
        wave = samples.astype(np.float32)
        parts = _FILTERS @ wave
        energy = float(np.dot(wave, wave)) - float(parts[-1]) ** 2 / FRAME_SAMPLES
        level = 10 * math.log10(max(energy / FRAME_SAMPLES, 0.25)) - _FULL_SCALE_DB
        place = self._n_frames % WINDOW_FRAMES
        self._levels[place] = level
        self._is_speech[place] = is_speech
        self._n_frames += 1
        kind = self._tones.receive(_tone_hz(parts, energy) if level >= FAINTEST_TONE_DBFS else 0)
        if kind is None and self._n_frames % CHECK_EACH_FRAMES == 0:
            kind = self._judge_window()
        if kind is None or kind in self._said:
            return None
        if kind not in ("music", "music_over"):
            self._said.add(kind)
        return LineSound(kind)

    def _judge_window(self) -> LineSoundKind | None:
        if self._music_dbfs is not None:
            return self._watch_music(self._music_dbfs)
        loud = float(np.percentile(self._levels, 90))
        if self._n_frames < WINDOW_FRAMES or loud < FAINTEST_MUSIC_DBFS:
            return None
        share_of_speech = float(self._is_speech.mean())
        if share_of_speech < 0.1:
            is_noise = loud > NOISE_FROM_DBFS and float(self._levels.std()) < NOISE_SPREAD_DB
            return "noise" if is_noise else None
        quiet = float((self._levels < loud - QUIETER_DB).mean())
        if (
            share_of_speech < LEAST_SOUND_IN_MUSIC
            or quiet > MOST_QUIET_IN_MUSIC
            or self._n_gaps() > MOST_GAPS_IN_MUSIC
        ):
            return None
        self._music_dbfs = loud
        return "music"

    def _watch_music(self, music_dbfs: float) -> LineSoundKind | None:
        last = np.arange(self._n_frames - 100, self._n_frames) % WINDOW_FRAMES
        if float((self._levels[last] < music_dbfs - QUIETER_DB).mean()) < QUIET_AFTER_MUSIC:
            return None
        self._music_dbfs = None
        # What was music is not to be taken for it again together with what follows.
        self._n_frames = 0
        return "music_over"

    def _n_gaps(self) -> int:
        """How often speech stopped for a moment; a ring's end meets its beginning once."""
        return int((self._is_speech[:-1] & ~self._is_speech[1:]).sum())


def _tone_hz(parts: npt.NDArray[np.float32], energy: float) -> int:
    """The tone that this frame consists of; 0: none of ours."""
    power = np.square(parts[:_N_TONES]) + np.square(parts[_N_TONES : 2 * _N_TONES])
    best = int(power.argmax())
    if float(power[best]) < TONE_SHARE * energy * FRAME_SAMPLES / 2:
        return 0
    return 1100 if 1000 < TONES_HZ[best] < 1200 else TONES_HZ[best]


class _Cadence:
    """Turns tones per frame into what they mean, by how long they and their pauses last."""

    def __init__(self) -> None:
        self._hz = 0
        self._on_frames = 0
        self._off_frames = 0
        self._pause_ms = 0
        self._bursts: deque[tuple[int, int, int]] = deque(maxlen=3)
        """hz, how long it lasted and the pause before it, in ms."""

    def receive(self, hz: int) -> LineSoundKind | None:
        if self._hz and hz in (self._hz, 0):
            if hz:
                self._on_frames += 1 + self._off_frames
                self._off_frames = 0
                return self._judge_long_tone()
            self._off_frames += 1
            # One frame lost within a tone does not end it.
            return self._end_burst() if self._off_frames == 2 else None
        if hz:
            self._pause_ms = self._off_frames * FRAME_MS
            self._hz, self._on_frames, self._off_frames = hz, 1, 0
        else:
            self._off_frames += 1
        return None

    def _judge_long_tone(self) -> LineSoundKind | None:
        on_ms = self._on_frames * FRAME_MS
        if self._hz == 2100 and on_ms >= 1500:
            return "fax"
        if self._hz == 425 and on_ms >= 3000:
            return "busy"
        return None

    def _end_burst(self) -> LineSoundKind | None:
        hz, on_ms = self._hz, self._on_frames * FRAME_MS
        self._hz = 0
        self._bursts.append((hz, on_ms, self._pause_ms))
        return _meaning(list(self._bursts))


def _meaning(bursts: list[tuple[int, int, int]]) -> LineSoundKind | None:
    """The first burst's pause says nothing: it is what went before."""
    last = bursts[-2:]
    if len(last) < 2 or {hz for hz, _, _ in last} not in ({425}, {1100}):
        return None
    hz, _, pause_ms = last[-1]
    lengths = [on_ms for _, on_ms, _ in last]
    if hz == 1100:
        # T.30 4.1: 0.5 s on and 3 s off, each +- 15 %, and frames' edges.
        is_fax = all(380 <= ms <= 620 for ms in lengths) and 2400 <= pause_ms <= 3600
        return "fax" if is_fax else None
    # E.180 supplement 2, Poland: ringing 1 on, 4 off; busy and congestion 0.5 on, 0.5 off.
    if all(800 <= ms <= 1200 for ms in lengths) and 3300 <= pause_ms <= 4700:
        return "ringing"
    is_busy = len(bursts) == 3 and all(
        burst[0] == 425 and 180 <= burst[1] <= 650 for burst in bursts
    )
    return "busy" if is_busy and all(180 <= burst[2] <= 700 for burst in bursts[1:]) else None
