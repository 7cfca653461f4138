"""The caller's audio cut into turns: what is fed, with which hints, and over what."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tests.fakes import FakeSpeech, LevelVad, VoiceBook
from tests.simulated_time import simulated
from voicebot.audio import FRAME_SAMPLES, SILENCE, AudioFrame, Samples
from voicebot.calls.listener import HeardTurn, Listener
from voicebot.dialogue.actions import Listen, SpokenOver
from voicebot.dialogue.answer_completeness import Completeness
from voicebot.media.turn_detector import TurnDetector
from voicebot.settings import TurnSettings


class Ear:
    """A listener that is told sound after sound, in simulated time."""

    def __init__(self, max_turn_s: float = 25.0) -> None:
        self.book = VoiceBook()
        self.speech = FakeSpeech(self.book)
        self.listener = Listener(
            LevelVad(), TurnDetector(max_turn_s), self.speech, TurnSettings(), ("Kowalski",)
        )
        self.turns: list[HeardTurn] = []
        self.completeness = Completeness.OPEN
        self.is_understood = False
        self.position = 0

    async def hear(self, sound: Samples, bot_says: SpokenOver = "") -> None:
        sound = np.pad(sound, (0, -len(sound) % FRAME_SAMPLES))
        for frame in np.split(sound, len(sound) // FRAME_SAMPLES):
            self._hear_frame(frame, bot_says)
            await asyncio.sleep(0.02)

    async def silence(self, seconds: float, bot_says: SpokenOver = "") -> None:
        for _ in range(round(seconds * 50)):
            self._hear_frame(SILENCE, bot_says)
            await asyncio.sleep(0.02)

    def _hear_frame(self, frame: Samples, bot_says: SpokenOver) -> None:
        now = asyncio.get_running_loop().time()
        self.listener.receive_frame(AudioFrame(frame, self.position), now, bot_says)
        self.position += FRAME_SAMPLES
        if self.listener.take_guess() is not None:
            self.listener.settle(self.completeness, self.is_understood)
        turn = self.listener.take_turn()
        if turn is not None:
            self.turns.append(turn)


@pytest.mark.parametrize(
    ("completeness", "is_understood", "silence_ms"),
    [
        (Completeness.COMPLETE, True, 180),
        (Completeness.OPEN, True, 340),
        (Completeness.OPEN, False, 640),
        (Completeness.DOUBTFUL, True, 640),
        (Completeness.UNFINISHED, True, 1500),
    ],
)
@simulated
async def test_words_set_how_much_silence_ends_the_answer(
    completeness: Completeness, is_understood: bool, silence_ms: int
):
    ear = Ear()
    ear.speech.transcribe_s = 0.05
    ear.completeness, ear.is_understood = completeness, is_understood
    ear.listener.expect(Listen("date", phrases=("tak",)))
    await ear.hear(ear.book.sound("tak", 1.0))
    assert ear.listener.is_hearing
    await ear.silence(silence_ms / 1000 - 0.02)
    assert ear.turns == []
    await ear.silence(0.04)
    [turn] = ear.turns
    assert not ear.listener.is_hearing
    assert (turn.started_s, turn.ended_s) == (0.0, 1.0)
    assert (await turn.transcribe()).text == "tak"
    assert ear.speech.hints[0].kind == "date"
    assert ear.speech.hints[0].phrases == ("tak", "Kowalski")
    await ear.listener.close()


@simulated
async def test_end_of_speech_is_told_in_the_clock_of_the_call():
    ear = Ear()
    began_at = asyncio.get_running_loop().time()
    await ear.silence(1.0)
    await ear.hear(ear.book.sound("tak", 1.0))
    await ear.silence(1.0)
    [turn] = ear.turns
    assert turn.times.speech_ended_at - began_at == pytest.approx(2.0, abs=0.03)
    assert turn.started_s == pytest.approx(0.8), "200 ms before the first speech"
    turn.drop()
    await ear.listener.close()


@pytest.mark.parametrize(
    ("first", "then", "over"),
    [
        ("", "", ""),
        ("disclosure", "disclosure", "disclosure"),
        ("prompt", "prompt", "prompt"),
        ("disclosure", "prompt", "prompt"),
        ("prompt", "", ""),
        ("", "prompt", ""),
    ],
)
@simulated
async def test_turn_is_over_what_the_bot_said_all_the_while(first, then, over):
    ear = Ear()
    await ear.hear(ear.book.sound("tak", 0.5), first)
    await ear.hear(ear.book.sound("tak", 0.5), then)
    await ear.silence(1.0)
    assert [turn.over for turn in ear.turns] == [over]
    ear.turns[0].drop()
    await ear.listener.close()


@simulated
async def test_what_the_bot_says_after_the_turn_or_before_it_does_not_count():
    ear = Ear()
    await ear.hear(ear.book.sound("x", 0.04), "")
    await ear.silence(1.0, "")
    await ear.hear(ear.book.sound("halo", 0.5), "disclosure")
    await ear.silence(1.0, "")
    assert [turn.over for turn in ear.turns] == ["disclosure"]
    ear.turns[0].drop()
    await ear.listener.close()


@simulated
async def test_second_turn_does_not_hear_the_first():
    ear = Ear()
    for text in ("raz", "dwa"):
        await ear.hear(ear.book.sound(text, 0.5))
        await ear.silence(1.0)
    assert [(await turn.transcribe()).text for turn in ear.turns] == ["raz", "dwa"]
    assert ear.speech.n_open == 0
    await ear.listener.close()


@simulated
async def test_endless_talk_is_cut_into_turns():
    ear = Ear(max_turn_s=2.0)
    await ear.hear(ear.book.sound("bla", 5.0))
    assert len(ear.turns) == 2
    for turn in ear.turns:
        turn.drop()
    await ear.listener.close()
    assert ear.speech.n_open == 0


@simulated
async def test_close_in_the_middle_of_a_turn_leaves_nothing_open():
    ear = Ear()
    ear.speech.transcribe_s = 60
    await ear.hear(ear.book.sound("tak", 1.0))
    await ear.silence(0.4)
    await ear.listener.close()
    assert ear.speech.n_open == 0
    assert ear.speech.n_dropped == 1
    assert ear.speech.n_closed == 1


@simulated
async def test_idle_worker_is_asked_at_once_and_a_busy_one_later():
    ear = Ear()
    ear.listener.expect(Listen("open"))
    for n_waiting, asked_after_s in ((0, 0.06), (3, 0.24)):
        ear.speech.n_waiting = n_waiting
        n_before = len(ear.speech.asked_as_guess)
        ear.speech.transcribe_s = 0.0
        await ear.hear(ear.book.sound("tak", 1.0))
        await ear.silence(asked_after_s - 0.02)
        assert len(ear.speech.asked_as_guess) == n_before
        await ear.silence(0.04)
        assert len(ear.speech.asked_as_guess) == n_before + 1
        await ear.silence(1.0)
    await ear.listener.close()


@simulated
async def test_words_that_did_not_come_in_the_usual_silence_are_asked_for_as_no_guess():
    ear = Ear()
    ear.speech.transcribe_s = 1.0
    ear.speech.n_waiting = 5
    ear.listener.expect(Listen("yes_no"))
    await ear.hear(ear.book.sound("tak", 1.0))
    await ear.silence(0.3)
    assert ear.speech.asked_as_guess == [True]
    await ear.silence(0.06)
    assert ear.speech.asked_as_guess == [True, False]
    await ear.silence(2.0)
    assert ear.speech.asked_as_guess == [True, False]
    [turn] = ear.turns
    assert (await turn.transcribe()).text == "tak"
    await ear.listener.close()
