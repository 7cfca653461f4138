from __future__ import annotations

import json

import pytest

from voicebot.speech.backends.vosk import grammar, joined, parse_result
from voicebot.speech.recognizer import Transcript


def test_a_grammar_holds_the_phrases_and_something_else() -> None:
    assert json.loads(grammar(["Tak", "nie ", "tak", ""])) == ["tak", "nie", "[unk]"]


def test_words_give_the_confidence() -> None:
    result = {"text": "tak jest", "result": [{"conf": 1.0}, {"conf": 0.5}]}
    assert parse_result(json.dumps(result)).confidence == 0.75


def test_alternatives_without_word_confidences_share_it() -> None:
    result = {
        "alternatives": [
            {"confidence": 200.0, "text": " w piątek"},
            {"confidence": 199.0, "text": " w piątek"},
            {"confidence": 198.0, "text": " w wtorek"},
        ]
    }
    transcript = parse_result(json.dumps(result))
    assert transcript.text == "w piątek"
    assert transcript.alternatives == ("w wtorek",)
    assert transcript.confidence == pytest.approx(0.909, abs=0.001)


@pytest.mark.parametrize("text", ["", "[unk]", " [unk] [unk]"])
def test_nothing_heard_is_no_speech(text: str) -> None:
    transcript = parse_result(json.dumps({"alternatives": [{"confidence": 1.0, "text": text}]}))
    assert (transcript.text, transcript.confidence, transcript.no_speech) == ("", 0.0, 1.0)


def test_pieces_are_joined_and_as_sure_as_the_least_sure() -> None:
    pieces = [Transcript("w piątek", 0.9, 0.0), Transcript("sto złotych", 0.4, 0.0)]
    transcript = joined(pieces, audio_s=3.0, cpu_ms=12.0)
    assert transcript.text == "w piątek sto złotych"
    assert (transcript.confidence, transcript.no_speech) == (0.4, 0.0)
    assert joined([], 1.0, 1.0).no_speech == 1.0
