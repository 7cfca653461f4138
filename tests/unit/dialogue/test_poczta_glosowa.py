"""The message for a mailbox: who we are and how to reach us, and nothing else."""

from __future__ import annotations

import re

import pytest

from tests.unit.dialogue.outbound_driver import MAILBOX, dial
from voicebot.dialogue.actions import HangUp, Say
from voicebot.records import Disposition

D = Disposition


def test_the_message_tells_of_no_debt_no_reason_and_no_name():
    call = dial(MAILBOX)
    assert call.said == ["greeting", "recording_notice", "voicemail_message"]
    assert not re.search(r"spraw|płat|dług|należn|Kowalsk|Jan|Windykac|Energia", call.text)
    assert "dwadzieścia dwa, sto, dwieście" in call.text
    assert not any(say.allow_barge_in for say in call.last if isinstance(say, Say))
    assert call.play("…").hung_up == HangUp("message left", D.VOICEMAIL)


def test_without_a_number_it_says_that_we_call_again():
    assert dial(MAILBOX, hotline="").said[-1] == "voicemail_later"


def test_an_unknown_case_still_gets_the_message():
    assert dial(MAILBOX, case_number="11111111").said[-1] == "voicemail_message"


@pytest.mark.parametrize(
    ("words", "disposition", "block"),
    [
        ("proszę więcej do mnie nie dzwonić", D.OPT_OUT, "OPT_OUT_CHANNEL"),
        ("mąż nie żyje od marca", D.DECEASED, "DECEASED"),
        ("nie, pomyłka", D.WRONG_NUMBER, "WRONG_NUMBER"),
        ("nie chcę już żyć", D.CRISIS, "CRISIS"),
    ],
)
def test_a_person_who_answers_after_all_is_heard(words: str, disposition: D, block: str):
    call = dial(MAILBOX).play(words)
    assert call.hung_up is not None
    assert call.hung_up.disposition is disposition
    assert call.blocks == [block]


def test_a_person_may_ask_for_a_human_and_who_is_calling():
    call = dial(MAILBOX).play("w jakiej sprawie pani dzwoni")
    assert call.said[0] == "who_we_are"
    assert call.play("konsultant").callbacks
