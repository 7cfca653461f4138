"""After a promise that was not kept, in whole conversations."""

from __future__ import annotations

from datetime import date

from tests.unit.dialogue.outbound_driver import BROKEN, PROOFS, dial, reached, verified
from voicebot.dialogue.actions import HangUp
from voicebot.records import Disposition

D = Disposition


def test_the_promise_is_recalled_without_blame():
    call = verified(BROKEN)
    assert call.said == ["purpose", "was_agreed", "not_seen", "ask_sent"]
    assert "mowa o wpłacie pięciuset złotych, w piątek, szóstego marca" in call.text


def test_a_payment_on_its_way_is_noted_and_nobody_is_asked_again():
    call = verified(BROKEN).play("tak")
    assert call.disputes == ["paid"]
    assert call.blocks == ["CLAIMS_PAID_PENDING"]
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.CLAIMS_PAID


def test_a_new_date_is_agreed_on():
    call = verified(BROKEN).play("jeszcze nie")
    assert call.said == ["maybe_changed", "ask_when"]
    call.play("całość w piątek", "tak", "nie, dziękuję")
    assert [promise.due_date for promise in call.promises] == [date(2026, 3, 13)]
    assert call.hung_up == HangUp("conversation finished", D.PTP_FULL)


def test_a_new_date_may_come_with_the_no():
    call = verified(BROKEN).play("nie, zapłacę w piątek", "całość", "tak")
    assert [promise.due_date for promise in call.promises] == [date(2026, 3, 13)]


def test_after_two_broken_promises_a_human_decides_about_a_third():
    call = reached(BROKEN)
    call.cases.n_promises = 2
    call.play(*PROOFS, "nie, zapłacę w piątek")
    assert call.promises == []
    assert "promises_broken" in call.events
    assert "niedotrzymanych" in call.callbacks[0].reason
    assert call.hung_up is not None


def test_without_a_promise_on_file_none_is_spoken_of():
    call = reached(BROKEN)
    call.cases.promised, call.cases.n_promises = None, 0
    call.play(*PROOFS)
    assert call.said == ["purpose", "open_amount", "ask_when"]


def test_a_lost_job_since_then_stops_the_asking():
    call = verified(BROKEN).play("straciłem pracę")
    assert call.said == ["offer_help"]


def test_nothing_is_recalled_to_a_stranger():
    call = dial(BROKEN).play("ja jestem matką może ja pomogę")
    assert call.hung_up is not None
    assert "wpłac" not in call.text
