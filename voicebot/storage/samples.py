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
    kind: str
    principal_gr: str
    interest_gr: str
    overdue_days: str


class _CompanyRow(NamedTuple):
    name: str
    nip: str
    postcode: str
    case_number: str
    principal_gr: str
    interest_gr: str
    overdue_days: str


_KINDS = {
    "phone": ("Telefonia Zmyślona", "faktura za usługi telefoniczne"),
    "power": ("Energia Przykładowa", "faktura za energię elektryczną"),
    "gas": ("Gazownia Wzorcowa", "faktura za gaz"),
    "internet": ("Internet Zmyślony", "faktura za internet"),
    "gym": ("Siłownia Na Niby", "umowa o karnet"),
    "rent": ("Spółdzielnia Fikcyjna", "opłaty za lokal"),
    "loan": ("Pożyczki Na Niby", "umowa pożyczki"),
    "credit": ("Bank Przykładowy", "umowa kredytu"),
    "card": ("Bank Przykładowy", "umowa o kartę kredytową"),
}
"""Creditor and title."""

_TABLE = """
Jan         Kowalski     m  1980-05-08  7834  00-950  24681357  phone      123450    6040   95
Anna        Nowak        f  1975-03-21  4521  30-002  31524679  power       48716    1209   42
Piotr       Wiśniewski   m  1991-11-30  0316  80-299  45137826  loan       250000   31875  180
Katarzyna   Wójcik       f  1988-07-02  6287  50-123  52763148  card       374211   40518  210
Tomasz      Kamiński     m  1969-01-15  1572  61-712  67318245  rent        96000    2733   67
Magdalena   Lewandowska  f  1994-09-12  8804  90-411  73852416  internet    17970     255   33
Andrzej     Zieliński    m  1957-12-24  2690  20-031  86274513  gas         61384    1902   58
Agnieszka   Szymańska    f  1983-04-17  5943  40-098  92416735  phone       32145     688   40
Krzysztof   Woźniak      m  1978-08-29  3178  15-865  18365427  credit    1205000  148630  320
Barbara     Dąbrowska    f  1962-06-06  7462  35-064  29547183  power       54002    1417   50
Marcin      Kozłowski    m  1986-02-11  0951  25-303  36978214  gym         77400    3120  121
Ewa         Jankowska    f  1999-10-05  2327  70-415  41289563  internet    23960     301   29
Michał      Mazur        m  1972-07-19  6413  85-027  58491672  loan       180000   20440  155
Joanna      Kwiatkowska  f  1990-12-01  9165  10-542  64852937  phone       89933    3871   88
Paweł       Krawczyk     m  1981-03-03  4858  65-001  79125384  rent       312080   12745  132
Monika      Kaczmarek    f  1977-05-26  3709  45-018  83691742  gas         40515     874   37
Grzegorz    Piotrowski   m  1966-09-09  5234  33-100  97534628  power       72650    2268   61
Małgorzata  Grabowska    f  1959-01-31  8046  42-217  15947836  card       540900   66025  240
Łukasz      Pawłowski    m  1995-06-14  1693  26-600  23716985  gym         59700    1988   74
Beata       Michalska    f  1971-11-18  7681  87-100  38149265  loan        95500    9310  110
Rafał       Nowicki      m  1984-10-22  2419  59-220  46592871  internet    35940     812   45
Dorota      Adamczyk     f  1968-08-07  0540  75-202  51873694  phone       21003     397   31
Jakub       Dudek        m  1997-02-27  9372  22-400  62497158  credit     815000   90215  275
Zofia       Zając        f  1953-04-04  6128  97-300  76281943  rent       128640    4996   99
"""


_COMPANIES = """
Hurtownia Zmyślona          0001234562  30-002  43518276  1845000   48210  40
Budowa Przykładowa          0002468138  61-712  57294613   623700    9155  25
Piekarnia Na Niby           0009753184  85-027  69183452   148200    1230  12
"""
"""Name, NIP (no tax office gives out 000), postcode, case number, amounts and days overdue."""


def sample_companies(today: date) -> list[SampleDebtor]:
    """Companies, which prove themselves by NIP and postcode; the same every time."""
    return [
        _company(number, _CompanyRow(*line.rsplit(maxsplit=6)), today)
        for number, line in enumerate(_COMPANIES.strip().splitlines(), start=1)
    ]


def sample_debtors(today: date) -> list[SampleDebtor]:
    """The same people every time; only their due dates move with `today`."""
    return [
        _debtor(number, _Row(*line.split()), today)
        for number, line in enumerate(_TABLE.strip().splitlines(), start=1)
    ]


async def add_samples(database: Database, today: date) -> int:
    """Store the sample debtors and companies not there yet; returns how many were added."""
    n_added = 0
    for debtor in (*sample_debtors(today), *sample_companies(today)):
        if await database.cases.find(debtor.case.case_number) is None:
            await database.cases.add(debtor.contact, debtor.case)
            n_added += 1
    return n_added


def _company(number: int, row: _CompanyRow, today: date) -> SampleDebtor:
    contact = Contact(
        contact_id=0,
        first_name="",
        last_name=row.name,
        gender="",
        phone=f"+48000000{200 + number}",
        email=f"firma{number}@example.invalid",
        birth_date=None,
        pesel_last4="",
        postcode=row.postcode,
        nip=row.nip,
    )
    principal_gr, interest_gr = int(row.principal_gr), int(row.interest_gr)
    case = Case(
        case_id=0,
        contact_id=0,
        case_number=row.case_number,
        creditor="Materiały Fikcyjne",
        title=f"faktura FV/{number}/2026",
        principal_gr=principal_gr,
        interest_gr=interest_gr,
        balance_gr=principal_gr + interest_gr,
        due_date=today - timedelta(days=int(row.overdue_days)),
    )
    return SampleDebtor(contact, case)


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
    creditor, title = _KINDS[row.kind]
    principal_gr, interest_gr = int(row.principal_gr), int(row.interest_gr)
    case = Case(
        case_id=0,
        contact_id=0,
        case_number=row.case_number,
        creditor=creditor,
        title=title,
        principal_gr=principal_gr,
        interest_gr=interest_gr,
        balance_gr=principal_gr + interest_gr,
        due_date=today - timedelta(days=int(row.overdue_days)),
    )
    return SampleDebtor(contact, case)
