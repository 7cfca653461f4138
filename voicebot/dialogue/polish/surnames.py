"""Surnames in the seven cases; None where a form isn't certain.

A surname has no vocative of its own: to be called by it sounds rude.
"""

from __future__ import annotations

from voicebot.dialogue.polish import declension
from voicebot.dialogue.polish.cases import Case, Sex, spelled
from voicebot.dialogue.polish.declension import VOWELS, Forms

# What stands before an ending, where the ending alone doesn't tell.
_STEMS = {
    "Wróbel": "Wróbl", "Kisiel": "Kisiel", "Hebel": "Hebl", "Szmigiel": "Szmigl",
    "Daniel": "Daniel", "Gabriel": "Gabriel", "Samuel": "Samuel", "Michel": "Michel",
    "Apel": "Apel", "Wessel": "Wessel", "Marcel": "Marcel", "Hegel": "Hegl",
    "Niemiec": "Niemc", "Czerwiec": "Czerwc", "Korzec": "Korc", "Stępień": "Stępni",
    "Kwiecień": "Kwietni", "Styczeń": "Styczni", "Grudzień": "Grudni", "Wrzesień": "Wrześni",
    "Sierpień": "Sierpni", "Jeleń": "Jeleni", "Korzeń": "Korzeni", "Kamień": "Kamieni",
    "Dereń": "Dereni", "Kozioł": "Kozioł", "Kocioł": "Kotł", "Sokół": "Sokoł",
    "Szczygieł": "Szczygł", "Węgieł": "Węgł", "Orzeł": "Orł", "Gaweł": "Gawł", "Paweł": "Pawł",
    "Pawełł": "Pawłł", "Gołąb": "Gołębi", "Jastrząb": "Jastrzębi", "Jarząb": "Jarzębi",
    "Wąż": "Węż", "Mróz": "Mroz", "Zdrój": "Zdroj", "Róg": "Rog", "Kaczór": "Kaczor",
    "Jawór": "Jawor", "Topór": "Topor", "Bór": "Bor", "Majcher": "Majchr", "Wicher": "Wichr",
    "Luter": "Lutr", "Marx": "Marks", "Zięć": "Zięci", "Gwóźdź": "Gwoździ", "Kiel": "Kiel",
    "Kieł": "Kł", "Dziedzic": "Dziedzic", "Kopeć": "Kopci", "Marzec": "Marc",
}  # fmt: skip
_WITH_E = ("ner", "ler", "ser", "jer", "yer", "mer", "zer", "ger", "fer", "scher", "ster", "der",
           "ker")  # fmt: skip
_ADJECTIVE_ENDINGS = ("ny", "ty", "ły", "wy", "ry", "chy", "szy", "ży", "dy", "czy", "sy", "my")
_NO_ADJECTIVE_ENDINGS = ("nny", "rry", "lly", "tty", "ddy", "mmy", "ssy", "edy", "ady", "phy")
_ADJECTIVES = frozenset({"Blady", "Wielki", "Długi", "Ubogi", "Drogi", "Wysoki", "Niski", "Łysy"})
_IN_RO = frozenset({"Fredro", "Ziobro"})
# Women's surnames that are adjectives; others in -a are nouns, but for those in -ska.
_FEMININE_ADJECTIVES = spelled(
    "Biała Czarna Zimna Mała Cicha Łysa Młoda Prosta Tłusta Pusta Sucha Żywa Niska Wysoka Długa "
    "Krótka Szara Siwa Ruda Bosa Głucha Dobra Ładna Leśna Polna Dolna Górna Mądra Śmiała Chuda "
    "Blada Biedna Bogata Wesoła Smutna Piękna Wierna Wolna Hojna Pilna Mokra Ostra Słodka Gładka "
    "Krzywa Prawa Lewa Nowa Stara Gruba Zielona Czerwona Wielka Uboga Surowa Ciemna Jasna Drobna "
    "Skromna Trzeźwa Szczęsna Miła"
)
_NOUNS_IN_SKA = spelled("Laska Deska Łuska Maska Troska Kluska Miska Wioska Pliska Kaska")
_NOUNS_IN_OWA = spelled("Dąbrowa Połowa Gołowa Osnowa Budowa Podkowa")
_IRREGULAR_IN_A = frozenset({"Gwiazda", "Niewiasta", "Wiara"})


def surname_form(name: str, sex: Sex, case: Case) -> str | None:
    """A surname in one case; of a double-barrelled one each part declines."""
    if case == "voc":
        return None
    parts = [surname_forms(part, sex)[case] for part in name.split("-")]
    known = [part for part in parts if part is not None]
    return "-".join(known) if len(known) == len(parts) else None


def surname_forms(name: str, sex: Sex) -> Forms:
    """Every form of one surname in its usual spelling."""
    if len(name) < 2:
        return declension.unknown(name)
    return _feminine(name) if sex == "f" else _masculine(name)


def _feminine(name: str) -> Forms:
    if not name.endswith("a") or len(name) < 3:
        # "Nowak", "Moniuszko", "Wójcik": a woman's surname without -a stays as it is.
        return declension.undeclined(name)
    is_adjective = name in _FEMININE_ADJECTIVES
    if name.endswith(("ska", "cka", "dzka")) and name not in _NOUNS_IN_SKA:
        is_adjective = True
    if name.endswith(("owa", "ewa")) and len(name) > 6 and name not in _NOUNS_IN_OWA:
        is_adjective = True
    return declension.feminine_adjective(name) if is_adjective else _in_a(name)


def _in_a(name: str) -> Forms:
    forms = declension.noun_in_a(name)
    if name in _IRREGULAR_IN_A:
        forms["dat"] = forms["loc"] = None
    return forms


def _masculine(name: str) -> Forms:
    if name in _STEMS:
        return declension.masculine_noun(name, _STEMS[name])
    if name in _ADJECTIVES or name.endswith(("ski", "cki", "dzki", "zki")):
        return declension.masculine_adjective(name)
    if name.endswith("a"):
        return _in_a(name)
    if name in _IN_RO or (name.endswith(("ko", "łło")) and len(name) > 4):
        # "Kościuszko", "Jagiełło" decline as if they ended in -a.
        return declension.noun_in_a(f"{name[:-1]}a", nominative=name)
    if name.endswith(("io", "cio")) and len(name) > 4:
        return declension.masculine_noun(name, name[:-1])
    if _is_adjective(name):
        return declension.masculine_adjective(name)
    stem = _stem(name)
    return declension.unknown(name) if stem is None else declension.masculine_noun(name, stem)


def _is_adjective(name: str) -> bool:
    is_polish = not any(sign in "vxq" for sign in name.lower())
    is_like_one = name.endswith(_ADJECTIVE_ENDINGS) and not name.endswith(_NO_ADJECTIVE_ENDINGS)
    return is_polish and is_like_one and len(name) > 4


def _stem(name: str) -> str | None:
    """What stands before an ending of a man's surname on a consonant."""
    if len(name) < 3 or name[-1] in VOWELS or name[-1] in "yxqéö'":
        return None
    if name.endswith(("ek", "ec")):
        return declension.without_fleeting_e(name)
    if name.endswith("er"):
        return name if name.endswith(_WITH_E) else None
    if name.endswith(("el", "eł", "eń", "ąb", "ąż", "eau", "ich", "ych")):
        # "Zych" declines and "Czarnych" doesn't.
        return name if name.endswith(("ich", "ych")) and _n_vowels(name) == 1 else None
    # An ó before the end may become o: Mróz, Mroza; but Król, Króla.
    if name[-2] == "ó" and name[-1] in "ćdgjłrzbtsźw":
        return None
    return name


def _n_vowels(name: str) -> int:
    return sum(sign in VOWELS or sign == "y" for sign in name.lower())
