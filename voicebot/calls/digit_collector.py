"""Puts single key presses together into the number that the caller enters."""

from __future__ import annotations

from voicebot.audio import SAMPLE_RATE

INTER_DIGIT_S = 3.0
"""Silence after a key that ends the entry."""


class DigitCollector:
    """Decides when the keys pressed so far are an answer. Counts samples, never a clock."""

    def __init__(self) -> None:
        self._max_digits = 0
        self._digits = ""
        self._last_position = 0

    @property
    def is_collecting(self) -> bool:
        return bool(self._digits)

    def expect(self, max_digits: int) -> None:
        """From now on: entries of up to `max_digits` keys; 0: each key is an answer.

        Keys pressed ahead (during the prompt) are kept.
        """
        self._max_digits = max_digits

    def press(self, digit: str, position: int) -> str | None:
        """A key at `position` (samples); the whole entry once it is complete."""
        self._last_position = position
        if self._max_digits == 0:
            return digit
        if digit == "#":
            return self._take()
        self._digits += digit
        return self._take() if len(self._digits) >= self._max_digits else None

    def handle_position(self, position: int) -> str | None:
        """Time went on; the entry, when the caller has stopped pressing keys."""
        if self._digits and position - self._last_position >= INTER_DIGIT_S * SAMPLE_RATE:
            return self._take()
        return None

    def _take(self) -> str | None:
        digits, self._digits = self._digits, ""
        return digits or None
