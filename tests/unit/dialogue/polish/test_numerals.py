"""Cardinals and ordinals are read to their end and no further."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish import readout
from voicebot.dialogue.polish.numerals import read_cardinal, read_ordinal
from voicebot.dialogue.polish.words import tokenize


@given(st.integers(0, 10**11), st.sampled_from(["nom", "gen"]), st.sampled_from(["m", "f"]))
def test_every_cardinal_is_read_back(n, case, gender):
    tokens = tokenize(readout.cardinal(n, gender, case))
    number = read_cardinal(tokens, 0)
    assert number is not None
    assert number.whole == n
    assert number.end == len(tokens)


@given(st.integers(1, 99), st.sampled_from(["m.nom", "m.gen", "m.ins", "f.nom", "f.loc"]))
def test_every_ordinal_is_read_back(n, form):
    tokens = tokenize(readout.ordinal(n, form))
    ordinal = read_ordinal(tokens, 0)
    assert ordinal is not None
    assert (ordinal.value, ordinal.end) == (n, len(tokens))
    assert ordinal.form == form.replace("ins", "loc")


@pytest.mark.parametrize(
    ("text", "hundredths"),
    [
        ("półtora tysiąca", 150000),
        ("dwa i pół", 250),
        ("pół", 50),
        ("dwunastu", 1200),
        ("dwiema", 200),
        ("dwa tysiące dwa", 200200),
        ("milion tysiąc jeden", 100100100),
        ("sto dwieście", 10000),
        ("dwadzieścia trzydzieści", 2000),
        ("pięć sześć", 500),
    ],
)
def test_where_a_number_ends(text, hundredths):
    number = read_cardinal(tokenize(text), 0)
    assert number is not None
    assert number.hundredths == hundredths


@pytest.mark.parametrize(
    ("text", "value", "form"),
    [
        ("15-go", 15, "m.gen"), ("15go", 15, "m.gen"), ("20ego", 20, "m.gen"),
        ("1-szego", 1, "m.gen"), ("16-tej", 16, "f.loc"), ("dwudziestego trzeciego", 23, "m.gen"),
        ("dwudziesty trzeci trzeci", 23, "m.nom"), ("dwadzieścia trzeciego", 23, "m.gen"),
        ("drugiego", 2, "m.gen"), ("druga", 2, "f.nom"), ("trzecia", 3, "f.nom"),
        ("osmego", 8, "m.gen"), ("szostego", 6, "m.gen"),
    ],
)  # fmt: skip
def test_ordinals(text, value, form):
    ordinal = read_ordinal(tokenize(text), 0)
    assert ordinal is not None
    assert (ordinal.value, ordinal.form) == (value, form)


@pytest.mark.parametrize("text", ["", "piętnaście", "piątek", "15", "15 a potem", "sto"])
def test_what_is_no_ordinal(text):
    assert read_ordinal(tokenize(text), 0) is None
