"""Writes amounts, dates, times and numbers as the words that the voice is to say."""

from __future__ import annotations

import re
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal

from voicebot.dialogue.polish.cases import CASES, Case
from voicebot.dialogue.polish.counted_nouns import count, noun_form
from voicebot.dialogue.polish.number_words import Gender, cardinal, ordinal, pair

__all__ = [
    "CASES",
    "MONTHS_GEN",
    "Case",
    "Gender",
    "amount",
    "cardinal",
    "count",
    "date_",
    "digits",
    "hour",
    "iban",
    "invoice_number",
    "noun_form",
    "ordinal",
    "ordinal_genitive",
    "percent",
    "phone",
    "time_",
    "weekday",
    "weekday_date",
]

MONTHS_GEN = (
    "", "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca", "lipca", "sierpnia",
    "września", "października", "listopada", "grudnia",
)  # fmt: skip
# nom, gen, dat, acc (with its preposition), ins, loc.
_WEEKDAYS = (
    ("poniedziałek", "poniedziałku", "poniedziałkowi", "w poniedziałek", "poniedziałkiem",
     "poniedziałku"),
    ("wtorek", "wtorku", "wtorkowi", "we wtorek", "wtorkiem", "wtorku"),
    ("środa", "środy", "środzie", "w środę", "środą", "środzie"),
    ("czwartek", "czwartku", "czwartkowi", "w czwartek", "czwartkiem", "czwartku"),
    ("piątek", "piątku", "piątkowi", "w piątek", "piątkiem", "piątku"),
    ("sobota", "soboty", "sobocie", "w sobotę", "sobotą", "sobocie"),
    ("niedziela", "niedzieli", "niedzieli", "w niedzielę", "niedzielą", "niedzieli"),
)  # fmt: skip
_MIDNIGHT: dict[Case, str] = {"nom": "północ", "acc": "północ", "ins": "północą", "voc": "północ"}
_CURRENCIES = {"PLN": ("złoty", "grosz"), "EUR": ("euro", "cent"), "USD": ("dolar", "cent")}
CURRENCIES = tuple(_CURRENCIES)


def amount(amount_gr: int, case: Case = "nom", currency: str = "PLN") -> str:
    """Money in words: "tysiąc dwieście złotych i jeden grosz". Zero grosze are left out."""
    if amount_gr < 0:
        return f"minus {amount(-amount_gr, case, currency)}"
    unit, hundredth = _CURRENCIES[currency]
    zl, gr = divmod(amount_gr, 100)
    parts = []
    if zl or not gr:
        parts.append(count(zl, unit, case))
    if gr:
        parts.append(count(gr, hundredth, case))
    return " i ".join(parts)


def ordinal_genitive(n: int) -> str:
    """Of the n-th, as days of the month and years are said: "dwudziestego szóstego"."""
    return ordinal(n, "m.gen")


def date_(
    day: date, with_year: bool | None = None, today: date | None = None, case: Case = "gen"
) -> str:
    """A date: "piętnastego marca dwa tysiące dwudziestego szóstego roku".

    with_year: None leaves the year out where `today` is known and within 6 months. case: of the
    day alone; "na" has the genitive too ("na piętnastego marca"), as days are living things.
    """
    if with_year is None:
        with_year = today is None or not _is_within_six_months(day, today)
    form = "gen" if case == "acc" else case
    words = f"{ordinal(day.day, f'm.{form}')} {MONTHS_GEN[day.month]}"
    if with_year:
        words += f" {ordinal_genitive(day.year)} roku"
    return words


def _is_within_six_months(day: date, today: date) -> bool:
    first, last = min(day, today), max(day, today)
    months = (last.year - first.year) * 12 + last.month - first.month
    return months < 6 or (months == 6 and last.day < first.day)


def weekday(day: date, case: Case = "acc") -> str:
    """The day of the week; in the accusative when it is: "we wtorek", "w środę"."""
    forms = _WEEKDAYS[day.weekday()]
    return forms[0 if case == "voc" else CASES.index(case)]


def weekday_date(
    day: date,
    with_year: bool | None = False,
    today: date | None = None,
    weekday_case: Case = "acc",
    case: Case = "gen",
) -> str:
    """A date with its day of the week, so that the caller notices a wrong one."""
    return f"{weekday(day, weekday_case)}, {date_(day, with_year, today, case)}"


def time_(moment: time) -> str:
    """An hour of the clock: "o szesnastej trzydzieści", "o dwudziestej zero pięć"."""
    return f"o {hour(moment)}"


def hour(moment: time, case: Case = "loc") -> str:
    """The hour without its preposition, to stand after "po" or "od": "szesnastej trzydzieści"."""
    if moment.hour == 0 and moment.minute == 0:
        return _MIDNIGHT.get(case, "północy")
    words = ordinal(moment.hour, f"f.{case}")
    if moment.minute:
        words += f" {pair(f'{moment.minute:02d}')}"
    return words


def digits(text: str, group: int = 1) -> str:
    """The digits and letters of a case number, one by one or in groups of `group` digits.

    Groups are parted by commas, at which the voice pauses; other signs are left out.
    """
    groups: list[str] = []
    for run in _runs(text):
        if run.isdigit():
            step = max(group, 1)
            groups += [pair(run[at : at + step]) for at in range(0, len(run), step)]
        else:
            groups.append(" ".join(run.upper()))
    return (", " if group > 1 else " ").join(groups)


def grouped(text: str, sizes: list[int]) -> str:
    """Digits in groups of these sizes; the last size goes on to the end."""
    number = "".join(sign for sign in text if "0" <= sign <= "9")
    return ", ".join(pair(part) for part in _cut(number, sizes))


def _cut(text: str, sizes: list[int]) -> list[str]:
    parts = []
    at = 0
    for index in range(len(text)):
        if at >= len(text):
            break
        size = sizes[min(index, len(sizes) - 1)]
        parts.append(text[at : at + size])
        at += size
    return parts


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
    """A document's number: "F V łamane na dwa tysiące dwadzieścia sześć łamane na zero trzy"."""
    parts = [_number_part(part) for part in re.split(r"[/\\]", text)]
    return " łamane na ".join(filter(None, parts))


def _number_part(part: str) -> str:
    """Up to four digits are one number, longer ones are pairs; a dash inside is said."""
    words = []
    for token in re.findall(r"[0-9]+|[^\W\d_]+|(?<=\w)-(?=\w)", part):
        if token == "-":
            words.append("kreska")
        elif not token.isascii() or token.isalpha():
            words.append(" ".join(token.upper()))
        elif len(token) <= 4:
            words.append(pair(token))
        else:
            words.append(" ".join(pair(two) for two in _cut(token, [2 - len(token) % 2, 2])))
    return " ".join(words)


# The countries' prefixes of one and two digits (ITU-T E.164); all others have three.
_ONE_DIGIT_PREFIXES = ("1", "7")
_TWO_DIGIT_PREFIXES = frozenset(
    prefix
    for first, last in ((20, 20), (27, 27), (30, 34), (36, 36), (39, 41), (43, 49), (51, 58),
                        (60, 66), (81, 82), (84, 84), (86, 86), (90, 95), (98, 98))
    for prefix in range(first, last + 1)
)  # fmt: skip


def phone(e164: str, sizes: list[int] | None = None) -> str:
    """A telephone number by threes; Poland's own prefix is left out, another one is said."""
    number = "".join(sign for sign in e164 if "0" <= sign <= "9")
    is_international = e164.strip().startswith("+")
    if not is_international and number.startswith("00") and len(number) > 9:
        number, is_international = number[2:], True
    prefix = ""
    if number.startswith("48") and (is_international or len(number) == 11):
        number = number[2:]
    elif is_international:
        length = 3
        if number[:1] in _ONE_DIGIT_PREFIXES:
            length = 1
        elif number[:2].isdigit() and int(number[:2]) in _TWO_DIGIT_PREFIXES:
            length = 2
        prefix, number = f"plus {pair(number[:length])}, ", number[length:]
    groups = _cut(number, sizes or [3])
    if not sizes and len(groups) > 1 and len(groups[-1]) == 1:
        # No digit is left alone at the end: two pairs are easier to write down.
        rest = groups[-2] + groups[-1]
        groups[-2:] = [rest[:2], rest[2:]]
    return prefix + ", ".join(pair(group) for group in groups)


def iban(text: str, sizes: list[int] | None = None) -> str:
    """An account number: the country's letters, then pairs, with a pause after each four.

    sizes: how many signs are said between two pauses; 2, then fours.
    """
    account = "".join(sign for sign in text.upper() if sign.isalnum())
    country = account[:2] if account[:2].isalpha() else ""
    spoken = [
        " ".join(_signs(group[at : at + 2]) for at in range(0, len(group), 2))
        for group in _cut(account[len(country) :], sizes or [2, 4])
    ]
    return ", ".join(filter(None, [" ".join(country), *spoken]))


def _signs(signs: str) -> str:
    if signs.isascii() and signs.isdigit():
        return pair(signs)
    return " ".join(pair(sign) if "0" <= sign <= "9" else sign for sign in signs)


def percent(value: Decimal, case: Case = "nom") -> str:
    """A rate: "jedenaście i dwadzieścia pięć setnych procent". Three places at most are said."""
    if value < 0:
        return f"minus {percent(-value, case)}"
    rounded = value.quantize(Decimal("0.001"), ROUND_HALF_UP)
    whole, thousandths = divmod(int(rounded * 1000), 1000)
    if not thousandths:
        return count(whole, "procent", case)
    if thousandths % 10:
        fraction = count(thousandths, "tysięczna", case)
    elif thousandths % 100:
        fraction = count(thousandths // 10, "setna", case)
    else:
        fraction = count(thousandths // 100, "dziesiąta", case)
    return f"{cardinal(whole, case=case)} i {fraction} procent" if whole else f"{fraction} procent"
