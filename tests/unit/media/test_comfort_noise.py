from __future__ import annotations

import numpy as np
import pytest

from voicebot.audio import FRAME_SAMPLES
from voicebot.media.comfort_noise import N_SOUNDS, ComfortNoise


def loudness_dbov(noise: ComfortNoise) -> float:
    frames = np.concatenate([noise.frame() for _ in range(N_SOUNDS)]).astype(np.float64)
    return float(20 * np.log10(np.sqrt((frames**2).mean()) / 32768))


@pytest.mark.parametrize(
    ("payload", "dbov"),
    [(b"\x28", -40), (b"\x41", -65), (b"\xa8", -40), (b"", -60), (b"\x00", -30)],
)
def test_noise_is_as_loud_as_it_was_asked_for(payload: bytes, dbov: float) -> None:
    noise = ComfortNoise()
    noise.receive(payload)
    assert loudness_dbov(noise) == pytest.approx(dbov, abs=1)


def test_faintest_level_is_silence() -> None:
    noise = ComfortNoise()
    noise.receive(b"\x7f")
    assert not noise.frame().any()


def test_colour_is_passed_over() -> None:
    noise = ComfortNoise()
    noise.receive(bytes([50, *range(200)]))
    assert noise.frame().shape == (FRAME_SAMPLES,)


def test_noise_is_no_tone() -> None:
    """Frames that repeat too soon would buzz."""
    noise = ComfortNoise()
    frames = [noise.frame() for _ in range(N_SOUNDS)]
    assert len({frame.tobytes() for frame in frames}) == N_SOUNDS


def test_noise_lasts_until_audio_sent_after_it_is_played() -> None:
    noise = ComfortNoise()
    assert not noise.is_over()  # what is played now was sent before
    noise.audio_came()
    assert noise.is_over()
    noise.receive(b"\x32")
    assert not noise.is_over()
