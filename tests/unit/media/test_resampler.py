"""Changing the rate keeps the sound, its length, and makes no seams."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.audio import Samples
from voicebot.media.resampler import Resampler, resample


def tone(sample_rate: int, seconds: float = 1.0, hz: float = 440.0) -> Samples:
    time = np.arange(int(sample_rate * seconds)) / sample_rate
    return (10000 * np.sin(2 * np.pi * hz * time)).astype(np.int16)


@pytest.mark.parametrize("from_rate", [16000, 22050, 24000, 44100, 48000])
def test_tone_is_the_same_tone_at_8_khz(from_rate: int) -> None:
    result = resample(tone(from_rate), from_rate)
    assert result.dtype == np.int16
    assert len(result) == 8000
    middle = slice(200, 7800)
    error = result[middle].astype(int) - tone(8000)[middle]
    assert np.abs(error).max() < 100


def test_what_telephones_can_not_carry_is_filtered_out() -> None:
    assert np.abs(resample(tone(16000, hz=6000), 16000)[200:-200]).max() < 50


@pytest.mark.parametrize("from_rate", [16000, 22050])
def test_pieces_give_the_same_as_the_whole(from_rate: int) -> None:
    whole = tone(from_rate)
    stream = Resampler(from_rate)
    pieces = [stream.process(whole[start : start + 777]) for start in range(0, len(whole), 777)]
    pieces.append(stream.process(whole[:0], is_last=True))
    joined = np.concatenate(pieces)
    assert abs(len(joined) - 8000) <= 1
    error = joined[:7900].astype(int) - resample(whole, from_rate)[:7900]
    assert np.abs(error).max() <= 2


def test_same_rate_is_left_alone() -> None:
    samples = tone(8000)
    assert resample(samples, 8000) is samples
    assert Resampler(8000).process(samples, is_last=True) is samples
