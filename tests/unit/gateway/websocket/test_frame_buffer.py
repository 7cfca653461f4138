"""Bursts become frames: nothing lost while the buffer has room, and no delay kept for ever."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voicebot.audio import FRAME_SAMPLES, Samples
from voicebot.gateway.websocket.frame_buffer import (
    MAX_FRAMES,
    START_FRAMES,
    WINDOW_TICKS,
    FrameBuffer,
)


def frames_of(*values: int) -> Samples:
    """One frame for each value, filled with it."""
    return np.repeat(np.array(values, dtype=np.int16), FRAME_SAMPLES)


def drain(buffer: FrameBuffer) -> Samples:
    frames = []
    while (frame := buffer.next_frame()) is not None:
        frames.append(frame)
    return np.concatenate(frames) if frames else frames_of()


@given(st.lists(st.integers(0, 700), min_size=1, max_size=12))
def test_sound_is_the_same_however_it_is_cut(lengths: list[int]) -> None:
    total = min(sum(lengths), MAX_FRAMES * FRAME_SAMPLES)
    sent = np.arange(total, dtype=np.int16)
    buffer = FrameBuffer()
    position = 0
    for length in lengths:
        buffer.receive(sent[position : position + length])
        position += length
    n_frames = total // FRAME_SAMPLES
    assert np.array_equal(drain(buffer), sent[: n_frames * FRAME_SAMPLES])


def test_playing_starts_with_the_first_frame_and_after_each_gap_with_one_more() -> None:
    buffer = FrameBuffer()
    for needed in (1, 2, START_FRAMES, START_FRAMES):
        for n in range(1, needed):
            buffer.receive(frames_of(n))
            assert buffer.next_frame() is None
        buffer.receive(frames_of(needed))
        assert list(drain(buffer)[::FRAME_SAMPLES]) == list(range(1, needed + 1))
    assert buffer.n_missing_frames == 4


def test_a_backlog_loses_its_oldest_frames() -> None:
    buffer = FrameBuffer()
    buffer.receive(frames_of(*range(MAX_FRAMES + 5)))
    assert buffer.n_dropped_frames == 5
    assert list(drain(buffer)[::FRAME_SAMPLES]) == list(range(5, MAX_FRAMES + 5))


def run(buffer: FrameBuffer, level: int, n_ticks: int) -> int:
    """One frame in and one out each tick; how many gaps there were."""
    gaps = 0
    for _ in range(n_ticks):
        buffer.receive(frames_of(level))
        gaps += buffer.next_frame() is None
    return gaps


def test_what_a_stall_left_behind_goes_away_in_quiet_frames_only() -> None:
    buffer = FrameBuffer()
    buffer.receive(frames_of(*[5000] * 20))
    assert run(buffer, 5000, 3 * WINDOW_TICKS) == 0
    assert buffer.n_dropped_frames == 0, "not out of speech"
    assert run(buffer, 0, 2 * WINDOW_TICKS) == 0
    assert 10 <= buffer.n_dropped_frames <= 19


def test_bursts_of_100_ms_lose_nothing_once_the_buffer_is_deep_enough() -> None:
    buffer = FrameBuffer()
    heard: list[int] = []
    for tick in range(20 * WINDOW_TICKS):
        if tick % 5 == 0:
            buffer.receive(frames_of(*range(tick, tick + 5)))
        frame = buffer.next_frame()
        if frame is not None:
            heard.append(int(frame[0]))
    assert heard == list(range(len(heard)))
    assert len(heard) > 20 * WINDOW_TICKS - 10
    assert buffer.n_dropped_frames == 0
