"""The Vosk adapter on its Korean model, the only one that a package index has. Proves that audio
arrives at the right rate, that a grammar narrows, that transcripts can be asked for twice."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.installed_models import installed_model
from tests.peers import need
from voicebot.audio import Samples
from voicebot.errors import ModelError
from voicebot.speech.backends.vosk import VoskRecognizer
from voicebot.speech.recognizer import RecognitionHints, UtteranceRecognizer

YES, NO = "네", "아니요"
YES_NO = RecognitionHints(kind="yes_no", phrases=(YES, NO), language="ko")


@pytest.fixture(scope="module")
def recognizer() -> VoskRecognizer:
    pytest.importorskip("vosk", reason="the optional extra voicebot[vosk] is not installed")
    return VoskRecognizer(installed_model("vosk-ko"))


def say(text: str) -> Samples:
    command = [need("espeak-ng"), "-v", "ko", "-s", "120", "--stdout", text]
    wav = subprocess.run(command, capture_output=True, check=True).stdout
    samples, sample_rate = soundfile.read(io.BytesIO(wav), dtype="float32")
    resampled: Samples = (soxr.resample(samples, sample_rate, 8000) * 16000).astype(np.int16)
    return resampled


def feed(utterance: UtteranceRecognizer, samples: Samples) -> list[str]:
    interims = [utterance.accept(samples[at : at + 160]) for at in range(0, len(samples), 160)]
    return [interim for interim in interims if interim is not None]


@pytest.mark.parametrize("word", [YES, NO])
def test_a_grammar_narrows_what_is_heard(recognizer: VoskRecognizer, word: str) -> None:
    utterance = recognizer.start(YES_NO)
    interims = feed(utterance, say(word))
    transcript = utterance.transcribe()
    assert transcript.text == word
    assert interims[-1] == word
    assert len(interims) == len(set(interims))
    assert transcript.confidence > 0.5
    assert (transcript.no_speech, transcript.cpu_ms > 0) == (0.0, True)


def test_asked_again_after_more_words_it_tells_all(recognizer: VoskRecognizer) -> None:
    utterance = recognizer.start(YES_NO)
    feed(utterance, say(YES))
    assert utterance.transcribe().text == YES
    feed(utterance, say(NO))
    assert utterance.transcribe().text == f"{YES} {NO}"


def test_open_speech_gives_interims_and_alternatives(recognizer: VoskRecognizer) -> None:
    utterance = recognizer.start(RecognitionHints(language="ko"))
    interims = feed(utterance, say("오늘 날씨가 좋습니다"))
    transcript = utterance.transcribe()
    assert len(interims) > 2
    assert any("\uac00" <= letter <= "\ud7a3" for letter in transcript.text)
    assert transcript.alternatives


def test_silence_is_no_speech(recognizer: VoskRecognizer) -> None:
    utterance = recognizer.start(YES_NO)
    feed(utterance, np.zeros(8000, dtype=np.int16))
    transcript = utterance.transcribe()
    assert (transcript.text, transcript.no_speech) == ("", 1.0)


def test_a_folder_without_a_model_is_refused_with_advice(tmp_path: Path) -> None:
    pytest.importorskip("vosk")
    with pytest.raises(ModelError, match="voicebot models pull"):
        VoskRecognizer(tmp_path)
