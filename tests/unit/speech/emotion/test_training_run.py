"""Training from files to report, with an encoder that only counts."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from voicebot.audio import Samples
from voicebot.errors import AudioFileError
from voicebot.speech.emotion.emotion import EMOTIONS, Embedding
from voicebot.speech.emotion.head import HeadMetadata
from voicebot.speech.emotion.labelled_calls import LabelledFile
from voicebot.speech.emotion.report import ReportFacts, write_report
from voicebot.speech.emotion.training_run import EmbeddingCache, TrainingRun, evenly

METADATA = HeadMetadata("counting", "own", True, "a test")


class CountingEncoder:
    """The spectrum in eight bands: enough to tell tones apart."""

    name = "counting"

    def __init__(self) -> None:
        self.n_embedded = 0

    def embed(self, samples: Samples) -> Embedding:
        self.n_embedded += 1
        power = np.abs(np.fft.rfft(samples.astype(np.float64), 4096))[:2048] ** 2
        bands = power.reshape(8, -1).sum(axis=1)
        return np.log10(bands / bands.sum() + 1e-6).astype(np.float32)


def recordings(tmp_path: Path, n_speakers: int = 3) -> list[LabelledFile]:
    files = []
    for speaker in range(n_speakers):
        for emotion in range(len(EMOTIONS)):
            for number in range(5):
                path = tmp_path / f"{speaker}_{emotion}_{number}.raw"
                path.write_bytes(b"x" * (1 + number))
                files.append(LabelledFile(path, emotion, f"S{speaker}"))
    return files


def read(path: Path) -> Samples:
    """A tone by emotion, noise by file."""
    _, emotion, number = (int(part) for part in path.stem.split("_"))
    rng = np.random.default_rng(number)
    times = np.arange(12000) / 8000
    tone = 4000 * np.sin(2 * np.pi * (350 + 600 * emotion) * times)
    return (tone + 300 * rng.standard_normal(len(times))).astype(np.int16)


def run_with(encoder: CountingEncoder, cache: Path | None, steps: list[str]) -> TrainingRun:
    return TrainingRun(
        encoder,
        read,
        lambda samples: samples,
        EmbeddingCache(cache, "salt"),
        lambda step, done, total: steps.append(step),
    )


def test_head_learns_tones_and_the_report_tells_it(tmp_path: Path) -> None:
    steps: list[str] = []
    files = recordings(tmp_path)
    run = run_with(CountingEncoder(), None, steps)
    head, outcomes, speakers = run.train(files, METADATA)
    assert speakers == ["S0", "S1", "S2"]
    assert outcomes[0].condition == "whole utterances"
    assert outcomes[0].recall > 0.9
    encoder = CountingEncoder()
    assert head.read(encoder.embed(read(files[-1].path))).emotion == EMOTIONS[files[-1].emotion]
    assert {"whole utterances", "noise 15 dB", "first 2 s", "slower"} < set(steps)

    report = tmp_path / "out" / "report.md"
    write_report(report, outcomes, ReportFacts("Title", "command", speakers, len(files), "tones"))
    text = report.read_text(encoding="utf-8")
    assert "# Title" in text
    assert "| whole utterances | none |" in text
    assert "| S2 | 30 |" in text
    for kind in ("confusion", "calibration"):
        assert f"(report-{kind}.svg)" in text
        root = ElementTree.parse(report.parent / f"report-{kind}.svg").getroot()
        assert root.tag.endswith("svg")


def test_second_run_embeds_nothing_and_comes_to_the_same(tmp_path: Path) -> None:
    files = recordings(tmp_path)
    first, second = CountingEncoder(), CountingEncoder()
    before, *_ = run_with(first, tmp_path / "cache", []).train(files, METADATA)
    after, *_ = run_with(second, tmp_path / "cache", []).train(files, METADATA)
    assert first.n_embedded > len(files)
    assert second.n_embedded == 0
    np.testing.assert_array_equal(before.without.weights, after.without.weights)


def test_changed_recordings_are_embedded_anew(tmp_path: Path) -> None:
    files = recordings(tmp_path)
    run_with(CountingEncoder(), tmp_path / "cache", []).train(files, METADATA)
    files[0].path.write_bytes(b"longer than before")
    encoder = CountingEncoder()
    run_with(encoder, tmp_path / "cache", []).train(files, METADATA)
    assert encoder.n_embedded > 0


def test_a_recording_that_is_too_short_is_named(tmp_path: Path) -> None:
    run = TrainingRun(
        CountingEncoder(),
        lambda path: np.zeros(100, np.int16),
        lambda samples: samples,
        EmbeddingCache(None, ""),
    )
    with pytest.raises(AudioFileError, match=r"0_0_0\.raw: too short"):
        run.train(recordings(tmp_path), METADATA)


def test_rows_are_spread_over_each_speaker() -> None:
    speakers = np.array([0] * 10 + [1] * 3)
    assert evenly(speakers, 4).tolist() == [0, 3, 6, 9, 10, 11, 12]
