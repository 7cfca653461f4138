"""A network that loses, delays and reorders, for tests of what is behind the jitter buffer."""

from __future__ import annotations

import random

from voicebot.audio import FRAME_SAMPLES

Arrival = tuple[float, int, bytes]
"""Tick at which it arrives (fraction: within the tick), RTP timestamp, payload."""


def payload(number: int) -> bytes:
    """A frame that tells its number."""
    return number.to_bytes(4) * (FRAME_SAMPLES // 4)


def number_of(frame: bytes | None) -> int | None:
    return None if frame is None else int.from_bytes(frame[:4])


class LossyLink:
    """Sends a frame every 20 ms through a network that loses, delays and reorders.

    clock_ratio: the sender's clock against ours. delay_ms: of each packet, random within.
    """

    def __init__(
        self,
        seed: int = 1,
        loss: float = 0.0,
        delay_ms: tuple[float, float] = (0.0, 0.0),
        clock_ratio: float = 1.0,
        first_timestamp: int = 0,
    ) -> None:
        self._random = random.Random(seed)
        self._loss = loss
        self._delay_ms = delay_ms
        self._clock_ratio = clock_ratio
        self._first_timestamp = first_timestamp

    def arrivals(self, n_frames: int) -> list[Arrival]:
        sent = []
        for number in range(n_frames):
            if self._random.random() < self._loss:
                continue
            delay = self._random.uniform(*self._delay_ms) / 20
            timestamp = (self._first_timestamp + number * FRAME_SAMPLES) % (1 << 32)
            sent.append((0.5 + number / self._clock_ratio + delay, timestamp, payload(number)))
        return sorted(sent)
