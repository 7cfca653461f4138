"""How a debt is to be split."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish import readout
from voicebot.dialogue.polish.counts import Installments, parse_installments

_BALANCE_GR = 123456


@pytest.mark.parametrize(
    ("text", "n", "amount_gr"),
    [
        ("na trzy razy", 3, 41152),
        ("na trzy razy bym zapłacił", 3, 41152),
        ("poproszę cztery raty", 4, 30864),
        ("dziesięć rat by mi pasowało", 10, 12346),
        ("w piętnastu ratach", 15, 8231),
        ("na dwie raty", 2, 61728),
        ("12 rat", 12, 10288),
        ("rozłożyć na sześć miesięcy", 6, 20576),
        ("na pół roku", 6, 20576),
        ("na rok", 12, 10288),
        ("w dwóch częściach", 2, 61728),
        ("na 3 raty", 3, 41152),
        ("nie na trzy tylko na cztery raty", 4, 30864),
        ("pięć równych rat", 5, 24692),
    ],
)
def test_a_number_of_installments(text, n, amount_gr):
    assert parse_installments(text, _BALANCE_GR) == Installments(n, amount_gr)


@pytest.mark.parametrize(
    ("text", "n", "amount_gr"),
    [
        ("po stówce mogę", 13, 10000),
        ("nie mam tyle naraz ale po stówce mogę", 13, 10000),
        ("po 200 zlotych miesiecznie moge", 7, 20000),
        ("dwieście złotych miesięcznie", 7, 20000),
        ("miesięcznie dwieście", 7, 20000),
        ("na raty po sto złotych", 13, 10000),
        ("trzy raty po czterysta", 3, 40000),
        ("dwa razy po pięćset", 2, 50000),
        ("sto złotych na miesiąc", 13, 10000),
    ],
)
def test_an_amount_each(text, n, amount_gr):
    assert parse_installments(text, _BALANCE_GR) == Installments(n, amount_gr, is_amount_said=True)


def test_how_often():
    weekly = parse_installments("sto złotych co tydzień", _BALANCE_GR)
    assert weekly is not None
    assert weekly.frequency == "weekly"
    biweekly = parse_installments("po sto złotych co dwa tygodnie", _BALANCE_GR)
    assert biweekly is not None
    assert biweekly.frequency == "biweekly"


def test_on_which_day():
    plan = parse_installments("dziesiątego każdego miesiąca po dwieście", _BALANCE_GR)
    assert plan == Installments(7, 20000, day_of_month=10, is_amount_said=True)


def test_without_a_balance_only_what_was_said_is_known():
    assert parse_installments("na trzy raty") == Installments(3, 0)
    assert parse_installments("po dwieście") == Installments(0, 20000, is_amount_said=True)


@pytest.mark.parametrize(
    "text",
    [
        "", "czy mozna naraty", "w ratach to tak", "zapłacę pięćset złotych w piątek", "trzy dni",
        "dwa lata temu", "za trzy miesiące", "mam dwanaście lat", "dzwoniliście trzy razy",
        "minęło już sześć lat", "po piętnastym", "po osiemnastej", "na kilka rat", "dwie trzy raty",
    ],
)  # fmt: skip
def test_no_plan(text):
    assert parse_installments(text, _BALANCE_GR) is None


@given(st.integers(1, 120), st.integers(1, 10**9))
def test_installments_read_out_pay_all(n, balance_gr):
    plan = parse_installments(readout.count(n, "rata"), balance_gr)
    assert plan is not None
    assert plan.installments == n
    assert plan.amount_gr * n >= balance_gr > plan.amount_gr * n - n


@given(st.text(), st.one_of(st.none(), st.integers(0, 10**12)))
def test_any_text(text, balance_gr):
    parse_installments(text, balance_gr)
