"""When numbers are to be written in words, and with which tokens."""

from __future__ import annotations

import pytest

from voicebot.speech.backends.whisper_numbers import digit_tokens, needs_words, trusted_start


@pytest.mark.parametrize(
    "text",
    ["5 set złotych.", "Number 5-10-2-76-31-48", "12 września 9-10-4 roku.", "75 naście.", "9,14"],
)
def test_torn_numbers_are_written_once_more(text: str) -> None:
    assert needs_words(text, "digits")
    assert needs_words(text, "amount")


@pytest.mark.parametrize("text", ["", "24681357", "sto złotych", "80-299", "15.10."])
def test_whole_numbers_are_left_alone(text: str) -> None:
    assert not needs_words(text, "digits")


@pytest.mark.parametrize(
    ("text", "is_needed"),
    [("8 maja 1989 roku.", True), ("21.375.", True), ("20 marca.", False), ("W piątek.", False)],
)
def test_a_date_with_a_year_is_written_once_more(text: str, is_needed: bool) -> None:
    assert needs_words(text, "date") is is_needed
    assert not needs_words(text, "open")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("8 maja 1989 roku.", "8 maja"),
        ("30 listopada 9-10 pierwszego roku.", "30 listopada"),
        ("Urodziłem się 15 stycznia 6-10-09 roku.", "Urodziłem się 15 stycznia"),
        ("21.375.", ""),
        ("w piątek", ""),
        ("", ""),
    ],
)
def test_what_comes_before_the_torn_number_is_kept(text: str, start: str) -> None:
    assert trusted_start(text) == start


def test_digits_roman_numerals_and_dashes_are_forbidden() -> None:
    vocabulary = {
        "Ġ19": 1, "5": 2, "ĠXII": 3, "V": 4, "Ġ-": 5, "ĠI": 6, "Ġtys": 7, "<|0.00|>": 8, "Ġ": 9,
    }  # fmt: skip
    assert digit_tokens(vocabulary) == [1, 2, 3, 4, 5]
