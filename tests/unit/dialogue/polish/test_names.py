"""Names are declined where the rules are safe, and left alone where they are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish.names import person_instrumental, person_vocative


@pytest.mark.parametrize(
    ("first", "last", "sex", "words"),
    [
        ("Jan", "Kowalski", "m", "panem Janem Kowalskim"),
        ("JAN", "KOWALSKI", "m", "panem Janem Kowalskim"),
        ("Anna", "Nowak", "f", "panią Anną Nowak"),
        ("Maria", "Wójcik", "f", "panią Marią Wójcik"),
        ("Ewa", "Kowalska", "f", "panią Ewą Kowalską"),
        ("Ewa", "Moniuszko", "f", "panią Ewą Moniuszko"),
        ("Zofia", "Sikora", "f", "panią Zofią Sikorą"),
        ("Anna", "Nowak-Kowalska", "f", "panią Anną Nowak-Kowalską"),
        ("Marek", "Nowak", "m", "panem Markiem Nowakiem"),
        ("Piotr", "Kaczmarek", "m", "panem Piotrem Kaczmarkiem"),
        ("Paweł", "Wiśniewski", "m", "panem Pawłem Wiśniewskim"),
        ("Jerzy", "Zając", "m", "panem Jerzym Zającem"),
        ("Antoni", "Mazur", "m", "panem Antonim Mazurem"),
        ("Kacper", "Wróbel", "m", "panem Kacprem Wróblem"),
        ("Kuba", "Zaręba", "m", "panem Kubą Zarębą"),
        ("Tadeusz", "Kościuszko", "m", "panem Tadeuszem Kościuszką"),
        ("Adam", "Bek", "m", "panem Adamem Bekiem"),
        ("Mikołaj", "Kocoń", "m", "panem Mikołajem Koconiem"),
        ("Jan", "Krawiec", "m", "panem Janem Krawcem"),
    ],
)
def test_the_instrumental(first, last, sex, words):
    assert person_instrumental(first, last, sex) == words


@pytest.mark.parametrize(
    ("first", "last", "sex"),
    [
        ("Jan", "Kowalski", None),
        ("Nikol", "Nowak", "f"),
        ("Oliwier", "Nowak", "m"),
        ("Jan", "Dudzień", "m"),
        ("Jan", "Bordeaux", "m"),
        ("Jan", "Lato", "m"),
        ("", "Nowak", "m"),
        ("Jan", "", "m"),
        ("Jan", "O'Brien", "m"),
        ("Jan", "Nowak2", "m"),
    ],
)
def test_an_uncertain_form_is_refused(first, last, sex):
    assert person_instrumental(first, last, sex) is None


@pytest.mark.parametrize(
    ("first", "sex", "words"),
    [
        ("Jan", "m", "panie Janie"),
        ("Marek", "m", "panie Marku"),
        ("Piotr", "m", "panie Piotrze"),
        ("Michał", "m", "panie Michale"),
        ("Tomasz", "m", "panie Tomaszu"),
        ("Jerzy", "m", "panie Jerzy"),
        ("Robert", "m", "panie Robercie"),
        ("Konrad", "m", "panie Konradzie"),
        ("Stanisław", "m", "panie Stanisławie"),
        ("Anna", "f", "pani Anno"),
        ("Maria", "f", "pani Mario"),
        ("Basia", "f", "pani Basiu"),
        ("Ola", "f", "pani Olu"),
        ("Nikol", "f", None),
        ("Jan", None, None),
    ],
)
def test_the_vocative(first, sex, words):
    assert person_vocative(first, sex) == words


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["m", "f", None]))
def test_no_name_is_too_strange(first, last, sex):
    person_instrumental(first, last, sex)
    person_vocative(first, sex)
