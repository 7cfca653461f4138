"""Prompts on their way to the caller: order, interruption, failure."""

from __future__ import annotations

import asyncio

from tests.fakes import FakeLeg, FakePromptAudio, FakeSpeech, VoiceBook
from tests.simulated_time import simulated
from voicebot.calls.prompter import Prompter, SpokenPrompt
from voicebot.dialogue.actions import Say
from voicebot.media.events import PlayoutEnded, PlayoutStarted


class Desk:
    """A prompter with a line that plays what it says. `a`, `b` are in the prompt cache."""

    def __init__(self) -> None:
        self.book = VoiceBook()
        self.speech = FakeSpeech(self.book)
        self.leg = FakeLeg()
        self.cache = FakePromptAudio(self.book, {"a" * 20, "b" * 20})
        self.prompter = Prompter(self.leg.playout, self.cache, self.speech)
        self.heard: list[SpokenPrompt] = []

    def say(self, text: str, allow_barge_in: bool = True) -> None:
        self.prompter.say(Say(text[:4], text, False, allow_barge_in), "state")

    async def play(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(round(seconds * 50)):
            self.leg.tick(loop.time())
            while not self.leg.events.empty():
                event = self.leg.events.get_nowait()
                if isinstance(event, PlayoutStarted):
                    self.prompter.playout_started(event.utterance_id, event.at)
                elif isinstance(event, PlayoutEnded):
                    prompt = self.prompter.playout_ended(event.utterance_id, event.at)
                    if prompt is not None:
                        self.heard.append(prompt)
            await asyncio.sleep(0.02)

    def interrupt(self) -> None:
        self.prompter.interrupt(asyncio.get_running_loop().time())

    @property
    def words(self) -> list[str]:
        return self.leg.heard(self.book)


A, B = "a" * 20, "b" * 20


@simulated
async def test_prompts_are_heard_in_order_whether_cached_or_made():
    desk = Desk()
    desk.say("To trzeba zrobić. A to także!")
    desk.say(A)
    desk.say("I jeszcze to.")
    desk.say(B)
    await desk.play(6)
    assert desk.words == ["To trzeba zrobić.", "A to także!", A, "I jeszcze to.", B]
    assert next(prompt.text for prompt in desk.heard) == "To trzeba zrobić. A to także!"
    assert desk.prompter.is_idle


@simulated
async def test_cached_prompt_starts_with_the_next_frame():
    desk = Desk()
    desk.say(A)
    await desk.play(0.04)
    assert desk.words == [A]
    assert desk.prompter.speaking == "prompt"
    await desk.prompter.close()


@simulated
async def test_interruption_silences_at_once_and_resumes_where_it_stopped():
    desk = Desk()
    desk.say(A)
    desk.say(B)
    await desk.play(0.5)
    desk.interrupt()
    await desk.play(2)
    assert desk.words == [A]
    assert desk.prompter.is_idle
    assert desk.prompter.is_interrupted
    desk.prompter.resume()
    await desk.play(3)
    assert desk.words == [A, A, B]
    first, second = desk.heard
    assert not first.was_interrupted
    # A second long, half of it before the two seconds of silence.
    assert 2.9 <= first.ended_at - first.started_at <= 3.05
    assert 0.95 <= second.ended_at - second.started_at <= 1.05


@simulated
async def test_interruption_that_was_meant_tells_what_was_begun():
    desk = Desk()
    desk.say(A)
    desk.say(B)
    await desk.play(0.5)
    desk.interrupt()
    [begun] = desk.prompter.forget_interrupted()
    assert begun.was_interrupted
    assert begun.say.text == A
    desk.prompter.resume()
    await desk.play(2)
    assert desk.words == [A]


@simulated
async def test_disclosure_behind_an_interrupted_prompt_is_heard_all_the_same():
    desk = Desk()
    told: list[str] = []
    desk.say(A)
    desk.say(B, allow_barge_in=False)
    desk.prompter.when_heard(lambda: told.append("disclosed"))
    await desk.play(0.5)
    desk.interrupt()
    await desk.play(0.1)
    assert desk.prompter.speaking == "disclosure"
    desk.interrupt()
    await desk.play(0.8)
    assert told == []
    await desk.play(0.2)
    assert told == ["disclosed"]
    assert desk.words == [A, B]


@simulated
async def test_disclosure_that_is_being_made_is_heard_whole_after_an_interruption():
    desk = Desk()
    desk.speech.synthesis_s = 1.0
    desk.say(A)
    desk.say("Mówi automat. Rozmowa jest nagrywana.", allow_barge_in=False)
    await desk.play(0.5)
    desk.interrupt()
    await desk.play(6)
    assert desk.words == [A, "Mówi automat.", "Rozmowa jest nagrywana."]


@simulated
async def test_nothing_is_disclosed_by_a_prompt_that_was_cut_or_has_gaps():
    desk = Desk()
    told: list[str] = []
    desk.say(A)
    desk.prompter.when_heard(lambda: told.append("cut"))
    await desk.play(0.5)
    desk.interrupt()
    desk.prompter.forget_interrupted()
    desk.speech.lost.add("Tego nie da się.")
    desk.say("To się da powiedzieć. Tego nie da się.")
    desk.prompter.when_heard(lambda: told.append("gaps"))
    await desk.play(5)
    assert told == []
    assert desk.heard[0].text == "To się da powiedzieć."
    assert not desk.prompter.take_failure()


@simulated
async def test_prompt_that_can_not_be_made_at_all_is_told_once_and_blocks_nothing():
    desk = Desk()
    desk.speech.is_dead = True
    desk.say("Nikt tego nie powie.")
    desk.say(B)
    await desk.play(3)
    assert desk.words == [B]
    assert desk.prompter.take_failure()
    assert not desk.prompter.take_failure()
    assert [prompt.say.text for prompt in desk.heard] == [B]
    assert desk.prompter.is_idle
    assert desk.speech.sentences == ["Nikt tego nie powie."] * 2


@simulated
async def test_empty_prompt_ends_as_soon_as_it_begins():
    desk = Desk()
    desk.say("")
    await desk.play(0.2)
    assert desk.prompter.is_idle


@simulated
async def test_end_that_was_on_its_way_counts_although_the_prompt_was_cut_then():
    desk = Desk()
    desk.say(A)
    await desk.play(0.98)
    loop = asyncio.get_running_loop()
    for _ in range(3):
        desk.leg.tick(loop.time())
    desk.interrupt()
    await desk.play(0.1)
    assert [prompt.was_interrupted for prompt in desk.heard] == [False]
    assert not desk.prompter.is_interrupted


@simulated
async def test_fall_silent_also_ends_disclosures_and_waiting():
    desk = Desk()
    desk.say(A, allow_barge_in=False)
    desk.say("To trzeba by dopiero zrobić.")
    await desk.play(0.3)
    waiting = asyncio.create_task(desk.prompter.wait_silent())
    await desk.play(0.1)
    assert not waiting.done()
    desk.prompter.fall_silent(asyncio.get_running_loop().time())
    await desk.play(0.1)
    assert waiting.done()
    await desk.prompter.close()


@simulated
async def test_question_is_put_once_all_but_its_last_half_second_was_heard():
    desk = Desk()
    desk.say("a" * 20)  # one second
    await desk.play(0.3)
    desk.prompter.interrupt(asyncio.get_running_loop().time())
    assert not desk.prompter.has_put_question
    desk.prompter.resume()
    assert desk.prompter.has_put_question, "nothing is cut off any more"
    await desk.play(0.4)
    desk.prompter.interrupt(asyncio.get_running_loop().time())
    assert desk.prompter.has_put_question
    await desk.prompter.close()
