"""Names are declined where the rules are safe, and left alone where they are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish.cases import CASES
from voicebot.dialogue.polish.companies import company_name
from voicebot.dialogue.polish.names import address_form, full_name, person_form
from voicebot.records import PersonName


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
        ("Jan", "Marzec", "m", "panem Janem Marcem"),
        ("Maciek", "Golec", "m", "panem Maćkiem Golcem"),
        ("Nicole", "Smith", "f", "panią Nicole Smith"),
        ("John", "Smith", "m", "panem Johnem Smithem"),
        ("Anna Maria", "Lis", "f", "panią Anną Marią Lis"),
    ],
)
def test_the_instrumental(first, last, sex, words):
    assert person_form(PersonName(first, last, sex), "ins") == words


@pytest.mark.parametrize(
    ("first", "last", "sex", "forms"),
    [
        (
            "Jan",
            "Kowalski",
            "m",
            "pan Jan Kowalski|pana Jana Kowalskiego|panu Janowi Kowalskiemu|pana Jana Kowalskiego"
            "|panem Janem Kowalskim|panu Janie Kowalskim|panie Janie",
        ),
        (
            "Agnieszka",
            "Górska",
            "f",
            "pani Agnieszka Górska|pani Agnieszki Górskiej|pani Agnieszce Górskiej"
            "|panią Agnieszkę Górską|panią Agnieszką Górską|pani Agnieszce Górskiej"
            "|pani Agnieszko",
        ),
        (
            "Robert",
            "Kaczmarek",
            "m",
            "pan Robert Kaczmarek|pana Roberta Kaczmarka|panu Robertowi Kaczmarkowi"
            "|pana Roberta Kaczmarka|panem Robertem Kaczmarkiem|panu Robercie Kaczmarku"
            "|panie Robercie",
        ),
        (
            "Zofia",
            "Mucha",
            "f",
            "pani Zofia Mucha|pani Zofii Muchy|pani Zofii Musze|panią Zofię Muchę"
            "|panią Zofią Muchą|pani Zofii Musze|pani Zofio",
        ),
        (
            "Wojciech",
            "Jagiełło",
            "m",
            "pan Wojciech Jagiełło|pana Wojciecha Jagiełły|panu Wojciechowi Jagielle"
            "|pana Wojciecha Jagiełłę|panem Wojciechem Jagiełłą|panu Wojciechu Jagielle"
            "|panie Wojciechu",
        ),
        (
            "Antoni",
            "Gołąb",
            "m",
            "pan Antoni Gołąb|pana Antoniego Gołębia|panu Antoniemu Gołębiowi"
            "|pana Antoniego Gołębia|panem Antonim Gołębiem|panu Antonim Gołębiu|panie Antoni",
        ),
        (
            "Basia",
            "Kania",
            "f",
            "pani Basia Kania|pani Basi Kani|pani Basi Kani|panią Basię Kanię"
            "|panią Basią Kanią|pani Basi Kani|pani Basiu",
        ),
        (
            "Łucja",
            "Nowakowa",
            "f",
            "pani Łucja Nowakowa|pani Łucji Nowakowej|pani Łucji Nowakowej"
            "|panią Łucję Nowakową|panią Łucją Nowakową|pani Łucji Nowakowej|pani Łucjo",
        ),
    ],
)
def test_every_case(first, last, sex, forms):
    person = PersonName(first, last, sex)
    assert "|".join(person_form(person, case) or "?" for case in CASES) == forms


@pytest.mark.parametrize(
    ("first", "last", "sex"),
    [
        ("Jan", "Kowalski", ""),
        ("Andrii", "Nowak", "m"),
        ("Jan", "Dudzień", "m"),
        ("Jan", "Bordeaux", "m"),
        ("Jan", "Lato", "m"),
        ("Jan", "Kennedy", "m"),
        ("Jan", "", "m"),
        ("Jan", "O'Brien", "m"),
        ("Jan", "Nowak2", "m"),
    ],
)
def test_an_uncertain_form_is_refused(first, last, sex):
    assert person_form(PersonName(first, last, sex), "ins") is None


def test_a_form_may_be_certain_in_one_case_only():
    smith = PersonName("John", "Smith", "m")
    assert person_form(smith, "gen") == "pana Johna Smitha"
    assert person_form(smith, "loc") is None


@pytest.mark.parametrize(
    ("name", "greeted"),
    [
        ("Hurtpol Sp. z o.o.", "Hurtpol"),
        ("Hurtpol sp. z o. o. sp. k.", "Hurtpol"),
        ("Budex Spółka z ograniczoną odpowiedzialnością", "Budex"),
        ("Alfa i Beta S.A.", "Alfa i Beta"),
        ("Kwiaty Anna Nowak", "Kwiaty Anna Nowak"),
        ("Transport sp.j.", "Transport"),
        ("Masa w upadłości", "Masa"),
        ("S.A.", "S.A."),
    ],
)
def test_a_company_is_named_without_its_legal_form(name, greeted):
    assert company_name(name) == greeted
    assert {person_form(PersonName("", name), case) for case in CASES} == {greeted}


def test_the_neutral_form_is_the_name_as_it_stands():
    assert full_name(PersonName("Jan", "Bordeaux", "m")) == "Jan Bordeaux"
    assert full_name(PersonName("", "Hurtpol S.A.")) == "Hurtpol"


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
        ("Ernest", "m", "panie Erneście"),
        ("Konrad", "m", "panie Konradzie"),
        ("Stanisław", "m", "panie Stanisławie"),
        ("Kuba", "m", "panie Kubo"),
        ("Hugo", "m", "panie Hugonie"),
        ("Anna", "f", "pani Anno"),
        ("Maria", "f", "pani Mario"),
        ("Basia", "f", "pani Basiu"),
        ("Ola", "f", "pani Olu"),
        ("Izabela", "f", "pani Izabelo"),
        ("Nikol", "f", "pani Nikol"),
        ("Serhii", "m", None),
        ("Jan", None, None),
    ],
)
def test_the_vocative(first, sex, words):
    assert address_form(first, sex) == words


@given(
    st.text(max_size=30),
    st.text(max_size=30),
    st.sampled_from(["m", "f", ""]),
    st.sampled_from(CASES),
)
def test_no_name_is_too_strange(first, last, sex, case):
    person = PersonName(first, last, sex)
    form = person_form(person, case)
    assert form is None or form == form.strip()
    full_name(person)
