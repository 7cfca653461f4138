"""Numerals as a telephone recogniser writes them are put right, and other words are left alone."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish.birth_dates import parse_birth_date
from voicebot.dialogue.polish.digits import parse_digits
from voicebot.dialogue.polish.misheard import join_years, with_tens_joined
from voicebot.dialogue.polish.words import restore
from voicebot.dialogue.polish.yes_no import parse_yes_no


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("5 set złotych", "500 złotych"),
        ("5 setzwotych", "500 złotych"),
        ("Te szans złotych.", "tysiąc złotych"),
        ("Spiontek.", "w piątek"),
        ("Do pięt nastego.", "do piętnastego"),
        ("Piętna z tego stycznia", "piętnastego stycznia"),
        ("Jeden asty", "jedenasty"),
        ("U smego maja", "ósmego maja"),
        ("dziewięćdziesiątego dziewiętego", "dziewięćdziesiątego dziewiątego"),
        ("siłdmego", "siódmego"),
        ("sięetemdziesiątego", "siedemdziesiątego"),
        ("siemdziesiątego", "siedemdziesiątego"),
        ("dziewięćsetośćdziesiątego", "dziewięćset osiemdziesiątego"),
        ("Rwudzesty", "dwudziesty"),
        ("Rześć dva", "sześć dwa"),
        ("Salość.", "całość"),
        ("nineteen setośdziesiątego", "dziewięćset osiemdziesiątego"),
        ("usmysiedemdziesiąt osiem", "ósmy siedemdziesiąt osiem"),
        ("Wiątydziesiąty", "piąty dziesiąty"),
    ],
)
def test_misheard_numerals_are_put_right(heard: str, meant: str) -> None:
    assert restore(heard) == meant


@pytest.mark.parametrize(
    "text",
    [
        "te szanse są małe", "trzynastka w marcu", "osiemnastka", "rezygnuję z tego", "otwartego",
        "korzystam z tego", "świątecznego", "prawdziwego", "szósta", "rozmowa z tego numeru",
        "zadłużenia z tego roku", "zwykłego", "ostatniego", "dziwnego",
    ],
)  # fmt: skip
def test_other_words_are_no_numerals(text: str) -> None:
    assert restore(text) == text


@pytest.mark.parametrize(
    ("heard", "day"),
    [
        ("12 września 9-10-4 roku.", dt.date(1994, 9, 12)),
        ("30 listopada 9-10 pierwszego roku.", dt.date(1991, 11, 30)),
        ("5 października 9-10-09 roku.", dt.date(1999, 10, 5)),
        ("6 czerwca 6-10 długiego roku.", dt.date(1962, 6, 6)),
        ("6 czerwca 6-10-22 roku.", dt.date(1962, 6, 6)),
        ("24 grudnia 19057 roku.", dt.date(1957, 12, 24)),
        ("21 marca 1979-75 roku.", dt.date(1975, 3, 21)),
        ("6 czerwca 1906–1902 roku.", dt.date(1962, 6, 6)),
        ("30 listopada tysiąc dziewięćdziesiątego pierwszego roku.", dt.date(1991, 11, 30)),
        ("6 czerwca dziewięćset sześćdziesiątego drugiego roku.", dt.date(1962, 6, 6)),
        ("8 piante osiemdziesiąt.", dt.date(1980, 5, 8)),
        ("Drugi siedmy osiemdziesiąt osiem.", dt.date(1988, 7, 2)),
        ("Rwudzesty czwarty dwunasty pięćdziesiąt siedem.", dt.date(1957, 12, 24)),
    ],
)
def test_torn_birth_dates_are_read(heard: str, day: dt.date) -> None:
    assert parse_birth_date(heard) == day


@pytest.mark.parametrize(
    "heard",
    [
        "30 listopada 1939-1991 roku.",
        "24 grudnia 1905-197 roku.",
        "5 października 9-10-35 roku.",
        "12 września tysiąc roku",
        "6 czerwca 08.05.75",
    ],
)
def test_torn_birth_dates_that_fit_two_years_are_asked_again(heard: str) -> None:
    assert parse_birth_date(heard) is None


@pytest.mark.parametrize(
    ("first", "second", "year"),
    [
        ("1979", "1975", 1975),
        ("1999", "04", 1994),
        ("1906", "1902", 1962),
        ("1905", "107", 1957),
        ("1989", "1966", None),
        ("1909", "1901", 1991),
        ("1915", "1917", None),
    ],
)
def test_a_year_written_twice_has_its_tens_and_its_unit(
    first: str, second: str, year: int | None
) -> None:
    assert join_years(first, second) == year


@pytest.mark.parametrize(
    ("heard", "length", "digits"),
    [
        ("Number 5-10-2-76-31-48", 8, "52763148"),
        ("Number 9-10-22-41-67-35", 8, "92416735"),
        ("Numer 41-28-9-15-6-10-3.", 8, "41289563"),
        ("9,10,411.", 5, "90411"),
        ("15 8 6 10 5", 5, "15865"),
        ("pięć dziesięć dwa trzy", 5, "51023"),
        ("5 10 23", 5, "51023"),
        ("5-10-7-10-9-10", 6, None),
        ("6-10-5-10", 5, None),
    ],
)
def test_torn_tens_are_joined_where_the_number_would_be_too_long(
    heard: str, length: int, digits: str | None
) -> None:
    assert parse_digits(heard, length) == digits


def test_many_torn_tens_take_no_long_time() -> None:
    assert len(list(with_tens_joined("9-10-4, " * 40))) <= 3**5


@given(st.text(alphabet="5691 0-.,4x"))
def test_any_text_is_joined(text: str) -> None:
    assert all(isinstance(other, str) for other in with_tens_joined(text))


def test_a_misheard_no_counts_alone_only() -> None:
    answer = parse_yes_no("Mie.")
    assert answer is not None
    assert (answer.is_yes, answer.strength) == (False, "clear")
    assert parse_yes_no("mie wiem ile to jest") is None
