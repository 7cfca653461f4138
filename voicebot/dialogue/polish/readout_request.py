"""Reads out one value that is told as text: "amount", "1234,56 PLN", {"case": "gen"}.

Behind `voicebot readout` and the tables that prove it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import get_args

from voicebot.dialogue.polish import names, readout
from voicebot.dialogue.polish.cases import CASES, Case, Sex
from voicebot.dialogue.polish.companies import company_name, company_readout
from voicebot.dialogue.polish.counted_nouns import NOUNS, count, count_with_half, find_noun
from voicebot.dialogue.polish.number_words import Gender, cardinal, ordinal
from voicebot.errors import ReadoutError
from voicebot.records import PersonName

Context = Mapping[str, str]

_SPACES = re.compile(r"[\s\u00a0\u202f]+")
_AMOUNT = re.compile(r"([-−–]?)([0-9]{1,15})(?:[.,]([0-9]{1,2}))?([^0-9]*)")
_CURRENCY_SIGNS = {"": "PLN", "zł": "PLN", "zl": "PLN", "€": "EUR", "$": "USD"}
_COUNT = re.compile(r"([-−–]?[0-9]{1,15})(?:[.,]([0-9]+))?\s*(\D.*)")
_PERCENT = re.compile(r"([-−–]?[0-9]{1,9}(?:[.,][0-9]{1,9})?)\s*(?:%|proc\.?|procent)?")
_TIME = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?::[0-9]{2})?")
_SURNAME = re.compile(r".*(?:sk|ck|dzk)[ia]$", re.IGNORECASE)
_SIZES = re.compile(r"([0-9]+)(?:x([0-9]+))?$")
_NEVER = {"nip": "a tax number", "pesel": "a personal number"}


def read_out(kind: str, text: str, context: Context | None = None) -> str:
    """The words for a value; ReadoutError says why there are none.

    context: case, gender and what else the kind takes; see docs/reference/command-line.md.
    """
    kind, text = kind.strip().lower(), text.strip()
    if kind in _NEVER:
        raise ReadoutError(f"{_NEVER[kind]} is never read out")
    reader = READERS.get(kind)
    if reader is None:
        raise ReadoutError(f"kind {kind!r} is not known; there are: {', '.join(sorted(READERS))}")
    if not text:
        raise ReadoutError(f"there is no {kind} to read out")
    return reader(text, context or {})


def parse_context(text: str) -> dict[str, str]:
    """ "case=gen;gender=f" as a table."""
    context = {}
    for pair in filter(None, (part.strip() for part in text.split(";"))):
        key, sign, value = pair.partition("=")
        if not sign or not key.strip():
            raise ReadoutError("the context must be key=value;key=value")
        context[key.strip().lower()] = value.strip()
    return context


def _case(context: Context, usual: Case = "nom", key: str = "case") -> Case:
    wanted = context.get(key, "").lower() or usual
    for case in CASES:
        if wanted == case:
            return case
    raise ReadoutError(f"{key} {wanted!r} is not known; there are: {', '.join(CASES)}")


def _gender(context: Context) -> Gender:
    wanted = context.get("gender", "").lower() or "m"
    genders: tuple[Gender, ...] = get_args(Gender)
    for gender in genders:
        if wanted == gender:
            return gender
    raise ReadoutError(f"gender {wanted!r} is not known; there are: {', '.join(genders)}")


def _sex(context: Context) -> Sex | None:
    return names.sex_of(context.get("gender", "")[:1].replace("k", "f").replace("K", "f"))


def _is_on(context: Context, key: str) -> bool | None:
    """True or false; None where the context says nothing of it."""
    value = context.get(key, "").lower()
    return None if not value else value in ("true", "yes", "1", "tak", "on")


def _sizes(context: Context) -> list[int] | None:
    """The sizes of groups: "2+4x6" is 2, then six times 4."""
    if "groups" not in context:
        return None
    sizes: list[int] = []
    for part in context["groups"].split("+"):
        found = _SIZES.match(part.strip())
        if not found or not 0 < int(found[1]) <= 9 or int(found[2] or 1) > 40:
            raise ReadoutError("groups must be like 2+4x6: sizes of one digit, joined by +")
        sizes += [int(found[1])] * int(found[2] or 1)
    return sizes


def _whole(text: str, what: str) -> int:
    digits = _SPACES.sub("", text).replace("−", "-").replace("–", "-").rstrip(".")
    if not re.fullmatch(r"-?[0-9]{1,15}", digits):
        raise ReadoutError(f"{what} must be a whole number")
    return int(digits)


def _read_amount(text: str, context: Context) -> str:
    found = _AMOUNT.fullmatch(_SPACES.sub("", text))
    if not found:
        raise ReadoutError("an amount must be like 1234,56 PLN")
    sign, whole, fraction, unit = found.groups()
    currency = _CURRENCY_SIGNS.get(unit.lower().rstrip("."), unit.upper())
    if currency not in readout.CURRENCIES:
        raise ReadoutError(f"the currency must be one of: {', '.join(readout.CURRENCIES)}")
    amount_gr = int(whole) * 100 + int((fraction or "0").ljust(2, "0"))
    return readout.amount(-amount_gr if sign else amount_gr, _case(context), currency)


def _read_date(text: str, context: Context) -> str:
    day = _parse_date(text)
    with_year = _is_on(context, "year")
    today = None
    if since := context.get("today", "") or context.get("now", "")[:10]:
        today = _parse_date(since)
    wanted = context.get("weekday", "")
    if not wanted or wanted.lower() == "false":
        return readout.date_(day, with_year, today, _case(context, "gen"))
    weekday_case: Case = "acc"
    if wanted.lower() not in ("true", "yes"):
        weekday_case = _case(context, key="weekday")
    if with_year is None and today is None:
        with_year = False
    return readout.weekday_date(day, with_year, today, weekday_case, _case(context, "gen"))


def _parse_date(text: str) -> date:
    if found := re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:\s*r\.?)?", text):
        text = f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}"
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise ReadoutError("a date must be a day of the calendar, like 2026-03-15") from None


def _read_time(text: str, context: Context) -> str:
    found = _TIME.fullmatch(text)
    if not found or int(found[2]) > 59 or int(found[1]) * 60 + int(found[2]) > 24 * 60:
        raise ReadoutError("a time must be an hour of the day, like 16:30")
    moment = time(int(found[1]) % 24, int(found[2]))
    before = context.get("prep", "")
    case = _case(context, "gen" if before in ("do", "od", "około", "koło") else "loc")
    words = readout.hour(moment, case)
    if before:
        return f"{before} {words}"
    return f"o {words}" if case == "loc" else words


def _read_iban(text: str, context: Context) -> str:
    signs = _SPACES.sub("", text).replace("-", "")
    if not re.fullmatch(r"(?:[A-Za-z]{2})?[0-9]{2}[0-9A-Za-z]{11,30}", signs):
        raise ReadoutError("an account number has its country's letters and up to 32 signs")
    return readout.iban(signs, _sizes(context))


def _read_phone(text: str, context: Context) -> str:
    if not re.fullmatch(r"\+?[0-9 ()./\u00a0-]{2,30}", text) or not any(c.isdigit() for c in text):
        raise ReadoutError("a telephone number has digits, spaces and a + before the country")
    return readout.phone(text, _sizes(context))


def _read_count(text: str, context: Context) -> str:
    found = _COUNT.fullmatch(text.replace("\u00a0", " "))
    if not found:
        raise ReadoutError("a count must be a whole number and a noun, like 2 raty")
    noun = find_noun(found[3])
    if noun is None:
        nouns = ", ".join(sorted(noun for noun in NOUNS if " " not in noun))
        raise ReadoutError(f"how this noun declines is not known; there are: {nouns}")
    n = _whole(found[1], "a count")
    if found[2] and found[2].strip("0") == "5" and found[2].startswith("5"):
        return count_with_half(n, noun, _case(context))
    if found[2] and found[2].strip("0"):
        raise ReadoutError("of fractions only a half can be counted")
    return count(n, noun, _case(context)) if n >= 0 else f"minus {count(-n, noun, _case(context))}"


def _read_name(text: str, context: Context) -> str:
    words = text.split()
    if len(words) < 2:
        raise ReadoutError("a name must have a first name and a surname")
    person = PersonName(" ".join(words[:-1]), words[-1], _sex(context) or "")
    # Whose sex or forms aren't certain is named as he is registered, without "pan" or "pani".
    return names.person_form(person, _case(context)) or _registered(person)


def _registered(person: PersonName) -> str:
    words = names.full_name(person).split()
    return " ".join(names.tidy(word) or word for word in words)


def _read_address(text: str, context: Context) -> str:
    sex = _sex(context)
    if sex is None:
        raise ReadoutError("to be addressed somebody's sex must be known: gender=m or gender=f")
    case = _case(context, "voc")
    first = text.split()[0]
    # By a surname nobody is called: it sounds rude.
    by_name = None if _SURNAME.match(first) else names.address_form(first, sex, case)
    return by_name or f"proszę {names.title(sex, 'gen')}"


def _read_percent(text: str, context: Context) -> str:
    found = _PERCENT.fullmatch(text)
    if not found:
        raise ReadoutError("a rate must be like 11,25%")
    value = Decimal(found[1].replace(",", ".").replace("−", "-").replace("–", "-"))
    return readout.percent(value, _case(context))


def _read_company(text: str, context: Context) -> str:
    is_greeting = _is_on(context, "greeting") or context.get("form") in ("short", "greeting")
    return company_name(text) if is_greeting else company_readout(text, _case(context))


def _read_number(text: str, context: Context) -> str:
    return cardinal(_whole(text, "a number"), _gender(context), _case(context))


def _read_ordinal(text: str, context: Context) -> str:
    n, gender = _whole(text, "an ordinal"), _gender(context)
    if n < 0 or n >= 10**6:
        raise ReadoutError("an ordinal must be between 0 and 999 999")
    return ordinal(n, f"{'m' if gender == 'p' else gender}.{_case(context)}")


def _read_digits(text: str, context: Context) -> str:
    if not any("0" <= sign <= "9" or sign.isalpha() for sign in text):
        raise ReadoutError("there are no digits or letters to read out")
    if sizes := _sizes(context):
        return readout.grouped(text, sizes)
    size = context.get("group", "1")
    if not re.fullmatch("[1-9]", size):
        raise ReadoutError("group must be a number from 1 to 9")
    return readout.digits(text, int(size))


def _read_invoice(text: str, context: Context) -> str:
    if words := readout.invoice_number(text):
        return words
    raise ReadoutError("an invoice's number must have digits or letters")


def _read_postcode(text: str, context: Context) -> str:
    if not re.fullmatch(r"[0-9]{2}-?[0-9]{3}", text):
        raise ReadoutError("a postcode must be like 00-950")
    return readout.grouped(text, [2, 3])


READERS: Mapping[str, Callable[[str, Context], str]] = {
    "amount": _read_amount,
    "date": _read_date,
    "time": _read_time,
    "iban": _read_iban,
    "phone": _read_phone,
    "count": _read_count,
    "name": _read_name,
    "address": _read_address,
    "percent": _read_percent,
    "company": _read_company,
    "invoice": _read_invoice,
    "number": _read_number,
    "ordinal": _read_ordinal,
    "digits": _read_digits,
    "postcode": _read_postcode,
}
"""What reads out each kind of value."""
