from __future__ import annotations

import numpy as np
import pytest

from voicebot.audio import Samples
from voicebot.speech.voice_audio import TARGET_DBFS, VoiceAudio, gain_for, speech_dbfs

RATE = 24000


def tone(level: float, n_seconds: float = 1.0, hertz: float = 440, rate: int = RATE) -> Samples:
    t = np.arange(int(n_seconds * rate)) / rate
    return np.round(level * 32767 * np.sin(2 * np.pi * hertz * t)).astype(np.int16)


def silence(n_seconds: float) -> Samples:
    return np.zeros(int(n_seconds * RATE), dtype=np.int16)


def converted(samples: Samples, gain: float, chunk: int) -> Samples:
    audio = VoiceAudio(RATE, gain)
    parts = [audio.convert(samples[i : i + chunk]) for i in range(0, len(samples), chunk)]
    parts.append(audio.convert(np.zeros(0, dtype=np.int16), is_last=True))
    return np.concatenate(parts)


@pytest.mark.parametrize("level", [0.02, 0.1, 0.6])
def test_every_voice_comes_out_at_one_loudness_whatever_its_pauses(level: float) -> None:
    voice = np.concatenate([tone(level), silence(2), tone(level)])
    out = converted(voice, gain_for(voice, RATE), chunk=2400)
    assert speech_dbfs(out) == pytest.approx(TARGET_DBFS, abs=0.5)


def test_chunks_make_no_difference() -> None:
    voice = tone(0.3)
    whole = converted(voice, 1.0, chunk=len(voice))
    assert np.abs(whole.astype(int) - converted(voice, 1.0, chunk=777)).max() <= 1
    assert abs(len(whole) - 8000) <= 2


def test_loud_peaks_are_bent_and_not_wrapped() -> None:
    out = converted(tone(0.9), gain=3.0, chunk=2400).astype(int)
    assert 0.9 * 32767 < np.abs(out).max() <= 0.985 * 32767
    # A wrapped sample would jump by nearly the whole scale; the tone itself rises by a third.
    assert np.abs(np.diff(out)).max() < 32767


def test_what_a_telephone_can_not_carry_is_filtered_rather_than_folded() -> None:
    out = converted(tone(0.5, hertz=6000), gain=1.0, chunk=2400)
    assert np.abs(out[400:-400].astype(int)).max() < 50


def test_nearly_silent_specimen_is_not_blown_up_without_limit() -> None:
    assert gain_for(silence(1), RATE) == pytest.approx(10)
