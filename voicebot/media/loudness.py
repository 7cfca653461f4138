"""Brings speech of any source to one loudness."""

from __future__ import annotations

import numpy as np

from voicebot.audio import SAMPLE_RATE, Samples

TARGET_DBFS = -20.0
"""RMS of the spoken parts, full scale sine at -3: a usual level on telephone lines."""

MAX_GAIN_DB = 30.0
"""More would only raise the noise of a line on which nobody speaks."""

SPEECH_RANGE_DB = 25.0
"""Frames this far below the loud ones are pauses and don't count."""

KNEE = 0.8
"""Of full scale; above it peaks are bent rather than cut off."""

_BLOCK_S = 0.02
_FULL_SCALE = 32768.0


def speech_level_dbfs(samples: Samples, sample_rate: int = SAMPLE_RATE) -> float | None:
    """RMS of the spoken parts in dB of full scale; None for digital silence.

    samples: int16, mono, any length.
    """
    block = max(int(sample_rate * _BLOCK_S), 1)
    n_blocks = len(samples) // block
    if not n_blocks:
        blocks = samples.astype(np.float64).reshape(1, -1)
    else:
        blocks = samples[: n_blocks * block].astype(np.float64).reshape(n_blocks, block)
    if not blocks.size:
        return None
    powers = (blocks**2).mean(axis=1) / _FULL_SCALE**2
    loud = np.percentile(powers, 95)
    if loud <= 0:
        loud = powers.max()
    if loud <= 0:
        return None
    spoken = powers[powers >= loud * 10 ** (-SPEECH_RANGE_DB / 10)]
    # A click of a few ms can hold more energy than a sentence.
    spoken = np.minimum(spoken, 2 * loud)
    return float(10 * np.log10(spoken.mean()))


def gain_to_target(
    samples: Samples, sample_rate: int = SAMPLE_RATE, target_dbfs: float = TARGET_DBFS
) -> float:
    """Factor that brings this speech to the target; 1.0 for silence."""
    level = speech_level_dbfs(samples, sample_rate)
    if level is None:
        return 1.0
    return float(10 ** (min(target_dbfs - level, MAX_GAIN_DB) / 20))


def apply_gain(samples: Samples, gain: float) -> Samples:
    """Multiply, and bend what would go over full scale. Chunk by chunk gives the same."""
    if not len(samples):
        return samples
    scaled = samples.astype(np.float32) * np.float32(gain / _FULL_SCALE)
    peaks = np.abs(scaled) > KNEE
    if peaks.any():
        room = 1.0 - KNEE
        over = (np.abs(scaled[peaks]) - KNEE) / room
        scaled[peaks] = np.sign(scaled[peaks]) * (KNEE + room * np.tanh(over))
    result: Samples = np.clip(np.rint(scaled * _FULL_SCALE), -32768, 32767).astype(np.int16)
    return result


def level_speech(
    samples: Samples, sample_rate: int = SAMPLE_RATE, target_dbfs: float = TARGET_DBFS
) -> Samples:
    """A whole utterance at the product's loudness."""
    return apply_gain(samples, gain_to_target(samples, sample_rate, target_dbfs))
