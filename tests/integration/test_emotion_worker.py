"""Voices embedded by a real worker process, beside transcripts and never before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import SpeechWorkerError
from voicebot.speech.recognizer import RecognitionHints
from voicebot.speech.worker_parts import WorkerSpec
from voicebot.speech.worker_pool import SpeechPool

_CHECKOUT = Path(__file__).resolve().parents[2]
SECOND = np.full(8000, 500, dtype=np.int16)


@pytest.fixture(autouse=True)
def _worker_finds_the_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_CHECKOUT))


def make_pool(loader: str) -> SpeechPool:
    spec = WorkerSpec(
        recognizer=None,
        voice=None,
        models_directory="models",
        loader=f"tests.speech_worker_fake:{loader}",
        log_level="CRITICAL",
    )
    return SpeechPool(spec, n_workers=1)


@pytest.fixture
async def pool() -> AsyncIterator[SpeechPool]:
    pool = make_pool("load_with_emotion")
    await pool.start()
    yield pool
    await pool.stop()


async def test_an_embedding_is_of_the_audio_that_was_sent(pool: SpeechPool) -> None:
    call = pool.open_call()
    embedding = await call.embed(SECOND)
    assert embedding.dtype == np.float32
    assert embedding.tolist() == [8000.0, 500.0]
    assert pool.info.emotion == "fake encoder"


async def test_audio_the_encoder_refuses_fails_alone(pool: SpeechPool) -> None:
    call = pool.open_call()
    with pytest.raises(SpeechWorkerError, match="half a second"):
        await call.embed(SECOND[:800])
    with pytest.raises(SpeechWorkerError, match="encoder failed"):
        await call.embed(np.full(8000, 7, dtype=np.int16))
    assert (await call.embed(SECOND)).tolist() == [8000.0, 500.0]


async def test_a_transcript_that_is_being_made_comes_before_embeddings(pool: SpeechPool) -> None:
    call = pool.open_call()
    utterance = call.open_utterance(RecognitionHints(phrases=("sleep 0.5",)))
    utterance.feed(SECOND)
    order: list[str] = []

    async def transcribe() -> None:
        await utterance.transcribe()
        order.append("transcript")

    async def embed() -> None:
        await call.embed(SECOND)
        order.append("embedding")

    transcribing = asyncio.create_task(transcribe())
    await asyncio.sleep(0)  # its request goes out first
    await asyncio.gather(transcribing, embed())
    assert order == ["transcript", "embedding"]


async def test_many_embeddings_at_once_are_refused_and_not_hoarded(pool: SpeechPool) -> None:
    call = pool.open_call()
    utterance = call.open_utterance(RecognitionHints(phrases=("sleep 0.5",)))
    utterance.feed(SECOND)
    transcribing = asyncio.create_task(utterance.transcribe())
    await asyncio.sleep(0)
    answers = await asyncio.gather(*(call.embed(SECOND) for _ in range(40)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, SpeechWorkerError)]
    assert 5 <= len(refused) <= 8
    assert all("too many" in str(error) for error in refused)
    await transcribing


async def test_a_worker_without_an_encoder_says_so() -> None:
    pool = make_pool("load_parts")
    await pool.start()
    try:
        assert pool.info.emotion == ""
        with pytest.raises(SpeechWorkerError, match="no emotion model"):
            await pool.open_call().embed(SECOND)
    finally:
        await pool.stop()
