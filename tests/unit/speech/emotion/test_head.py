from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import ModelError
from voicebot.speech.emotion.emotion import EMOTIONS, GROUPS
from voicebot.speech.emotion.head import (
    Baseline,
    Classifier,
    HeadMetadata,
    LinearHead,
    reading_of,
)

SIZE = 6
METADATA = HeadMetadata("test-encoder", "CC BY-NC-SA 4.0", False, "a test")


def head(temperature: float = 1.0) -> LinearHead:
    """Emotion i is told by dimension i alone; callers differ a hundred times more than moods."""
    one = np.eye(SIZE, dtype=np.float32)
    classifier = Classifier(one, np.zeros(SIZE, np.float32), temperature)
    centre = np.zeros(SIZE, np.float32)
    between, within = np.full(SIZE, 100, np.float32), np.full(SIZE, 1, np.float32)
    return LinearHead(METADATA, classifier, classifier, Baseline(centre, between, within))


def voice(emotion: str, own: float = 0.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """own: how far this caller's every utterance sounds like anger."""
    embedding = np.zeros(SIZE, dtype=np.float32)
    embedding[EMOTIONS.index(emotion)] = 3
    embedding[EMOTIONS.index("anger")] += own
    return embedding


def test_probabilities_are_by_emotion_and_sum_to_one() -> None:
    reading = head().read(voice("fear"))
    assert reading.emotion == "fear"
    assert reading.group == "distress"
    assert tuple(reading.probabilities) == EMOTIONS
    assert sum(reading.probabilities.values()) == pytest.approx(1)
    of_group = [p for name, p in reading.probabilities.items() if GROUPS[name] == "distress"]
    assert reading.confidence == pytest.approx(sum(of_group))


def test_a_voice_that_always_sounds_angry_is_read_right_with_a_baseline() -> None:
    usual = [voice("neutral", own=8) for _ in range(3)]
    assert head().read(voice("sadness", own=8)).emotion == "anger"
    assert head().read(voice("sadness", own=8), usual).emotion == "sadness"


def test_one_utterance_takes_less_of_the_voice_out_than_many() -> None:
    baseline = head().baseline
    features, seen = np.full(SIZE, 5, np.float32), np.full(SIZE, 4, np.float32)
    left_by_one = baseline.take_out(features, seen, 1) - 1
    left_by_many = baseline.take_out(features, seen, 10) - 1
    assert np.all(left_by_one > left_by_many)
    assert np.all(left_by_many > 0)


def test_temperature_makes_less_sure() -> None:
    assert head(3).read(voice("fear")).confidence < head(1).read(voice("fear")).confidence


def test_group_is_that_of_the_emotion_and_sure_by_all_of_its_emotions() -> None:
    shares = np.array([0.02, 0.3, 0.02, 0.34, 0.3, 0.02], dtype=np.float32)
    reading = reading_of(np.log(shares))
    assert (reading.emotion, reading.group) == ("neutral", "calm")
    assert reading.confidence == pytest.approx(0.34, abs=1e-5)


def test_saved_head_reads_the_same(tmp_path: Path) -> None:
    head(2).save(tmp_path / "head.npz")
    loaded = LinearHead.load(tmp_path / "head.npz")
    assert loaded.metadata == METADATA
    usual = [voice("neutral", 1)]
    assert loaded.read(voice("fear"), usual) == head(2).read(voice("fear"), usual)


def test_an_embedding_of_another_encoder_is_refused() -> None:
    with pytest.raises(ValueError, match="6 numbers"):
        head().read(np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="6 numbers"):
        head().read(voice("fear"), [np.zeros(4, np.float32)])


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + b"\0" * 40])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"bad\.npz"):
        LinearHead.load(path)
    with pytest.raises(ModelError, match=r"gone\.npz"):
        LinearHead.load(tmp_path / "gone.npz")


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "evil.npz"
    np.savez(path, emotions=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ModelError, match=r"evil\.npz"):
        LinearHead.load(path)
