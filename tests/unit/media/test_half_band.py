"""8 to 16 kHz and back, without a seam, without images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.media.half_band import Doubler, Halver


def tone(frequency_hz: float, sample_rate: int, n_samples: int) -> np.ndarray:
    time = np.arange(n_samples) / sample_rate
    return (8000 * np.sin(2 * np.pi * frequency_hz * time)).astype(np.int16)


def level_db(samples: np.ndarray, frequency_hz: float, sample_rate: int) -> float:
    """Of one frequency, against a tone of 8000."""
    window = np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(samples * window)) / window.sum() * 2
    place = round(frequency_hz * len(samples) / sample_rate)
    return float(20 * np.log10(max(spectrum[place - 2 : place + 3].max(), 1e-9) / 8000))


@pytest.mark.parametrize("frequency_hz", [200, 1000, 3000, 3400])
def test_speech_passes_and_has_no_image(frequency_hz: int) -> None:
    doubled = Doubler().process(tone(frequency_hz, 8000, 8000))[2000:]
    assert abs(level_db(doubled, frequency_hz, 16000)) < 0.2
    assert level_db(doubled, 8000 - frequency_hz, 16000) < -50
    halved = Halver().process(tone(frequency_hz, 16000, 16000))[1000:]
    assert abs(level_db(halved, frequency_hz, 8000)) < 0.2


@pytest.mark.parametrize("frequency_hz", [4600, 5000, 7000])
def test_what_8_khz_can_not_hold_is_stopped(frequency_hz: int) -> None:
    halved = Halver().process(tone(frequency_hz, 16000, 16000))[1000:]
    assert level_db(halved, 8000 - frequency_hz, 8000) < -50


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_pieces_make_no_seam(lengths: list[int]) -> None:
    samples = tone(700, 8000, sum(lengths))
    whole = Doubler().process(samples)
    halved_whole = Halver().process(whole)
    doubler, halver = Doubler(), Halver()
    doubled, halved = [], []
    start = 0
    for length in lengths:
        piece = doubler.process(samples[start : start + length])
        assert len(piece) == 2 * length
        doubled.append(piece)
        halved.append(halver.process(piece))
        start += length
    # Sums in another order may round another way.
    assert np.abs(np.concatenate(doubled).astype(int) - whole).max() <= 1
    assert np.abs(np.concatenate(halved).astype(int) - halved_whole).max() <= 1


def test_loud_ones_are_cut_not_wrapped() -> None:
    square = np.repeat(np.array([32767, -32768] * 20, dtype=np.int16), 20)
    doubled = Doubler().process(square).astype(int)
    # A sample that wrapped would jump over the whole range and back within the flat part.
    assert np.all(doubled[100:140] * doubled[100] > 0) or np.ptp(doubled[100:140]) <= 65535
    assert doubled.max() == 32767
    assert doubled.min() == -32768
