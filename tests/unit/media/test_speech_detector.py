"""Speech is found at any loudness and let go at its end; noise, breath and knocks are none."""

from __future__ import annotations

import numpy as np
import pytest

from tests.shared import shared_path
from tests.sounds import Wave, frames, noise, over_noise, pcm, silence, vowel
from voicebot.audio import FRAME_SAMPLES
from voicebot.media.audio_file import read_telephone_audio
from voicebot.media.speech_detector import SpeechDetector
from voicebot.media.turn_detector import SpeechStarted, TurnDetector
from voicebot.media.vad import WebrtcVad


def heard(wave: Wave) -> list[int]:
    """Numbers of the frames that count as speech."""
    detector = SpeechDetector()
    return [n for n, frame in enumerate(frames(pcm(wave))) if detector.is_speech(frame)]


def n_turns(wave: Wave) -> int:
    detector, turns = SpeechDetector(), TurnDetector()
    events = [
        turns.receive_frame(detector.is_speech(frame), n * FRAME_SAMPLES)
        for n, frame in enumerate(frames(pcm(wave)))
    ]
    return sum(isinstance(event, SpeechStarted) for event in events)


@pytest.mark.parametrize("dbfs", [-6, -15, -30])
@pytest.mark.parametrize("floor_dbfs", [-60, -45])
@pytest.mark.parametrize("pitch_hz", [90, 150, 260])
def test_a_short_vowel_is_heard_at_any_loudness(
    dbfs: float, floor_dbfs: float, pitch_hz: float
) -> None:
    wave = np.concatenate([silence(1), vowel(0.14, dbfs, pitch_hz), silence(0.6)])
    assert n_turns(over_noise(wave, floor_dbfs)) == 1


def test_speech_ends_with_its_last_frame() -> None:
    wave = np.concatenate([silence(1), vowel(0.4), silence(1)])
    last = heard(over_noise(wave, -55))[-1]
    assert abs((last + 1) * 20 - 1400) <= 20


def test_webrtc_alone_goes_on_after_the_end() -> None:
    """The reason for all this: were it quick itself, the energy would not be needed."""
    wave = pcm(over_noise(np.concatenate([silence(1), vowel(0.4), silence(1)]), -55))
    vad = WebrtcVad()
    last = [n for n, frame in enumerate(frames(wave)) if vad.is_speech(frame)][-1]
    assert (last + 1) * 20 > 1440


@pytest.mark.parametrize("dbfs", [-50, -35, -20])
def test_steady_noise_is_no_speech(dbfs: float) -> None:
    assert not heard(noise(8, dbfs))


def test_noise_that_sets_in_is_no_speech() -> None:
    assert not heard(np.concatenate([noise(2, -60), noise(6, -30)]))


def test_breath_is_no_speech() -> None:
    swell = noise(0.8, -18) * np.sin(np.pi * np.linspace(0, 1, 6400))
    wave = np.concatenate([silence(1), swell, silence(0.5), swell, silence(1)])
    assert n_turns(over_noise(wave, -60)) == 0


def test_knocks_and_clicks_are_no_speech() -> None:
    at = np.arange(800)
    knock = 0.5 * np.sin(2 * np.pi * 300 * at / 8000) * np.exp(-at / 80)
    wave = np.concatenate([silence(1), *[np.concatenate([knock, silence(0.1)]) for _ in range(10)]])
    assert n_turns(over_noise(wave, -60)) == 0


def test_a_voice_is_heard_over_noise_that_has_been_there() -> None:
    wave = np.concatenate([silence(3), vowel(0.3, -15), silence(1)])
    assert n_turns(over_noise(wave, -30)) == 1


def test_a_soft_word_after_a_loud_one_is_heard() -> None:
    wave = np.concatenate([silence(1), vowel(0.4, -8), silence(0.9), vowel(0.2, -29), silence(1)])
    frames_heard = heard(over_noise(wave, -60))
    assert any(n * 20 >= 2300 for n in frames_heard)


def test_polish_speech_is_speech() -> None:
    files = sorted((shared_path("speech") / "nemo_8k").glob("*_neutral_*.flac"))[:12]
    assert files
    for path in files:
        speech = read_telephone_audio(path) / 32768
        assert n_turns(over_noise(np.concatenate([silence(1), speech, silence(1)]), -60)) >= 1
