"""Every step of a turn counts from the same moment: the caller's last sample on the wire."""

from __future__ import annotations

import pytest

from voicebot.calls.turn_times import STEPS, PromptTimes, TurnTimes


def heard(**changes: object) -> TurnTimes:
    times = TurnTimes(
        "yes_no", speech_started_at=9.2, speech_ended_at=10.0, vad_ended_at=10.15, decided_at=10.25
    )
    for name, value in changes.items():
        setattr(times, name, value)
    return times


def test_listening_is_told_with_the_callers_turn() -> None:
    assert heard(transcript_at=10.3).heard_ms() == pytest.approx(
        {
            "speech_end_to_vad_end": 150,
            "speech_end_to_decided": 250,
            "speech_end_to_transcript": 300,
        }
    )


def test_a_turn_without_a_transcript_has_no_time_of_it() -> None:
    assert list(heard().heard_ms()) == ["speech_end_to_vad_end", "speech_end_to_decided"]


def test_a_guess_that_was_right_tells_how_much_sooner_its_answer_was_there() -> None:
    timings = heard(guess_ready_at=10.21, n_discarded_guesses=2).heard_ms()
    assert timings["guess_head_start"] == pytest.approx(40)
    assert timings["discarded_guesses"] == 2


def test_answering_is_told_with_the_first_prompt() -> None:
    prompt = PromptTimes(first_packet_at=10.42, leading_silence_s=0.05, audio_at=10.4)
    timings = heard(decision_at=10.31).answer_ms(prompt)
    assert timings == pytest.approx(
        {
            "speech_end_to_decision": 310,
            "speech_end_to_audio": 400,
            "speech_end_to_first_packet": 420,
            "voice_to_voice": 470,
            "decision_to_first_packet": 110,
        }
    )


def test_what_is_not_known_is_left_out() -> None:
    assert heard().answer_ms(PromptTimes(10.42, 0.0)) == pytest.approx(
        {"speech_end_to_first_packet": 420, "voice_to_voice": 420}
    )


def test_each_key_is_a_step() -> None:
    times = heard(transcript_at=10.3, decision_at=10.31)
    keys = {*times.heard_ms(), *times.answer_ms(PromptTimes(10.4, 0.0, 10.35))}
    assert keys == {*STEPS, "decision_to_first_packet"}
