"""The bot's own echo is told from a caller who speaks over it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.sounds import Wave, frames, over_noise, pcm, silence, speech
from voicebot.media.echo_guard import EchoGuard
from voicebot.media.playout import Playout
from voicebot.media.speech_detector import SpeechDetector


def shares(said: Wave, heard: Wave, lag_frames: int = 0) -> tuple[list[bool], EchoGuard]:
    """For each frame of speech heard whether it was an echo. lag_frames: the session finds so
    many frames at once, after as many ticks."""
    playout, detector = Playout(), SpeechDetector()
    guard = EchoGuard(playout)
    playout.say(1, pcm(said))
    verdicts: list[bool] = []
    waiting = []
    for frame in frames(pcm(over_noise(heard, -58))):
        playout.pull(0.0)
        waiting.append(frame)
        if len(waiting) > lag_frames:
            for late in waiting:
                is_speech = detector.is_speech(late)
                is_echo = guard.receive_frame(late, is_speech)
                if is_speech:
                    verdicts.append(is_echo)
            waiting.clear()
    return verdicts, guard


def echo(said: Wave, delay_ms: int, loss_db: float) -> Wave:
    room = np.random.default_rng(3).standard_normal(300) * np.exp(-np.arange(300) / 60) * 0.25
    room[0] = 1
    late = np.concatenate([silence(delay_ms / 1000), np.convolve(said, room)])
    return late[: len(said)] * 10 ** (-loss_db / 20)


SAID = np.concatenate([silence(0.3), speech(24, -16, 200, seed=5), silence(0.5)])
CALLER = speech(26, -20, 105, seed=8)[: len(SAID)]


@pytest.mark.parametrize("delay_ms", [30, 180, 470])
@pytest.mark.parametrize("loss_db", [8, 22])
def test_an_echo_is_known(delay_ms: int, loss_db: float) -> None:
    verdicts, guard = shares(SAID, echo(SAID, delay_ms, loss_db))
    assert len(verdicts) > 40
    assert np.mean(verdicts) > 0.8
    assert guard.delay_ms == pytest.approx(delay_ms, abs=25)


def test_somebody_else_is_no_echo() -> None:
    heard = np.concatenate([silence(1.5), CALLER])[: len(SAID)]
    verdicts, guard = shares(SAID, heard)
    assert len(verdicts) > 40
    assert np.mean(verdicts) < 0.2
    assert guard.delay_ms is None


def test_somebody_who_speaks_over_the_echo_is_heard() -> None:
    n_alone = 3 * 8000
    caller = np.concatenate([silence(3), CALLER * 2])[: len(SAID)]
    quiet_echo = echo(SAID, 120, 18)
    alone, _ = shares(SAID[:n_alone], quiet_echo[:n_alone])
    both, _ = shares(SAID, quiet_echo + caller)
    assert np.mean(both[len(alone) :]) < 0.5


def test_a_session_that_lags_knows_the_echo_all_the_same() -> None:
    verdicts, _ = shares(SAID, echo(SAID, 180, 12), lag_frames=6)
    assert np.mean(verdicts) > 0.8


def test_nothing_is_an_echo_while_the_bot_is_silent() -> None:
    verdicts, _ = shares(silence(len(SAID) / 8000), CALLER)
    assert verdicts
    assert not any(verdicts)
