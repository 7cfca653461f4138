"""When the caller has begun, paused, and finished: all in samples."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicebot.audio import FRAME_SAMPLES
from voicebot.media.turn_detector import (
    PRE_ROLL_SAMPLES,
    PauseHeard,
    SpeechResumed,
    SpeechStarted,
    TurnDetector,
    TurnEnded,
    TurnEvent,
)


def feed(detector: TurnDetector, pattern: str, first_frame: int = 0) -> list[TurnEvent]:
    """`#` speech, `.` silence; a digit before one repeats it, as in 25.10#"""
    events = []
    position = first_frame * FRAME_SAMPLES
    count = ""
    for sign in pattern:
        if sign.isdigit():
            count += sign
            continue
        for _ in range(int(count or "1")):
            event = detector.receive_frame(sign == "#", position)
            position += FRAME_SAMPLES
            if event is not None:
                events.append(event)
        count = ""
    return events


def at(frame: int) -> int:
    return frame * FRAME_SAMPLES


def test_turn_begins_pauses_and_ends() -> None:
    detector = TurnDetector(silence_ms=700, recognise_after_ms=240)
    events = feed(detector, "50.50#50.")
    assert events == [
        SpeechStarted(at(50) - PRE_ROLL_SAMPLES),
        PauseHeard(at(100)),
        TurnEnded(at(50) - PRE_ROLL_SAMPLES, at(100), at(100) + 8 * 700),
    ]


def test_pause_is_heard_at_its_length() -> None:
    detector = TurnDetector(silence_ms=700, recognise_after_ms=240)
    assert feed(detector, "50.50#11.")[1:] == []
    assert feed(detector, ".", first_frame=111) == [PauseHeard(at(100))]


def test_speech_after_a_pause_resumes_the_turn() -> None:
    detector = TurnDetector(silence_ms=700, recognise_after_ms=240)
    events = feed(detector, "50.20#20.20#40.")
    assert [type(event) for event in events] == [
        SpeechStarted,
        PauseHeard,
        SpeechResumed,
        PauseHeard,
        TurnEnded,
    ]
    assert events[3] == PauseHeard(at(110))
    assert isinstance(events[4], TurnEnded)
    assert (events[4].start_samples, events[4].end_samples) == (at(40), at(110))


def test_clicks_are_no_turn_and_do_not_prolong_one() -> None:
    assert feed(TurnDetector(), "50.#50.#50.2#30.") == []
    detector = TurnDetector(silence_ms=700, recognise_after_ms=240)
    events = feed(detector, "50.50#15.#15.#40.")
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert ended.end_samples == at(100)
    assert ended.decided_at_samples == at(100) + 8 * 700
    assert SpeechResumed not in [type(event) for event in events]


def test_three_of_five_frames_begin_a_turn() -> None:
    assert feed(TurnDetector(), "50.#.#.#") == [SpeechStarted(at(50) - PRE_ROLL_SAMPLES)]
    assert feed(TurnDetector(), "50.#..#..#..#") == []


def test_silence_depends_on_the_question() -> None:
    detector = TurnDetector()
    for silence_ms in (500, 700, 1200):
        detector.listen(silence_ms, recognise_after_ms=240)
        (_, _, ended) = feed(detector, "50.50#70.")
        assert isinstance(ended, TurnEnded)
        waited_ms = (ended.decided_at_samples - ended.end_samples) / 8
        assert waited_ms == silence_ms + (-silence_ms) % 20
        detector = TurnDetector()


def test_longer_silence_may_be_asked_for_within_a_turn() -> None:
    detector = TurnDetector(silence_ms=500, recognise_after_ms=240)
    feed(detector, "50.50#20.")
    detector.listen(1200, recognise_after_ms=240)
    assert feed(detector, "30.", first_frame=120) == []
    assert isinstance(feed(detector, "20.", first_frame=150)[-1], TurnEnded)


def test_turn_that_does_not_end_is_cut() -> None:
    detector = TurnDetector(max_turn_s=5)
    events = feed(detector, "50.400#")
    ended = events[1]
    assert isinstance(ended, TurnEnded)
    assert ended.was_cut
    assert ended.end_samples - ended.start_samples == 5 * 8000
    # He goes on: that is the next turn, and no sample is in both or in none.
    assert events[2] == SpeechStarted(ended.end_samples)


def test_pre_roll_takes_nothing_from_before_the_call_or_the_last_turn() -> None:
    assert feed(TurnDetector(), "5#") == [SpeechStarted(0)]
    detector = TurnDetector(silence_ms=100, recognise_after_ms=60)
    events = feed(detector, "50.50#6.20#")
    assert events[-1] == SpeechStarted(at(100))


def test_amount_of_speech_is_counted_for_barge_in() -> None:
    detector = TurnDetector()
    assert detector.speech_samples == 0
    feed(detector, "50.10#5.5#")
    assert detector.is_in_turn
    assert detector.speech_samples == at(15)
    detector.reset()
    assert not detector.is_in_turn
    assert detector.speech_samples == 0
    assert feed(detector, "100.", first_frame=70) == []


def test_early_recognition_no_earlier_than_the_end_is_left_out() -> None:
    detector = TurnDetector(silence_ms=200, recognise_after_ms=200)
    assert [type(event) for event in feed(detector, "50.50#20.")] == [SpeechStarted, TurnEnded]


@given(st.lists(st.booleans(), max_size=400))
def test_events_come_in_order_and_turns_do_not_overlap(pattern: list[bool]) -> None:
    detector = TurnDetector(max_turn_s=2, silence_ms=300, recognise_after_ms=100)
    state = "waiting"
    last_end = 0
    for number, is_speech in enumerate(pattern):
        event = detector.receive_frame(is_speech, at(number))
        match event:
            case SpeechStarted():
                assert state == "waiting"
                assert event.at_samples >= last_end
                state = "speaking"
            case PauseHeard():
                assert state == "speaking"
                state = "pausing"
            case SpeechResumed():
                assert state == "pausing"
                state = "speaking"
            case TurnEnded():
                assert state in {"speaking", "pausing"}
                assert last_end <= event.start_samples < event.end_samples
                assert event.end_samples <= event.decided_at_samples == at(number + 1)
                last_end = event.end_samples
                state = "waiting"
        assert detector.is_in_turn == (state != "waiting")


def test_patience_of_a_pause_is_that_of_what_was_said() -> None:
    detector = TurnDetector(silence_ms=700, recognise_after_ms=120)
    feed(detector, "50.50#7.")
    detector.be_patient(240)
    assert feed(detector, "5.", first_frame=107) == [
        TurnEnded(at(50) - PRE_ROLL_SAMPLES, at(100), at(100) + 8 * 240)
    ]


def test_pause_longer_than_its_new_patience_ends_at_the_next_frame() -> None:
    detector = TurnDetector(silence_ms=700, recognise_after_ms=120)
    feed(detector, "50.50#20.")
    detector.be_patient(240)
    [ended] = feed(detector, ".", first_frame=120)
    assert isinstance(ended, TurnEnded)


def test_who_speaks_on_is_waited_for_as_usual_again() -> None:
    detector = TurnDetector(silence_ms=700, recognise_after_ms=120)
    feed(detector, "50.50#7.")
    detector.be_patient(1500)
    events = feed(detector, "30.20#34.", first_frame=107)
    assert [type(event) for event in events] == [SpeechResumed, PauseHeard]
    assert [type(event) for event in feed(detector, ".", first_frame=191)] == [TurnEnded]
