"""Sentences made before they are needed: in order of need, read while they are made."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tests.fakes import FakeSpeech, VoiceBook
from tests.simulated_time import simulated
from voicebot.calls.synthesis_ahead import MAX_KEPT, MAX_WAITING, SynthesisAhead
from voicebot.errors import SpeechWorkerError


def made_by(speech: FakeSpeech) -> SynthesisAhead:
    return SynthesisAhead(speech)


@simulated
async def test_sentence_is_read_while_it_is_made():
    speech = FakeSpeech(VoiceBook())
    ahead = made_by(speech)
    ahead.want([("Dzień dobry Państwu, w czym mogę pomóc?", 1.0)])
    await asyncio.sleep(0.105)
    found = ahead.get("Dzień dobry Państwu, w czym mogę pomóc?", 1.0)
    assert found is not None
    assert found.whole is None
    chunks = [samples async for samples in found.chunks()]
    whole = found.whole
    assert whole is not None
    expected = speech.book.sound("Dzień dobry Państwu, w czym mogę pomóc?")
    assert np.array_equal(np.concatenate(chunks), expected)
    assert np.array_equal(np.concatenate(whole), expected)
    assert ahead.get("Dzień dobry Państwu, w czym mogę pomóc?", 0.85) is None, "another rate"
    await ahead.close()


@simulated
async def test_latest_wishes_come_first_and_what_is_made_is_not_made_again():
    speech = FakeSpeech(VoiceBook())
    ahead = made_by(speech)
    ahead.want([("jeden", 1.0), ("dwa", 1.0), ("trzy", 1.0)])
    await asyncio.sleep(0.05)
    ahead.want([("cztery", 1.0), ("jeden", 1.0)])
    await asyncio.sleep(5)
    assert speech.sentences == ["jeden", "cztery", "dwa", "trzy"]
    await ahead.close()


@simulated
async def test_wishes_and_what_is_kept_are_bounded():
    speech = FakeSpeech(VoiceBook())
    ahead = made_by(speech)
    ahead.want([(f"zdanie {n}", 1.0) for n in range(50)])
    await asyncio.sleep(20)
    assert len(speech.sentences) == MAX_WAITING
    for n in range(MAX_KEPT + 5):
        ahead.want([(f"inne {n}", 1.0)])
        await asyncio.sleep(2)
    assert ahead.get("zdanie 0", 1.0) is None
    assert ahead.get(f"inne {MAX_KEPT + 4}", 1.0) is not None
    await ahead.close()


@simulated
async def test_sentence_that_broke_off_says_so_to_its_reader_and_is_gone_for_others():
    speech = FakeSpeech(VoiceBook(), fail_sentences=1)
    ahead = made_by(speech)
    sentence = "To jest zdanie, które urywa się w połowie i dalej go nie ma."
    ahead.want([(sentence, 1.0)])
    await asyncio.sleep(0.05)
    found = ahead.get(sentence, 1.0)
    assert found is not None
    with pytest.raises(SpeechWorkerError):
        async for _ in found.chunks():
            pass
    assert ahead.get(sentence, 1.0) is None
    await ahead.close()
