"""Words that show whether an answer goes on: what can't end one, and what may stand around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from voicebot.dialogue.polish.date_words import LAST, NEAREST, NEXT, THIS
from voicebot.dialogue.polish.words import word_set

_HESITATION = re.compile(r"y+|e+|a{2,}|o{2,}|m{2,}|hm+|eh+m*|y+m+|e+m+")
_CANT_END = word_set(
    "i a ale albo lub czy bo ze zeby oraz wiec czyli jesli jezeli jak gdy kiedy gdyz poniewaz "
    "choc chociaz lecz ani tylko niz skoro dopoki aby ktory ktora ktore ktorego ktorej to "
    "w we na do od ode za po przed przez z u o pod nad przy bez dla okolo kolo miedzy pomiedzy "
    "wedlug oprocz znaczy moze chyba powiedzmy jakos jakies jakis jakas gdzies wlasciwie "
    "generalnie ogolnie moment momencik chwila chwile chwileczke chwilke sekunde sekundke zaraz "
    "poczekaj poczekajcie czekaj niech ja byc"
)
"""Nothing ends with these, whatever was asked."""
_VALUE_MISSING = (
    NEXT
    | THIS
    | LAST
    | NEAREST
    | word_set(
        "mniej wiecej jest bedzie numer numeru kwota kwote kwoty data dnia dzien sprawy kod "
        "pesel okolicach ciagu koniec konca koncu koncem poczatku poczatek polowie srodku "
        "drugiej pierwszej moj moja moje sam sama samego same jeszcze najpozniej najdalej "
        "najwczesniej dopiero dokladnie ostatnie ostatni cala cale caly pelna urodzenia "
        "urodzony urodzona urodzilem urodzilam sie pol cwierc poltora pare kilka"
    )
)
"""An answer that is to hold a day, an amount or a number does not end with these."""
_WHOLE_ENDINGS = frozenset(
    tuple(phrase.split())
    for phrase in (
        "niech bedzie", "moze byc", "po co", "no co", "co to", "kto to", "a kto", "tak moze",
        "tak jest", "i to", "to ja", "jestem ja", "cala kwote",
        "pelna kwote", "ta kwote", "te kwote",
    )
)  # fmt: skip
COURTESY = word_set(
    "prosze dziekuje dzieki bardzo pan pani panu panie pana panstwo panstwu uprzejmie serdecznie"
)
"""What may stand before or after any answer without changing it."""
_PAYING = word_set(
    "zaplace zaplacimy place przeleje przelejemy wplace wplacimy ureguluje uregulujemy splace "
    "splacimy oddam oddamy zrobie wysle puszcze rzuce zaplacic wplacic przelac splacic uregulowac "
    "moge mozemy bede przelewem"
)
AFTER_A_VALUE = (
    COURTESY
    | _PAYING
    | word_set(
        "od razu rano wieczorem roku najpozniej wszystko pasuje bedzie mozna dlugu kwoty "
        "kwote dam razem"
    )
)
"""What may follow the day or amount that was asked for."""
OPENING = (
    _PAYING
    | COURTESY
    | word_set(
        "no to ja my nie tak dobrze dobra okej ok w we na do wiec moze chyba mysle ze gdzies "
        "jakos powiedzmy mam dam rade chce chcialbym chcialabym tego juz wplata wplate "
        "przelew zapisac okolo"
    )
)
"""What an answer may begin with, before the value that was asked for."""


_REFUSED = word_set("wiem pamietam mam znam podam bede moge podaje powiem")
_ASKING = word_set("gdzie co jaki jaka jakie kto skad dlaczego czemu ile czy po")


def trails_off(words: Sequence[str], is_value_asked: bool) -> bool:
    """Whether the last word (folded, marks left out) can't be the last of an answer."""
    if not words or tuple(words[-2:]) in _WHOLE_ENDINGS:
        return False
    last = words[-1]
    if last in _CANT_END or is_hesitation(last) or tuple(words[-2:]) == ("prosze", "nie"):
        return True
    return is_value_asked and last in _VALUE_MISSING and not _gives_none(words)


def _gives_none(words: Sequence[str]) -> bool:
    """Whether no value is to be expected: "po co panu ta data", "nie wiem, gdzie to jest"."""
    return words[0] in _ASKING or any(
        first == "nie" and second in _REFUSED for first, second in pairwise(words)
    )


def is_hesitation(word: str) -> bool:
    """ "yyy", "eee", "mmm"; not "mhm", which is a yes."""
    return _HESITATION.fullmatch(word) is not None
