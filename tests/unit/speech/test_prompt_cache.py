from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from voicebot.audio import Samples
from voicebot.errors import SpeechWorkerError
from voicebot.speech.prompt_cache import PromptCache

SAMPLES: Samples = np.arange(-400, 400, dtype=np.int16)


class CountingVoice:
    """Says each text as samples of its length, in two chunks, and counts."""

    def __init__(self) -> None:
        self.said: list[tuple[str, float]] = []

    async def __call__(self, text: str, rate: float) -> AsyncIterator[Samples]:
        if text == "broken":
            raise SpeechWorkerError("the worker died")
        self.said.append((text, rate))
        for _ in range(2 if text else 0):
            yield np.full(len(text), len(text), dtype=np.int16)


def only_file(cache: PromptCache) -> Path:
    (path,) = cache.folder.glob("*.wav")
    return path


def test_a_prompt_is_found_again_after_a_restart(tmp_path: Path) -> None:
    PromptCache(tmp_path, "magda-1").put("Dzień dobry", 1.0, SAMPLES)
    found = PromptCache(tmp_path, "magda-1").get("Dzień dobry")
    assert found is not None
    assert found.tolist() == SAMPLES.tolist()


def test_other_text_rate_or_voice_is_another_prompt(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, "magda-1")
    cache.put("Dzień dobry", 1.0, SAMPLES)
    assert cache.get("Dzień dobry!") is None
    assert cache.get("Dzień dobry", 0.85) is None
    assert PromptCache(tmp_path, "magda-2").get("Dzień dobry") is None


def test_the_file_is_a_wav_that_any_player_reads(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, "magda-1")
    cache.put("Dzień dobry", 1.0, SAMPLES)
    with wave.open(str(only_file(cache))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (8000, 1, 800)


@pytest.mark.parametrize("spoil", ["flip", "cut", "empty", "foreign"])
def test_a_damaged_file_counts_as_missing_and_is_replaced(tmp_path: Path, spoil: str) -> None:
    cache = PromptCache(tmp_path, "magda-1")
    cache.put("Dzień dobry", 1.0, SAMPLES)
    path = only_file(cache)
    content = bytearray(path.read_bytes())
    match spoil:
        case "flip":
            content[500] ^= 1
        case "cut":
            del content[700:]
        case "empty":
            content.clear()
        case "foreign":
            content = bytearray(b"RIFF but not ours")
    path.write_bytes(content)
    fresh = PromptCache(tmp_path, "magda-1")
    assert fresh.get("Dzień dobry") is None
    fresh.put("Dzień dobry", 1.0, SAMPLES)
    assert PromptCache(tmp_path, "magda-1").get("Dzień dobry") is not None


def test_a_caller_can_not_change_what_is_kept(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, "magda-1")
    cache.put("Dzień dobry", 1.0, SAMPLES)
    kept = cache.get("Dzień dobry")
    assert kept is not None
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1


def test_a_voice_name_can_not_lead_out_of_the_cache(tmp_path: Path) -> None:
    folder = PromptCache(tmp_path / "data", "../../etc").folder
    assert folder.parent == tmp_path / "data" / "prompt_cache"


async def test_warming_makes_only_what_is_missing_and_each_prompt_once(tmp_path: Path) -> None:
    cache, voice = PromptCache(tmp_path, "magda-1"), CountingVoice()
    cache.put("jest", 1.0, SAMPLES)
    seen: list[tuple[int, int]] = []
    prompts = [("jest", 1.0), ("nowe", 1.0), ("nowe", 0.85), ("nowe", 1.0)]
    made = await cache.warm(prompts, voice, lambda done, total: seen.append((done, total)))
    assert made == 2
    assert voice.said == [("nowe", 1.0), ("nowe", 0.85)]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    found = cache.get("nowe", 0.85)
    assert found is not None
    assert found.tolist() == [4] * 8


async def test_a_prompt_that_sounds_like_nothing_is_not_kept(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, "magda-1")
    assert await cache.warm([("", 1.0)], CountingVoice()) == 0
    assert cache.get("") is None


async def test_what_was_made_before_a_failure_stays(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, "magda-1")
    with pytest.raises(SpeechWorkerError):
        await cache.warm([("nowe", 1.0), ("broken", 1.0)], CountingVoice())
    assert PromptCache(tmp_path, "magda-1").get("nowe") is not None
    assert not list(cache.folder.glob("*.new"))
