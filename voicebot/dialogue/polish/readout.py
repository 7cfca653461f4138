"""Writes amounts, dates, times and numbers as the words that the voice is to say."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Literal, NamedTuple

Case = Literal["nom", "acc", "gen"]
Gender = Literal["m", "f", "n"]

_UNITS = (
    "zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć",
    "dziesięć", "jedenaście", "dwanaście", "trzynaście", "czternaście", "piętnaście",
    "szesnaście", "siedemnaście", "osiemnaście", "dziewiętnaście",
)  # fmt: skip
_UNITS_GEN = (
    "zera", "jednego", "dwóch", "trzech", "czterech", "pięciu", "sześciu", "siedmiu", "ośmiu",
    "dziewięciu", "dziesięciu", "jedenastu", "dwunastu", "trzynastu", "czternastu", "piętnastu",
    "szesnastu", "siedemnastu", "osiemnastu", "dziewiętnastu",
)  # fmt: skip
_TENS = (
    "", "dziesięć", "dwadzieścia", "trzydzieści", "czterdzieści", "pięćdziesiąt",
    "sześćdziesiąt", "siedemdziesiąt", "osiemdziesiąt", "dziewięćdziesiąt",
)  # fmt: skip
_TENS_GEN = (
    "", "dziesięciu", "dwudziestu", "trzydziestu", "czterdziestu", "pięćdziesięciu",
    "sześćdziesięciu", "siedemdziesięciu", "osiemdziesięciu", "dziewięćdziesięciu",
)  # fmt: skip
_HUNDREDS = (
    "", "sto", "dwieście", "trzysta", "czterysta", "pięćset", "sześćset", "siedemset",
    "osiemset", "dziewięćset",
)  # fmt: skip
_HUNDREDS_GEN = (
    "", "stu", "dwustu", "trzystu", "czterystu", "pięciuset", "sześciuset", "siedmiuset",
    "ośmiuset", "dziewięciuset",
)  # fmt: skip

_ORDINAL_STEMS = {
    0: "zerow", 1: "pierwsz", 2: "drug", 3: "trzec", 4: "czwart", 5: "piąt", 6: "szóst",
    7: "siódm", 8: "ósm", 9: "dziewiąt", 10: "dziesiąt", 11: "jedenast", 12: "dwunast",
    13: "trzynast", 14: "czternast", 15: "piętnast", 16: "szesnast", 17: "siedemnast",
    18: "osiemnast", 19: "dziewiętnast", 20: "dwudziest", 30: "trzydziest", 40: "czterdziest",
    50: "pięćdziesiąt", 60: "sześćdziesiąt", 70: "siedemdziesiąt", 80: "osiemdziesiąt",
    90: "dziewięćdziesiąt", 100: "setn", 200: "dwusetn", 300: "trzechsetn", 400: "czterechsetn",
    500: "pięćsetn", 600: "sześćsetn", 700: "siedemsetn", 800: "osiemsetn", 900: "dziewięćsetn",
}  # fmt: skip
_ORDINAL_ENDINGS = {"m.nom": "y", "m.gen": "ego", "m.ins": "ym", "f.nom": "a", "f.loc": "ej"}
_THOUSAND_PREFIXES = (
    "", "", "dwu", "trzy", "cztero", "pięcio", "sześcio", "siedmio", "ośmio", "dziewięcio",
)  # fmt: skip

MONTHS_GEN = (
    "", "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia",
    "września", "października", "listopada", "grudnia",
)  # fmt: skip
WEEKDAYS_ACC = (
    "w poniedziałek", "we wtorek", "w środę", "w czwartek", "w piątek", "w sobotę", "w niedzielę",
)  # fmt: skip


class _Noun(NamedTuple):
    """What is counted: the forms after 1, after 2 to 4, after the rest, and those of `one`."""

    gender: Gender
    one: str
    one_acc: str
    one_gen: str
    few: str
    many: str


_NOUNS = {
    "rata": _Noun("f", "rata", "ratę", "raty", "raty", "rat"),
    "dzień": _Noun("m", "dzień", "dzień", "dnia", "dni", "dni"),
    "tydzień": _Noun("m", "tydzień", "tydzień", "tygodnia", "tygodnie", "tygodni"),
    "miesiąc": _Noun("m", "miesiąc", "miesiąc", "miesiąca", "miesiące", "miesięcy"),
    "rok": _Noun("m", "rok", "rok", "roku", "lata", "lat"),
    "godzina": _Noun("f", "godzina", "godzinę", "godziny", "godziny", "godzin"),
    "minuta": _Noun("f", "minuta", "minutę", "minuty", "minuty", "minut"),
    "złoty": _Noun("m", "złoty", "złoty", "złotego", "złote", "złotych"),
    "grosz": _Noun("m", "grosz", "grosz", "grosza", "grosze", "groszy"),
    "procent": _Noun("m", "procent", "procent", "procenta", "procent", "procent"),
    "tysiąc": _Noun("m", "tysiąc", "tysiąc", "tysiąca", "tysiące", "tysięcy"),
    "milion": _Noun("m", "milion", "milion", "miliona", "miliony", "milionów"),
    "miliard": _Noun("m", "miliard", "miliard", "miliarda", "miliardy", "miliardów"),
    "bilion": _Noun("m", "bilion", "bilion", "biliona", "biliony", "bilionów"),
    "faktura": _Noun("f", "faktura", "fakturę", "faktury", "faktury", "faktur"),
    "wpłata": _Noun("f", "wpłata", "wpłatę", "wpłaty", "wpłaty", "wpłat"),
    "próba": _Noun("f", "próba", "próbę", "próby", "próby", "prób"),
    "cyfra": _Noun("f", "cyfra", "cyfrę", "cyfry", "cyfry", "cyfr"),
    "dziesiąta": _Noun("f", "dziesiąta", "dziesiątą", "dziesiątej", "dziesiąte", "dziesiątych"),
    "setna": _Noun("f", "setna", "setną", "setnej", "setne", "setnych"),
}
_NOUNS["zł"] = _NOUNS["złoty"]
_NOUNS["gr"] = _NOUNS["grosz"]
_NOUNS["dni"] = _NOUNS["dzień"]
_NOUNS["raty"] = _NOUNS["rata"]

_SCALES = ((10**12, "bilion"), (10**9, "miliard"), (10**6, "milion"), (10**3, "tysiąc"))
_LARGEST = 10**15


def _is_few(n: int) -> bool:
    return n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14)


def noun_form(n: int, noun: str, case: Case = "nom") -> str:
    """The form of a noun that goes with `n`: złoty, złote, złotych."""
    forms = _NOUNS[noun]
    if n == 1:
        return {"nom": forms.one, "acc": forms.one_acc, "gen": forms.one_gen}[case]
    if case != "gen" and _is_few(n):
        return forms.few
    return forms.many


def _below_thousand(n: int, gender: Gender, case: Case, *, is_compound: bool) -> list[str]:
    """is_compound: a larger part was said before, so that 1 is "jeden" whatever it counts."""
    is_genitive = case == "gen"
    words = []
    if n >= 100:
        words.append((_HUNDREDS_GEN if is_genitive else _HUNDREDS)[n // 100])
        n %= 100
        is_compound = True
    if n >= 20:
        words.append((_TENS_GEN if is_genitive else _TENS)[n // 10])
        n %= 10
        is_compound = True
    if n == 1:
        if is_compound:
            words.append("jeden")
        elif gender == "f":
            words.append({"nom": "jedna", "acc": "jedną", "gen": "jednej"}[case])
        elif gender == "n" and case != "gen":
            words.append("jedno")
        else:
            words.append("jednego" if is_genitive else "jeden")
    elif n == 2 and gender == "f" and not is_genitive:
        words.append("dwie")
    elif n:
        words.append((_UNITS_GEN if is_genitive else _UNITS)[n])
    return words


def cardinal(n: int, gender: Gender = "m", case: Case = "nom") -> str:
    """A whole number in words: 1200 gives "tysiąc dwieście", never "jeden tysiąc"."""
    if n < 0:
        return f"minus {cardinal(-n, gender, case)}"
    if n == 0:
        return "zera" if case == "gen" else "zero"
    if n >= _LARGEST:
        return " ".join(_UNITS[int(digit)] for digit in str(n))
    words: list[str] = []
    for scale, noun in _SCALES:
        how_many, n = divmod(n, scale)
        if how_many > 1:
            words += _below_thousand(how_many, "m", case, is_compound=False)
        if how_many:
            words.append(noun_form(how_many, noun, "gen" if case == "gen" else "nom"))
    words += _below_thousand(n, gender, case, is_compound=bool(words))
    return " ".join(words)


def count(n: int, noun: str, case: Case = "nom") -> str:
    """So many of something: "dwie raty", "dwadzieścia jeden rat", "jedną ratę"."""
    return f"{cardinal(n, _NOUNS[noun].gender, case)} {noun_form(n, noun, case)}"


def amount(amount_gr: int, case: Case = "nom") -> str:
    """Money in words: "tysiąc dwieście złotych i jeden grosz". Zero grosze are left out."""
    if amount_gr < 0:
        return f"minus {amount(-amount_gr, case)}"
    zl, gr = divmod(amount_gr, 100)
    parts = []
    if zl or not gr:
        parts.append(count(zl, "złoty", case))
    if gr:
        parts.append(count(gr, "grosz", case))
    return " i ".join(parts)


def ordinal(n: int, form: Literal["m.nom", "m.gen", "m.ins", "f.nom", "f.loc"] = "m.nom") -> str:
    """The n-th: "piętnasty" (m.nom), "piętnastego" (m.gen), "piętnastej" (f.loc).

    Only the last two places take the ending: "dwa tysiące dwudziesty szósty".
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
        words.append(_HUNDREDS[hundreds])
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


def ordinal_genitive(n: int) -> str:
    """Of the n-th, as days of the month and years are said: "dwudziestego szóstego"."""
    return ordinal(n, "m.gen")


def date_(
    day: date,
    with_year: bool | None = None,
    today: date | None = None,
    case: Literal["gen", "nom"] = "gen",
) -> str:
    """A date: "piętnastego marca dwa tysiące dwudziestego szóstego roku".

    with_year: None leaves the year out where `today` is known and within 6 months.
    """
    if with_year is None:
        with_year = today is None or not _is_within_six_months(day, today)
    words = f"{ordinal(day.day, 'm.nom' if case == 'nom' else 'm.gen')} {MONTHS_GEN[day.month]}"
    if with_year:
        words += f" {ordinal_genitive(day.year)} roku"
    return words


def _is_within_six_months(day: date, today: date) -> bool:
    first, last = min(day, today), max(day, today)
    months = (last.year - first.year) * 12 + last.month - first.month
    return months < 6 or (months == 6 and last.day < first.day)


def weekday(day: date) -> str:
    """On which day of the week: "we wtorek"."""
    return WEEKDAYS_ACC[day.weekday()]


def weekday_date(day: date, with_year: bool | None = False, today: date | None = None) -> str:
    """A date with its day of the week, so that the caller notices a wrong one."""
    return f"{weekday(day)}, {date_(day, with_year, today)}"


def time_(moment: time) -> str:
    """An hour of the clock: "o szesnastej trzydzieści", "o dwudziestej zero pięć"."""
    return f"o {hour(moment)}"


def hour(moment: time) -> str:
    """The hour without its preposition, to stand after "po" or "od": "szesnastej trzydzieści"."""
    if moment.hour == 0 and moment.minute == 0:
        return "północy"
    words = ordinal(moment.hour, "f.loc")
    if moment.minute:
        words += f" {_pair(f'{moment.minute:02d}')}"
    return words


def _pair(pair: str) -> str:
    """Some digits as one number, each leading zero by itself: "07" gives "zero siedem"."""
    value = pair.lstrip("0")
    words = ["zero"] * (len(pair) - len(value))
    if value:
        words.append(cardinal(int(value)))
    return " ".join(words)


def digits(text: str, group: int = 1) -> str:
    """The digits and letters of a case number, one by one or in groups of `group` digits.

    Groups are parted by commas, at which the voice pauses; other signs are left out.
    """
    groups: list[str] = []
    for run in _runs(text):
        if run.isdigit():
            step = max(group, 1)
            groups += [_pair(run[at : at + step]) for at in range(0, len(run), step)]
        else:
            groups.append(" ".join(run.upper()))
    return (", " if group > 1 else " ").join(groups)


def _runs(text: str) -> list[str]:
    """The stretches of ASCII digits and the stretches of letters in a text."""
    runs: list[str] = []
    previous = ""
    for sign in text:
        kind = "digit" if "0" <= sign <= "9" else "letter" if sign.isalpha() else ""
        if kind and kind == previous:
            runs[-1] += sign
        elif kind:
            runs.append(sign)
        previous = kind
    return runs


def invoice_number(text: str) -> str:
    """An invoice's number: "FV/2026/03/0012" with "łamane na" for each stroke."""
    return " łamane na ".join(filter(None, (digits(part, 2) for part in text.split("/"))))


def phone(e164: str) -> str:
    """A telephone number by threes; Poland's own prefix is left out."""
    number = "".join(sign for sign in e164 if "0" <= sign <= "9")
    prefix = ""
    if e164.strip().startswith("+48") or (len(number) == 11 and number.startswith("48")):
        number = number[2:]
    elif e164.strip().startswith("+"):
        prefix = "plus "
    return prefix + ", ".join(_pair(number[at : at + 3]) for at in range(0, len(number), 3))


def iban(text: str) -> str:
    """An account number: the country's letters, then pairs, with a pause after each four."""
    account = "".join(sign for sign in text.upper() if sign.isalnum())
    country = account[:2] if account[:2].isalpha() else ""
    number = account[len(country) :]
    groups = [number[:2], *(number[at : at + 4] for at in range(2, len(number), 4))]
    spoken = [
        " ".join(_pair_or_letters(g[at : at + 2]) for at in range(0, len(g), 2)) for g in groups
    ]
    return ", ".join(filter(None, [" ".join(country), *spoken]))


def _pair_or_letters(pair: str) -> str:
    return _pair(pair) if pair.isascii() and pair.isdigit() else " ".join(pair)


def percent(value: Decimal) -> str:
    """A rate: "jedenaście i dwadzieścia pięć setnych procent". Two places at most are said."""
    if value < 0:
        return f"minus {percent(-value)}"
    hundredths = int((value * 100).to_integral_value())
    whole, rest = divmod(hundredths, 100)
    if not rest:
        return count(whole, "procent")
    if rest % 10:
        fraction = count(rest, "setna")
    else:
        fraction = count(rest // 10, "dziesiąta")
    return f"{cardinal(whole)} i {fraction} procent" if whole else f"{fraction} procent"
