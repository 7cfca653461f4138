"""The reminder to consumers after the due date, in whole conversations."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.dialogue.dialogue_driver import BALANCE_GR, VERIFIED
from tests.unit.dialogue.outbound_driver import CONSUMER, PROOFS, dial, reached, verified
from voicebot.dialogue.actions import CallerLeft, HangUp, Query, Say
from voicebot.records import Disposition, PersonName

D = Disposition
FRIDAY = date(2026, 3, 13)
BYE = "nie, dziękuję"


def test_greeting_tells_of_ai_and_recording_and_asks_for_the_person_by_name():
    call = dial(CONSUMER)
    assert call.said == ["greeting", "recording_notice", "ask_person"]
    assert call.text.endswith("Czy rozmawiam z panem Janem Kowalskim?")
    assert "Biuro Przykład" in call.text
    assert "Windykacja" not in call.text
    says = [action for action in call.last if isinstance(action, Say)]
    assert [say.allow_barge_in for say in says] == [False, False, True]


def test_a_name_whose_forms_are_not_sure_is_not_declined():
    call = dial(CONSUMER, person=PersonName("Sasza", "Xyz"))
    assert call.said[-1] == "ask_person_neutral"
    assert "Szukam osoby: Sasza Xyz." in call.text


def test_the_case_is_found_before_anybody_is_asked_anything():
    call = dial(CONSUMER)
    queries = [action.name for action in call.actions if isinstance(action, Query)]
    assert queries == ["find_case"]
    assert call.cases.is_open


def test_a_case_that_is_gone_ends_the_call_without_a_word_about_it():
    call = dial(CONSUMER, case_number="11111111")
    assert call.said[-1] == "cannot_go_on"
    assert call.hung_up == HangUp("no such case", D.ERROR)


def test_whole_sum_is_promised_and_read_back():
    call = verified(CONSUMER).play("zapłacę całość w piątek")
    assert call.said == ["read_back", "confirm_promise"]
    assert call.promises == []
    call.play("tak", BYE)
    (promise,) = call.promises
    assert (promise.amount_gr, promise.due_date) == (BALANCE_GR, FRIDAY)
    assert call.notices == [("sms", "promise_confirmation")]
    assert call.hung_up == HangUp("conversation finished", D.PTP_FULL)


def test_part_of_it_is_promised_and_the_rest_is_left_for_later():
    call = verified(CONSUMER).play("dwieście złotych w piątek", "tak")
    assert "rest_later" in call.said
    assert call.play(BYE).hung_up == HangUp("conversation finished", D.PTP_PARTIAL)


def test_whoever_is_called_to_the_telephone_hears_all_notices_again():
    call = dial(CONSUMER).play("już daję męża")
    assert call.said == ["thanks_waiting"]
    call.play("halo, słucham")
    assert call.said == ["greeting", "recording_notice", "ask_person"]


def test_a_stranger_who_says_no_is_asked_for_the_person_and_for_nothing_else():
    call = dial(CONSUMER).play("nie")
    assert call.said == ["ask_for_person"]
    call.play("nie")
    assert call.hung_up == HangUp("not the person concerned", D.THIRD_PARTY)
    assert call.blocks == []
    assert call.callbacks == []


def test_a_child_is_asked_nothing():
    call = dial(CONSUMER).play("mama w pracy ja jestem sam, mam dziewięć lat")
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.THIRD_PARTY
    assert "?" not in call.text


def test_wrong_facts_tell_nothing():
    wrong = "pierwszy stycznia tysiąc dziewięćset osiemdziesiątego roku"
    call = reached(CONSUMER).play(wrong, wrong)
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.VERIFICATION_FAILED
    for action in call.actions:
        if isinstance(action, Say):
            assert "Energia" not in action.text
            assert "płat" not in action.text


def test_who_gives_no_data_is_offered_the_number_of_the_case_and_let_go():
    call = reached(CONSUMER).play("skąd mam wiedzieć że to nie oszustwo")
    assert call.said == ["verification_refused", "ask_sms_number"]
    call.play("tak")
    assert call.notices == [("sms", "case_number")]
    assert call.hung_up == HangUp("caller gives no data", D.VERIFICATION_REFUSED)


def test_plan_is_agreed_on_within_policy_and_read_back():
    call = verified(CONSUMER).play("chciałbym na raty", "dwadzieścia rat")
    assert call.said[0] == "plan_too_long"
    call.play("na trzy raty", "w piątek")
    assert call.said == ["plan_summary", "plan_first", "confirm_plan"]
    assert "Liczba rat: trzy." in call.text
    assert call.plans == []
    call.play("mhm")
    assert call.plans == []
    call.play("tak", BYE)
    (plan,) = call.plans
    assert (plan.n_installments, plan.total_gr, plan.first_date) == (3, BALANCE_GR, FRIDAY)
    assert plan.installment_gr * 2 < BALANCE_GR <= plan.installment_gr * 3
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.PLAN_PROPOSED


def test_three_plans_beyond_policy_go_to_a_human():
    call = verified(CONSUMER).play("na raty", "sto rat", "sto rat", "sto rat")
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.PLAN_PROPOSED
    assert "raty" in call.callbacks[0].reason
    assert call.plans == []


def test_who_has_no_money_is_offered_instalments_or_a_human_and_asked_for_no_payment():
    call = verified(CONSUMER).play("nie mam z czego zapłacić")
    assert call.said == ["offer_help"]
    before = len(call.log)
    call.play("raty", "po sto pięćdziesiąt złotych miesięcznie", "dziesiątego kwietnia", "tak")
    script_prompts = call.engine._script.prompts  # which of them persuade is the script's to say
    said = [action.prompt_id for action, _ in call.log[before:] if isinstance(action, Say)]
    assert not any(script_prompts[prompt_id].persuades for prompt_id in said)
    assert len(call.plans) == 1


@pytest.mark.parametrize(
    "words",
    [
        "to jest przedawnione",
        "nigdy nie podpisywałem takiej umowy",
        "kwota się nie zgadza",
        "jestem w szpitalu",
        "ogłosiłem upadłość konsumencką",
        "moją sprawą zajmuje się adwokat",
        "nie chcę już żyć",
        "ja to już zapłaciłem",
    ],
)
def test_after_what_stops_the_machine_nobody_is_asked_to_pay(words: str):
    call = verified(CONSUMER).play("w piątek")
    before = len(call.log)
    call.play(words)
    prompts = call.engine._script.prompts
    said = [action.prompt_id for action, _ in call.log[before:] if isinstance(action, Say)]
    assert said
    assert not any(prompts[prompt_id].persuades for prompt_id in said)
    assert call.hung_up is not None
    assert len(call.blocks) == 1
    assert call.promises == []


def test_a_bereaved_debtor_is_not_taken_for_dead():
    call = verified(CONSUMER).play("żona mi zmarła w zeszłym tygodniu")
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.VULNERABLE
    assert call.blocks == ["VULNERABLE"]


def test_documents_are_sent_and_money_is_no_subject_any_more():
    call = verified(CONSUMER).play("chcę zobaczyć fakturę")
    assert call.said == ["docs_coming", "anything_else"]
    call.play("zapłacę w piątek")
    assert call.said[0] == "paused_note"
    assert call.promises == []


def test_card_numbers_are_never_asked_for_but_warned_of():
    call = verified(CONSUMER).play("zapłacę teraz blikiem")
    assert "never_card" in call.said
    assert call.notices == [("sms", "payment_details")]


def test_without_a_number_nothing_is_promised_by_message():
    call = verified(CONSUMER, caller_known=False).play("na jakie konto mam zapłacić")
    assert call.said[0] == "letter_details"
    assert call.notices == []


def test_confused_twice_goes_to_a_human():
    call = verified(CONSUMER).play("nie rozumiem o co panu chodzi", "pogubiłem się")
    assert call.said[0] == "noted_confused"
    assert "vulnerable" in call.events
    assert call.callbacks


def test_a_mailbox_gets_a_message_that_says_nothing():
    call = dial(CONSUMER).play("tu poczta głosowa, zostaw wiadomość po sygnale")
    assert call.hung_up == HangUp("voicemail", D.VOICEMAIL)
    assert call.said == ["voicemail_message"]
    assert "dwadzieścia dwa, sto, dwieście" in call.text
    silent = dial(CONSUMER, hotline="").play("tu poczta głosowa, zostaw wiadomość po sygnale")
    assert silent.said == ["voicemail_later"]


def test_both_openings_are_met_and_one_debtor_always_meets_the_same():
    met = {seed: verified(CONSUMER, seed=seed).said for seed in map(str, range(12))}
    with_options = {seed for seed, said in met.items() if "options" in said}
    assert 0 < len(with_options) < len(met)
    for seed, said in met.items():
        assert ("perhaps_paid" in said) == (seed not in with_options)
        assert verified(CONSUMER, seed=seed).said == said


def test_who_hangs_up_after_hearing_it_is_informed():
    call = verified(CONSUMER)
    assert call.handle(CallerLeft()) == [HangUp("caller left", D.INFORMED)]
    assert dial(CONSUMER).handle(CallerLeft()) == [HangUp("caller left", D.ABANDONED)]


def test_proofs_are_forgotten_once_they_have_proven_something():
    call = verified(CONSUMER)
    for name in ("birth_date", "postcode", "pesel_last4", "nip"):
        assert call.engine.variables[name] is None
    assert VERIFIED[1:] == PROOFS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nie, dwieście złotych w piątek dwudziestego pierwszego", "not_that_day"),
        ("nie, dwieście złotych w piątek albo w sobotę", "only_one_day"),
    ],
)
def test_an_amount_that_came_with_a_doubtful_day_is_read_back(words: str, said: str):
    """A "tak" to the question for the day must not confirm an amount nobody has heard back."""
    call = verified(CONSUMER).play("całość w piątek", words)
    assert call.said == [said, "ask_date"]
    call.play("tak")
    assert call.promises == []
    call.play("w piątek")
    assert call.said[0] == "read_back"
    call.play("tak")
    assert [promise.amount_gr for promise in call.promises] == [20000]


@pytest.mark.parametrize("before", [("całość w piątek",), ("całość w piątek", "tak"), ()])
def test_an_objection_to_recording_is_never_taken_for_a_no(before: tuple[str, ...]):
    call = verified(CONSUMER).play(*before)
    place = call.place
    call.play("nie zgadzam się na nagrywanie")
    assert call.has_stopped_recording
    assert call.place == place
