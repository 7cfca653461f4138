"""Words that mean much the same, so that few examples teach what many would.

"Męża nie ma", "siostry nie ma" and "taty nie ma" share no word but "nie ma"; that a relative is
not there is what they have in common. All words here are as `normalise` leaves them.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS = {
    "KIN": "maz meza mezem mezowi zona zone zony zonie mama mame mamy mamusia mamusi tata tate "
    "taty tatus ojciec ojca matka matki syn syna corka corki brat brata siostra siostry siostre "
    "babcia babci babcie dziadek dziadka tesc tescia tesciowa ziec ziecia wujek ciocia rodzice "
    "rodzicow dziecko dzieci partner partnerka narzeczony narzeczona",
    "BOSS": "szef szefa szefowa prezes prezesa kierownik kierownika dyrektor dyrektora ksiegowa "
    "ksiegowej ksiegowosc zarzad wlasciciel kolega kolezanka",
    "DAY": "poniedzialek wtorek sroda srode czwartek piatek sobota sobote niedziela niedziele "
    "jutro pojutrze",
    "PAST": "wczoraj przedwczoraj temu zeszlym ubieglym",
    "PERIOD": "tydzien tygodnia tygodni tygodniu tygodnie miesiac miesiaca miesiacu miesiace "
    "miesiecy kwartal kwartalu rok roku lata lat dni dnia",
    "MONTH": "stycznia styczniu lutego lutym marca marcu kwietnia kwietniu maja maju czerwca "
    "czerwcu lipca lipcu sierpnia sierpniu wrzesnia wrzesniu pazdziernika pazdzierniku listopada "
    "listopadzie grudnia grudniu",
    "SEASON": "wiosna wiosny wiosne lato jesien jesieni zima zimy swieta swiat swietach",
    "NUMBER": "jeden dwa dwie trzy cztery piec szesc siedem osiem dziewiec dziesiec sto dwiescie "
    "trzysta czterysta piecset tysiac tysiace tysiecy stowa stowe stowka stowke stowy stowki "
    "dycha polowa polowe pol jedenascie dwanascie trzynascie pietnascie dwadziescia trzydziesci "
    "czterdziesci piecdziesiat szescdziesiat siedemdziesiat osiemdziesiat dziewiecdziesiat",
    "MONEY": "zlotych zlote zloty zlotowki grosz grosza groszy pieniadze pieniedzy kasa kasy kase",
    "INCOME": "wyplata wyplate wyplaty wyplacie pensja pensje pensji emerytura emeryture "
    "emerytury renta rente renty zasilek zasilku wynagrodzenie zarobki",
    "VEHICLE": "auto autem aucie samochod samochodem samochodzie rower rowerem rowerze ciezarowka "
    "ciezarowke motor motorem tramwaj tramwajem tramwaju autobus autobusem autobusie pociag "
    "pociagiem pociagu kierownica kolkiem trasie",
    "PAPER": "faktura fakture faktury fakturze rachunek rachunku dokument dokumentu dokumenty "
    "umowa umowe umowy umowie pismo pisma",
    "ORDINAL": "pierwszego drugiego trzeciego czwartego piatego szostego siodmego osmego "
    "dziewiatego dziesiatego pietnastego dwudziestego trzydziestego pierwszym dziesiatym",
    "HOUR": "osmej dziewiatej dziesiatej jedenastej dwunastej trzynastej czternastej pietnastej "
    "szesnastej siedemnastej osiemnastej dziewietnastej dwudziestej godzine godziny godzinke "
    "wieczorem rano",
}
_CLASS_OF = {word: name for name, words in _WORDS.items() for word in words.split()}
_STEMS = tuple(
    (name, re.compile(pattern + "$"))
    for name, pattern in {
        "WILL_PAY": r"(?:zaplac|wplac|przelej|ureguluj|uregulowac|splac|oplac|uiszcz|oddam)\w*",
        "HAS_PAID": r"(?:placil|zaplacon|wplacon|splacon|oplacon|uregulowa[ln]|przela[ln])\w*",
        "SEND": r"(?:wysl|przysl|przesl|podesl)\w*",
        "CALL": r"\w*(?:dzwon|telefon)\w*",
        "RECORD": r"(?:nagr|rejestr)\w*",
        "COMPLAIN": r"(?:skarg|reklamac|zazalen|poskarz)\w*",
        "DEAD": r"(?:zmarl|umarl|zgin|pochowa|nieboszcz|pogrzeb|cmentarz)\w*",
        "ILL": r"(?:chor|szpital|operac|rak|nowotwor|depres|udar|zawal|chemiot|terapi|inwalid"
        r"|niepelnospr)\w*",
        "COURT": r"(?:sad|komorni|egzekuc|nakaz|pozew|wyrok)\w*",
        "MACHINE": r"(?:robot|automat|maszyn|bot|komputer|program)\w*",
        "PERSON": r"(?:czlowiek|konsultant|pracowni|doradc|osob|zyw)\w*",
    }.items()
)


@lru_cache(maxsize=8192)
def word_class(word: str) -> str:
    """The class of a normalised word; empty where it has none."""
    if word in _CLASS_OF:
        return _CLASS_OF[word]
    if word[0].isdigit():
        return "NUMBER"
    return next((name for name, pattern in _STEMS if pattern.match(word)), "")
