"""Tells frames of speech from a line's noise, breath, clicks and traffic, up to the last one."""

from __future__ import annotations

import math

import numpy as np
import webrtcvad

from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from voicebot.media.noise_floor import NoiseFloor
from voicebot.media.vad import MODE
from voicebot.media.voicing import Voicing

ABOVE_FLOOR_DB = 6.0
"""Speech begins so far above the line's noise."""

STILL_ABOVE_FLOOR_DB = 3.0
"""What goes on may be a little weaker: hysteresis."""

CLEARLY_ABOVE_FLOOR_DB = 10.0
"""Goes on even where webrtcvad has given up: it loses weak word ends in noise."""

BELOW_PEAK_DB = 26.0
"""What lies so far below the loudest of late is the room's echo, not the word's end."""

PEAK_DECAY_DB = 0.12
"""A frame, so 6 dB a second: a soft word after a loud one counts again."""

VOICED_STRENGTH = 0.55
VOICED_EACH_FRAMES = 25
"""500 ms: no word is voiceless for longer (a whisper is; it is not heard)."""

SURE_FRAMES = 10
"""In the middle of speech the voice, dear to look for, is only looked for each 200 ms."""

STEADY_PITCH = 1.25
STEADY_DB = 4.0
"""A voice keeps its pitch and level for two frames; noise has none, and a knock dies away."""

VAD_MEMORY_FRAMES = 10
_LEAST_POWER = 0.25
_FULL_SCALE_DB = 20 * math.log10(32768)


def level_dbfs(frame: Samples) -> float:
    """RMS level; 0: a square wave of full scale."""
    wave = frame.astype(np.float32)
    power = float(np.dot(wave, wave)) / FRAME_SAMPLES
    return 10 * math.log10(max(power, _LEAST_POWER)) - _FULL_SCALE_DB


class SpeechDetector:
    """webrtcvad, held to the line's own noise and to there being a voice. One for each leg.

    webrtcvad alone hears short answers, but also coughs, breath and knocks, and goes on for
    70 to 100 ms after the last word, which each answer would come later. Here a frame counts
    while webrtcvad says so (or did a moment ago), the frame stands out of the line's noise and
    of what was loud just before, and something voiced was heard lately. A VoiceActivityDetector.
    """

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(MODE)
        self._floor = NoiseFloor()
        self._voicing = Voicing()
        self._peak_dbfs = -99.0
        self._last_level_dbfs = -99.0
        self._last_hz = 0.0
        self._since_vad = VAD_MEMORY_FRAMES
        self._since_voiced = VOICED_EACH_FRAMES
        self._is_speech = False

    @property
    def floor_dbfs(self) -> float:
        """How loud the line is when nobody speaks."""
        return self._floor.level_dbfs

    def is_speech(self, frame: Samples) -> bool:
        level = level_dbfs(frame)
        is_voice = self._since_voiced < VOICED_EACH_FRAMES
        above_floor = level - self._floor.receive(level, is_voice)
        self._voicing.receive_frame(frame)
        if self._vad.is_speech(frame.tobytes(), SAMPLE_RATE):
            self._since_vad = 0
        elif self._since_vad < VAD_MEMORY_FRAMES:
            self._since_vad += 1
        self._since_voiced += self._since_voiced < VOICED_EACH_FRAMES
        self._peak_dbfs = max(self._peak_dbfs - PEAK_DECAY_DB, level)
        self._is_speech = self._decide(level, above_floor)
        self._last_level_dbfs = level
        return self._is_speech

    def _decide(self, level: float, above_floor: float) -> bool:
        needed = STILL_ABOVE_FLOOR_DB if self._is_speech else ABOVE_FLOOR_DB
        if above_floor < needed or level < self._peak_dbfs - BELOW_PEAK_DB:
            return False
        if self._since_vad and (
            self._since_vad >= VAD_MEMORY_FRAMES or above_floor < CLEARLY_ABOVE_FLOOR_DB
        ):
            return False
        is_sure = self._is_speech and self._since_voiced < SURE_FRAMES
        if not is_sure and self._is_steady_voice(level):
            self._since_voiced = 0
        return self._since_voiced < VOICED_EACH_FRAMES

    def _is_steady_voice(self, level: float) -> bool:
        pitch = self._voicing.pitch()
        before, self._last_hz = self._last_hz, 0.0
        if pitch.strength < VOICED_STRENGTH:
            return False
        self._last_hz = pitch.hz
        return self._is_speech or (
            before / STEADY_PITCH <= pitch.hz <= before * STEADY_PITCH
            and level > self._last_level_dbfs - STEADY_DB
        )
