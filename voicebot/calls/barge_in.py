"""Decides whether the caller who speaks over the bot means to interrupt it."""

from __future__ import annotations

from voicebot.audio import FRAME_MS, Samples
from voicebot.media.voicing import PitchFinder, Voicing

VOICED_SHARE = 0.5
"""So much of the speech that stops the bot must be voiced: a cough has 110 ms of voice in it at
most, and less in a row than any word."""

VOICED_STRENGTH = 0.6
STEADY_PITCH = 1.25


class BargeIn:
    """Stops the bot after `barge_in_ms` of speech over it, half of it voiced.

    Both are leaky counts: a short gap between syllables takes away half of what a frame of
    speech adds. A cough, a knock or breath has no voice that lasts; an "aha" has, and is undone
    by its transcript (`Prompter.resume`).
    """

    def __init__(self, barge_in_ms: int, voicing: PitchFinder | None = None) -> None:
        self._needed = float(barge_in_ms)
        self._heard = 0.0
        self._voiced = 0.0
        self._voicing = voicing or Voicing()
        self._last_hz = 0.0

    def receive_frame(self, is_speech: bool, may_interrupt: bool, samples: Samples) -> bool:
        """One frame of the caller; True: stop the bot now (said once per interruption)."""
        self._voicing.receive_frame(samples)
        if not may_interrupt:
            self._forget()
            return False
        if is_speech:
            self._heard += FRAME_MS
            if self._is_voiced():
                self._voiced += FRAME_MS
        else:
            self._heard = max(0.0, self._heard - FRAME_MS / 2)
            self._voiced = max(0.0, self._voiced - FRAME_MS / 2)
            self._last_hz = 0.0
        if self._heard < self._needed or self._voiced < self._needed * VOICED_SHARE:
            return False
        self._forget()
        return True

    def _is_voiced(self) -> bool:
        """Voiced at the same pitch as the frame before."""
        pitch = self._voicing.pitch()
        before, self._last_hz = self._last_hz, 0.0
        if pitch.strength < VOICED_STRENGTH:
            return False
        self._last_hz = pitch.hz
        return before / STEADY_PITCH < pitch.hz < before * STEADY_PITCH

    def _forget(self) -> None:
        self._heard = self._voiced = self._last_hz = 0.0
