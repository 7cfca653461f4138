"""Companies' names: greeted without their legal form, read out with it in full."""

from __future__ import annotations

import re

from voicebot.dialogue.polish.cases import Case
from voicebot.dialogue.polish.declension import feminine_adjective
from voicebot.dialogue.polish.number_words import cardinal

_COMPANY: dict[Case, str] = {
    "nom": "spółka", "gen": "spółki", "dat": "spółce", "acc": "spółkę", "ins": "spółką",
    "loc": "spółce", "voc": "spółka",
}  # fmt: skip
# What the form is called beside "spółka", by how it may be written. The longer ones first.
_FORMS: tuple[tuple[str, str, str, str], ...] = (
    # written; before, after "spółka" where it declines; after it where it doesn't.
    (r"sp(?:[oó]łka|\.)?\s*z\s*(?:o|ograniczoną)\.?\s*(?:o|odpowiedzialnością)\.?",
     "", "", "z ograniczoną odpowiedzialnością"),
    (r"p\.?\s?s\.?\s?a\.?|prosta\s+sp[oó]łka\s+akcyjna", "prosta", "akcyjna", ""),
    (r"s\.?\s?k\.?\s?a\.?|sp[oó]łka\s+komandytowo-akcyjna", "", "komandytowo-akcyjna", ""),
    (r"s\.?\s?a\.?|sp[oó]łka\s+akcyjna", "", "akcyjna", ""),
    (r"s\.?\s?c\.?|sp[oó]łka\s+cywilna", "", "cywilna", ""),
    (r"sp(?:[oó]łka|\.)?\s*k(?:omandytowa|\.)?", "", "komandytowa", ""),
    (r"sp(?:[oó]łka|\.)?\s*j(?:awna|\.)?", "", "jawna", ""),
    (r"sp(?:[oó]łka|\.)?\s*p(?:artnerska|\.)?", "", "partnerska", ""),
)  # fmt: skip
_AT_END = tuple(
    (re.compile(rf"[\s,]+(?:{written})\s*$", re.IGNORECASE), before, after, fixed)
    for written, before, after, fixed in _FORMS
)
_STATE = re.compile(r"[\s,]+w\s+(likwidacji|upadłości|restrukturyzacji)\s*$", re.IGNORECASE)
# Initials that are spelled: P.P.H.U., FHU, PHU, ZUH.
_INITIALS = re.compile(r"(?:[A-ZĄĆĘŁŃÓŚŹŻ]\.){2,}|\b[BCDFGHJKLŁMNPQRSŚTVWXZŹŻU]{2,4}\b")
_NUMBER = re.compile(r"\b[0-9]{1,9}\b")


def company_name(name: str) -> str:
    """A company as it is greeted: without its legal form, "Hurtpol" for "Hurtpol Sp. z o.o."."""
    return _split(name)[0]


def company_readout(name: str, case: Case = "nom") -> str:
    """A company's whole name with its legal form in full, numbers and initials as they are said.

    The form declines, the name itself doesn't: "Hurtpol spółki z ograniczoną…".
    """
    short, forms = _split(name)
    short = _INITIALS.sub(lambda match: " ".join(match.group().replace(".", "")), short)
    short = _NUMBER.sub(lambda match: cardinal(int(match.group())), short).replace("&", "i")
    return " ".join([*short.split(), *(_legal_form(form, case) for form in forms)])


_LegalForm = tuple[str, str, str]


def _split(name: str) -> tuple[str, list[_LegalForm]]:
    """A name and the legal forms behind it: of "X sp. z o.o. sp. k." there are two."""
    rest = " ".join(name.split())
    forms: list[_LegalForm] = []
    while True:
        if (state := _STATE.search(rest)) and rest[: state.start()].strip():
            forms.insert(0, ("", "", f"w {state.group(1).lower()}"))
            rest = rest[: state.start()]
            continue
        for written, before, after, fixed in _AT_END:
            found = written.search(rest)
            if found and rest[: found.start()].strip():
                forms.insert(0, (before, after, fixed or ""))
                rest = rest[: found.start()]
                break
        else:
            return rest.rstrip(" ,"), forms


def _legal_form(form: _LegalForm, case: Case) -> str:
    before, after, fixed = form
    if fixed.startswith("w "):
        return fixed
    words = [_adjective(before, case), _COMPANY[case], _adjective(after, case), fixed]
    return " ".join(filter(None, words))


def _adjective(word: str, case: Case) -> str:
    return (feminine_adjective(word)[case] or word) if word else ""
