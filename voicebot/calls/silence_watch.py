"""Decides when a caller who was asked something has been silent for too long."""

from __future__ import annotations

from voicebot.audio import SAMPLE_RATE


class SilenceWatch:
    """Counts silence in samples of the caller's audio, and only while nothing else goes on."""

    def __init__(self) -> None:
        self._patience_samples: int | None = None
        self._quiet_since: int | None = None

    def expect(self, no_input_s: float) -> None:
        """A question is put: from the end of its prompt on he has so long to answer."""
        self._patience_samples = int(no_input_s * SAMPLE_RATE)
        self._quiet_since = None

    def stop(self) -> None:
        """Something came; nothing is awaited until the next question."""
        self._patience_samples = None

    def handle_position(self, position: int, is_quiet: bool) -> bool:
        """Audio has come up to `position`; True, once: he has been silent for too long.

        is_quiet: nobody speaks, no key is pressed and nothing waits to be answered.
        """
        if not is_quiet or self._patience_samples is None:
            self._quiet_since = None
            return False
        if self._quiet_since is None:
            self._quiet_since = position
        if position - self._quiet_since < self._patience_samples:
            return False
        self.stop()
        return True
