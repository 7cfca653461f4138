"""Packets of other lengths than a frame, where the other side wishes for them (ptime)."""

from __future__ import annotations

from collections import deque

import numpy as np

from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, Samples
from voicebot.media.codecs.codec import AnyCodec


class Packetizer:
    """Collects the frames of each tick until they fill a packet, or cuts them into two.

    packet_ms: a length that the codec can make.
    """

    def __init__(self, codec: AnyCodec, packet_ms: int) -> None:
        self._codec = codec
        self.packet_ms = packet_ms
        self._packet_samples = packet_ms * SAMPLE_RATE // 1000
        self._waiting: deque[Samples] = deque()
        self._n_waiting = 0

    def add(self, frame: Samples) -> list[tuple[int, bytes]]:
        """Packets that are full now: (where it begins, in samples from this frame's begin; its
        payload). What began in earlier frames begins below 0."""
        begin = -self._n_waiting
        self._waiting.append(frame)
        self._n_waiting += FRAME_SAMPLES
        packets = []
        while self._n_waiting >= self._packet_samples:
            packets.append((begin, self._codec.encode(self._take(self._packet_samples))))
            begin += self._packet_samples
        return packets

    def flush(self) -> list[tuple[int, bytes]]:
        """What waits, in shorter packets: no audio follows for a while (a key is pressed)."""
        begin = -self._n_waiting
        packets = []
        while self._n_waiting:
            n_samples = self._codec.packet_ms(self._n_waiting * 1000 // SAMPLE_RATE)
            n_samples = n_samples * SAMPLE_RATE // 1000
            packets.append((begin, self._codec.encode(self._take(n_samples))))
            begin += n_samples
        return packets

    def _take(self, n_samples: int) -> Samples:
        waiting = np.concatenate(self._waiting)
        self._waiting.clear()
        if len(waiting) > n_samples:
            self._waiting.append(waiting[n_samples:])
        self._n_waiting = len(waiting) - n_samples
        return waiting[:n_samples]
