"""The real encoders in a real worker, and the heads that read what comes of it in the node."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import soundfile

from tests.installed_models import installed_model, models_directory
from tests.shared import shared_path
from voicebot.audio import Samples, seconds
from voicebot.calls.mood import CallerMood
from voicebot.speech.emotion.emotion_choice import EmotionChoice, load_head
from voicebot.speech.worker_parts import WorkerSpec
from voicebot.speech.worker_pool import SpeechPool

SPEAKER = "SM0"


def speech(name: str) -> Samples:
    samples, _ = soundfile.read(shared_path(f"speech/nemo_8k/{name}.flac"), dtype="int16")
    return np.asarray(samples, dtype=np.int16)


def longest(emotion: str, n: int) -> list[str]:
    """Names of the speaker's longest utterances: some others are too short to be read."""
    files = shared_path("speech/nemo_8k").glob(f"{SPEAKER}_{emotion}_*.flac")
    by_length = sorted(files, key=lambda path: (-soundfile.info(path).frames, path.stem))
    return [path.stem for path in by_length[:n]]


@asynccontextmanager
async def running(choice: EmotionChoice) -> AsyncIterator[SpeechPool]:
    spec = WorkerSpec(None, None, str(models_directory()), emotion=choice, log_level="CRITICAL")
    pool = SpeechPool(spec, n_workers=1)
    await pool.start()
    try:
        yield pool
    finally:
        await pool.stop()


async def read_call(choice: EmotionChoice, turns: list[str]) -> list[tuple[str, float]]:
    """Group and confidence of each utterance, as a call reads them."""
    mood = CallerMood(load_head(choice))
    read = []
    async with running(choice) as pool:
        call = pool.open_call()
        for number, name in enumerate(turns, 1):
            samples = speech(name)
            embedding = await call.embed(samples)
            turn = mood.note(number, embedding, seconds(len(samples)), 10.0 * number)
            mood.keep(number)
            assert turn is not None
            read.append((turn.group, turn.confidence))
        call.close()
    return read


async def test_anger_after_three_calm_utterances_is_heard() -> None:
    installed_model("emotion-encoder")
    turns = [*longest("neutral", 3), *longest("anger", 8)]
    read = await read_call(EmotionChoice("whisper"), turns)
    assert [group for group, _ in read[:3]].count("anger") == 0
    # The head that comes along knows this speaker: what is tested is the way, not how good it is.
    [(heard, _)] = Counter(group for group, _ in read[3:]).most_common(1)
    assert heard == "anger"


async def test_prosody_needs_no_model_and_is_never_sure_of_anger() -> None:
    turns = [*longest("neutral", 3), *longest("anger", 3)]
    read = await read_call(EmotionChoice("prosody"), turns)
    assert all(confidence < 0.6 for group, confidence in read if group == "anger")


async def test_many_calls_share_one_encoder() -> None:
    async with running(EmotionChoice("prosody")) as pool:
        calls = [pool.open_call() for _ in range(8)]
        sound = speech(longest("neutral", 1)[0])
        embeddings = await asyncio.gather(*(call.embed(sound) for call in calls))
        assert all(np.array_equal(embeddings[0], other) for other in embeddings)
