from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.audio import SAMPLE_RATE
from voicebot.errors import ModelError
from voicebot.speech.backends.whisper import (
    Heard,
    Reading,
    WhisperRecognizer,
    confidence_of,
    judge,
    most_tokens,
    padded,
    with_silence_s,
    with_words,
    without_start,
)


def test_confidence_at_the_documented_points() -> None:
    assert confidence_of(0.0) == 1.0
    assert confidence_of(-0.3) == pytest.approx(0.5)
    assert confidence_of(-0.6) == pytest.approx(0.25)


@given(low=st.floats(-20, 0), high=st.floats(-20, 0))
def test_confidence_rises_with_the_score(low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert 0.0 <= confidence_of(low) <= confidence_of(high) <= 1.0


def test_text_from_silence_is_dropped() -> None:
    heard = judge([Reading("Dzień dobry.", -1.8, 4)], no_speech=0.48)
    assert (heard.text, heard.confidence, heard.no_speech) == ("", 0.0, 0.48)


def test_digits_that_sound_like_no_speech_are_kept_where_they_are_likely() -> None:
    assert judge([Reading("2327", -0.71, 4)], no_speech=0.81).text == "2327"


def test_text_from_speech_is_kept_with_its_other_readings() -> None:
    readings = [Reading("Tak, jestem.", -0.3, 5), Reading("Tak, nie jestem.", -0.4, 6)]
    heard = judge(readings, no_speech=0.37)
    assert heard.text == "Tak, jestem."
    assert heard.confidence == pytest.approx(0.5)
    assert heard.alternatives == ("Tak, nie jestem.",)


def test_readings_of_the_same_words_support_each_other() -> None:
    readings = [Reading("Tak.", -0.6, 2), Reading("Tak!", -0.6, 2), Reading("Jak?", -0.9, 2)]
    heard = judge(readings, no_speech=0.1)
    assert heard.text == "Tak."
    # Twice the probability of three tokens: ln 2 / 3 more for each.
    assert heard.confidence == pytest.approx(confidence_of(-0.6 + np.log(2) / 3))
    assert heard.alternatives == ("Jak?",)


def test_made_up_readings_give_way_to_honest_ones() -> None:
    readings = [Reading("Dziękuję za uwagę.", -0.1, 6), Reading("W piątek.", -0.6, 4)]
    heard = judge(readings, no_speech=0.1)
    assert heard.text == "W piątek."
    assert heard.confidence == pytest.approx(0.25)


def test_nothing_but_made_up_readings_is_nothing_understood() -> None:
    assert judge([Reading("Napisy stworzone przez społeczność Amara.org", -0.1, 9)], 0.1).text == ""
    assert judge([Reading("", -0.1, 0)], 0.1).text == ""


def test_a_loop_is_said_once_and_not_trusted() -> None:
    heard = judge([Reading("nie da się " * 8, -0.05, 40)], no_speech=0.1)
    assert heard.text == "nie da się"
    assert heard.confidence <= 0.2


@pytest.mark.parametrize(("audio_s", "padded_s"), [(0.5, 8), (2, 8), (5, 11), (24, 30), (29, 30)])
def test_silence_is_put_behind(audio_s: float, padded_s: float) -> None:
    t = np.arange(int(audio_s * SAMPLE_RATE)) / SAMPLE_RATE
    samples = (300 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)
    assert with_silence_s(audio_s) == padded_s
    result = padded(samples, padded_s)
    assert len(result) == padded_s * 16000
    voice = result[: int(audio_s * 16000)]
    assert np.sqrt((voice**2).mean()) == pytest.approx(0.1, rel=0.05)
    assert not result[int(audio_s * 16000) + 1 :].any()


def test_a_folder_without_a_model_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.bin.*voicebot models pull"):
        WhisperRecognizer(tmp_path)


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(ModelError, match="pull it anew"):
        WhisperRecognizer(tmp_path)


def test_readings_in_words_come_before_those_in_digits() -> None:
    digits = Heard("8 maja 1989 roku.", 0.5, 0.1, ("8 May 1989 roku.",))
    words = [Reading("8 maja osiemdziesiątego roku.", -0.3, 9)]
    heard = with_words(digits, words)
    assert heard.text == "8 maja osiemdziesiątego roku."
    assert heard.alternatives == ("8 maja 1989 roku.", "8 May 1989 roku.")
    assert heard.no_speech == 0.1


def test_words_that_loop_are_not_taken() -> None:
    digits = Heard("29-1978 roku.", 0.3, 0.1)
    for words in (
        [Reading("sierpnia " * 12, -0.1, 40)],
        [Reading("i śruby śruby", -1.4, 6)],
        [],
        [Reading("двадцать", -0.2, 6)],
    ):
        heard = with_words(digits, words)
        assert (heard.text, heard.confidence) == ("29-1978 roku.", 0.1)


def test_the_given_start_is_not_counted_twice() -> None:
    assert without_start([1, 2, 7, 8], [1, 2]) == [7, 8]
    assert without_start([7, 8], [1, 2]) == [7, 8]
    assert without_start([7, 8], []) == [7, 8]


@pytest.mark.parametrize("audio_s", [0.1, 0.7, 3.0, 24.0])
def test_room_for_what_can_be_said_and_not_for_a_loop(audio_s: float) -> None:
    assert 8 * audio_s + 8 < most_tokens(audio_s) < 16 * audio_s + 16
