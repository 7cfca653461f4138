"""Decides whether the caller who speaks over the bot means to interrupt it."""

from __future__ import annotations

from voicebot.audio import FRAME_MS


class BargeIn:
    """Stops the bot after `barge_in_ms` of speech over it; a cough or an "aha" is shorter.

    Speech is a leaky count of speech frames: a short gap between syllables takes away half of
    what a speech frame adds.
    """

    def __init__(self, barge_in_ms: int) -> None:
        self._needed = float(barge_in_ms)
        self._heard = 0.0

    def receive_frame(self, is_speech: bool, may_interrupt: bool) -> bool:
        """One frame of the caller; True: stop the bot now (said once per interruption)."""
        if not may_interrupt:
            self._heard = 0.0
            return False
        self._heard = max(0.0, self._heard + (FRAME_MS if is_speech else -FRAME_MS / 2))
        if self._heard < self._needed:
            return False
        self._heard = 0.0
        return True
