"""How long a caller may be silent after a question."""

from __future__ import annotations

from voicebot.audio import SAMPLE_RATE
from voicebot.calls.silence_watch import SilenceWatch

S = SAMPLE_RATE


def test_silence_is_told_once_after_its_time():
    watch = SilenceWatch()
    watch.expect(5)
    assert not watch.handle_position(0, is_quiet=True)
    assert not watch.handle_position(5 * S - 160, is_quiet=True)
    assert watch.handle_position(5 * S, is_quiet=True)
    assert not watch.handle_position(20 * S, is_quiet=True)


def test_it_counts_anew_after_everything_that_is_no_silence():
    watch = SilenceWatch()
    watch.expect(5)
    watch.handle_position(0, is_quiet=True)
    watch.handle_position(4 * S, is_quiet=False)
    assert not watch.handle_position(6 * S, is_quiet=True)
    assert not watch.handle_position(10 * S, is_quiet=True)
    assert watch.handle_position(11 * S, is_quiet=True)


def test_nothing_is_awaited_without_a_question_or_after_an_answer():
    watch = SilenceWatch()
    assert not any(watch.handle_position(n * S, is_quiet=True) for n in range(100))
    watch.expect(5)
    watch.stop()
    assert not any(watch.handle_position(n * S, is_quiet=True) for n in range(100))
