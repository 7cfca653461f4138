"""The words by which days and spans of days are told, folded."""

from __future__ import annotations

import re

from voicebot.dialogue.polish.calendar_spans import Part, Unit
from voicebot.dialogue.polish.date_expressions import Op
from voicebot.dialogue.polish.words import word_set

DAYS_FROM_TODAY = {
    "dzisiaj": 0, "dzis": 0, "dzisiejszy": 0, "dzisiejszym": 0, "dzisiejszego": 0, "jutro": 1,
    "jutra": 1, "jutrzejszy": 1, "jutrzejszym": 1, "jutrzejszego": 1, "pojutrze": 2,
    "pojutrza": 2, "popojutrze": 3, "wczoraj": -1, "wczorajszy": -1, "wczorajszym": -1,
    "wczorajszego": -1, "przedwczoraj": -2, "przedwczorajszym": -2,
}  # fmt: skip
AT_ONCE = (
    ("teraz",), ("zaraz",), ("natychmiast",), ("od", "razu"), ("od", "reki"),
    ("w", "tej", "chwili"), ("w", "tym", "momencie"), ("juz", "teraz"), ("na", "biezaco"),
)  # fmt: skip
UNITS: dict[str, Unit] = {
    **dict.fromkeys(["dzien", "dnia", "dni", "dniach", "dniami", "dniem", "doba", "dobe"], "day"),
    **dict.fromkeys(
        ["tydzien", "tygodnia", "tygodnie", "tygodni", "tygodniu", "tygodniem", "tygodniami"],
        "week",
    ),
    **dict.fromkeys(
        ["miesiac", "miesiaca", "miesiace", "miesiecy", "miesiacu", "miesiacem", "miesiacami"],
        "month",
    ),
    **dict.fromkeys(["kwartal", "kwartalu", "kwartaly", "kwartale", "kwartalem"], "quarter"),
    **dict.fromkeys(["polrocze", "polrocza", "polroczu"], "half_year"),
    **dict.fromkeys(["rok", "roku", "lata", "lat", "rokiem", "roczek"], "year"),
}
THIS = word_set("ten ta te tego tej tym biezacy biezacym biezacego biezacej")
NEXT = word_set(
    "przyszly przyszla przyszle przyszlym przyszlego przyszlej nastepny nastepna nastepne "
    "nastepnym nastepnego nastepnej kolejny kolejna kolejnym kolejnego kolejnej"
)
NEAREST = word_set("najblizszy najblizsza najblizszym najblizszego najblizszej najblizsze")
LAST = word_set(
    "zeszle ubiegle minione poprzednie zeszly zeszla zeszlym zeszlego zeszlej ubiegly "
    "ubiegla ubieglym ubieglego ubieglej miniony "
    "miniona minionym minionego minionej poprzedni poprzednia poprzednim poprzedniego poprzedniej"
)
PARTS: dict[str, Part] = {
    **dict.fromkeys(["poczatek", "poczatku", "poczatkiem"], "start"),
    **dict.fromkeys(
        ["polowa", "polowie", "polowy", "polowe", "srodku", "srodka", "srodek"], "middle"
    ),
    **dict.fromkeys(
        ["koniec", "konca", "koncu", "koncem", "koncowka", "koncowke", "koncowce"], "end"
    ),
}
PREPOSITIONS: dict[str, Op] = {
    "do": "by", "po": "after", "przed": "before", "od": "from", "w": "on", "we": "on", "na": "on",
    "dnia": "on", "z": "on", "za": "on",
}  # fmt: skip
NO_LATER = word_set("najpozniej najdalej maksymalnie")
ABOUT = word_set("okolo kolo gdzies jakos okolicach okolice mniej wiecej")
SMALL_WORDS = word_set(
    "tak to jeszcze tego tam gdzies jakos juz chyba moze dopiero wlasnie samego az gdzie okolo "
    "kolo jakis jakies tym bede jakims mniej wiecej plus minus najblizszego ten dnia"
)
VAGUE_COUNTS = word_set("pare kilka kilku kilkanascie iles jakies paru")
SEASONS = word_set(
    "wiosny wiosna wiosne wiosnie latem jesieni jesienia jesien zimy zima zimie wakacji "
    "wakacjach wakacjami wakacje lecie ferie ferii feriach feriami"
)
VAGUE = tuple(tuple(phrase.split()) for phrase in (
    "na dniach", "w najblizszym czasie", "w najblizszych dniach", "wkrotce", "niedlugo",
    "niebawem", "kiedys", "za jakis czas", "za niedlugo", "w swoim czasie", "jak najszybciej",
    "lada dzien", "jak bede mogl", "jak bede mogla", "jak bedziemy mogli", "predzej czy pozniej",
    "jak tylko bede mogl", "jak tylko bede mogla", "w najblizszej przyszlosci", "nie wiem kiedy",
    "zobacze kiedy", "nie wiadomo kiedy", "jak sie uda", "jak sie da najszybciej",
))  # fmt: skip
# After an ordinal without a month these show that it counts something else than days.
NOT_DAYS = word_set(
    "raz razu razem razie numer numeru konto konta telefon telefonu kredyt kredytu dlug dlugu "
    "etap etapu punkt punktu lepszego lepszy rachunek rachunku tydzien tygodnia tygodniu miesiac "
    "kwartal kwartalu kwartale rok roku adres adresu stopnia wniosku wniosek pismo syn syna maz "
    "meza czlowieka osoba polowie polowa pietro pietrze czesc wezwanie wezwania pozyczki umowy"
)
PAYING = word_set(
    "zaplace zaplacimy place przeleje przelejemy wplace wplacimy ureguluje uregulujemy splace "
    "splacimy oddam oddamy pokryje zrobie zrobimy wysle puszcze dam rzuce dac zaplacic wplacic "
    "przelac splacic moge mozemy bede bedzie dostane mam postaram "
    "sprobuje obiecuje zalatwie zadzwonie oddzwonie dzwonic zadzwonic oddzwoncie zapisac"
)
PAYS_AT_ONCE = re.compile(
    r"zaplac\w*|wplac\w*|splac\w*|przel[ae]\w*|uregul\w*|place|placimy|dac|rzuc\w*|pokry\w*"
    r"|polow[ae]|calosc|zlotych|stow[ey]|tysiac"
)
"""The words beside which "teraz" is a day of payment."""
FUTURE_VERBS = PAYING | word_set("beda zostanie chce chcialbym chcialabym planuje zamierzam")
PAST_VERB = re.compile(
    r"(?:za|w|s|o|do|prze|wy|u|na)?(?:placi|placa|la|sla|pusci|regulowa|rzuci|robi|zrobi|syla|da)"
    r"(?:lem|lam|lismy|lysmy|l|la|li|ly|lo)"
    r"|(?:za|w|s|o)?placon[eyao]|przelan[eyao]|uregulowan[eyao]|wyslan[eyao]|zrobion[eya]"
    r"|posz(?:edl|ed|lo|la|ly)|wyszedl|wyszlo|wyszla|poslal[ae]m|przyszedl|dotar\w+"
    r"|(?:dokona|uisci|nada|zanios|wyda|ureguluj|rozliczy|potraci|pobra|sciagn[ea])(?:lem|lam|l|la|li)"
    r"|zmarl[aoy]?|zmar|odesz(?:la|lo|li)|odszed\w*|dostal[aei]m|rozmawial[aei]m|dzwonil[aei]\w*"
)
NOT_PAST = word_set("la l da dala")
