"""Lost frames are filled so that a voice goes on and then fades."""

from __future__ import annotations

import numpy as np

from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.media.concealment import Concealment


def buzz(n_samples: int, pitch_hz: float = 125.0) -> Samples:
    """A voice-like sound of steady pitch (125 Hz: 64 samples a period)."""
    time = np.arange(n_samples) / 8000
    wave = sum(np.cos(2 * np.pi * pitch_hz * k * time) / k for k in range(1, 10))
    return (3000 * wave).astype(np.int16)


def listen(concealment: Concealment, sound: Samples, lost: set[int]) -> Samples:
    heard = []
    for number in range(len(sound) // FRAME_SAMPLES):
        frame = sound[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]
        heard.append(concealment.conceal() if number in lost else concealment.accept(frame))
    return np.concatenate(heard)


def test_nothing_lost_changes_nothing() -> None:
    sound = buzz(1600)
    assert (listen(Concealment(), sound, set()) == sound).all()


def test_one_lost_frame_of_a_steady_voice_is_hardly_missed() -> None:
    sound = buzz(3200)
    heard = listen(Concealment(), sound, {10})
    lost = slice(10 * FRAME_SAMPLES, 11 * FRAME_SAMPLES)
    assert np.corrcoef(heard[lost], sound[lost])[0, 1] > 0.95
    error = (heard - sound).astype(np.float64)[lost]
    assert np.sqrt((error**2).mean()) < 0.35 * np.sqrt((sound[lost].astype(float) ** 2).mean())


def test_pitch_off_the_frame_length_is_found() -> None:
    sound = buzz(3200, pitch_hz=173)
    heard = listen(Concealment(), sound, {10})
    lost = slice(10 * FRAME_SAMPLES, 11 * FRAME_SAMPLES)
    assert np.corrcoef(heard[lost], sound[lost])[0, 1] > 0.8


def test_no_clicks_where_made_up_and_real_audio_meet() -> None:
    time = np.arange(3200) / 8000
    sound = (8000 * np.sin(2 * np.pi * 150 * time)).astype(np.int16)
    heard = listen(Concealment(), sound, {8, 9})
    largest_step = np.abs(np.diff(sound.astype(int))).max()
    assert np.abs(np.diff(heard.astype(int))).max() < 2 * largest_step


def test_long_loss_fades_to_silence() -> None:
    heard = listen(Concealment(), buzz(3200), set(range(8, 16)))
    levels = [np.abs(heard[n * FRAME_SAMPLES : (n + 1) * FRAME_SAMPLES]).max() for n in range(20)]
    assert levels[8] > levels[9] > levels[10] > 0
    assert levels[11] == 0 or levels[12] == 0
    assert max(levels[12:16]) == 0
    assert levels[17] > 5000


def test_loss_before_any_audio_is_silence() -> None:
    concealment = Concealment()
    assert concealment.conceal() is SILENCE
    concealment.accept(buzz(160))
    assert concealment.conceal() is SILENCE


def test_loud_sounds_do_not_overflow() -> None:
    sound = np.where(np.arange(3200) // 40 % 2, 32767, -32768).astype(np.int16)
    heard = listen(Concealment(), sound, {10, 11, 13})
    # Overflow would turn the sign of whole half-waves.
    lost = slice(10 * FRAME_SAMPLES, 11 * FRAME_SAMPLES)
    assert np.corrcoef(heard[lost], sound[lost])[0, 1] > 0.9


def test_silence_is_concealed_by_silence() -> None:
    concealment = Concealment()
    for _ in range(5):
        concealment.accept(SILENCE)
    assert not concealment.conceal().any()
