"""What an Opus packet says about itself without being decoded (RFC 6716 section 3)."""

from __future__ import annotations

TICKS_PER_MS = 48
MAX_PACKET_TICKS = 120 * TICKS_PER_MS

# Section 3.1, table 2: length of a frame by `config`, the upper five bits of the first byte.
_SILK_MS = (10, 20, 40, 60)
_HYBRID_MS = (10, 20)
_CELT_MS = (2.5, 5, 10, 20)
_FRAME_TICKS = tuple(
    int(ms * TICKS_PER_MS)
    for lengths, n_bands in ((_SILK_MS, 3), (_HYBRID_MS, 2), (_CELT_MS, 4))
    for _ in range(n_bands)
    for ms in lengths
)


def packet_ticks(data: bytes) -> int:
    """How long it sounds, in ticks of 48 kHz; 0 for what is no Opus packet."""
    if not data:
        return 0
    frame_ticks = _FRAME_TICKS[data[0] >> 3]
    match data[0] & 3:
        case 0:
            n_frames = 1
        case 1 | 2:
            n_frames = 2
        case _:
            if len(data) < 2:
                return 0
            n_frames = data[1] & 0x3F
    ticks = n_frames * frame_ticks
    return ticks if ticks <= MAX_PACKET_TICKS else 0  # section 3.4, R5
