"""Audio as it travels through a call: 20 ms frames of linear PCM."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 8000
"""Hz; the rate of every frame inside a call (G.711's)."""

FRAME_MS = 20
FRAME_SAMPLES = SAMPLE_RATE * FRAME_MS // 1000

Samples = npt.NDArray[np.int16]
"""int16, mono, shape (n,)."""

SILENCE: Samples = np.zeros(FRAME_SAMPLES, dtype=np.int16)
SILENCE.setflags(write=False)


class AudioFrame(NamedTuple):
    """20 ms of the caller's voice. A tuple: it is made in half the time of a frozen dataclass,
    fifty times a second for each call.

    samples: int16, mono, shape (160,), 8 kHz.
    rtp_time: 8 kHz ticks since the leg's first frame, unwrapped and without gaps: frame n
    of a leg has n * 160, so it doubles as the position in the recording.
    is_concealed: the packet was lost or late and the samples are made up.
    arrived_at: when its first sample was on our wire (monotonic s), for measuring; None: unknown.
    """

    samples: Samples
    rtp_time: int
    is_concealed: bool = False
    arrived_at: float | None = None


def seconds(n_samples: int, sample_rate: int = SAMPLE_RATE) -> float:
    """Duration of `n_samples` in seconds."""
    return n_samples / sample_rate
