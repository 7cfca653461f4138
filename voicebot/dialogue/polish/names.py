"""Whom the voice speaks of and to: "panem Janem Kowalskim", "pani Anno", in the right form.

None says that no form is certain; the voice then uses a neutral one: "Jan Kowalski".
"""

from __future__ import annotations

from typing import Literal

from voicebot.dialogue.polish.cases import Case, Sex
from voicebot.dialogue.polish.companies import company_name
from voicebot.dialogue.polish.first_names import first_name_form
from voicebot.dialogue.polish.surnames import surname_form
from voicebot.records import PersonName

_SIR: dict[Case, str] = {
    "nom": "pan", "gen": "pana", "dat": "panu", "acc": "pana", "ins": "panem", "loc": "panu",
    "voc": "panie",
}  # fmt: skip
_MADAM: dict[Case, str] = {
    "nom": "pani", "gen": "pani", "dat": "pani", "acc": "panią", "ins": "panią", "loc": "pani",
    "voc": "pani",
}  # fmt: skip


def person_form(person: PersonName, case: Case) -> str | None:
    """Somebody with "pan" or "pani", declined; None where sex or a form isn't certain.

    A company gives its name without its legal form, undeclined in any case. The vocative is by
    the first name alone ("panie Janie"): to be called by one's surname sounds rude.
    """
    if is_company(person):
        return company_name(person.last_name) or None
    sex = sex_of(person.gender)
    first, last = _firsts(person.first_name), tidy(person.last_name)
    if sex is None or not first or (not last and case != "voc"):
        return None
    if sex == "m" and "'" in last:
        return None
    declined = [first_name_form(name, sex, case) for name in first]
    if case != "voc":
        declined.append(surname_form(last, sex, case))
    known = [word for word in declined if word is not None]
    return " ".join([title(sex, case), *known]) if len(known) == len(declined) else None


def full_name(person: PersonName) -> str:
    """The name as it is in the register, undeclined and without "pan": safe for anybody."""
    if is_company(person):
        return company_name(person.last_name)
    return " ".join(filter(None, [person.first_name.strip(), person.last_name.strip()]))


def address_form(first_name: str, sex: Sex | None, case: Case = "voc") -> str | None:
    """Somebody by his first name: "panie Janie", "panią Anną"; None where it isn't certain."""
    names = _firsts(first_name)
    if sex is None or not names:
        return None
    declined = first_name_form(names[0], sex, case)
    return None if declined is None else f"{title(sex, case)} {declined}"


def title(sex: Sex, case: Case) -> str:
    """ "pan" or "pani" in a case."""
    return (_SIR if sex == "m" else _MADAM)[case]


def sex_of(gender: str) -> Sex | None:
    """m and f are known, all else is not."""
    known: dict[str, Literal["m", "f"]] = {"m": "m", "f": "f"}
    return known.get(gender.strip().lower())


def is_company(person: PersonName) -> bool:
    """A company has its whole name as the last one."""
    return not person.first_name.strip() and bool(person.last_name.strip())


def tidy(name: str) -> str:
    """One name in the usual spelling: "KOWALSKI" is "Kowalski"; empty where it is no name."""
    name = name.strip().replace("’", "'")
    if not name or not all(sign.isalpha() or sign in "-'" for sign in name):
        return ""
    if name[0] in "-'" or name[-1] in "-'":
        return ""
    return "-".join(_capitalised(part) for part in name.split("-"))


def _capitalised(part: str) -> str:
    """ "McDonald" is spelled as it should be already, "NOWAK" and "nowak" are not."""
    is_plain = part in (part.upper(), part.lower())
    return part[:1].upper() + part[1:].lower() if is_plain else part


def _firsts(name: str) -> list[str]:
    """One or two first names, each tidied; none where one is no name."""
    names = [tidy(part) for part in name.split()]
    return names if names and all(names) else []
