"""Faxes, exchange tones and hold music are known; people are not taken for them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.sounds import Wave, frames, noise, over_noise, pcm, silence, speech, tone, vowel
from voicebot.media.line_sounds import LineSounds
from voicebot.media.speech_detector import SpeechDetector


def recognised(wave: Wave, floor_dbfs: float = -55) -> list[str]:
    detector, sounds = SpeechDetector(), LineSounds()
    line = pcm(over_noise(wave, floor_dbfs))
    told = [sounds.receive_frame(frame, detector.is_speech(frame)) for frame in frames(line)]
    return [sound.kind for sound in told if sound is not None]


def repeated(on: Wave, off_s: float, times: int) -> Wave:
    return np.concatenate([np.concatenate([on, silence(off_s)]) for _ in range(times)])


def hold_music(seconds: float) -> Wave:
    """Held chords, one each half second."""
    chords = [
        sum((tone(0.5, root * ratio, -20) for ratio in (1, 1.26, 1.5, 2, 3)), silence(0.5))
        for root in (196.0, 220.0, 262.0, 175.0) * int(seconds)
    ]
    return np.concatenate(chords)[: round(seconds * 8000)]


@pytest.mark.parametrize("hz", [1070, 1100, 1130])
@pytest.mark.parametrize("dbfs", [-10, -30])
def test_a_calling_fax_is_known_at_its_second_tone(hz: float, dbfs: float) -> None:
    assert recognised(repeated(tone(0.5, hz, dbfs), 3.0, 1)) == []
    assert recognised(repeated(tone(0.5, hz, dbfs), 3.0, 4)) == ["fax"]


def test_an_answering_fax_is_known() -> None:
    assert recognised(np.concatenate([silence(0.3), tone(2.9, 2100)])) == ["fax"]


def test_the_busy_tone_means_that_the_other_side_is_gone() -> None:
    assert recognised(repeated(tone(0.5, 425), 0.5, 6)) == ["busy"]


def test_the_dialling_tone_means_the_same() -> None:
    assert recognised(tone(5, 425)) == ["busy"]


def test_ringing_is_known() -> None:
    assert recognised(repeated(tone(1.0, 425), 4.0, 3)) == ["ringing"]


def test_single_beeps_mean_nothing() -> None:
    beeps = [tone(0.5, 425), silence(2), tone(0.5, 1100), silence(1), tone(0.3, 2100), silence(3)]
    assert recognised(np.concatenate(beeps)) == []


def test_hold_music_is_known_and_its_end() -> None:
    wave = np.concatenate([hold_music(10), silence(1), speech(10), silence(1)])
    assert recognised(wave) == ["music", "music_over"]


def test_hold_music_is_known_again_after_somebody_spoke() -> None:
    wave = np.concatenate([hold_music(10), silence(1), speech(8), hold_music(12)])
    assert recognised(wave) == ["music", "music_over", "music"]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("floor_dbfs", [-60, -35])
def test_a_long_talker_is_no_music(seed: int, floor_dbfs: float) -> None:
    assert recognised(speech(60, -18, 110 + 30 * seed, seed), floor_dbfs) == []


def test_loud_steady_noise_is_told_once() -> None:
    assert recognised(noise(10, -28)) == ["noise"]


def test_a_quiet_line_is_nothing() -> None:
    assert recognised(silence(10)) == []


def test_a_long_vowel_is_no_tone() -> None:
    assert recognised(vowel(4.0, -15, 105)) == []
