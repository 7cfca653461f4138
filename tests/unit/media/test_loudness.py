"""Speech of any level comes out at one."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.audio import Samples
from voicebot.media.loudness import (
    TARGET_DBFS,
    apply_gain,
    gain_to_target,
    level_speech,
    speech_level_dbfs,
)


def speech(level: float, pause_share: float = 0.5) -> Samples:
    """Bursts of noise of this RMS (of 1.0) with pauses of faint noise between them."""
    rng = np.random.default_rng(5)
    noise = rng.standard_normal(16000)
    is_pause = np.arange(16000) % 4000 < 4000 * pause_share
    noise[is_pause] *= 0.003
    return np.clip(noise * level * 32768, -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("level", [0.01, 0.03, 0.1, 0.2])
@pytest.mark.parametrize("pause_share", [0.0, 0.3, 0.7])
def test_spoken_parts_reach_the_target(level: float, pause_share: float) -> None:
    leveled = level_speech(speech(level, pause_share))
    measured = speech_level_dbfs(leveled)
    assert measured is not None
    assert abs(measured - TARGET_DBFS) < 0.7


def test_level_of_a_sine() -> None:
    sine = (32767 * np.sin(np.arange(8000) / 5)).astype(np.int16)
    level = speech_level_dbfs(sine)
    assert level is not None
    assert abs(level + 3.01) < 0.1


def test_silence_stays_silence() -> None:
    zeros = np.zeros(8000, dtype=np.int16)
    assert gain_to_target(zeros) == 1.0
    assert not level_speech(zeros).any()
    assert speech_level_dbfs(zeros[:0]) is None
    assert len(level_speech(zeros[:0])) == 0


def test_faint_noise_is_not_blown_up_without_limit() -> None:
    faint = np.random.default_rng(1).integers(-3, 4, 8000).astype(np.int16)
    assert np.abs(level_speech(faint)).max() < 120


def test_single_click_does_not_decide() -> None:
    samples = speech(0.02)
    samples[8000:8010] = 32767
    level = speech_level_dbfs(level_speech(samples))
    assert level is not None
    assert abs(level - TARGET_DBFS) < 2


def test_peaks_are_bent_not_wrapped() -> None:
    loud = (30000 * np.sin(np.arange(800) / 20)).astype(np.int16)
    result = apply_gain(loud, 4.0).astype(int)
    assert result.max() <= 32767
    assert (np.sign(result) == np.sign(loud)).all()
    assert (np.diff(result[:30]) >= 0).all()


def test_chunks_give_the_same_as_the_whole() -> None:
    samples = speech(0.2)
    whole = apply_gain(samples, 2.5)
    parts = [apply_gain(samples[start : start + 333], 2.5) for start in range(0, 16000, 333)]
    assert (np.concatenate(parts) == whole).all()
