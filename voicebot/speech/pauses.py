"""Where speech can be cut: quiet places in a recording, found by level alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voicebot.audio import SAMPLE_RATE, Samples

_STEP_MS = 10
_STEP_SAMPLES = SAMPLE_RATE * _STEP_MS // 1000
_MIN_PIECE_S = 2.0
_LOUD_STEPS = 10  # 100 ms as loud as that are a voice
_VOICED_SHARE = 0.1  # 20 dB


def levels(samples: Samples) -> npt.NDArray[np.float32]:
    """RMS of each 10 ms, in units of int16; a last shorter step is left out."""
    n_steps = len(samples) // _STEP_SAMPLES
    steps = samples[: n_steps * _STEP_SAMPLES].astype(np.float32).reshape(n_steps, _STEP_SAMPLES)
    rms: npt.NDArray[np.float32] = np.sqrt((steps**2).mean(axis=1))
    return rms


def speech_level(samples: Samples) -> float:
    """RMS of the voice, pauses left out, in units of int16.

    A few loud clicks do not change it, nor does silence before or behind.
    """
    steps = levels(samples)
    if len(steps) == 0:
        return 0.0
    loud = float(np.sort(steps)[-min(_LOUD_STEPS, len(steps))])
    voiced = np.minimum(steps[steps >= loud * _VOICED_SHARE], loud)
    return float(np.sqrt((voiced**2).mean()))


def trim_quiet(samples: Samples, below_speech_db: float, keep_ms: int) -> Samples:
    """Without the quiet start and end: what lies `below_speech_db` or more under the voice.

    keep_ms: left standing on either side.
    """
    steps = levels(samples)
    threshold = speech_level(samples) * 10 ** (-below_speech_db / 20)
    loud = np.flatnonzero(steps > threshold)
    if len(loud) == 0:
        return samples
    keep = keep_ms * SAMPLE_RATE // 1000
    start = max(0, int(loud[0]) * _STEP_SAMPLES - keep)
    end = min(len(samples), (int(loud[-1]) + 1) * _STEP_SAMPLES + keep)
    return samples[start:end]


def split_at_pauses(samples: Samples, longest_s: float) -> list[Samples]:
    """Pieces of at most `longest_s`, cut in the middle of the quietest 300 ms on offer.

    The pieces joined are the samples. One that is short enough comes back alone.
    """
    longest = int(longest_s * SAMPLE_RATE)
    shortest = int(min(_MIN_PIECE_S, longest_s / 2) * SAMPLE_RATE)
    pieces = []
    while len(samples) > longest:
        cut = shortest + _quietest_place(samples[shortest:longest])
        pieces.append(samples[:cut])
        samples = samples[cut:]
    pieces.append(samples)
    return pieces


def _quietest_place(samples: Samples) -> int:
    """Offset of the middle of the quietest 300 ms; the latest one among equals."""
    width = 300 // _STEP_MS
    steps = levels(samples)
    if len(steps) <= width:
        return len(samples) // 2
    sums = np.convolve(steps, np.ones(width, dtype=np.float32), mode="valid")
    # Long pieces are heard better than short ones, and a digital silence has many equals.
    latest = len(sums) - 1 - int(np.argmin(sums[::-1]))
    return (latest + width // 2) * _STEP_SAMPLES
