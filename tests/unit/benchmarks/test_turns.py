"""The judge of turn-taking: what it says of audio whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.turns.call_script import write_script
from benchmarks.turns.dialogue import load_dialogue
from benchmarks.turns.playout import Playout
from benchmarks.turns.prompt_ear import PromptEar
from benchmarks.turns.verdicts import TurnHeard, n_answered_twice, summarise
from benchmarks.turns.voices import LineNoise, at_level, trimmed
from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.dialogue.check.script_check import load_checked_script
from voicebot.media.loudness import speech_level_dbfs

BEGAN = 100.0
ORDER = ("q1", "q2", "q3", "q4")


def tone(length_s: float, peak: int = 8000) -> Samples:
    seconds = np.arange(int(length_s * SAMPLE_RATE)) / SAMPLE_RATE
    return np.round(peak * np.sin(2 * np.pi * 440 * seconds + 0.5)).astype(np.int16)


def silence(length_s: float) -> Samples:
    return np.zeros(int(length_s * SAMPLE_RATE), dtype=np.int16)


def warble(seed: int, length_s: float = 1.5) -> Samples:
    """Something like speech: noise whose colour changes every 80 ms."""
    chance = np.random.default_rng(seed)
    parts = []
    for _ in range(int(length_s / 0.08)):
        n = int(0.08 * SAMPLE_RATE)
        spectrum = np.fft.rfft(chance.normal(size=n))
        spectrum *= np.exp(-(((np.arange(len(spectrum)) - chance.uniform(20, 250)) / 40) ** 2))
        part = np.fft.irfft(spectrum, n)
        parts.append(part / np.abs(part).max() * chance.uniform(3000, 9000))
    return np.round(np.concatenate(parts)).astype(np.int16)


# ---- playout -----------------------------------------------------------------------------------


def test_media_that_comes_early_is_heard_in_real_time() -> None:
    playout = Playout(BEGAN)
    for _ in range(10):
        playout.receive_audio(tone(0.1), BEGAN + 1.0)
    assert playout.first_audible_at(BEGAN, BEGAN + 9) == pytest.approx(BEGAN + 1.0, abs=0.001)
    assert playout.last_audible_at(BEGAN, BEGAN + 9) == pytest.approx(BEGAN + 2.0, abs=0.001)
    assert playout.gaps == []


def test_silence_in_front_of_the_answer_counts_as_waiting() -> None:
    playout = Playout(BEGAN)
    playout.receive_audio(np.concatenate((silence(0.3), tone(0.2))), BEGAN + 1.0)
    assert playout.first_audible_at(BEGAN, BEGAN + 9) == pytest.approx(BEGAN + 1.3, abs=0.001)


def test_clear_ends_what_is_heard_and_hands_the_marks_back() -> None:
    playout = Playout(BEGAN)
    playout.receive_audio(tone(2.0), BEGAN + 1.0)
    playout.receive_mark("end of prompt")
    assert playout.reached_marks(BEGAN + 2.9) == []
    assert playout.clear(BEGAN + 1.5) == ["end of prompt"]
    assert playout.last_audible_at(BEGAN, BEGAN + 9) == pytest.approx(BEGAN + 1.5, abs=0.001)
    playout.receive_audio(tone(0.1), BEGAN + 2.0)
    assert playout.first_audible_at(BEGAN + 1.6, BEGAN + 9) == pytest.approx(BEGAN + 2.0, abs=0.001)


def test_mark_comes_back_when_all_before_it_was_played() -> None:
    playout = Playout(BEGAN)
    playout.receive_audio(tone(1.0), BEGAN)
    playout.receive_mark("a")
    assert playout.reached_marks(BEGAN + 0.99) == []
    assert playout.reached_marks(BEGAN + 1.0) == ["a"]
    assert playout.reached_marks(BEGAN + 1.0) == []


def test_late_media_leaves_a_gap_which_the_ear_is_not_told_of() -> None:
    playout = Playout(BEGAN)
    playout.receive_audio(tone(0.1), BEGAN + 1.0)
    playout.receive_audio(tone(0.1), BEGAN + 1.25)
    (gap,) = playout.gaps
    assert gap.length_s == pytest.approx(0.15)
    assert len(playout.heard(BEGAN + 1.0, BEGAN + 1.35)) == int(0.35 * SAMPLE_RATE)
    assert len(playout.heard_without_gaps(BEGAN + 1.0, BEGAN + 1.35)) == int(0.2 * SAMPLE_RATE)


# ---- who was answered --------------------------------------------------------------------------


def test_question_is_known_by_its_end_whatever_was_said_before() -> None:
    prompts = {f"q{seed}": warble(seed) for seed in range(5)}
    ear = PromptEar(prompts)
    for name, samples in prompts.items():
        quieter = np.round(samples * 0.7).astype(np.int16)
        heard = np.concatenate((warble(99), silence(0.3), quieter, silence(0.2)))
        assert ear.recognise(heard)[0] == name
        assert ear.recognise(heard, expected="q0")[0] == name


def test_half_a_question_is_none() -> None:
    ear = PromptEar({"q": warble(1)})
    assert ear.recognise(warble(1)[: SAMPLE_RATE // 2])[0] == ""
    assert ear.recognise(warble(2))[0] == ""
    assert ear.recognise(silence(1.0))[0] == ""


# ---- verdicts ----------------------------------------------------------------------------------


def turn(
    question: str, answered_s: float | None, following: str, *, ended_s: float = 12.0
) -> TurnHeard:
    return TurnHeard(
        call=0,
        question=question,
        kind="yes_no",
        style="short",
        is_variable=False,
        text="Tak.",
        started_s=11.0,
        ended_s=ended_s,
        answered_s=answered_s,
        next_question=following,
    )


def test_response_is_from_the_last_sample_to_the_first() -> None:
    assert turn("q1", 12.4, "q2").response_ms == pytest.approx(400)


def test_turn_spoken_into_is_cut_short_and_has_no_response_time() -> None:
    cut = turn("q1", 11.6, "q2")
    assert cut.was_cut_short
    assert cut.response_ms is None


def test_nothing_or_the_same_question_again_is_never_answered() -> None:
    assert turn("q1", None, "").was_never_answered
    assert turn("q1", 12.5, "q1").was_never_answered
    assert not turn("q1", 12.5, "q2").was_never_answered


def test_question_gone_on_from_without_an_answer_was_answered_twice() -> None:
    assert n_answered_twice([turn("q1", 12.4, "q3"), turn("q3", 12.4, "q4")], ORDER) == 1


def test_errors_are_counted_once_and_none_is_left_out() -> None:
    turns = [
        turn("q1", 12.3, "q2"),
        turn("q2", 11.5, "q2"),
        turn("q2", None, ""),
        turn("q2", 12.5, "q4"),
    ]
    summary = summarise(turns, ORDER)
    assert (summary.n_turns, summary.n_cut_short, summary.n_never_answered) == (4, 1, 1)
    assert summary.n_answered_twice == 1
    assert summary.n_errors == 3
    assert summary.median_ms == pytest.approx(400)


# ---- the caller's side -------------------------------------------------------------------------


def test_utterance_is_trimmed_to_its_speech() -> None:
    samples = np.concatenate((silence(0.5), tone(0.3), silence(0.7)))
    assert len(trimmed(samples)) == pytest.approx(0.3 * SAMPLE_RATE, abs=80)


def test_level_is_that_of_the_speech() -> None:
    level = speech_level_dbfs(at_level(tone(1.0), -26.0))
    assert level == pytest.approx(-26.0, abs=0.1)


def test_line_is_never_silent_and_the_same_for_one_seed() -> None:
    one, other = LineNoise(7), LineNoise(7)
    first = one.add(silence(0.02))
    assert np.array_equal(first, other.add(silence(0.02)))
    assert 0 < np.abs(first.astype(np.int32)).max() < 200
    assert not np.array_equal(first, one.add(silence(0.02)))


def test_plan_of_a_call_is_fixed_and_calls_differ() -> None:
    dialogue = load_dialogue()
    assert dialogue.plan(3) == dialogue.plan(3)
    assert dialogue.plan(3) != dialogue.plan(4)
    styles = [answer.style for call in range(20) for answer in dialogue.plan(call).values()]
    assert 0.4 < styles.count("short") / len(styles) < 0.6
    assert 0.18 < styles.count("hesitating") / len(styles) < 0.32


@pytest.mark.parametrize("with_long_prompt", [False, True])
def test_dialogue_is_a_good_script_of_ours(tmp_path: Path, *, with_long_prompt: bool) -> None:
    path = tmp_path / "turns.yaml"
    write_script(load_dialogue(), path, with_long_prompt=with_long_prompt)
    script = load_checked_script(path)
    assert len(script.states) == 32
