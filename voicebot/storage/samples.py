"""Synthetic debtors to try Voicebot with. Nobody here exists, nor do the creditors.

Phones are in +48 000, which no Polish operator has; e-mails in example.invalid (RFC 2606).
Case numbers have eight digits and differ from each other in at least four places, so that
a misheard digit finds nobody rather than somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from voicebot.records import Case, Contact
from voicebot.storage.database import Database


@dataclass(frozen=True, slots=True)
class SampleDebtor:
    """A debtor with everything he knows of himself; ids are 0 until stored."""

    contact: Contact
    case: Case


class _Row(NamedTuple):
    first_name: str
    last_name: str
    gender: str
    birth_date: str
    pesel_last4: str
    postcode: str
    case_number: str
    creditor: str
    title: str
    principal_gr: int
    interest_gr: int
    overdue_days: int


_PHONE_BILL = "faktura za usługi telefoniczne"
_POWER_BILL = "faktura za energię elektryczną"
_GAS_BILL = "faktura za gaz"
_LOAN = "umowa pożyczki"
_CARD = "umowa o kartę kredytową"
_RENT = "opłaty za lokal"
_INTERNET = "faktura za internet"
_FITNESS = "umowa o karnet"

_TELEPHONY = "Telefonia Zmyślona"
_POWER = "Energia Przykładowa"
_GAS = "Gazownia Wzorcowa"
_LENDER = "Pożyczki Na Niby"
_BANK = "Bank Przykładowy"
_HOUSING = "Spółdzielnia Fikcyjna"
_NETWORK = "Internet Zmyślony"
_GYM = "Siłownia Na Niby"

# fmt: off
_ROWS = (
    _Row("Jan", "Kowalski", "m", "1980-05-08", "7834", "00-950", "24681357", _TELEPHONY, _PHONE_BILL, 123_450, 6_040, 95),
    _Row("Anna", "Nowak", "f", "1975-03-21", "4521", "30-002", "31524679", _POWER, _POWER_BILL, 48_716, 1_209, 42),
    _Row("Piotr", "Wiśniewski", "m", "1991-11-30", "0316", "80-299", "45137826", _LENDER, _LOAN, 250_000, 31_875, 180),
    _Row("Katarzyna", "Wójcik", "f", "1988-07-02", "6287", "50-123", "52763148", _BANK, _CARD, 374_211, 40_518, 210),
    _Row("Tomasz", "Kamiński", "m", "1969-01-15", "1572", "61-712", "67318245", _HOUSING, _RENT, 96_000, 2_733, 67),
    _Row("Magdalena", "Lewandowska", "f", "1994-09-12", "8804", "90-411", "73852416", _NETWORK, _INTERNET, 17_970, 255, 33),
    _Row("Andrzej", "Zieliński", "m", "1957-12-24", "2690", "20-031", "86274513", _GAS, _GAS_BILL, 61_384, 1_902, 58),
    _Row("Agnieszka", "Szymańska", "f", "1983-04-17", "5943", "40-098", "92416735", _TELEPHONY, _PHONE_BILL, 32_145, 688, 40),
    _Row("Krzysztof", "Woźniak", "m", "1978-08-29", "3178", "15-865", "18365427", _BANK, _LOAN, 1_205_000, 148_630, 320),
    _Row("Barbara", "Dąbrowska", "f", "1962-06-06", "7462", "35-064", "29547183", _POWER, _POWER_BILL, 54_002, 1_417, 50),
    _Row("Marcin", "Kozłowski", "m", "1986-02-11", "0951", "25-303", "36978214", _GYM, _FITNESS, 77_400, 3_120, 121),
    _Row("Ewa", "Jankowska", "f", "1999-10-05", "2327", "70-415", "41289563", _NETWORK, _INTERNET, 23_960, 301, 29),
    _Row("Michał", "Mazur", "m", "1972-07-19", "6413", "85-027", "58491672", _LENDER, _LOAN, 180_000, 20_440, 155),
    _Row("Joanna", "Kwiatkowska", "f", "1990-12-01", "9165", "10-542", "64852937", _TELEPHONY, _PHONE_BILL, 89_933, 3_871, 88),
    _Row("Paweł", "Krawczyk", "m", "1981-03-03", "4858", "65-001", "79125384", _HOUSING, _RENT, 312_080, 12_745, 132),
    _Row("Monika", "Kaczmarek", "f", "1977-05-26", "3709", "45-018", "83691742", _GAS, _GAS_BILL, 40_515, 874, 37),
    _Row("Grzegorz", "Piotrowski", "m", "1966-09-09", "5234", "33-100", "97534628", _POWER, _POWER_BILL, 72_650, 2_268, 61),
    _Row("Małgorzata", "Grabowska", "f", "1959-01-31", "8046", "42-217", "15947836", _BANK, _CARD, 540_900, 66_025, 240),
    _Row("Łukasz", "Pawłowski", "m", "1995-06-14", "1693", "26-600", "23716985", _GYM, _FITNESS, 59_700, 1_988, 74),
    _Row("Beata", "Michalska", "f", "1971-11-18", "7681", "87-100", "38149265", _LENDER, _LOAN, 95_500, 9_310, 110),
    _Row("Rafał", "Nowicki", "m", "1984-10-22", "2419", "59-220", "46592871", _NETWORK, _INTERNET, 35_940, 812, 45),
    _Row("Dorota", "Adamczyk", "f", "1968-08-07", "0540", "75-202", "51873694", _TELEPHONY, _PHONE_BILL, 21_003, 397, 31),
    _Row("Jakub", "Dudek", "m", "1997-02-27", "9372", "22-400", "62497158", _BANK, _LOAN, 815_000, 90_215, 275),
    _Row("Zofia", "Zając", "f", "1953-04-04", "6128", "97-300", "76281943", _HOUSING, _RENT, 128_640, 4_996, 99),
)
# fmt: on


def sample_debtors(today: date) -> list[SampleDebtor]:
    """The same people every time; only their due dates move with `today`."""
    return [_debtor(number, row, today) for number, row in enumerate(_ROWS, start=1)]


async def add_samples(database: Database, today: date) -> int:
    """Store the sample debtors that are not there yet; returns how many were added."""
    n_added = 0
    for debtor in sample_debtors(today):
        if await database.cases.find(debtor.case.case_number) is None:
            await database.cases.add(debtor.contact, debtor.case)
            n_added += 1
    return n_added


def _debtor(number: int, row: _Row, today: date) -> SampleDebtor:
    contact = Contact(
        contact_id=0,
        first_name=row.first_name,
        last_name=row.last_name,
        gender=row.gender,
        phone=f"+48000000{100 + number}",
        email=f"dluznik{number}@example.invalid",
        birth_date=date.fromisoformat(row.birth_date),
        pesel_last4=row.pesel_last4,
        postcode=row.postcode,
    )
    case = Case(
        case_id=0,
        contact_id=0,
        case_number=row.case_number,
        creditor=row.creditor,
        title=row.title,
        principal_gr=row.principal_gr,
        interest_gr=row.interest_gr,
        balance_gr=row.principal_gr + row.interest_gr,
        due_date=today - timedelta(days=row.overdue_days),
    )
    return SampleDebtor(contact, case)
