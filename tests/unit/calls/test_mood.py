"""What the voice of one caller tells over a call: baseline, hits, smoothing, forgetting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.fakes import LevelHead
from voicebot.calls.mood import (
    MIN_SPEECH_S,
    STALE_AFTER_S,
    CallerMood,
)
from voicebot.dialogue.mood import UNKNOWN_MOOD
from voicebot.speech.emotion.emotion import Embedding, EmotionReading

LONG_S = 3.0


def voice(emotion: str, confidence: float = 0.8) -> Embedding:
    return LevelHead.voice(emotion, confidence)


class Caller:
    """Says one utterance after the other, ten seconds apart."""

    def __init__(self, head: LevelHead | None = None) -> None:
        self.head = head or LevelHead()
        self.mood = CallerMood(self.head)
        self.n = 0

    @property
    def at_s(self) -> float:
        return self.n * 10.0

    def says(self, emotion: str, confidence: float = 0.8, speech_s: float = LONG_S) -> Caller:
        self.n += 1
        self.mood.note(self.n, voice(emotion, confidence), speech_s, self.at_s)
        self.mood.keep(self.n)
        return self

    @property
    def now(self):
        return self.mood.now(self.at_s)


def test_nothing_is_known_of_who_has_not_spoken():
    assert Caller().now == UNKNOWN_MOOD


def test_one_angry_turn_is_felt_at_once_and_is_one_hit():
    caller = Caller().says("neutral").says("neutral").says("anger", 0.85)
    assert caller.now.hits == 1
    assert caller.now.anger > 0.6
    assert sum((caller.now.anger, caller.now.calm, caller.now.distress, caller.now.positive)) == (
        pytest.approx(1)
    )


def test_two_of_three_turns_are_two_hits():
    assert Caller().says("anger").says("neutral").says("fear").now.hits == 2
    assert Caller().says("anger").says("neutral").says("neutral").says("anger").now.hits == 1


def test_like_turns_make_sure():
    once = Caller().says("anger", 0.7).now.anger
    twice = Caller().says("anger", 0.7).says("anger", 0.7).now.anger
    assert once == pytest.approx(0.7)
    assert twice > 0.8


def test_emotions_of_a_group_count_together():
    mood = Caller().says("sadness").says("fear").now
    assert mood.hits == 2
    assert mood.distress > mood.anger


def test_unsure_reading_counts_as_nothing_but_takes_its_place():
    assert Caller().says("anger", 0.55).now == UNKNOWN_MOOD
    before = Caller().says("anger").says("neutral")
    assert before.says("neutral", 0.5).says("neutral", 0.5).now.hits == 0
    assert Caller().says("neutral").says("anger", 0.55).now.calm > 0.6


@pytest.mark.parametrize("speech_s", [0.5, 1.0, MIN_SPEECH_S - 0.02])
def test_a_second_of_speech_is_never_acted_on(speech_s: float):
    caller = Caller().says("anger", 0.99, speech_s)
    assert caller.now == UNKNOWN_MOOD
    assert caller.head.baselines == []


def test_first_three_utterances_are_the_usual_voice():
    caller = Caller()
    for emotion in ("neutral", "happiness", "neutral", "anger", "anger"):
        caller.says(emotion)
    assert [len(baseline) for baseline in caller.head.baselines] == [0, 1, 2, 3, 3]
    assert [LevelHead.emotion(voice) for voice in caller.head.baselines[-1]] == [
        "neutral",
        "happiness",
        "neutral",
    ]


def test_utterance_is_no_baseline_of_itself_nor_before_it_is_known_to_be_words():
    head = LevelHead()
    mood = CallerMood(head)
    mood.note(1, voice("neutral"), 2.0, 1.0)
    mood.note(1, voice("neutral"), 4.0, 3.0)
    mood.keep(1)
    mood.note(1, voice("neutral"), 5.0, 4.0)
    mood.note(2, voice("neutral"), 5.0, 9.0)
    assert [len(baseline) for baseline in head.baselines] == [0, 0, 0, 1]


def test_later_reading_of_an_utterance_takes_the_place_of_the_provisional_one():
    mood = CallerMood(LevelHead())
    mood.note(1, voice("anger"), 2.0, 2.0)
    assert mood.now(2.0).hits == 1
    mood.note(1, voice("neutral"), 4.0, 4.0)
    assert mood.now(4.0).hits == 0
    assert mood.note(1, voice("anger"), 2.0, 4.1) is None, "overtaken"
    assert mood.now(4.0).hits == 0


def test_noise_counts_for_nothing_even_where_its_reading_comes_late():
    mood = CallerMood(LevelHead())
    mood.note(1, voice("anger"), 2.0, 2.0)
    mood.drop(1)
    assert mood.now(2.0) == UNKNOWN_MOOD
    assert mood.note(1, voice("anger"), 3.0, 3.0) is None
    mood.note(2, voice("neutral"), 3.0, 6.0)
    assert mood.now(6.0).hits == 0


def test_old_readings_say_nothing_about_now():
    caller = Caller().says("anger").says("anger")
    assert caller.mood.now(caller.at_s + STALE_AFTER_S).hits == 1
    assert caller.mood.now(caller.at_s + STALE_AFTER_S + 1) == UNKNOWN_MOOD


def test_forgetting_drops_baseline_and_readings():
    caller = Caller().says("neutral").says("anger")
    caller.mood.forget()
    assert caller.now == UNKNOWN_MOOD
    caller.says("neutral")
    assert caller.head.baselines[-1] == []


def test_record_holds_groups_emotion_and_how_much_was_heard():
    mood = CallerMood(LevelHead()).note(1, voice("sadness", 0.7), 2.5, 2.5)
    assert mood is not None
    assert (mood.group, mood.emotion, mood.speech_s) == ("distress", "sadness", 2.5)
    assert mood.confidence == pytest.approx(mood.probabilities["distress"])
    assert set(mood.probabilities) == {"anger", "calm", "distress", "positive"}
    assert sum(mood.probabilities.values()) == pytest.approx(1)


class Unused:
    def read(self, embedding: Embedding, baseline: Sequence[Embedding] = ()) -> EmotionReading:
        raise AssertionError("not to be asked")


def test_head_is_not_asked_about_too_little_speech():
    mood = CallerMood(Unused())
    assert mood.note(1, np.zeros(1, dtype=np.float32), 1.0, 1.0) is None
