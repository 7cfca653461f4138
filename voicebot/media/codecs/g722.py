"""G.722 at 64 kbit/s (RFC 3551 section 4.5.2). Calls are 8 kHz inside: the upper band is silent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from G722 import G722

from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.media.codecs.pieces import is_quiet, join_bytes, whole_tens_ms
from voicebot.media.half_band import Doubler, Halver

BIT_RATE = 64000
CODED_RATE = 16000


class G722Codec:
    """One leg's encoder and decoder. A byte stands for two samples of 16 kHz, and for one tick:
    the RTP clock counts 8 kHz by an old mistake that everybody keeps (RFC 3551).

    The library's own 8 kHz mode would do without our filters, but what it sends has a mirror
    image above 4 kHz (-10 dB at 3.4 kHz), and what lies above 4 kHz is folded into what it hears.
    """

    name: ClassVar[str] = "G722"
    payload_type: ClassVar[int] = 9
    ticks_per_frame: ClassVar[int] = FRAME_SAMPLES
    silence: ClassVar[None] = None

    def __init__(self) -> None:
        self._encoder = G722(CODED_RATE, BIT_RATE)
        self._decoder = G722(CODED_RATE, BIT_RATE)
        self._doubler = Doubler()
        self._halver = Halver()
        self._last = SILENCE

    def packet_ms(self, wanted_ms: int) -> int:
        return whole_tens_ms(wanted_ms)

    def encode(self, samples: Samples) -> bytes:
        data: bytes = self._encoder.encode(self._doubler.process(samples))
        return data

    def payload(self, data: bytes) -> bytes:
        return data

    def join(self, pieces: Sequence[tuple[int, bytes]]) -> bytes:
        return join_bytes(pieces, _SILENT_BYTES)

    def is_quiet(self, frame: bytes) -> bool:
        """As the frame played before it was: looking into this one would move the decoder on."""
        return is_quiet(self._last)

    def decode(self, frame: bytes) -> Samples:
        wide = np.frombuffer(self._decoder.decode(frame), dtype=np.int16)
        self._last = self._halver.process(wide)
        return self._last

    def conceal(self, following: bytes | None) -> None:
        """None: what G.722 has for it (appendices III and IV) the library has not."""


_SILENT_BYTES = bytes(G722(CODED_RATE, BIT_RATE).encode(np.zeros(2 * FRAME_SAMPLES, np.int16)))
