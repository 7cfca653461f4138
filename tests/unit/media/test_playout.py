"""What is said comes out whole and in order, and stops at once when interrupted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.media.events import PlayoutEnded, PlayoutStarted
from voicebot.media.playout import FADE_SAMPLES, Interrupted, Playout


def ramp(n_samples: int, first: int = 1) -> Samples:
    """Samples that are all different, so that order and gaps show."""
    return np.arange(first, first + n_samples, dtype=np.int16)


def pull_all(playout: Playout, n_frames: int) -> Samples:
    return np.concatenate([playout.pull(now=tick * 0.02) for tick in range(n_frames)])


def events(playout: Playout) -> list[PlayoutStarted | PlayoutEnded]:
    found = []
    while (event := playout.next_event()) is not None:
        found.append(event)
    return found


def test_idle_playout_gives_the_shared_silence() -> None:
    playout = Playout()
    assert playout.pull(now=0) is SILENCE
    assert not playout.is_speaking
    assert playout.next_event() is None
    assert playout.interrupt() is None


def test_utterance_is_framed_and_reported() -> None:
    playout = Playout()
    playout.say(5, ramp(400))
    assert playout.is_speaking
    heard = pull_all(playout, 3)
    assert (heard[:400] == ramp(400)).all()
    assert not heard[400:].any()
    assert events(playout) == [PlayoutStarted(5, 0.0), PlayoutEnded(5, 0.04)]
    assert not playout.is_speaking


def test_length_of_whole_frames_ends_with_its_last_frame() -> None:
    playout = Playout()
    playout.say(5, ramp(320))
    pull_all(playout, 2)
    assert events(playout) == [PlayoutStarted(5, 0.0), PlayoutEnded(5, 0.02)]


def test_utterances_follow_without_a_gap() -> None:
    playout = Playout()
    playout.say(1, ramp(200))
    playout.say(2, ramp(200, first=201))
    assert (pull_all(playout, 3)[:400] == ramp(400)).all()
    assert events(playout) == [
        PlayoutStarted(1, 0.0),
        PlayoutEnded(1, 0.02),
        PlayoutStarted(2, 0.02),
        PlayoutEnded(2, 0.04),
    ]


def test_slow_stream_is_not_ended_but_filled_with_silence() -> None:
    playout = Playout()
    playout.say(1, ramp(200), is_last=False)
    heard = pull_all(playout, 4)
    assert not heard[200:].any()
    assert playout.is_speaking
    assert playout.underrun_frames == 3
    assert events(playout) == [PlayoutStarted(1, 0.0)]
    playout.say(1, ramp(100), is_last=True)
    assert (playout.pull(now=9.0)[:100] == ramp(100)).all()
    assert events(playout) == [PlayoutEnded(1, 9.0)]


def test_stream_that_is_finished_later_ends_with_the_next_frame() -> None:
    playout = Playout()
    playout.say(1, ramp(160), is_last=False)
    pull_all(playout, 1)
    playout.finish(1)
    playout.finish(99)
    playout.pull(now=0.5)
    assert events(playout) == [PlayoutStarted(1, 0.0), PlayoutEnded(1, 0.5)]


def test_stream_waiting_for_its_first_samples_has_not_started() -> None:
    playout = Playout()
    playout.say(1, ramp(0), is_last=False)
    playout.pull(now=0)
    assert playout.is_speaking
    assert events(playout) == []
    assert playout.underrun_frames == 0


def test_empty_utterance_is_reported_so_that_nobody_waits_for_it() -> None:
    playout = Playout()
    playout.say(1, ramp(0))
    playout.pull(now=3.0)
    assert events(playout) == [PlayoutStarted(1, 3.0), PlayoutEnded(1, 3.0)]


def test_interruption_keeps_what_was_not_said() -> None:
    playout = Playout()
    playout.say(1, ramp(500))
    playout.say(2, ramp(50))
    pull_all(playout, 2)
    cut = playout.interrupt()
    assert isinstance(cut, Interrupted)
    assert (cut.utterance_id, cut.played_samples) == (1, 320)
    assert [utterance_id for utterance_id, _ in cut.rest] == [1, 2]
    assert (cut.rest[0][1] == ramp(180, first=321)).all()
    assert (cut.rest[1][1] == ramp(50)).all()
    assert not playout.is_speaking
    assert events(playout) == [PlayoutStarted(1, 0.0)]


def test_interruption_fades_out_and_is_silent_within_one_frame() -> None:
    playout = Playout()
    playout.say(1, np.full(1000, 10000, dtype=np.int16))
    pull_all(playout, 1)
    playout.interrupt()
    fade = playout.pull(now=1)
    assert fade[0] == 10000
    assert (np.diff(fade[:FADE_SAMPLES].astype(int)) < 0).all()
    assert not fade[FADE_SAMPLES:].any()
    assert playout.pull(now=1.02) is SILENCE


def test_interruption_before_the_first_frame_is_soundless() -> None:
    playout = Playout()
    playout.say(1, np.full(1000, 10000, dtype=np.int16))
    cut = playout.interrupt()
    assert cut is not None
    assert cut.played_samples == 0
    assert playout.pull(now=0) is SILENCE


def test_rest_said_again_goes_on_where_it_stopped() -> None:
    playout = Playout()
    playout.say(1, ramp(600))
    first = pull_all(playout, 1)
    cut = playout.interrupt()
    assert cut is not None
    playout.pull(now=1)
    for utterance_id, samples in cut.rest:
        playout.say(utterance_id, samples)
    assert (np.concatenate([first, pull_all(playout, 3)])[:600] == ramp(600)).all()


def test_new_utterance_right_after_an_interruption_is_mixed_with_the_fade() -> None:
    playout = Playout()
    playout.say(1, np.full(1000, 30000, dtype=np.int16))
    pull_all(playout, 1)
    playout.interrupt()
    playout.say(2, np.full(1000, 10000, dtype=np.int16))
    frame = playout.pull(now=1)
    assert frame[0] == 32767
    assert frame[-1] == 10000


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 500), st.booleans()), min_size=1, max_size=12
    )
)
def test_every_sample_is_played_once_and_in_order(pieces: list[tuple[int, int, bool]]) -> None:
    playout = Playout()
    said: dict[int, list[int]] = {}
    position = 1
    for utterance_id, n_samples, is_last in pieces:
        playout.say(utterance_id, ramp(n_samples, first=position), is_last)
        said.setdefault(utterance_id, []).extend(range(position, position + n_samples))
        position += n_samples
    for utterance_id in said:
        playout.finish(utterance_id)
    heard = pull_all(playout, position // FRAME_SAMPLES + 2)
    assert list(heard[heard != 0]) == [number for order in said.values() for number in order]
    assert [type(event) for event in events(playout)] == [PlayoutStarted, PlayoutEnded] * len(said)


def test_float_samples_are_an_error_rather_than_noise() -> None:
    playout = Playout()
    with pytest.raises(TypeError):
        playout.say(1, np.zeros(160, dtype=np.float32))  # type: ignore[arg-type]
