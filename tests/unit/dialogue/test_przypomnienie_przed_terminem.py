"""The reminder before the due date, in whole conversations: a service, not a demand."""

from __future__ import annotations

from tests.unit.dialogue.outbound_driver import BEFORE, verified
from voicebot.dialogue.actions import HangUp, Say
from voicebot.records import Disposition

D = Disposition


def test_it_reminds_and_offers_a_message():
    call = verified(BEFORE)
    assert call.said == ["reminder", "reminder_due", "offer_sms"]
    assert "termin płatności dwudziestego marca" in call.text


def test_nobody_who_does_not_speak_of_it_is_asked_when_he_will_pay():
    call = verified(BEFORE).play("nie")
    prompts = call.engine._script.prompts
    said = [action.prompt_id for action in call.actions if isinstance(action, Say)]
    assert not any(prompts[prompt_id].persuades for prompt_id in said)
    assert call.hung_up == HangUp("reminded", D.INFORMED)


def test_the_message_with_the_account_is_sent_where_it_is_wanted():
    call = verified(BEFORE).play("tak, proszę")
    assert call.notices == [("sms", "payment_details")]
    assert call.hung_up == HangUp("reminded", D.INFORMED)


def test_without_a_number_no_message_is_offered():
    call = verified(BEFORE, caller_known=False)
    assert call.said[-1] == "offer_any_help"
    call.play("nie")
    assert call.said == ["how_help"]
    assert verified(BEFORE, caller_known=False).play("tak").hung_up is not None


def test_who_names_a_day_himself_is_taken_at_his_word():
    call = verified(BEFORE).play("zapłacę w piątek", "całość", "tak", "nie, dziękuję")
    assert len(call.promises) == 1
    assert call.hung_up == HangUp("conversation finished", D.PTP_FULL)


def test_who_can_not_pay_is_offered_help_before_the_term():
    assert verified(BEFORE).play("straciłem pracę").said == ["offer_help"]
