"""Listening noises, and what an engine makes of them when they stopped the bot."""

from __future__ import annotations

import pytest

from tests.unit.dialogue.dialogue_driver import Conversation
from voicebot.dialogue.actions import Listen, NoInput, RecordPromise, UserTurn
from voicebot.dialogue.backchannels import is_backchannel

NOISES = (
    "", "[kaszel]", "(kaszle)", "*kaszel*", "Kaszle.", "Śmieje się.", "[muzyka] [szum]", "♪",
    "♪ la la ♪", "yyy", "Eee...", "Hmm.", "[śmiech] yyy",
)  # fmt: skip
LISTENING = (
    "mhm", "Mhm.", "Aha.", "aha, aha", "no", "No.", "tak tak", "Tak.", "yhm", "okej",
    "Okej, rozumiem.", "rozumiem", "dobrze", "no tak", "[kaszel] mhm", "mhm, yyy", "jasne",
)  # fmt: skip
MEANT = (
    "nie", "stop", "chwila", "halo", "halo?", "tak?", "no?", "co?", "tak, ale", "no nie",
    "nie rozumiem", "konsultant", "dobrze, dziękuję", "dobra dobra ja zapłacę", "w piątek",
    "no to ile mam zapłacić", "[kaszel] przepraszam", "tak tak tak tak tak", "dwa", "20260017",
)  # fmt: skip


@pytest.mark.parametrize("asked", ["none", "yes_no", "date", "digits", "open"])
@pytest.mark.parametrize("text", NOISES)
def test_noise_is_no_turn_whatever_was_asked(text: str, asked):
    assert is_backchannel(text, asked)


@pytest.mark.parametrize("text", LISTENING)
def test_listening_is_no_turn_unless_it_answers_yes_or_no(text: str):
    assert is_backchannel(text)
    assert is_backchannel(text, "date")


@pytest.mark.parametrize("text", ["mhm", "Tak.", "tak tak", "no", "okej", "dobrze", "aha, no tak"])
def test_yes_to_a_yes_or_no_question_is_an_answer(text: str):
    assert not is_backchannel(text, "yes_no")


def test_understanding_what_was_said_is_no_yes():
    assert is_backchannel("rozumiem", "yes_no")


@pytest.mark.parametrize("asked", ["none", "yes_no", "date"])
@pytest.mark.parametrize("text", MEANT)
def test_words_that_mean_something_interrupt(text: str, asked):
    assert not is_backchannel(text, asked)


@pytest.mark.parametrize("text", ["mhm", "[kaszel]", "Aha.", "tak tak", "okej, rozumiem"])
def test_bot_that_was_stopped_by_listening_goes_on(text: str):
    call = Conversation().prove_identity()
    for _ in range(10):
        actions = call.handle(UserTurn(text, 0.2, has_barged_in=True))
        assert [type(action) for action in actions] == [Listen]
    assert call.place == "ask_when"
    # None of them counted as a failure to understand.
    assert call.say("bla bla bla")[0].prompt_id == "nomatch_1"


def test_listening_after_the_bot_has_finished_is_answered_as_ever():
    call = Conversation().prove_identity()
    assert call.place == "ask_when"
    assert len(call.say("mhm")) > 1


def test_yes_counts_once_the_question_was_heard_whole():
    call = Conversation().prove_identity().play("zapłacę całość w piątek")
    early = UserTurn("tak", 0.9, has_barged_in=True, has_heard_question=False)
    assert [type(action) for action in call.handle(early)] == [Listen]
    assert call.place == "read_back"
    late = UserTurn("tak", 0.9, has_barged_in=True)
    assert any(isinstance(action, RecordPromise) for action in call.handle(late))


def test_words_and_keys_that_stop_the_bot_are_a_turn():
    call = Conversation().prove_identity().play("zapłacę całość w piątek")
    said = UserTurn("nie", 0.9, has_barged_in=True, has_heard_question=False)
    assert len(call.handle(said)) > 1
    assert call.place == "ask_change"
    pressed = UserTurn(digits="0", has_barged_in=True, has_heard_question=False)
    assert len(call.handle(pressed)) > 1


def test_silence_after_a_listening_noise_is_still_noticed():
    call = Conversation().prove_identity()
    call.handle(UserTurn("mhm", 0.9, has_barged_in=True))
    assert call.handle(NoInput())[0].prompt_id == "silence_1"
