"""What a script for outgoing calls is given: whom the call is about, known before it is made."""

from __future__ import annotations

from voicebot.calls.case_directory import CaseStore
from voicebot.errors import NotFound


async def given_of_case(cases: CaseStore, case_number: str) -> dict[str, object]:
    """Values for the script's `given`. Raises NotFound, StorageError."""
    case = await cases.find(case_number)
    if case is None:
        raise NotFound("no such case")
    person = await cases.person(case.case_id)
    return {
        "case_number": case.case_number,
        "person": person,
        "is_company": person.is_company,
    }
