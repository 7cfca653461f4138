"""Plays the scripts of calls that we make: each with its case, its person and its proofs."""

from __future__ import annotations

from datetime import date

from tests.unit.dialogue.dialogue_driver import CASE_NUMBER, VERIFIED, Conversation, FakeCases
from voicebot.records import PersonName

CONSUMER = "przypomnienie_konsument"
BEFORE = "przypomnienie_przed_terminem"
COMPANY = "przypomnienie_firma"
BROKEN = "zlamana_obietnica"
MAILBOX = "poczta_glosowa"
HOTLINE = "infolinia"
OUTBOUND = (CONSUMER, BEFORE, COMPANY, BROKEN)

PROOFS = VERIFIED[1:]
"""Birth date and postcode."""
COMPANY_PROOFS = ("#0001234562", "#00950")
JAN = PersonName("Jan", "Kowalski", "m")
WHOLESALER = PersonName("", "Hurtownia Zmyślona")


def dial(script: str, **changes: object) -> Conversation:
    """A call of this script, answered. changes: of what the script is given; `seed` of the call."""
    is_company = script == COMPANY
    cases = FakeCases(due_date=date(2026, 3, 20)) if script == BEFORE else FakeCases()
    cases.is_company = is_company
    if script == BROKEN:
        cases.promised, cases.n_promises = (date(2026, 3, 6), 50000), 1
    seed = str(changes.pop("seed", ""))
    given: dict[str, object] = {
        "company": "Windykacja Przykładowa",
        "company_neutral": "Biuro Przykład",
        "hotline": "dwadzieścia dwa, sto, dwieście",
        "is_recorded": True,
        "is_emotion_read": False,
        "caller_known": True,
        "case_number": CASE_NUMBER,
        "person": WHOLESALER if is_company else JAN,
        "is_company": is_company,
        **changes,
    }
    return Conversation(given=given, cases=cases, script=script, seed=seed)


def reached(script: str, **changes: object) -> Conversation:
    """The person is on the line and is asked to prove it."""
    call = dial(script, **changes)
    return call.play(VERIFIED[0] if script == HOTLINE else "tak, słucham")


def verified(script: str, **changes: object) -> Conversation:
    """Two facts have matched: what the call is about is being talked of."""
    return reached(script, **changes).play(*(COMPANY_PROOFS if script == COMPANY else PROOFS))
