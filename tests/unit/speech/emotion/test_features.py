from __future__ import annotations

import numpy as np
import pytest

from voicebot.audio import Samples
from voicebot.speech.backends.whisper_features import log_mel, mel_filters
from voicebot.speech.emotion.features import MAX_SAMPLES, MIN_SAMPLES, N_BINS, power_spectra


def melody(seconds: float = 1.5, peak: float = 6000) -> Samples:
    times = np.arange(round(seconds * 8000)) / 8000
    wave = np.sin(2 * np.pi * 180 * times) + 0.5 * np.sin(2 * np.pi * (900 + 400 * times) * times)
    return (peak / 1.5 * wave * (1 + np.sin(2 * np.pi * 4 * times)) / 2).astype(np.int16)


def test_a_frame_each_ten_ms() -> None:
    assert power_spectra(melody(1.5)).shape == (150, N_BINS)


def test_gain_changes_nothing() -> None:
    loud, quiet = power_spectra(melody(peak=12000)), power_spectra(melody(peak=3000))
    strong = loud > loud.max() * 1e-3
    np.testing.assert_allclose(quiet[strong], loud[strong], rtol=0.05)


def test_spectra_are_those_that_whisper_sees_at_twice_the_rate() -> None:
    # The same tones made at 16 kHz; no resampler in between.
    times = np.arange(16000) / 16000
    wave = 0.1 * (np.sin(2 * np.pi * 300 * times) + np.sin(2 * np.pi * 1100 * times))
    theirs = log_mel(wave.astype(np.float32))
    spectra = power_spectra(np.rint(wave[::2] * 32768).astype(np.int16))
    bands = np.log10(np.maximum(4 * spectra @ mel_filters()[:, :N_BINS].T, 1e-10)).T
    ours = (np.maximum(bands, bands.max() - 8) + 4) / 4
    # Level is taken out here: a constant apart, where there is sound at all.
    strong = theirs[:, 5:-5] > theirs.max() - 0.75
    apart = (ours - theirs)[:, 5:-5][strong]
    assert np.ptp(apart) < 0.01


def test_silence_is_heard_and_stays_finite() -> None:
    assert np.isfinite(power_spectra(np.zeros(8000, dtype=np.int16))).all()


def test_less_than_half_a_second_is_refused() -> None:
    power_spectra(melody()[:MIN_SAMPLES])
    with pytest.raises(ValueError, match="half a second"):
        power_spectra(melody()[: MIN_SAMPLES - 1])


def test_more_than_the_encoder_has_positions_for_is_cut() -> None:
    assert len(power_spectra(np.ones(MAX_SAMPLES + 8000, dtype=np.int16))) == 3000
