"""Says a person's name in a sentence, declined where every form of it is sure."""

from __future__ import annotations

from voicebot.dialogue.polish.cases import Case
from voicebot.dialogue.polish.names import full_name, person_form, sex_of
from voicebot.records import PersonName

PERSON_CASES: tuple[Case, ...] = ("nom", "gen", "dat", "acc", "ins", "voc")


def speak_person(person: PersonName, case: Case | None) -> str:
    """The name in a case, or as it is written: without a case, and where the form is not sure."""
    declined = person_form(person, case) if case is not None else None
    return declined or full_name(person)


def is_clear(person: object) -> bool:
    """Whether the gender is known and every form is sure: only then is he to be declined."""
    return (
        isinstance(person, PersonName)
        and sex_of(person.gender) is not None
        and all(person_form(person, case) for case in PERSON_CASES)
    )
