"""Follows how loud a line is when nobody speaks."""

from __future__ import annotations

FLOOR_OF_ALL_DBFS = -65.0
"""A-law's own steps and comfort noise: nothing quieter is told apart."""

HIGHEST_AT_FIRST_DBFS = -45.0
"""Whoever speaks in the very first frame is no noise; a noisy line is believed a little later."""

_AT_FIRST_FRAMES = 50
_PART_FRAMES = 15
_N_PARTS = 6
"""The quietest of the last 1.5 to 1.8 s."""

_RISE_IN_VOICE_DB = 0.03
"""A frame, so 1.5 dB a second: some speak for 3 s without a dip, and a hum that never ends is
noise all the same, in the end."""

_RISE_DB = 0.25
"""A frame, so 12.5 dB a second, when nobody speaks."""

_BIAS_DB = 1.0
"""The quietest moment of a steady noise lies that much below its mean."""


class NoiseFloor:
    """Minimum statistics (Martin 2001), plain: the least smoothed level of the last seconds."""

    __slots__ = ("_least", "_n_frames", "_parts", "_smooth", "level_dbfs")

    def __init__(self) -> None:
        self.level_dbfs = FLOOR_OF_ALL_DBFS
        self._smooth: float | None = None
        self._least = 0.0
        self._parts: list[float] = []
        self._n_frames = 0

    def receive(self, level_dbfs: float, is_voice: bool = False) -> float:
        """One frame's level; the floor's. is_voice: somebody seems to speak."""
        smooth = self._smooth
        smooth = level_dbfs if smooth is None else smooth + 0.3 * (level_dbfs - smooth)
        self._smooth = smooth
        self._n_frames += 1
        self._least = min(self._least, smooth)
        if self._n_frames % _PART_FRAMES == 0:
            self._parts = [*self._parts[1 - _N_PARTS :], self._least]
            self._least = smooth
        floor = min(self._least, *self._parts) if self._parts else self._least
        floor = max(floor + _BIAS_DB, FLOOR_OF_ALL_DBFS)
        if self._n_frames > 1:
            rise = _RISE_IN_VOICE_DB if is_voice else _RISE_DB
            floor = min(floor, self.level_dbfs + rise)
        if self._n_frames < _AT_FIRST_FRAMES:
            floor = min(floor, HIGHEST_AT_FIRST_DBFS)
        self.level_dbfs = floor
        return floor
