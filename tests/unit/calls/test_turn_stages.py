"""The wait for an answer, cut into what it was spent on."""

from __future__ import annotations

import pytest

from voicebot.calls.turn_stages import stages
from voicebot.calls.turn_times import PromptTimes, TurnTimes

TIMES = TurnTimes(
    "open",
    speech_started_at=8.0,
    speech_ended_at=10.0,
    vad_ended_at=10.15,
    decided_at=10.4,
    transcript_at=10.5,
    decision_at=10.51,
)
PROMPT = PromptTimes(first_packet_at=10.7, leading_silence_s=0.05, audio_at=10.69)


def told(times: TurnTimes, prompt: PromptTimes) -> dict[str, tuple[float, float]]:
    cut = stages(times.heard_ms() | times.answer_ms(prompt))
    return {stage.name: (round(stage.from_ms), round(stage.to_ms)) for stage in cut}


def test_stages_lie_end_to_end_and_recognition_beside_the_waiting() -> None:
    assert told(TIMES, PROMPT) == {
        "pause": (0, 150),
        "endpointing": (150, 400),
        "recognition": (150, 500),
        "decision": (500, 510),
        "synthesis": (510, 690),
        "playout": (690, 700),
        "leading_silence": (700, 750),
    }


def test_a_right_guess_had_its_answer_before_the_turn_was_over() -> None:
    guessed = TurnTimes(
        "yes_no",
        speech_started_at=9.0,
        speech_ended_at=10.0,
        vad_ended_at=10.12,
        decided_at=10.25,
        transcript_at=10.251,
        decision_at=10.252,
        guess_ready_at=10.2,
    )
    cut = told(guessed, PromptTimes(10.26, 0.0, 10.252))
    assert cut["recognition"] == (120, 200)
    assert cut["head_start"] == (200, 250)
    assert cut["synthesis"] == (252, 252), "it was ready"


def test_keys_that_are_missing_leave_out_their_stages() -> None:
    assert stages({}) == []
    assert stages({"confidence": 3.0, "speech_end_to_vad_end": 120.0})[0].ms == 120
    names = [stage.name for stage in stages({"voice_to_voice": 850.0})]
    assert names == [], "a call of before these keys"


@pytest.mark.parametrize("audio", [None, 505.0])
def test_no_stage_is_shorter_than_nothing(audio: float | None) -> None:
    timings = {"speech_end_to_decision": 510.0, "speech_end_to_first_packet": 500.0}
    if audio is not None:
        timings["speech_end_to_audio"] = audio
    assert all(stage.ms >= 0 for stage in stages(timings))
