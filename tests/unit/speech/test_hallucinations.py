from __future__ import annotations

import pytest

from voicebot.speech.hallucinations import has_loop, is_made_up, without_loops


@pytest.mark.parametrize(
    "text",
    [
        "Dziękuję za uwagę.",
        "Dziękuję bardzo za uwagę!",
        "Dziękuję za obejrzenie i do zobaczenia.",
        "Dzięki za oglądanie!",
        "Napisy stworzone przez społeczność Amara.org",
        "Napisy: Amara.org",
        "Tłumaczenie: Jan Kowalski",
        "Wszelkie prawa zastrzeżone.",
        "Zapraszam do subskrybuj!",
        "www.example.pl",
        "♪ ♪",
        "ご視聴ありがとうございました",
        "Дякую за перегляд!",
        "[Muzyka]",
    ],
)
def test_what_subtitles_taught_is_made_up(text: str) -> None:
    assert is_made_up(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tak.",
        "Dziękuję.",
        "Dziękuję bardzo.",
        "Do widzenia.",
        "Zapłacę tysiąc dwieście złotych do piętnastego.",
        "Tłumaczenie pisma dostałem wczoraj i nic z niego nie rozumiem",
        "Proszę o montaż licznika",
        "mój adres to 00-950",
        "jan kowalski małpa poczta pl",
        "Koniec, nie płacę.",
    ],
)
def test_what_a_debtor_says_is_not(text: str) -> None:
    assert not is_made_up(text)


@pytest.mark.parametrize(
    "text",
    [
        "że to nie jest, że to nie jest, że to nie jest, że to nie jest",
        "O, o, o, o, o, o, o, o.",
        "Słuchaj mnie. " * 20,
    ],
)
def test_loops_are_seen(text: str) -> None:
    assert has_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nie, nie, nie!",
        "tak tak tak tak",
        "zero zero zero zero zero",
        "5 5 5 5 1 2",
        "osiem osiem siedem osiem osiem siedem",
        "nie wiem, nie wiem, nie wiem",
        "Zapłacę sto złotych w marcu, sto złotych w kwietniu i sto złotych w maju.",
    ],
)
def test_speech_that_repeats_itself_is_no_loop(text: str) -> None:
    assert not has_loop(text)
    assert without_loops(text) == text


def test_a_loop_is_said_once() -> None:
    assert without_loops("No i co, i co, i co, i co, i co teraz") == "No i co, teraz"


@pytest.mark.parametrize(
    "text",
    ["12 września,,,,,,,,,,", "effective xxxxxxxxx", "11 lutego i.t.es.t.es.t.es.t.es", "Aaaaaaaa"],
)
def test_a_stuttered_word_is_a_loop(text):
    assert has_loop(text)


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0.0.0", "zero zero zero zero zero", "nie, nie, nie, nie", "no... tak", "8888888"],
)
def test_digits_and_words_said_again_are_no_stutter(text):
    assert not has_loop(text)
