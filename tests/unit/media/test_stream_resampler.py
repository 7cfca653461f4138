"""Resampling of live sound: true to the tone, seamless however it is cut, and 3 ms late."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.media.stream_resampler import StreamResampler

RATES = [12000, 16000, 24000, 32000, 44100, 48000, 64000, 96000, 192000]


def tone(frequency: float, rate: int, duration_s: float = 1.0) -> np.ndarray:
    ticks = np.arange(int(rate * duration_s))
    return (10000 * np.sin(2 * np.pi * frequency * ticks / rate)).astype(np.int16)


def level_db(samples: np.ndarray) -> float:
    """Against the tones above."""
    power = np.mean(samples.astype(float) ** 2)
    return 10 * np.log10(max(power, 1e-9) / (10000**2 / 2))


@pytest.mark.parametrize("rate", RATES)
def test_every_20_ms_are_20_ms(rate: int) -> None:
    down, up = StreamResampler(rate), StreamResampler(8000, rate)
    for _ in range(20):
        assert len(down.process(np.zeros(rate // 50, dtype=np.int16))) == 160
        assert len(up.process(np.zeros(160, dtype=np.int16))) == rate // 50


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frequency", [300, 1000, 3300])
def test_speech_comes_through_3_ms_late(rate: int, frequency: int) -> None:
    for source, target in ((rate, 8000), (8000, rate)):
        out = StreamResampler(source, target).process(tone(frequency, source)).astype(float)
        delay = 24 / 8000
        ticks = np.arange(len(out)) / target - delay
        expected = 10000 * np.sin(2 * np.pi * frequency * ticks)
        steady = slice(target // 10, None)
        assert np.abs(out[steady] - expected[steady]).max() < 60


@pytest.mark.parametrize("rate", RATES)
def test_what_8_khz_can_not_hold_is_gone(rate: int) -> None:
    out = StreamResampler(rate).process(tone(4600, rate))
    assert level_db(out[800:]) < -60


@pytest.mark.parametrize("rate", RATES)
def test_no_mirror_images_above_4_khz(rate: int) -> None:
    out = StreamResampler(8000, rate).process(tone(1000, 8000))[rate // 10 :].astype(float)
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out))))
    frequencies = np.fft.rfftfreq(len(out), 1 / rate)
    assert spectrum[frequencies > 4000].max(initial=0) < spectrum.max() / 1000


@given(st.lists(st.integers(0, 700), min_size=1, max_size=12), st.sampled_from(RATES))
def test_seamless_however_it_is_cut(lengths: list[int], rate: int) -> None:
    samples = tone(700, rate)[: sum(lengths)]
    whole = StreamResampler(rate).process(samples)
    resampler, pieces, at = StreamResampler(rate), [], 0
    for length in lengths:
        pieces.append(resampler.process(samples[at : at + length]))
        at += length
    assert np.concatenate(pieces).tolist() == whole.tolist()


def test_loud_sound_is_clipped_not_wrapped() -> None:
    square = np.where(np.arange(1600) // 20 % 2, -32768, 32767).astype(np.int16)
    out = StreamResampler(16000).process(square)
    assert out.max() == 32767
    assert out.min() == -32768
