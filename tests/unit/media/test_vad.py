"""A voice is told from line noise."""

from __future__ import annotations

import numpy as np

from tests.shared import shared_path
from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.media.audio_file import read_telephone_audio
from voicebot.media.vad import WebrtcVad


def share_of_speech(samples: Samples) -> float:
    vad = WebrtcVad()
    n_frames = len(samples) // FRAME_SAMPLES
    frames = samples[: n_frames * FRAME_SAMPLES].reshape(n_frames, FRAME_SAMPLES)
    return sum(vad.is_speech(frame) for frame in frames) / n_frames


def test_silence_and_faint_noise_are_no_speech() -> None:
    assert not WebrtcVad().is_speech(SILENCE)
    noise = np.random.default_rng(1).integers(-30, 31, 8000 * 5).astype(np.int16)
    assert share_of_speech(noise) < 0.05


def test_polish_speech_is_speech() -> None:
    folder = shared_path("speech")
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".wav", ".flac"})[:10]
    assert files
    shares = [share_of_speech(read_telephone_audio(path)) for path in files]
    assert np.median(shares) > 0.4
