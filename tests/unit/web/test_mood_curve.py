"""The mood of a call as it is drawn."""

from __future__ import annotations

import re

from voicebot.records import Speaker, Turn, TurnMood
from voicebot.web.mood_curve import mood_section, mood_text
from voicebot.web.texts import Texts

TEXTS = Texts("pl")
ANGRY = TurnMood("anger", 0.8, {"anger": 0.8, "calm": 0.2}, "anger", 2.5)
UNSURE = TurnMood("calm", 0.4, {"calm": 0.4, "anger": 0.3, "distress": 0.3}, "neutral", 1.6)


def turn(mood: TurnMood | None, started_s: float = 65.0) -> Turn:
    return Turn(Speaker.CALLER, "nie", started_s, started_s + 2, mood=mood)


def test_call_whose_voice_was_not_read_has_no_curve() -> None:
    assert mood_section([turn(None)], TEXTS) == ""


def test_each_turn_read_is_a_column_that_fills_the_height() -> None:
    drawn = mood_section([turn(None), turn(ANGRY), turn(UNSURE, 80.0)], TEXTS)
    columns = re.findall(r"<g .*?</g>", drawn)
    assert len(columns) == 2
    for column in columns:
        heights = [float(height) for height in re.findall(r' height="([\d.]+)"', column)]
        assert abs(sum(heights) - 96) < 0.3
    assert 'class="clear"' in columns[0]
    assert "1:05 złość 80%" in columns[0]
    assert 'class="unclear"' in columns[1]
    assert "często mylny" in drawn


def test_unsure_reading_names_no_mood() -> None:
    assert mood_text(UNSURE, TEXTS) == "niejasny"
    assert mood_text(ANGRY, Texts("en")) == "anger 80%"
