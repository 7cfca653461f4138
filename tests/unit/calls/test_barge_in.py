"""How much speech over the bot stops it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes import AnyVoice
from tests.sounds import Wave, frames, noise, over_noise, pcm, silence, speech, vowel
from voicebot.audio import SILENCE
from voicebot.calls.barge_in import BargeIn
from voicebot.media.speech_detector import SpeechDetector
from voicebot.settings import TurnSettings


def frames_until_stop(pattern: str, needed_ms: int = 300) -> int | None:
    """pattern: s a frame of speech, - one without."""
    barge_in = BargeIn(needed_ms, AnyVoice())
    for n, frame in enumerate(pattern, start=1):
        if barge_in.receive_frame(frame == "s", may_interrupt=True, samples=SILENCE):
            return n
    return None


def stopped_after_ms(wave: Wave) -> int | None:
    """When the bot stops, from the beginning of the wave, which follows a second of quiet."""
    detector = SpeechDetector()
    barge_in = BargeIn(TurnSettings().barge_in_ms)
    line = over_noise(np.concatenate([silence(1), wave, silence(1)]), -60)
    for n, frame in enumerate(frames(pcm(line)), start=1):
        if barge_in.receive_frame(detector.is_speech(frame), may_interrupt=True, samples=frame):
            return n * 20 - 1000
    return None


def cough(seed: int) -> Wave:
    """A burst, a wheeze and 80 ms of voice."""
    rng = np.random.default_rng(seed)
    burst = noise(0.05, -12, seed) * np.linspace(0.2, 1, 400)
    wheeze = noise(0.2, -20, seed + 1) * np.exp(-np.arange(1600) / 800)
    wheeze[300:940] += vowel(0.08, -18, rng.uniform(110, 250))
    return np.concatenate([burst, wheeze])


def test_speech_stops_the_bot_after_the_time_set() -> None:
    assert frames_until_stop("s" * 40) == 15
    assert frames_until_stop("s" * 40, needed_ms=60) == 3


def test_less_speech_does_not_stop_it() -> None:
    assert frames_until_stop("s" * 14 + "-" * 60) is None
    assert frames_until_stop(("s" * 5 + "-" * 12) * 20) is None


def test_gaps_between_syllables_delay_it_only_a_little() -> None:
    assert frames_until_stop("s" * 8 + "--" + "s" * 20) == 18


def test_nothing_counts_while_the_bot_may_not_be_stopped() -> None:
    barge_in = BargeIn(60, AnyVoice())
    for _ in range(100):
        assert not barge_in.receive_frame(True, may_interrupt=False, samples=SILENCE)
    stops = [barge_in.receive_frame(True, may_interrupt=True, samples=SILENCE) for _ in range(3)]
    assert stops == [False, False, True]


def test_it_is_said_once_for_each_interruption() -> None:
    barge_in = BargeIn(60, AnyVoice())
    stops = [barge_in.receive_frame(True, may_interrupt=True, samples=SILENCE) for _ in range(6)]
    assert stops == [False, False, True, False, False, True]


def test_noise_that_a_detector_takes_for_speech_does_not_stop_it() -> None:
    barge_in = BargeIn(60)
    for frame in frames(pcm(noise(5, -20))):
        assert not barge_in.receive_frame(True, may_interrupt=True, samples=frame)


@pytest.mark.parametrize("pitch_hz", [95.0, 160.0, 250.0])
def test_a_word_stops_it_within_200_ms(pitch_hz: float) -> None:
    stopped_ms = stopped_after_ms(vowel(0.4, -20, pitch_hz))
    assert stopped_ms is not None
    assert stopped_ms <= 200


def test_speech_stops_it() -> None:
    assert stopped_after_ms(speech(8)) is not None


@pytest.mark.parametrize("seed", range(8))
def test_a_cough_does_not_stop_it(seed: int) -> None:
    assert stopped_after_ms(cough(seed)) is None
