"""When a caller's voice is sent to be read: only where he was told of it and did not refuse."""

from __future__ import annotations

import asyncio

import numpy as np

from tests.fakes import FakeSpeech, LevelHead, VoiceBook
from tests.simulated_time import simulated
from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.calls.mood_reader import MAX_AUDIO_S, HeardVoice, MoodReader
from voicebot.dialogue.mood import UNKNOWN_MOOD


class Caller:
    """Speaks to a reader in simulated time; LevelHead and FakeSpeech do the reading."""

    def __init__(self, is_allowed: bool = True) -> None:
        self.book = VoiceBook()
        self.speech = FakeSpeech(self.book)
        self.reader = MoodReader(self.speech, LevelHead())
        self.at_s = 0.0
        if is_allowed:
            self.reader.allow()

    async def speaks(self, sound: Samples, is_speech: bool = True) -> None:
        for start in range(0, len(sound), FRAME_SAMPLES):
            self.reader.receive_frame(sound[start : start + FRAME_SAMPLES], is_speech, self.at_s)
            self.at_s += 0.02
            await asyncio.sleep(0.02)

    async def pauses(self, seconds: float) -> None:
        self.reader.pause()
        await self.speaks(np.zeros(round(seconds * 8000), dtype=np.int16), is_speech=False)

    async def says(self, sound: Samples) -> HeardVoice | None:
        """A whole turn."""
        self.reader.start([SILENCE] * 5)
        await self.speaks(sound)
        await self.pauses(0.5)
        return self.reader.end()

    def calm(self, seconds: float) -> Samples:
        return self.book.sound("dzień dobry", seconds)

    def angry(self, seconds: float) -> Samples:
        return self.book.angry("no ile można", seconds)


@simulated
async def test_before_the_notice_nothing_is_asked():
    caller = Caller(is_allowed=False)
    assert await caller.says(caller.angry(4.0)) is None
    assert caller.speech.embedded_s == []
    assert caller.reader.now() == UNKNOWN_MOOD
    await caller.reader.close()


@simulated
async def test_utterance_that_began_before_the_notice_was_over_is_not_read():
    caller = Caller(is_allowed=False)
    caller.reader.start([SILENCE] * 5)
    await caller.speaks(caller.angry(2.0))
    caller.reader.allow()
    await caller.speaks(caller.angry(3.0))
    assert caller.reader.end() is None
    assert caller.speech.embedded_s == []
    assert await caller.says(caller.angry(2.0)) is not None
    assert caller.speech.embedded_s != []
    await caller.reader.close()


@simulated
async def test_reading_is_there_before_the_turn_is_over():
    caller = Caller()
    voice = await caller.says(caller.angry(1.8))
    assert voice is not None
    assert voice.mood is not None
    assert voice.mood.group == "anger"
    assert caller.reader.now().hits == 1
    # Without the silence after it.
    assert [round(seconds, 2) for seconds in caller.speech.embedded_s] == [1.9]
    await caller.reader.close()


@simulated
async def test_long_speech_is_read_provisionally_and_ever_more_rarely():
    caller = Caller()
    caller.reader.start([])
    await caller.speaks(caller.angry(1.98))
    assert caller.speech.embedded_s == []
    await caller.speaks(caller.angry(0.1))
    assert caller.reader.now().hits == 1, "provisionally, while he speaks"
    await caller.speaks(caller.angry(18.0))
    await caller.pauses(0.3)
    caller.reader.end()
    assert [round(seconds) for seconds in caller.speech.embedded_s] == [2, 4, 8, 8, 8]
    assert max(caller.speech.embedded_s) <= MAX_AUDIO_S
    await caller.reader.close()


@simulated
async def test_short_answer_is_not_read_at_all():
    caller = Caller()
    voice = await caller.says(caller.angry(1.2))
    assert voice is not None
    assert voice.mood is None
    assert caller.speech.embedded_s == []
    await caller.reader.close()


@simulated
async def test_slow_worker_is_not_waited_for_and_serves_the_record_and_the_next_turn():
    caller = Caller()
    caller.speech.embed_s = 2.0
    voice = await caller.says(caller.angry(1.8))
    assert voice is not None
    assert voice.mood is None
    late = []
    voice.when_read = late.append
    assert caller.reader.now() == UNKNOWN_MOOD
    await caller.says(caller.calm(1.0))
    await asyncio.sleep(2.0)
    assert [mood.group for mood in late] == ["anger"]
    assert caller.reader.now().hits == 1
    await caller.reader.close()


@simulated
async def test_refusal_drops_what_was_read_and_is_for_good():
    caller = Caller()
    await caller.says(caller.angry(2.5))
    assert caller.reader.now().hits == 1
    caller.reader.start([])
    await caller.speaks(caller.angry(1.9))
    n_asked = len(caller.speech.embedded_s)
    caller.reader.refuse()
    assert caller.reader.now() == UNKNOWN_MOOD
    caller.reader.allow()
    await caller.speaks(caller.angry(3.0))
    assert caller.reader.end() is None
    assert await caller.says(caller.angry(3.0)) is None
    assert len(caller.speech.embedded_s) == n_asked
    assert caller.reader.now() == UNKNOWN_MOOD
    assert not caller.reader.is_possible
    await caller.reader.close()


@simulated
async def test_reading_under_way_at_the_refusal_comes_to_nothing():
    caller = Caller()
    caller.speech.embed_s = 1.0
    voice = await caller.says(caller.angry(2.5))
    assert voice is not None
    late = []
    voice.when_read = late.append
    caller.reader.refuse()
    await asyncio.sleep(2.0)
    assert late == []
    assert voice.mood is None
    await caller.reader.close()


@simulated
async def test_noise_is_no_mood():
    caller = Caller()
    voice = await caller.says(caller.angry(2.5))
    assert voice is not None
    caller.reader.drop(voice)
    assert caller.reader.now() == UNKNOWN_MOOD
    await caller.reader.close()


@simulated
async def test_call_goes_on_where_no_worker_is_left():
    caller = Caller()
    caller.speech.is_dead = True
    voice = await caller.says(caller.angry(2.5))
    assert voice is not None
    assert voice.mood is None
    assert caller.reader.now() == UNKNOWN_MOOD
    await caller.reader.close()


@simulated
async def test_without_a_head_nothing_is_ever_asked():
    caller = Caller()
    reader = MoodReader(caller.speech, None)
    reader.allow()
    assert not reader.is_possible
    caller.reader = reader
    assert await caller.says(caller.angry(3.0)) is None
    assert caller.speech.embedded_s == []
    await reader.close()
