"""The real model on real and on made-up sound. Skips where the model is not installed."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import soundfile

from tests.installed_models import installed_model
from tests.shared import shared_path
from voicebot.audio import Samples
from voicebot.speech.backends.whisper import WhisperRecognizer
from voicebot.speech.recognizer import RecognitionHints, Transcript

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import audioop

CLEAR = ["SM0_neutral_1", "KS0_neutral_13", "SM0_neutral_21", "KS0_neutral_35"]


@pytest.fixture(scope="module")
def recognizer() -> WhisperRecognizer:
    return WhisperRecognizer(installed_model("whisper-base"))


def telephone(samples: Samples) -> Samples:
    coded = audioop.lin2alaw(samples.astype(np.int16).tobytes(), 2)
    return np.frombuffer(audioop.alaw2lin(coded, 2), dtype=np.int16)


def line_noise(duration_s: float, amplitude: float, seed: int = 1) -> Samples:
    generator = np.random.default_rng(seed)
    return generator.normal(0, amplitude, int(duration_s * 8000)).astype(np.int16)


def speech(name: str) -> Samples:
    samples, _ = soundfile.read(shared_path(f"speech/nemo_8k/{name}.flac"), dtype="int16")
    return telephone(samples)


def transcribe(recognizer: WhisperRecognizer, samples: Samples) -> Transcript:
    listening = recognizer.start(RecognitionHints())
    assert listening.accept(samples) is None
    return listening.transcribe()


def text_of(name: str) -> str:
    lines = shared_path("speech/nemo_8k/data.tsv").read_text(encoding="utf-8").splitlines()
    [text] = [line.split("\t")[3] for line in lines if line.startswith(f"{name}.wav\t")]
    return text


def words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in text.lower()).split())


def test_clear_speech_is_understood(recognizer: WhisperRecognizer) -> None:
    heard = wanted = 0
    for name in CLEAR:
        expected = words(text_of(name))
        transcript = transcribe(recognizer, speech(name))
        wanted += len(expected)
        heard += len(expected & words(transcript.text))
        assert transcript.no_speech < 0.4
        assert transcript.cpu_ms > 0
    assert heard / wanted > 0.75


@pytest.mark.parametrize("amplitude", [0, 8, 300, 2000])
@pytest.mark.parametrize("duration_s", [0.3, 2.0])
def test_nothing_is_heard_in_noise(
    recognizer: WhisperRecognizer, amplitude: float, duration_s: float
) -> None:
    transcript = transcribe(recognizer, telephone(line_noise(duration_s, amplitude)))
    assert transcript.text == ""
    assert transcript.no_speech >= 0.5


def test_a_dial_tone_is_no_speech(recognizer: WhisperRecognizer) -> None:
    tone = 5000 * np.sin(2 * np.pi * 425 * np.arange(8000) / 8000)
    assert transcribe(recognizer, telephone(tone.astype(np.int16))).text == ""


def test_the_level_of_the_line_makes_no_difference(recognizer: WhisperRecognizer) -> None:
    loud = speech(CLEAR[0])
    quiet = (loud / 10).astype(np.int16)
    assert words(transcribe(recognizer, quiet).text) == words(transcribe(recognizer, loud).text)


def test_silence_behind_the_words_costs_nothing_more(recognizer: WhisperRecognizer) -> None:
    """Recognition starts before it is sure that the caller has finished; then it is asked again."""
    listening = recognizer.start(RecognitionHints())
    listening.accept(np.concatenate([speech(CLEAR[0]), line_noise(0.3, 4)]))
    first = listening.transcribe()
    listening.accept(line_noise(0.5, 4, seed=2))
    second = listening.transcribe()
    assert second.text == first.text != ""
    assert second.cpu_ms == 0
    assert second.audio_s > first.audio_s
    listening.accept(speech(CLEAR[1]))
    third = listening.transcribe()
    assert third.cpu_ms > 0
    assert len(third.text) > len(first.text)


def test_audio_longer_than_the_model_takes_is_heard_to_its_end(
    recognizer: WhisperRecognizer,
) -> None:
    pause = line_noise(0.6, 4)
    pieces = [part for name in CLEAR * 3 for part in (speech(name), pause)]
    samples = np.concatenate(pieces)
    assert len(samples) > 30 * 8000
    heard = words(transcribe(recognizer, samples).text)
    assert len(heard & words(text_of(CLEAR[0]))) >= 2
    assert len(heard & words(text_of(CLEAR[-1]))) >= 2


def test_other_readings_are_offered(recognizer: WhisperRecognizer) -> None:
    transcript = transcribe(recognizer, speech("EB0_anger_1"))
    assert transcript.alternatives
    assert transcript.text not in transcript.alternatives
