from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from voicebot.audio import SAMPLE_RATE, Samples, seconds
from voicebot.errors import AudioFileError
from voicebot.speech.recognizer import RecognitionHints, Transcript
from voicebot.speech.transcribe import LONGEST_PIECE_S, transcribe_files, transcribe_samples


class Counting:
    """Tells the length of what it hears; hears nothing in silence."""

    name = "counting"
    is_streaming = False

    def start(self, hints: RecognitionHints) -> CountingUtterance:
        return CountingUtterance()


class CountingUtterance:
    def __init__(self) -> None:
        self._samples: Samples = np.zeros(0, dtype=np.int16)

    def accept(self, samples: Samples) -> str | None:
        self._samples = samples
        return None

    def transcribe(self) -> Transcript:
        audio_s = seconds(len(self._samples))
        if not self._samples.any():
            return Transcript("", 0.0, 0.9, audio_s=audio_s)
        return Transcript(f"{audio_s:.0f}s", audio_s / 100, 0.1, audio_s=audio_s, cpu_ms=2.0)


def voice(duration_s: float) -> Samples:
    return np.tile(np.array([2000, -2000], dtype=np.int16), int(duration_s * SAMPLE_RATE / 2))


def test_each_file_gives_an_entry() -> None:
    samples = {Path("a.wav"): voice(3), Path("b.wav"): np.zeros(8000, dtype=np.int16)}
    entries = list(transcribe_files(samples, Counting(), samples.__getitem__))
    assert entries == [
        {"file": "a.wav", "text": "3s", "confidence": 0.03, "no_speech": 0.1},
        {"file": "b.wav", "text": "", "confidence": 0.0, "no_speech": 0.9},
    ]


def test_a_long_file_is_heard_in_pieces_cut_at_its_pauses() -> None:
    pause = np.zeros(8000, dtype=np.int16)
    samples = np.concatenate([voice(15), pause, voice(14), pause, voice(4)])
    transcript = transcribe_samples(samples, Counting())
    lengths = [int(text.removesuffix("s")) for text in transcript.text.split()]
    assert sum(lengths) == 35
    assert max(lengths) <= LONGEST_PIECE_S
    assert lengths[0] in (15, 16)
    assert transcript.cpu_ms == 2.0 * len(lengths)
    assert min(lengths) / 100 <= transcript.confidence <= max(lengths) / 100


def test_a_file_that_is_no_audio_is_told() -> None:
    def read(path: Path) -> Samples:
        raise AudioFileError(f"{path}: is no audio file; read are WAV and FLAC")

    with pytest.raises(AudioFileError, match=r"notes\.txt.*WAV and FLAC"):
        list(transcribe_files([Path("notes.txt")], Counting(), read))
