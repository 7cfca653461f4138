from __future__ import annotations

import pytest

from voicebot.speech.speakable import speakable


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Zażółć gęślą jaźń, dobrze?", "Zażółć gęślą jaźń, dobrze?"),
        ("dwa\x00 słowa\x07\n i trzecie", "dwa słowa i trzecie"),
        ("[[kw]]", "[ [kw]]"),
        ("\ud800 sama połowa pary", "sama połowa pary"),
        (" \n\x00", ""),
    ],
)
def test_only_words_reach_a_voice(text: str, spoken: str) -> None:
    assert speakable(text) == spoken
