"""How much speech over the bot stops it."""

from __future__ import annotations

from voicebot.calls.barge_in import BargeIn


def frames_until_stop(pattern: str, needed_ms: int = 300) -> int | None:
    """pattern: s a frame of speech, - one without."""
    barge_in = BargeIn(needed_ms)
    for n, frame in enumerate(pattern, start=1):
        if barge_in.receive_frame(frame == "s", may_interrupt=True):
            return n
    return None


def test_speech_stops_the_bot_after_the_time_set():
    assert frames_until_stop("s" * 40) == 15
    assert frames_until_stop("s" * 40, needed_ms=60) == 3


def test_cough_and_short_assent_do_not_stop_it():
    assert frames_until_stop("s" * 14 + "-" * 60) is None
    assert frames_until_stop(("s" * 5 + "-" * 12) * 20) is None


def test_gaps_between_syllables_delay_it_only_a_little():
    assert frames_until_stop("s" * 8 + "--" + "s" * 20) == 18


def test_nothing_counts_while_the_bot_may_not_be_stopped():
    barge_in = BargeIn(60)
    for _ in range(100):
        assert not barge_in.receive_frame(True, may_interrupt=False)
    assert [barge_in.receive_frame(True, may_interrupt=True) for _ in range(3)] == [
        False,
        False,
        True,
    ]


def test_it_is_said_once_for_each_interruption():
    barge_in = BargeIn(60)
    stops = [barge_in.receive_frame(True, may_interrupt=True) for _ in range(6)]
    assert stops == [False, False, True, False, False, True]
