"""What the hotline makes of a strained voice: softer words, an offer, and no decision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.dialogue.dialogue_driver import VERIFIED, Conversation
from voicebot.dialogue.actions import (
    Action,
    HangUp,
    Listen,
    RecordEvent,
    Say,
    StopEmotion,
    StopRecording,
    UserTurn,
)
from voicebot.dialogue.mood import UNKNOWN_MOOD, Mood

CALM = Mood(calm=0.9, anger=0.05, distress=0.03, positive=0.02)
ONE_HIT = Mood(anger=0.7, calm=0.2, distress=0.05, positive=0.05, hits=1)
TWO_HITS = replace(ONE_HIT, hits=2)


class ReadCall(Conversation):
    """A call in which emotion is read."""

    def __init__(self, is_emotion_read: bool = True) -> None:
        super().__init__(
            given={
                "company": "Windykacja Przykładowa",
                "is_recorded": True,
                "is_emotion_read": is_emotion_read,
                "caller_known": True,
            }
        )

    def says(self, text: str, mood: Mood = UNKNOWN_MOOD, **changes: object) -> list[str]:
        """Prompt ids of the answer."""
        self.handle(replace(UserTurn(text=text, confidence=0.9, mood=mood), **changes))
        return self.said


def verified(mood: Mood = UNKNOWN_MOOD) -> ReadCall:
    call = ReadCall()
    for turn in VERIFIED:
        call.says(turn, mood)
    return call


def position(actions: list[Action], prompt_id: str) -> int:
    return next(
        n for n, item in enumerate(actions) if isinstance(item, Say) and item.prompt_id == prompt_id
    )


def test_notice_is_said_whole_before_the_first_question_and_noted():
    call = ReadCall()
    assert call.said[:3] == ["greeting", "recording_notice", "emotion_notice"]
    at = position(call.last, "emotion_notice")
    notice = call.last[at]
    assert isinstance(notice, Say)
    assert not notice.allow_barge_in
    assert call.last[at + 1] == RecordEvent("emotion_disclosed")


def test_notice_is_not_said_where_nothing_is_read():
    call = ReadCall(is_emotion_read=False)
    assert "emotion_notice" not in call.said
    assert "emotion_disclosed" not in call.events


@pytest.mark.parametrize("mood", [UNKNOWN_MOOD, CALM])
def test_unknown_and_calm_voices_hear_the_same_words(mood: Mood):
    call = verified(mood)
    assert call.said[-1] == "ask_when"
    assert not {"take_time", "offer_human"} & set(call.said)


def test_one_hit_softens_the_words_and_changes_nothing_else():
    call = ReadCall()
    for turn in VERIFIED[:-1]:
        call.says(turn, CALM)
    said = call.says(VERIFIED[-1], ONE_HIT)
    assert said[0] == "take_time"
    assert said[-1] == "ask_when_gently"
    said = call.says("w piątek", ONE_HIT)
    assert said == ["ask_amount_gently"], "what was said once is not said again"
    call.says("całość", ONE_HIT)
    call.says("tak", ONE_HIT)
    assert len(call.promises) == 1


def test_two_hits_offer_a_human_once_and_the_answer_still_counts():
    call = verified()
    said = call.says("zapłacę całość w piątek", TWO_HITS)
    assert said[0] == "offer_human"
    assert "read_back" in said
    assert isinstance(call.last[-1], Listen)
    assert "offer_human" not in call.says("mhm", TWO_HITS)


def test_one_hit_with_words_to_match_offers_a_human():
    call = verified()
    assert call.says("a co jak nie zapłacę", ONE_HIT)[0] == "offer_human"
    calm = verified()
    assert "offer_human" not in calm.says("a co jak nie zapłacę", CALM)


def test_strained_voice_that_is_not_understood_is_offered_a_human():
    call = verified()
    said = call.says("ble ble ble", TWO_HITS)
    assert said[0] == "offer_human"
    assert "nomatch_1" in said


def test_offer_is_taken_by_saying_so():
    call = verified()
    call.says("ble ble ble", TWO_HITS)
    call.says("konsultant", TWO_HITS)
    assert call.hung_up is not None
    assert [callback.reason for callback in call.callbacks] == ["prośba o konsultanta"]


def test_who_is_let_go_is_offered_nothing():
    call = verified()
    assert "offer_human" not in call.says("do widzenia", TWO_HITS)
    assert isinstance(call.last[-1], HangUp)


@pytest.mark.parametrize("n_hits", [1, 2, 3])
def test_mood_alone_ends_and_decides_nothing(n_hits: int):
    """The same words lead to the same place, whatever the voice sounds like."""
    turns = [*VERIFIED, "w piątek", "całość", "tak", "nie, dziękuję"]
    calm, strained = ReadCall(), ReadCall()
    for turn in turns:
        calm.says(turn, CALM)
        strained.says(turn, replace(ONE_HIT, hits=n_hits))
        assert calm.engine.state_name == strained.engine.state_name
        assert calm.engine.disposition == strained.engine.disposition
    assert strained.promises == calm.promises
    assert strained.callbacks == calm.callbacks


@pytest.mark.parametrize(
    "refusal",
    [
        "bez analizy głosu",
        "bez analizy glosu",
        "proszę wyłączyć rozpoznawanie emocji",
        "nie zgadzam się na analizę mojego głosu",
        "nie życzę sobie badania emocji",
    ],
)
def test_refusal_stops_it_and_no_mood_counts_in_that_answer(refusal: str):
    call = verified()
    said = call.says(refusal, TWO_HITS)
    assert StopEmotion() in call.last
    assert StopRecording() not in call.last
    assert said[0] == "emotion_stopped"
    assert said[-1] == "ask_when"
    assert call.says("bez analizy głosu")[0] == "emotion_not_read"


def test_refusal_spoken_over_the_notice_counts():
    call = ReadCall()
    call.says("bez analizy głosu", over="disclosure")
    assert StopEmotion() in call.last


def test_refused_notice_is_not_repeated():
    call = ReadCall()
    call.says("bez analizy głosu")
    said = call.says("proszę powtórzyć")
    assert "emotion_notice" not in said
    assert "recording_notice" in said


def test_who_refuses_the_recording_is_not_read_either():
    call = verified()
    call.says("nie zgadzam się na nagrywanie")
    assert StopEmotion() in call.last
    assert StopRecording() in call.last
    assert call.said[:2] == ["recording_stopped", "emotion_stopped"]


def test_copy_of_an_engine_interjects_for_itself():
    call = verified()
    twin = call.engine.copy()
    turn = UserTurn(text="ble ble ble", confidence=0.9, mood=TWO_HITS)
    guessed = twin.handle(turn, call.now)
    assert call.engine.handle(turn, call.now) == guessed
    assert position(guessed, "offer_human") == 0
