from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.recogniser_slips import with_slips

WORDS = st.text("abcdeghijklmnoprstuwyz", min_size=1, max_size=12)


@pytest.mark.parametrize("text", ["czy mozna na raty", "tak", "prosze z konsultantem", "no"])
def test_the_same_text_always_gets_the_same_slips(text: str):
    assert with_slips(text) == with_slips(text)


def test_most_sentences_are_changed_and_stay_alike():
    texts = [f"prosze zadzwonic jutro po {word}" for word in ("pracy", "osmej", "obiedzie", "mszy")]
    changed = [with_slips(text) for text in texts]
    assert sum(new != old for new, old in zip(changed, texts, strict=True)) >= 2
    assert all(abs(len(new) - len(old)) <= 5 for new, old in zip(changed, texts, strict=True))


@given(st.lists(WORDS, min_size=1, max_size=8))
def test_something_is_always_left(words: list[str]):
    assert with_slips(" ".join(words)).strip()
