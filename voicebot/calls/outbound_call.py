"""A call that we make about a case: what its script is given, known before anybody answers."""

from __future__ import annotations

from dataclasses import replace

from voicebot.calls.case_directory import CaseStore
from voicebot.calls.known_case import given_of_case
from voicebot.calls.reception import Conversation
from voicebot.dialogue.script import Script
from voicebot.errors import NotFound, SettingsError

CASE_NUMBER = "case_number"


def is_about_a_case(script: Script) -> bool:
    """Whether calls with this script are made about a case that is known beforehand."""
    return CASE_NUMBER in script.given


async def about_case(
    conversation: Conversation, cases: CaseStore, case_number: str
) -> Conversation:
    """The conversation about this case.

    Raises SettingsError where the script needs a case and has none, or needs none and has one;
    NotFound where there is no such case.
    """
    name = conversation.script.name
    if not is_about_a_case(conversation.script):
        if case_number:
            raise SettingsError(f"the script {name} is not about a case that is known beforehand")
        return conversation
    if not case_number:
        raise SettingsError(f"the script {name} calls about a case: give the case's number")
    try:
        given = await given_of_case(cases, case_number)
    except NotFound:
        raise NotFound(f"there is no case {case_number}") from None
    return replace(conversation, variables={**conversation.variables, **given})
