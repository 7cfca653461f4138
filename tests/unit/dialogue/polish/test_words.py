"""Recognised text is put into one spelling, whatever the recogniser wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish.words import MAX_LENGTH, MONTH_FORMS, WEEKDAY_FORMS, restore, tokenize


@pytest.mark.parametrize(
    ("heard", "restored"),
    [
        ("zaplace do konca miesionca", "zapłacę do końca miesiąca"),
        ("w pionteg przeleje", "w piątek przeleję"),
        ("Zapłacę W PIĄTEK!", "zapłacę w piątek"),
        ("wpiątek", "w piątek"),
        ("dopiętnastego", "do piętnastego"),
        ("dokonca miesiaca", "do końca miesiąca"),
        ("czy mozna naraty", "czy mozna na raty"),
        ("bliki em", "blikiem"),
        ("po jutrze", "pojutrze"),
        ("przed wczoraj", "przedwczoraj"),
        ("dwa dzieścia", "dwadzieścia"),
        ("pięć set", "pięćset"),
        ("pińcet", "pięćset"),
        ("pażdziernika", "października"),
        ("pazdziernika", "października"),
        ("grudnja", "grudnia"),
        ("czwardek", "czwartek"),
        ("poniedziałeg", "poniedziałek"),
        ("wtorek", "wtorek"),
        ("niemam", "nie mam"),
    ],
)
def test_known_words_are_restored(heard, restored):
    assert restore(heard) == restored


@pytest.mark.parametrize(
    "word",
    [
        "worek", "marka", "środek", "piątka", "kwota", "rata", "sprawa", "maja", "lipa", "mama",
        "wierzyciel", "komornik", "przelew", "pieniądze", "sobie", "swoboda", "majątek", "czerwony",
        "dostałem", "luty", "piętro", "liście", "marzenie",
    ],
)  # fmt: skip
def test_other_words_are_left_alone(word):
    assert tokenize(word)[0].text not in (MONTH_FORMS | WEEKDAY_FORMS).keys() - {"maja", "luty"}


def test_marks_and_numbers_are_tokens_of_their_own():
    words = [token.text for token in tokenize("15-go, 16:30 i 08.05.75; 1.200,50zł")]
    assert words == ["15", "-", "go", ",", "16:30", "i", "08.05.75", ";", "1.200,50", "zlotych"]


@given(st.text())
def test_any_text_is_cut_into_words(text):
    tokens = tokenize(text)
    assert all(token.text for token in tokens)
    assert len(tokens) <= 2 * MAX_LENGTH
    restore(text)
