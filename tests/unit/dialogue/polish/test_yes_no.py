"""Yes and no, and how surely."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish.yes_no import YesNo, parse_yes_no

_CLEAR_YES = """
tak|Tak.|no tak|tak tak|tak, zgadza się|dobrze|dobra|okej|OK|jasne|oczywiście|może być|pasuje|zgoda
no niech będzie|niech będzie|owszem|zgadza się|potwierdzam|jak najbardziej|nie ma sprawy
nie no, dobra|nie no dobra|nie no, okej|nie no, może być|no dobra|no dobrze|no jasne|ta|tak, to ja
tak to ja|no pewnie|nie mam nic przeciwko|czemu nie|tak proszę|tak, proszę zapisać
dobrze, niech będzie|tak jest|dokładnie|w porządku|bez problemu|na pewno|zgadzam się|no, tak|a tak
"""
_CLEAR_NO = """
nie|Nie.|no nie|nie nie nie|nie, dziękuję|nie zgadzam się|nie pasuje mi|no nie bardzo|to nie tak|ne
absolutnie nie|w żadnym wypadku|wykluczone|skądże|nie bardzo|nie mogę|na pewno nie|nie, nie pasuje
a nie|nigdy|niestety nie|zmieniłem zdanie|wcale nie|no nie, nie zgadzam się|nie zapłacę
"""
_WEAK_YES = "tak?|nie, dobra|no|mhm|yhy|aha|no no|nie żeby nie|nie mówię że nie|nie mówię nie|No."
_UNCERTAIN = """
raczej|może|chyba tak|raczej tak|raczej nie|nie wiem|zobaczymy|postaram się|chyba|być może
możliwe|nie jestem pewien|no raczej|chyba nie|myślę że tak|może tak|trudno powiedzieć
tak, może|tak ale nie wiem|tak, tylko w poniedziałek|no nie wiem
dobrze, ale dopiero w piątek|tak i nie|tak, ale nie na pewno|tak, chyba
"""


def _each(table: str) -> list[str]:
    return [text for line in table.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", _each(_CLEAR_YES))
def test_a_clear_yes(text):
    assert parse_yes_no(text) == YesNo(True, "clear")


@pytest.mark.parametrize("text", _each(_CLEAR_NO))
def test_a_clear_no(text):
    assert parse_yes_no(text) == YesNo(False, "clear")


@pytest.mark.parametrize("text", _each(_WEAK_YES))
def test_a_yes_that_is_asked_again(text):
    assert parse_yes_no(text) == YesNo(True, "weak")


@pytest.mark.parametrize("text", _each(_UNCERTAIN))
def test_a_perhaps_is_no_agreement(text):
    answer = parse_yes_no(text)
    assert answer is not None
    assert answer.strength == "uncertain"


@pytest.mark.parametrize(
    "text",
    [
        "", "…", "w piątek", "a kto mówi", "no to w piątek", "no ale kiedy", "słucham",
        "pięćset złotych", "skąd macie mój numer", "do widzenia", "yyy", "hm",
        "może pan powtórzyć", "no a kto mówi", "nie rozumiem", "nie słyszę pana", "nie pamiętam",
    ],
)  # fmt: skip
def test_what_answers_neither(text):
    assert parse_yes_no(text) is None


def test_recognised_without_diacritics():
    assert parse_yes_no("oczywiscie") == YesNo(True, "clear")
    assert parse_yes_no("zgadzam sie") == YesNo(True, "clear")
    assert parse_yes_no("niezgadzam sie") == YesNo(False, "clear")


@given(st.text())
def test_any_text_is_answered_or_not(text):
    parse_yes_no(text)


@pytest.mark.parametrize(
    "text",
    [
        "nie pamiętam dokładnie",
        "czy można później zapłacić",
        "czy można bez nagrywania",
        "mhm to ja, a można przez internet",
    ],
)
def test_a_yes_inside_another_sentence_agrees_to_nothing(text: str):
    answer = parse_yes_no(text)
    assert answer is None or answer.strength != "clear"


@pytest.mark.parametrize(
    "said",
    [
        "chcę zmienić termin, a tak",
        "mhm to ja",
        "tak, ale inny dzień",
        "o termin, a tak, z kim rozmawiam",
    ],
)
def test_a_yes_beside_something_else_is_asked_again(said: str):
    answer = parse_yes_no(said)
    assert answer is not None
    assert answer.strength != "clear"
