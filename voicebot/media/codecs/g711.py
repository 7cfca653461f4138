"""G.711 A-law and µ-law, bit for bit as ITU-T's reference code (G.191) has them."""

from __future__ import annotations

import audioop
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.media.codecs.pieces import is_quiet, join_bytes, whole_tens_ms

_INT16 = np.dtype(np.int16)


@dataclass(frozen=True)
class G711Codec:
    """How one law turns samples into bytes and back, a byte a sample. Has no memory, so all
    legs share one.

    encode: int16 samples, contiguous. decode: its answer is read-only.
    """

    name: str
    payload_type: int
    encode: Callable[[Samples], bytes]
    decode: Callable[[bytes], Samples]
    silence: bytes
    """160 encoded zeros."""

    ticks_per_frame: ClassVar[int] = FRAME_SAMPLES

    def packet_ms(self, wanted_ms: int) -> int:
        return whole_tens_ms(wanted_ms)

    def payload(self, data: bytes) -> bytes:
        return data

    def join(self, pieces: Sequence[tuple[int, bytes]]) -> bytes:
        return join_bytes(pieces, self.silence)

    def is_quiet(self, frame: bytes) -> bool:
        return is_quiet(self.decode(frame))

    def conceal(self, following: bytes | None) -> None:
        """G.711 has no way of its own; see `Concealment`."""


def encode_alaw(samples: Samples) -> bytes:
    """A-law, even bits inverted as on the wire."""
    return audioop.lin2alaw(samples.data, 2)


def decode_alaw(data: bytes) -> Samples:
    return np.frombuffer(audioop.alaw2lin(data, 2), _INT16)


def encode_ulaw(samples: Samples) -> bytes:
    """µ-law from a table: audioop rounds 508 negative values away from the reference
    (-1 becomes -8), so that near silence gets a buzz."""
    codes: npt.NDArray[np.uint8] = _ULAW_BY_SAMPLE.take(samples.view(np.uint16))
    return codes.tobytes()


def decode_ulaw(data: bytes) -> Samples:
    return np.frombuffer(audioop.ulaw2lin(data, 2), _INT16)


def _ulaw_table() -> npt.NDArray[np.uint8]:
    """The code of each 16-bit sample, indexed by the sample read as unsigned."""
    samples = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int32)
    # G.191: one's complement for negative values, 14 bits, bias 33, clipped at 13 bits.
    magnitude = np.minimum((np.where(samples < 0, ~samples, samples) >> 2) + 33, 0x1FFF)
    segment = np.zeros(len(samples), dtype=np.int32)
    for exponent in range(6, 13):
        segment += magnitude >= (1 << exponent)
    step = (magnitude >> (segment + 1)) & 0x0F
    inverted = ((7 - segment) << 4) | (0x0F - step)
    codes: npt.NDArray[np.uint8] = (inverted | np.where(samples >= 0, 0x80, 0)).astype(np.uint8)
    return codes


_ULAW_BY_SAMPLE = _ulaw_table()

PCMU = G711Codec("PCMU", 0, encode_ulaw, decode_ulaw, encode_ulaw(SILENCE))
PCMA = G711Codec("PCMA", 8, encode_alaw, decode_alaw, encode_alaw(SILENCE))

CODECS = {codec.name: codec for codec in (PCMA, PCMU)}
"""By the name SDP uses."""
