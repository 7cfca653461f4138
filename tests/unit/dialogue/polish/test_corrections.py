"""What a caller took back is left out, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from voicebot.dialogue.polish.corrections import without_corrected
from voicebot.dialogue.polish.words import WEEKDAY_FORMS, Token, tokenize


def _has_weekday(tokens: Sequence[Token]) -> bool:
    return any(token.text in WEEKDAY_FORMS for token in tokens)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("nie w piątek tylko w sobotę", "w sobote"),
        ("nie w piątek, lecz w sobotę", ", w sobote"),
        ("w piątek a nie w sobotę", "w piatek"),
        ("w piątek albo nie w sobotę", "w sobote"),
        ("w piątek, nie, w sobotę", ", w sobote"),
        ("w piątek przepraszam w sobotę znaczy w środę", "w srode"),
        ("w piątek", "w piatek"),
        ("nie mogę w piątek", "nie moge w piatek"),
        ("przepraszam w piątek", "przepraszam w piatek"),
        ("w piątek albo w sobotę", "w piatek albo w sobote"),
    ],
)
def test_corrections(text, left):
    kept = without_corrected(tokenize(text), _has_weekday)
    assert " ".join(token.text for token in kept).removeprefix(", ") == left.removeprefix(", ")


def test_endless_corrections_are_read_a_few_times_only():
    readings = []

    def has_value(tokens: Sequence[Token]) -> bool:
        readings.append(tokens)
        return True

    without_corrected(tokenize("przepraszam w piątek " * 100), has_value)
    assert len(readings) < 20
