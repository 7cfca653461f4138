"""Numbers in words: how many and which one, in every gender and case."""

from __future__ import annotations

from typing import Literal

from voicebot.dialogue.polish.cases import Case

Gender = Literal["m", "f", "n", "p"]
"""Of what is counted; p: men, or people of both sexes ("dwóch klientów")."""

# Nominative; genitive, dative and locative, where they are one; instrumental.
_SMALL: dict[int, tuple[str, str, str]] = {
    3: ("trzy", "trzech", "trzema"),
    4: ("cztery", "czterech", "czterema"),
    5: ("pięć", "pięciu", "pięcioma"),
    6: ("sześć", "sześciu", "sześcioma"),
    7: ("siedem", "siedmiu", "siedmioma"),
    8: ("osiem", "ośmiu", "ośmioma"),
    9: ("dziewięć", "dziewięciu", "dziewięcioma"),
    10: ("dziesięć", "dziesięciu", "dziesięcioma"),
    11: ("jedenaście", "jedenastu", "jedenastoma"),
    12: ("dwanaście", "dwunastu", "dwunastoma"),
    13: ("trzynaście", "trzynastu", "trzynastoma"),
    14: ("czternaście", "czternastu", "czternastoma"),
    15: ("piętnaście", "piętnastu", "piętnastoma"),
    16: ("szesnaście", "szesnastu", "szesnastoma"),
    17: ("siedemnaście", "siedemnastu", "siedemnastoma"),
    18: ("osiemnaście", "osiemnastu", "osiemnastoma"),
    19: ("dziewiętnaście", "dziewiętnastu", "dziewiętnastoma"),
    20: ("dwadzieścia", "dwudziestu", "dwudziestoma"),
    30: ("trzydzieści", "trzydziestu", "trzydziestoma"),
    40: ("czterdzieści", "czterdziestu", "czterdziestoma"),
    50: ("pięćdziesiąt", "pięćdziesięciu", "pięćdziesięcioma"),
    60: ("sześćdziesiąt", "sześćdziesięciu", "sześćdziesięcioma"),
    70: ("siedemdziesiąt", "siedemdziesięciu", "siedemdziesięcioma"),
    80: ("osiemdziesiąt", "osiemdziesięciu", "osiemdziesięcioma"),
    90: ("dziewięćdziesiąt", "dziewięćdziesięciu", "dziewięćdziesięcioma"),
    # "Stoma" and "dwustoma" are right too, and rarer.
    100: ("sto", "stu", "stu"),
    200: ("dwieście", "dwustu", "dwustu"),
    300: ("trzysta", "trzystu", "trzystu"),
    400: ("czterysta", "czterystu", "czterystu"),
    500: ("pięćset", "pięciuset", "pięciuset"),
    600: ("sześćset", "sześciuset", "sześciuset"),
    700: ("siedemset", "siedmiuset", "siedmiuset"),
    800: ("osiemset", "ośmiuset", "ośmiuset"),
    900: ("dziewięćset", "dziewięciuset", "dziewięciuset"),
}
_ZERO: dict[Case, str] = {"nom": "zero", "gen": "zera", "dat": "zeru", "acc": "zero",
                          "ins": "zerem", "loc": "zerze", "voc": "zero"}  # fmt: skip
_ONE: dict[Gender, dict[Case, str]] = {
    "m": {"nom": "jeden", "gen": "jednego", "dat": "jednemu", "acc": "jeden", "ins": "jednym",
          "loc": "jednym", "voc": "jeden"},
    "f": {"nom": "jedna", "gen": "jednej", "dat": "jednej", "acc": "jedną", "ins": "jedną",
          "loc": "jednej", "voc": "jedna"},
    "n": {"nom": "jedno", "gen": "jednego", "dat": "jednemu", "acc": "jedno", "ins": "jednym",
          "loc": "jednym", "voc": "jedno"},
    "p": {"nom": "jeden", "gen": "jednego", "dat": "jednemu", "acc": "jednego", "ins": "jednym",
          "loc": "jednym", "voc": "jeden"},
}  # fmt: skip
_DATIVES = {2: "dwóm", 3: "trzem", 4: "czterem"}
# Of a thousand and more: one, then two to four, five and more, as each case has them.
_SCALES: tuple[tuple[int, dict[Case, str], dict[Case, str], str], ...] = tuple(
    (
        value,
        {"nom": one, "gen": f"{one}a", "dat": f"{one}owi", "acc": one, "ins": f"{one}em",
         "loc": locative, "voc": one},
        {"nom": few, "gen": many, "dat": f"{one}om", "acc": few, "ins": f"{one}ami",
         "loc": f"{one}ach", "voc": few},
        many,
    )
    for value, one, locative, few, many in (
        (10**12, "bilion", "bilionie", "biliony", "bilionów"),
        (10**9, "miliard", "miliardzie", "miliardy", "miliardów"),
        (10**6, "milion", "milionie", "miliony", "milionów"),
        (10**3, "tysiąc", "tysiącu", "tysiące", "tysięcy"),
    )
)  # fmt: skip
_LARGEST = 10**15

_ORDINAL_STEMS = {
    0: "zerow", 1: "pierwsz", 2: "drug", 3: "trzec", 4: "czwart", 5: "piąt", 6: "szóst",
    7: "siódm", 8: "ósm", 9: "dziewiąt", 10: "dziesiąt", 11: "jedenast", 12: "dwunast",
    13: "trzynast", 14: "czternast", 15: "piętnast", 16: "szesnast", 17: "siedemnast",
    18: "osiemnast", 19: "dziewiętnast", 20: "dwudziest", 30: "trzydziest", 40: "czterdziest",
    50: "pięćdziesiąt", 60: "sześćdziesiąt", 70: "siedemdziesiąt", 80: "osiemdziesiąt",
    90: "dziewięćdziesiąt", 100: "setn", 200: "dwusetn", 300: "trzechsetn", 400: "czterechsetn",
    500: "pięćsetn", 600: "sześćsetn", 700: "siedemsetn", 800: "osiemsetn", 900: "dziewięćsetn",
}  # fmt: skip
_ORDINAL_ENDINGS = {
    "m.nom": "y", "m.gen": "ego", "m.dat": "emu", "m.acc": "y", "m.ins": "ym", "m.loc": "ym",
    "f.nom": "a", "f.gen": "ej", "f.dat": "ej", "f.acc": "ą", "f.ins": "ą", "f.loc": "ej",
    "n.nom": "e", "n.gen": "ego", "n.dat": "emu", "n.acc": "e", "n.ins": "ym", "n.loc": "ym",
    "m.voc": "y", "f.voc": "a", "n.voc": "e",
}  # fmt: skip
ORDINAL_FORMS = tuple(_ORDINAL_ENDINGS)
"""Gender and case of an ordinal: m.nom, f.loc…"""

_THOUSAND_PREFIXES = (
    "", "", "dwu", "trzy", "cztero", "pięcio", "sześcio", "siedmio", "ośmio", "dziewięcio",
)  # fmt: skip


def is_few(n: int) -> bool:
    """After 2, 3 and 4, 22…, but not 12 to 14, a noun is in the plural of its own case."""
    return n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14)


def cardinal(n: int, gender: Gender = "m", case: Case = "nom") -> str:
    """A whole number in words: 1200 gives "tysiąc dwieście", never "jeden tysiąc"."""
    if n < 0:
        return f"minus {cardinal(-n, gender, case)}"
    if n == 0:
        return _ZERO[case]
    if n >= _LARGEST:
        return " ".join(_simple(int(digit), "m", "nom") for digit in str(n))
    words: list[str] = []
    for scale, singular, plural, many in _SCALES:
        how_many, n = divmod(n, scale)
        if how_many == 1:
            words.append(singular[case])
        elif how_many:
            words += _below_thousand(how_many, "m", case, is_compound=False)
            is_counted = case in ("nom", "acc", "voc") and not is_few(how_many)
            words.append(many if is_counted else plural[case])
    words += _below_thousand(n, gender, case, is_compound=bool(words))
    return " ".join(words)


def _below_thousand(n: int, gender: Gender, case: Case, *, is_compound: bool) -> list[str]:
    """is_compound: a larger part was said before, so that 1 is "jeden" whatever it counts."""
    if gender == "p" and case in ("nom", "acc", "voc") and (n > 1 or is_compound):
        case = "gen"
    hundreds, rest = divmod(n, 100)
    parts = [hundreds * 100]
    parts += [rest - rest % 10, rest % 10] if rest >= 20 else [rest]
    words: list[str] = []
    for part in filter(None, parts):
        if part == 1 and (words or is_compound):
            words.append("jeden")
        else:
            words.append(_simple(part, gender, case))
    return words


def _simple(n: int, gender: Gender, case: Case) -> str:
    """A number that is one word."""
    if n == 0:
        return _ZERO[case]
    if n == 1:
        return _ONE[gender][case]
    if case == "dat" and n in _DATIVES:
        return _DATIVES[n]
    if n == 2:
        if case in ("gen", "loc"):
            return "dwóch"
        if case == "ins":
            return "dwiema" if gender == "f" else "dwoma"
        return "dwie" if gender == "f" else "dwa"
    nominative, oblique, instrumental = _SMALL[n]
    if case in ("nom", "acc", "voc"):
        return nominative
    return instrumental if case == "ins" else oblique


def ordinal(n: int, form: str = "m.nom") -> str:
    """The n-th: "piętnasty" (m.nom), "piętnastego" (m.gen), "piętnastej" (f.loc).

    form: one of ORDINAL_FORMS. Only the last two places take the ending: "dwa tysiące
    dwudziesty szósty".
    """
    if n < 0 or n >= 10**6:
        return cardinal(n)
    thousands, rest = divmod(n, 1000)
    if n and not rest:
        return _thousandth(thousands, form)
    words = []
    if thousands:
        words.append(cardinal(thousands * 1000))
    hundreds, below = divmod(rest, 100)
    if hundreds and below:
        words.append(_SMALL[hundreds * 100][0])
    elif hundreds:
        words.append(_with_ending(_ORDINAL_STEMS[hundreds * 100], form))
    if below > 20 and below % 10:
        words.append(_with_ending(_ORDINAL_STEMS[below - below % 10], form))
        words.append(_with_ending(_ORDINAL_STEMS[below % 10], form))
    elif below or not n:
        words.append(_with_ending(_ORDINAL_STEMS[below], form))
    return " ".join(words)


def _thousandth(thousands: int, form: str) -> str:
    if thousands == 1:
        prefix = ""
    elif thousands < 10:
        prefix = _THOUSAND_PREFIXES[thousands]
    else:
        prefix = cardinal(thousands, case="gen").replace(" ", "")
    return _with_ending(f"{prefix}tysięczn", form)


def _with_ending(stem: str, form: str) -> str:
    ending = _ORDINAL_ENDINGS[form]
    if stem in ("drug", "trzec"):
        if ending.startswith("y"):
            ending = "i" + ending[1:]
        elif stem == "trzec" or ending.startswith("e"):
            ending = "i" + ending
    return stem + ending


def pair(digits: str) -> str:
    """Some digits as one number, each leading zero by itself: "07" gives "zero siedem"."""
    value = digits.lstrip("0")
    words = ["zero"] * (len(digits) - len(value))
    if value:
        words.append(cardinal(int(value)))
    return " ".join(words)
