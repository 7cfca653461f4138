"""An utterance ends when its mark comes back; an interruption knows what was never heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.audio import FRAME_SAMPLES, Samples
from voicebot.gateway.websocket.heard_playout import (
    MARK_EVERY_FRAMES,
    MARK_PATIENCE_S,
    HeardPlayout,
)
from voicebot.media.events import PlayoutEnded, PlayoutStarted


def ramp(n_samples: int, first: int = 1) -> Samples:
    """Samples that are all different, so that order and gaps show."""
    return np.arange(first, first + n_samples, dtype=np.int16)


class Listener:
    """A provider that plays what it gets `delay` frames late, and sends marks back then."""

    def __init__(self, delay: int, has_marks: bool = True) -> None:
        self.playout = HeardPlayout(self._clear)
        self.delay = delay
        self.has_marks = has_marks
        self.now = 100.0
        self.buffer: list[Samples | str] = []
        self.heard: list[Samples] = []
        self.events: list[PlayoutStarted | PlayoutEnded] = []
        self.n_clears = 0

    def tick(self, n: int = 1) -> None:
        for _ in range(n):
            self.now += 0.02
            frame = self.playout.pull(self.now)
            if not self.playout.is_idle:
                self.buffer.append(frame)
            for name in self.playout.take_marks():
                self.buffer.append(name)
            if not self.has_marks:
                self.playout.heard_all(self.now)
            self._play()
            while (event := self.playout.next_event()) is not None:
                self.events.append(event)

    def _play(self) -> None:
        n_frames = sum(not isinstance(item, str) for item in self.buffer)
        if n_frames > self.delay or self.playout.is_idle:
            while self.buffer and isinstance(item := self.buffer[0], str):
                self.playout.heard(item, self.now)
                self.buffer.pop(0)
            if self.buffer:
                item = self.buffer.pop(0)
                assert not isinstance(item, str)
                self.heard.append(item)
            while self.buffer and isinstance(item := self.buffer[0], str):
                self.playout.heard(item, self.now)
                self.buffer.pop(0)

    def _clear(self) -> None:
        self.n_clears += 1
        marks = [item for item in self.buffer if isinstance(item, str)]
        self.buffer.clear()
        # Providers send the marks of what they have thrown away, too.
        for name in marks:
            self.playout.heard(name, self.now)


def test_without_marks_an_utterance_ends_as_it_is_sent() -> None:
    listener = Listener(delay=0, has_marks=False)
    listener.playout.say(5, ramp(400))
    listener.tick(3)
    assert [type(event) for event in listener.events] == [PlayoutStarted, PlayoutEnded]
    assert listener.events[1].at == pytest.approx(100.06)
    assert not listener.playout.is_speaking


def test_an_utterance_ends_when_its_mark_comes_back() -> None:
    listener = Listener(delay=6)
    listener.playout.say(5, ramp(5 * FRAME_SAMPLES))
    listener.tick(5)
    assert listener.events == [
        PlayoutStarted(5, pytest.approx(100.02), sent_at=pytest.approx(100.02))
    ]
    assert listener.playout.is_speaking, "it is still being heard"
    listener.tick(6)
    assert listener.events[1:] == [PlayoutEnded(5, pytest.approx(100.2))]
    assert not listener.playout.is_speaking


def test_the_next_utterance_begins_to_be_heard_when_the_one_before_has_been() -> None:
    listener = Listener(delay=4)
    listener.playout.say(1, ramp(4 * FRAME_SAMPLES))
    listener.playout.say(2, ramp(4 * FRAME_SAMPLES, first=2000))
    listener.tick(20)
    kinds = [(type(event), event.utterance_id) for event in listener.events]
    assert kinds == [
        (PlayoutStarted, 1),
        (PlayoutEnded, 1),
        (PlayoutStarted, 2),
        (PlayoutEnded, 2),
    ]
    ended, started = listener.events[1:3]
    assert started.at == ended.at
    assert [int(frame[0]) for frame in listener.heard] == [1, 161, 321, 481, 2000, 2160, 2320, 2480]


def test_marks_are_sent_while_a_long_utterance_is_said() -> None:
    playout = HeardPlayout(lambda: None)
    playout.say(1, ramp(100 * FRAME_SAMPLES))
    marks = []
    for tick in range(35):
        playout.pull(tick * 0.02)
        marks += playout.take_marks()
    assert marks == [f"0-{n}" for n in (1, 11, 21, 31)]
    assert MARK_EVERY_FRAMES == 10


def test_a_mark_that_never_comes_back_is_given_up() -> None:
    playout = HeardPlayout(lambda: None)
    playout.say(1, ramp(FRAME_SAMPLES))
    playout.pull(10.0)
    assert playout.next_event() == PlayoutStarted(1, 10.0, sent_at=10.0)
    playout.pull(10.0 + MARK_PATIENCE_S - 0.1)
    assert playout.next_event() is None
    playout.pull(10.0 + MARK_PATIENCE_S)
    assert isinstance(playout.next_event(), PlayoutEnded)
    assert playout.n_lost_marks == 1


@given(delay=st.integers(0, 25), n_ticks=st.integers(1, 100))
def test_what_is_said_again_goes_on_where_the_caller_stopped_hearing(
    delay: int, n_ticks: int
) -> None:
    listener = Listener(delay)
    said = ramp(60 * FRAME_SAMPLES + 37)
    listener.playout.say(7, said)
    listener.tick(n_ticks)
    was_over = bool(listener.events) and isinstance(listener.events[-1], PlayoutEnded)
    n_heard = len(listener.heard) * FRAME_SAMPLES
    interrupted = listener.playout.interrupt()
    if was_over:
        assert interrupted is None
        return
    listener.tick()
    assert interrupted is not None
    assert interrupted.utterance_id == 7
    assert listener.n_clears == 1
    rest = interrupted.rest[0][1] if interrupted.rest else said[:0]
    if not len(rest):
        return
    first = int(rest[0]) - 1
    assert np.array_equal(rest[: len(said) - first], said[first:])
    assert interrupted.played_samples == first
    assert abs(first - n_heard) <= 2 * FRAME_SAMPLES
    assert not any(isinstance(event, PlayoutEnded) for event in listener.events)


def test_said_whole_but_not_heard_yet_can_still_be_interrupted() -> None:
    listener = Listener(delay=8)
    said = ramp(12 * FRAME_SAMPLES)
    listener.playout.say(3, said)
    listener.tick(12)
    assert len(listener.heard) == 4
    interrupted = listener.playout.interrupt()
    assert interrupted is not None
    assert interrupted.rest[0][0] == 3
    listener.tick(5)
    assert [type(event) for event in listener.events] == [PlayoutStarted]
    # The marks that came back by the clear are of no account, and the rest can be said again.
    for utterance_id, samples in interrupted.rest:
        listener.playout.say(utterance_id, samples)
    listener.tick(40)
    assert isinstance(listener.events[-1], PlayoutEnded)
    assert np.array_equal(listener.heard[-1], said[-FRAME_SAMPLES:])


def test_an_end_that_was_surely_heard_is_told_though_its_mark_is_on_the_way() -> None:
    playout = HeardPlayout(lambda: None)
    playout.say(1, ramp(FRAME_SAMPLES))
    playout.say(2, ramp(50 * FRAME_SAMPLES, first=1000))
    for tick in range(20):
        playout.pull(10 + tick * 0.02)
    playout.heard("0-1", 10.4)
    while playout.next_event() is not None:
        """Of utterance 1, and the beginning of 2."""
    interrupted = playout.interrupt()
    assert interrupted is not None
    assert [utterance_id for utterance_id, _ in interrupted.rest] == [2]


@pytest.mark.parametrize(
    "name", ["", "0", "0-", "0-99", "1-1", "0-x", "0--1", "0-²", "0-" + "1" * 50]
)
def test_marks_of_others_mean_nothing(name: str) -> None:
    playout = HeardPlayout(lambda: None)
    playout.say(1, ramp(FRAME_SAMPLES))
    playout.pull(10.0)
    playout.next_event()
    playout.heard(name, 10.1)
    playout.pull(10.2)
    assert playout.next_event() is None


def test_a_prompt_that_is_heard_later_tells_when_it_was_sent() -> None:
    listener = Listener(delay=6)
    listener.playout.say(1, ramp(20 * FRAME_SAMPLES), is_last=False)
    listener.tick(10)
    listener.playout.say(2, ramp(FRAME_SAMPLES))
    listener.playout.finish(1)
    listener.tick(30)
    second = next(
        event
        for event in listener.events
        if isinstance(event, PlayoutStarted) and event.utterance_id == 2
    )
    assert second.on_wire_at == pytest.approx(100 + 21 * 0.02)
    assert second.at > second.on_wire_at + 0.05
