"""What is true in one simulated call: the case, the person, and what the case directory says."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from voicebot.dialogue.actions import Query
from voicebot.dialogue.script import Script
from voicebot.records import PersonName

FACTS_NEEDED = 2
"""As the real directory asks (calls/case_directory.py): less opens nothing."""

_PEOPLE = (
    PersonName("Jan", "Kowalski", "m"),
    PersonName("Anna", "Nowak", "f"),
    PersonName("Krzysztof", "Wiśniewski", "m"),
    PersonName("Maria", "Lewandowska", "f"),
    PersonName("Sasha", "Moro", ""),
)
_COMPANIES = (PersonName("", "Hurtownia Zielony Liść"), PersonName("", "Transport Bystra"))
_CREDITORS = ("Energia Północ", "Telekom Bałtyk", "Pożyczka Wrzos")
_TITLES = ("faktura za energię", "umowa abonamentowa", "pożyczka gotówkowa")
_BALANCES_GR = (129490, 50000, 8410, 1500, 1234567)
_POSTCODES = ("00950", "31154", "80001", "50123")
_DAYS_OVERDUE = (60, 31, 7, 1, 0, -3, -10)
_PESEL_DIGITS = 10000


@dataclass(frozen=True, slots=True)
class CaseTruth:
    """One case as its letter tells it. `is_known`: the directory has it."""

    case_number: str
    person: PersonName
    is_company: bool
    birth_date: date
    postcode: str
    pesel_last4: str
    nip: str
    creditor: str
    title: str
    balance_gr: int
    due_date: date
    is_known: bool = True
    n_promises: int = 0
    promised_date: date | None = None
    promised_gr: int | None = None

    @property
    def facts(self) -> Mapping[str, str]:
        """What proves identity, by the fact's name, as a query holds it."""
        if self.is_company:
            return {"nip": self.nip, "postcode": self.postcode}
        return {
            "birth_date": self.birth_date.isoformat(),
            "postcode": self.postcode,
            "pesel_last4": self.pesel_last4,
        }

    @property
    def details(self) -> dict[str, object]:
        """As storage/cases.py answers `case_details`."""
        return {
            "creditor": self.creditor,
            "title": self.title,
            "principal_gr": self.balance_gr,
            "interest_gr": 0,
            "balance_gr": self.balance_gr,
            "due_date": self.due_date,
            "gender": self.person.gender,
            "promised_date": self.promised_date,
            "promised_gr": self.promised_gr,
            "n_promises": self.n_promises,
        }


def make_truth(
    chance: random.Random, today: date, companies: float = 0.3, n_digits: int = 8
) -> CaseTruth:
    """A case by chance. companies: how likely it is a company's; n_digits: of its number."""
    is_company = chance.random() < companies
    is_settled = chance.random() < 0.06
    n_promises = chance.choice((0, 1, 1, 2, 3))
    return CaseTruth(
        case_number=f"{chance.randrange(10 ** (n_digits - 1), 10**n_digits)}",
        person=chance.choice(_COMPANIES if is_company else _PEOPLE),
        is_company=is_company,
        birth_date=date(1950, 1, 1) + timedelta(days=chance.randrange(18000)),
        postcode=chance.choice(_POSTCODES),
        pesel_last4=f"{chance.randrange(_PESEL_DIGITS):04d}",
        nip=_nip(chance),
        creditor=chance.choice(_CREDITORS),
        title=chance.choice(_TITLES),
        balance_gr=0 if is_settled else chance.choice(_BALANCES_GR),
        due_date=today - timedelta(days=chance.choice(_DAYS_OVERDUE)),
        is_known=chance.random() >= 0.05,
        n_promises=n_promises,
        promised_date=today - timedelta(days=chance.choice((1, 4, -2))) if n_promises else None,
        promised_gr=chance.choice((5000, 20000)) if n_promises else None,
    )


def given_values(
    script: Script, truth: CaseTruth, chance: random.Random, settings: Mapping[str, object]
) -> dict[str, object]:
    """A value for each of the script's `given`: the case's own, a setting, or by chance."""
    known: dict[str, object] = {
        "case_number": truth.case_number,
        "person": truth.person,
        "is_company": truth.is_company,
        "gender": truth.person.gender,
        "due_date": truth.due_date,
        "creditor": truth.creditor,
        **settings,
    }
    values: dict[str, object] = {}
    for name, kind in script.given.items():
        if name in known:
            values[name] = known[name]
        elif kind == "flag":
            values[name] = chance.random() < 0.7
        elif kind == "setting":
            # What an operator may leave empty.
            values[name] = name.replace("_", " ") if chance.random() < 0.8 else ""
        elif kind == "person":
            values[name] = truth.person
        elif kind == "number":
            values[name] = chance.randrange(3)
        elif kind == "amount":
            values[name] = truth.balance_gr
        elif kind == "date":
            values[name] = truth.due_date
        elif kind == "digits":
            values[name] = truth.case_number
        else:
            values[name] = name
    return values


class SimulatedDirectory:
    """The case directory of one call. Refuses like the real one, and sometimes is down.

    facts_needed: matches that open a case. down: how likely each query stays without an answer.
    """

    def __init__(
        self,
        truth: CaseTruth,
        chance: random.Random,
        facts_needed: int = FACTS_NEEDED,
        down: float = 0.01,
    ) -> None:
        self._truth = truth
        self._facts_needed = facts_needed
        self._chance = chance
        self._down = down
        self.is_found = False
        self.matched: frozenset[str] = frozenset()

    def copy(self, chance: random.Random) -> SimulatedDirectory:
        """Another that has answered the same."""
        twin = SimulatedDirectory(self._truth, chance, self._facts_needed, self._down)
        twin.is_found, twin.matched = self.is_found, self.matched
        return twin

    @property
    def is_verified(self) -> bool:
        return self.is_found and len(self.matched) >= self._facts_needed

    def answer(self, query: Query) -> dict[str, object]:
        """What `QueryAnswered.data` holds."""
        if self._chance.random() < self._down:
            return {}
        truth = self._truth
        match query.name:
            case "find_case":
                self.matched = frozenset()
                self.is_found = truth.is_known and query.args.get("case_number") == (
                    truth.case_number
                )
                return {"found": self.is_found, "is_company": self.is_found and truth.is_company}
            case "verify_fact":
                fact = str(query.args.get("fact", ""))
                value = str(query.args.get("value", "")).replace("-", "")
                expected = truth.facts.get(fact, "").replace("-", "")
                matches = self.is_found and bool(expected) and value == expected
                if matches:
                    self.matched |= {fact}
                return {"matches": matches}
            case "case_details" if self.is_verified:
                return truth.details
        return {}


def _nip(chance: random.Random) -> str:
    """Ten digits with the right check digit."""
    weights = (6, 5, 7, 2, 3, 4, 5, 6, 7)
    while True:
        digits = [chance.randrange(1, 10) for _ in weights]
        check = sum(weight * digit for weight, digit in zip(weights, digits, strict=True)) % 11
        if check < 10:
            return "".join(map(str, (*digits, check)))
