"""Speech without the silence around it, for those who fill gaps with silence themselves."""

from __future__ import annotations

from voicebot.audio import SILENCE, Samples

LEAD_FRAMES = 2
"""40 ms of silence ahead of speech: what comes late by less makes no hole in a word."""


class TalkSpurts:
    """Told every frame, says which to send.

    Whatever the other side has too much of, after frames that came in a burst, is played away
    while nobody speaks; were silence sent as well, each burst would delay the rest of the call.
    """

    def __init__(self) -> None:
        self._is_speaking = False

    def take(self, samples: Samples) -> list[Samples]:
        """The next 20 ms (int16, mono, 8 kHz): what of it and ahead of it is to be sent."""
        was_speaking = self._is_speaking
        self._is_speaking = bool(samples.any())
        if was_speaking:
            # The first silent frame goes, too: a resampler's last samples come with it.
            return [samples]
        return [SILENCE] * LEAD_FRAMES + [samples] if self._is_speaking else []

    def clear(self) -> None:
        """The other side has thrown away what it had, its lead as well."""
        self._is_speaking = False
