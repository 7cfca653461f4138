"""Answers the dialogue's queries about cases; tells nothing before two facts have matched."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from voicebot.dialogue.actions import Query
from voicebot.records import Case, PersonName

FACTS_NEEDED = 2


class CaseStore(Protocol):
    async def find(self, case_number: str) -> Case | None: ...
    async def person(self, case_id: int) -> PersonName: ...
    async def verify_fact(self, case_id: int, fact: str, value: str) -> bool: ...
    async def case_details(self, case_id: int) -> dict[str, object]: ...


class CaseDirectory:
    """One call's view of the cases: at most one case, opened by facts the caller gives.

    `case_details` of an unverified caller is refused here too, so that no script can tell a
    stranger what somebody owes (art. 5(1)(f) RODO).
    """

    def __init__(self, cases: CaseStore) -> None:
        self._cases = cases
        self._case: Case | None = None
        self._matched_facts: set[str] = set()

    @property
    def case_id(self) -> int | None:
        return self._case.case_id if self._case is not None else None

    @property
    def is_verified(self) -> bool:
        return len(self._matched_facts) >= FACTS_NEEDED

    async def answer(self, query: Query) -> dict[str, object]:
        """What `QueryAnswered.data` is to hold. An unknown query answers nothing."""
        if query.name == "find_case":
            return await self._find(str(query.args.get("case_number", "")))
        if query.name == "verify_fact":
            value = query.args.get("value", "")
            text = value.isoformat() if isinstance(value, date) else str(value)
            return await self._verify(str(query.args.get("fact", "")), text)
        if query.name == "case_details" and self.is_verified and self._case is not None:
            return await self._cases.case_details(self._case.case_id)
        return {}

    async def _find(self, case_number: str) -> dict[str, object]:
        self._case = await self._cases.find(case_number)
        self._matched_facts.clear()
        if self._case is None:
            return {"found": False, "is_company": False}
        person = await self._cases.person(self._case.case_id)
        return {"found": True, "is_company": person.is_company}

    async def _verify(self, fact: str, value: str) -> dict[str, object]:
        if self._case is None:
            return {"matches": False}
        matches = await self._cases.verify_fact(self._case.case_id, fact, value)
        if matches:
            self._matched_facts.add(fact)
        return {"matches": matches}
