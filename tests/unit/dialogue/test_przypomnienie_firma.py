"""The reminder to companies, in whole conversations."""

from __future__ import annotations

from datetime import date

from tests.unit.dialogue.outbound_driver import COMPANY, dial, reached, verified
from voicebot.dialogue.actions import HangUp, Say
from voicebot.records import Disposition

D = Disposition


def test_the_company_is_asked_for_and_proves_itself_by_nip_and_postcode():
    call = dial(COMPANY)
    assert "Szukam firmy: Hurtownia Zmyślona." in call.text
    call.play("tak, słucham")
    assert call.said == ["verify_intro", "ask_nip"]
    call.play("zero zero zero jeden dwa trzy cztery pięć sześć dwa")
    assert call.place == "ask_postcode"
    call.play("zero zero dziewięćset pięćdziesiąt")
    assert call.place == "ask_when"
    assert "Kiedy możemy spodziewać się przelewu?" in call.text


def test_a_wrong_nip_tells_nothing():
    call = reached(COMPANY).play("#0002468138", "#0002468138")
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.VERIFICATION_FAILED
    assert not any("faktur" in a.text for a in call.actions if isinstance(a, Say))


def test_a_transfer_is_agreed_on_within_the_longer_term_of_companies():
    call = verified(COMPANY).play("całość za trzy tygodnie", "tak", "nie, dziękuję")
    (promise,) = call.promises
    assert promise.due_date == date(2026, 4, 1)
    assert call.hung_up == HangUp("conversation finished", D.PTP_FULL)


def test_a_missing_invoice_is_sent_and_the_date_of_the_transfer_is_only_noted():
    call = verified(COMPANY).play("nie dostaliśmy tej faktury")
    assert call.said == ["invoice_again", "ask_transfer_date"]
    call.play("w przyszłym tygodniu")
    assert call.notices == [("email", "invoice")]
    assert call.blocks == ["DOCS_PENDING"]
    assert call.callbacks[0].wanted == "w przyszłym tygodniu"
    assert call.promises == []
    assert call.hung_up == HangUp("invoice sent again", D.B2B_ADMIN)


def test_complained_goods_are_a_dispute_with_the_number_of_the_complaint():
    call = verified(COMPANY).play("złożyliśmy reklamację i czekamy", "numer dwanaście")
    assert call.disputes == ["quality"]
    assert call.blocks == ["DISPUTE"]
    assert call.callbacks[0].wanted == "numer dwanaście"
    assert call.hung_up == HangUp("conversation finished", D.DISPUTE_QUALITY)


def test_a_company_short_of_cash_is_offered_a_part_instalments_or_its_keeper():
    call = verified(COMPANY).play("nie mamy płynności w tej chwili")
    assert call.said == ["cashflow"]
    call.play("wolimy rozmowę z opiekunem, nie wiem")
    assert call.callbacks[0].reason == "płynność firmy"
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.B2B_CASHFLOW


def test_plans_of_companies_have_their_own_limits():
    call = verified(COMPANY).play("na raty", "na osiem rat")
    assert call.said[0] == "plan_too_long"
    assert "sześć" in call.text
    call.play("na trzy raty")
    assert call.said[0] == "plan_too_small"


def test_the_bookkeeper_who_says_the_boss_is_out_hears_nothing():
    call = dial(COMPANY).play("szefa nie ma jestem z księgowości")
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.THIRD_PARTY
    assert "faktur" not in call.text
