"""Reads the grosze of an amount: named, after "przecinek", or as a bare second pair."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.dialogue.polish.numerals import CARDINALS, Cardinal, read_cardinal, read_ordinal
from voicebot.dialogue.polish.words import MONTH_FORMS, Token, word_set

ZLOTY = word_set("zloty zlote zlotych zlotego zlotym zlotymi zlotow zlotowek")
GROSZE = word_set("grosz grosza grosze groszy groszami")

# After a number these say that it counts something else than money.
COUNTED = word_set(
    "dzien dnia dni dniach dniami tydzien tygodnia tygodnie tygodni tygodniu tygodniach "
    "miesiac miesiaca miesiace miesiecy miesiacach "
    "rok roku lata lat latach letni rata raty rat ratach ratami rate ratke ratki razy raz razem "
    "razach czesci czesc czesciach transz transze transzach godzina godzine godziny godzin "
    "minut minute minuty minutka minutki sekund sekundy procent procenta proc osob osoby osoba "
    "dzieci faktur faktury faktura umow umowy kredytow kredyty telefon telefony telefonow "
    "maile mejle listy pismo pisma plus kwadrans kwadranse kwadransy styczniu rano wieczorem "
    "cyfry cyfra cyfr firm firmy kont konta lokali mieszkan szt sztuk "
    "innych inne rzeczy wplaty wplat przelewy przelewow moment chwila sprawy sprawa "
    "pietro pietrze ulica wnukow wnuki psy koty robocze roboczych kolejne nastepne ostatnie "
    "tygodniowo godzinach minutach z"
) | frozenset(MONTH_FORMS)


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


def read_after_comma(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """The grosze after "przecinek" ("pięć" is 50), and the index after them."""
    tens = 1
    if _word(tokens, at) == "zero":
        at += 1
    else:
        tens = 10
    number = read_cardinal(tokens, at)
    if number is None or number.whole is None or number.whole > 99:
        return None
    end = number.end + (_word(tokens, number.end) in ZLOTY)
    return number.whole * (tens if number.whole < 10 else 1), end


def read_grosze(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """The grosze after "złotych", named or not; the index unchanged and 0 without any."""
    start = at
    joined = False
    while _word(tokens, at) in ("i", ","):
        joined = True
        at += 1
    if _word(tokens, at) == "zero" and _word(tokens, at + 1) in CARDINALS:
        at += 1
    number = read_cardinal(tokens, at)
    if number is None or read_ordinal(tokens, at) is not None:
        return start, 0
    grosze = number.whole
    if grosze is None or grosze >= 100:
        return start, 0
    if _word(tokens, number.end) in GROSZE:
        return number.end + 1, grosze
    is_written_day = not number.is_spoken and _word(tokens, number.end) in (".", "-", "go")
    if joined and tokens[at - 1].text == ",":
        return start, 0
    following = _word(tokens, number.end)
    if grosze >= 10 and not is_written_day and following not in COUNTED | ZLOTY:
        return number.end, grosze
    return start, 0


def read_unnamed_grosze(tokens: Sequence[Token], number: Cardinal) -> tuple[int, int] | None:
    """The grosze of "sto dwadzieścia trzy czterdzieści pięć", and the index after them.

    Only after a hundred or more that ends in a unit: then a second pair can be nothing else.
    """
    whole = number.whole
    if whole is None or whole < 100 or not number.is_spoken or not whole % 10:
        return None
    second = read_cardinal(tokens, number.end)
    if second is not None and second.hundredths == 0:
        # "trzysta czterdzieści jeden zero pięć"
        units = read_cardinal(tokens, second.end)
        if units is not None and units.is_spoken and 0 < (units.whole or 0) < 10:
            return units.whole or 0, units.end
    if second is None or not second.is_spoken or second.whole is None:
        return None
    if not 10 <= second.whole <= 99 or _word(tokens, second.end) in COUNTED:
        return None
    end = second.end
    return second.whole, end + 1 if _word(tokens, end) in ZLOTY else end
