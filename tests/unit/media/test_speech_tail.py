"""The last sample of speech, found behind a detector that lets go late or early."""

from __future__ import annotations

import numpy as np
import pytest

from voicebot.audio import FRAME_SAMPLES, AudioFrame, Samples
from voicebot.media.speech_tail import SpeechTail, n_silent

SPEECH_END = 8123


def told(line: Samples, arrived_at: float | None = None, first_now: float = 100.0) -> SpeechTail:
    """A tail that has heard this, a frame each 20 ms; arrived_at: of the first frame."""
    tail = SpeechTail()
    for index in range(len(line) // FRAME_SAMPLES):
        frame = AudioFrame(
            line[index * FRAME_SAMPLES : (index + 1) * FRAME_SAMPLES],
            index * FRAME_SAMPLES,
            arrived_at=None if arrived_at is None else arrived_at + index * 0.02,
        )
        tail.receive_frame(frame, first_now + index * 0.02)
    return tail


def line_of(noise: int, loudness: int = 3000, n_samples: int = 100 * FRAME_SAMPLES) -> Samples:
    rng = np.random.default_rng(7)
    line = rng.integers(-noise, noise + 1, n_samples) if noise else np.zeros(n_samples, int)
    line[:SPEECH_END] += np.where(np.arange(SPEECH_END) % 20 < 10, loudness, -loudness)
    return line.astype(np.int16)


@pytest.mark.parametrize("noise", [0, 40, 400])
@pytest.mark.parametrize("frames_late", [-3, 0, 5, 12])
def test_speech_ends_where_the_line_becomes_as_loud_as_its_noise(
    noise: int, frames_late: int
) -> None:
    detected_end = (SPEECH_END // FRAME_SAMPLES + 1 + frames_late) * FRAME_SAMPLES
    assert told(line_of(noise)).last_sample(detected_end) == SPEECH_END


def test_a_click_long_after_the_end_is_none_of_the_turn() -> None:
    line = line_of(0)
    line[SPEECH_END + 2400] = 9000
    assert told(line).last_sample(SPEECH_END + 400) == SPEECH_END


def test_where_nothing_stands_out_the_detector_is_believed() -> None:
    quiet = np.full(100 * FRAME_SAMPLES, 20, np.int16)
    assert told(quiet).last_sample(8000) == 8000
    assert told(line_of(0)).last_sample(100 * FRAME_SAMPLES) == 100 * FRAME_SAMPLES, "cut short"


def test_wire_time_is_the_arrival_of_the_packet_and_the_place_in_it() -> None:
    tail = told(line_of(0), arrived_at=99.93)
    assert tail.wire_time(SPEECH_END) == pytest.approx(99.93 + SPEECH_END / 8000)
    assert tail.wire_time(8000) == pytest.approx(99.93 + 1.0), "the end of a frame belongs to it"


def test_a_leg_that_knows_no_arrival_has_the_frame_just_in_time() -> None:
    assert told(line_of(0)).wire_time(8000) == pytest.approx(100.0 + 49 * 0.02)
    assert SpeechTail().wire_time(8000) == 0.0


@pytest.mark.parametrize("n", [0, 1, 159, 1600, 12345])
def test_silence_before_the_first_sound_is_counted(n: int) -> None:
    sound = np.zeros(20000, np.int16)
    sound[n:] = -500
    assert n_silent(sound) == n


def test_a_faint_floor_is_silence() -> None:
    assert n_silent(np.full(4000, 60, np.int16)) == 4000
    assert n_silent(np.zeros(0, np.int16)) == 0
