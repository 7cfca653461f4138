"""Linear PCM of a stream (L16, slin), at whatever rate the other side has chosen."""

from __future__ import annotations

import numpy as np

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.errors import WebSocketProtocolError
from voicebot.media.stream_resampler import StreamResampler

RATES_HZ = (8000, 12000, 16000, 24000, 32000, 44100, 48000, 64000, 96000, 192000)
"""All rates that jambonz and Asterisk's slin formats have."""


class LinearAudio:
    """16-bit little-endian PCM, mono, of one direction each; a stream has one of these.

    Resampling goes on across messages; at 8 kHz nothing is changed.
    """

    def __init__(self, sample_rate: int) -> None:
        """sample_rate: Hz, one of RATES_HZ; any other raises WebSocketProtocolError."""
        if sample_rate not in RATES_HZ:
            raise WebSocketProtocolError("audio: a sample rate that is not offered")
        self.sample_rate = sample_rate
        self._is_same = sample_rate == SAMPLE_RATE
        self._inbound = StreamResampler(sample_rate)
        self._outbound = StreamResampler(SAMPLE_RATE, sample_rate)

    def decode(self, data: bytes) -> Samples:
        """Samples at 8 kHz. Half a sample raises WebSocketProtocolError."""
        if len(data) % 2:
            raise WebSocketProtocolError("audio: whole 16-bit samples are expected")
        samples = np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False)
        return samples if self._is_same else self._inbound.process(samples)

    def encode(self, samples: Samples) -> bytes:
        """Samples at 8 kHz as bytes at the stream's rate."""
        if not self._is_same:
            samples = self._outbound.process(samples)
        return samples.astype("<i2", copy=False).tobytes()

    def forget_outbound(self) -> None:
        """What the resampler still holds back belongs to nothing that comes later."""
        self._outbound = StreamResampler(SAMPLE_RATE, self.sample_rate)
