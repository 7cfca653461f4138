from __future__ import annotations

import numpy as np
import pytest

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.speech.pauses import speech_level, split_at_pauses, trim_quiet


def voice(duration_s: float, amplitude: float = 3000) -> Samples:
    t = np.arange(int(duration_s * SAMPLE_RATE)) / SAMPLE_RATE
    return (amplitude * np.sin(2 * np.pi * 200 * t)).astype(np.int16)


def quiet(duration_s: float) -> Samples:
    return np.tile(np.array([4, -4], dtype=np.int16), int(duration_s * SAMPLE_RATE / 2))


def test_the_level_is_the_voices_whatever_silence_is_around_it() -> None:
    alone = speech_level(voice(0.5))
    assert alone == pytest.approx(3000 / np.sqrt(2), rel=0.01)
    assert speech_level(np.concatenate([quiet(3), voice(0.5), quiet(9)])) == alone


def test_a_click_is_not_taken_for_the_voice() -> None:
    samples = voice(1).copy()
    samples[4000:4040] = 32000
    assert speech_level(samples) == pytest.approx(speech_level(voice(1)), rel=0.05)


def test_the_level_of_nothing_is_zero() -> None:
    assert speech_level(np.zeros(10, dtype=np.int16)) == 0.0


def test_quiet_edges_are_cut_off_but_for_what_is_kept() -> None:
    samples = np.concatenate([quiet(0.5), voice(1), quiet(2)])
    trimmed = trim_quiet(samples, below_speech_db=30, keep_ms=100)
    assert len(trimmed) == pytest.approx(1.2 * SAMPLE_RATE, abs=160)
    assert np.array_equal(trimmed, samples[int(0.4 * 8000) : int(0.4 * 8000) + len(trimmed)])


def test_more_silence_behind_changes_nothing() -> None:
    heard = [
        trim_quiet(np.concatenate([quiet(0.2), voice(0.4), quiet(more_s)]), 35, 100)
        for more_s in (0.24, 0.5, 3.0)
    ]
    assert np.array_equal(heard[0], heard[1])
    assert np.array_equal(heard[0], heard[2])


def test_a_pause_inside_is_kept() -> None:
    samples = np.concatenate([voice(0.3), quiet(1), voice(0.3)])
    assert np.array_equal(trim_quiet(samples, 30, 100), samples)


def test_short_audio_is_not_split() -> None:
    samples = voice(5)
    assert split_at_pauses(samples, longest_s=5) == [samples]


def test_long_audio_is_cut_in_its_pauses_and_nothing_is_lost() -> None:
    samples = np.concatenate([voice(6), quiet(0.6), voice(6), quiet(0.6), voice(6)])
    pieces = split_at_pauses(samples, longest_s=10)
    assert np.array_equal(np.concatenate(pieces), samples)
    ends_s = np.cumsum([len(piece) for piece in pieces]) / SAMPLE_RATE
    assert ends_s[:-1] == pytest.approx([6.3, 12.9], abs=0.2)


def test_audio_without_a_pause_is_cut_all_the_same() -> None:
    pieces = split_at_pauses(voice(61), longest_s=20)
    assert max(len(piece) for piece in pieces) <= 20 * SAMPLE_RATE
    assert sum(len(piece) for piece in pieces) == 61 * SAMPLE_RATE
