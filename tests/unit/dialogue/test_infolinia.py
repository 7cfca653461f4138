"""Whole calls with the hotline's script, in text: what is agreed, recorded and never said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.dialogue.dialogue_driver import (
    BALANCE_GR,
    CASE_NUMBER,
    VERIFIED,
    Conversation,
    FakeCases,
    infolinia,
)
from voicebot.dialogue.actions import (
    CallerLeft,
    HangUp,
    Listen,
    NoInput,
    QueryAnswered,
    RecordPlan,
    RecordPromise,
    Say,
    UserTurn,
)
from voicebot.records import Disposition

D = Disposition
FRIDAY = date(2026, 3, 13)
MONDAY = date(2026, 3, 16)


@dataclass(frozen=True)
class Scenario:
    """What is said (see Conversation.play) and what must come of it."""

    turns: tuple[str, ...]
    disposition: Disposition
    promise: tuple[int, date] | None = None
    callback: str = ""

    @property
    def name(self) -> str:
        return " / ".join(turn for turn in self.turns if turn not in VERIFIED)


def agreed(*turns: str, amount_gr: int = BALANCE_GR, day: date = FRIDAY) -> Scenario:
    disposition = D.PTP_FULL if amount_gr >= BALANCE_GR else D.PTP_PARTIAL
    return Scenario((*VERIFIED, *turns), disposition, (amount_gr, day))


def ended(*turns: str, disposition: Disposition, callback: str = "") -> Scenario:
    return Scenario((*VERIFIED, *turns), disposition, None, callback)


BYE = "nie, dziękuję"
PROMISED = (
    agreed("zapłacę całość w piątek", "tak", BYE),
    agreed("w piątek przeleję wszystko", "tak, zgadza się", BYE),
    agreed("w piątek", "całość", "tak", "do widzenia"),
    agreed("w piątek", "całą kwotę", "zgadza się", "to wszystko"),
    agreed("całość", "pojutrze", "tak proszę", BYE),
    agreed("zapłacę wszystko", "trzynastego marca", "no tak", BYE),
    agreed("tak", "w piątek", "tak", "tak", BYE),
    agreed("ureguluję to jutro", "całość", "potwierdzam", "nie", day=date(2026, 3, 12)),
    agreed("zapłacę całość dzisiaj", "tak", BYE, day=date(2026, 3, 11)),
    agreed("mogę zapłacić teraz", "całość", "tak", BYE, day=date(2026, 3, 11)),
    agreed("zaplace w pionteg calosc", "w piątek", "tak", BYE),
    agreed("do końca tygodnia przeleję całość", "tak", BYE, day=date(2026, 3, 15)),
    agreed("za tydzień całość", "tak", BYE, day=date(2026, 3, 18)),
    agreed("w sobotę zapłacę całość", "tak", BYE, day=date(2026, 3, 14)),
    agreed("jutro pięćset złotych", "tak", BYE, amount_gr=50000, day=date(2026, 3, 12)),
    agreed(
        "wpłacę część a resztę później", "dwieście złotych", "w piątek", "tak", BYE, amount_gr=20000
    ),
    agreed("połowę zapłacę w piątek", "tak", BYE, amount_gr=61728),
    agreed("w piątek", "część", "sto złotych", "tak", BYE, amount_gr=10000),
    # Corrections change what was heard and are read back again.
    agreed("całość w piątek", "nie, w poniedziałek", "tak", BYE, day=MONDAY),
    agreed("całość w piątek", "nie", "termin", "w poniedziałek", "tak", BYE, day=MONDAY),
    agreed("całość w piątek", "nie", "dwieście złotych", "tak", BYE, amount_gr=20000),
    agreed("całość w piątek", "nie", "kwotę", "trzysta złotych", "tak", BYE, amount_gr=30000),
    agreed(
        "sto złotych w piątek", "tak, ale w poniedziałek", "tak", BYE, amount_gr=10000, day=MONDAY
    ),
    agreed("całość w piątek", "tak, w piątek", BYE),
    # Not clear the first time, clear the second.
    agreed("całość w piątek", "mhm", "tak", BYE),
    agreed("całość w piątek", "no", "tak", BYE),
    agreed("całość w piątek", "raczej tak", "tak, proszę zapisać", BYE),
    agreed("całość w piątek", "?tak", "tak", BYE),
    # Outside the limits of what the bot may agree to.
    agreed("całość za miesiąc", "w piątek", "tak", BYE),
    agreed("dziesięć złotych w piątek", "sto złotych", "tak", BYE, amount_gr=10000),
    agreed("pięć tysięcy złotych w piątek", "całość", "tak", BYE),
    agreed("po wypłacie", "w piątek", "całość", "tak", BYE),
    agreed("trzydziestego pierwszego kwietnia", "w piątek", "całość", "tak", BYE),
    # By keys, silences and repetitions between.
    agreed("całość w piątek", "#1", "#2"),
    agreed("…", "całość w piątek", "…", "tak", BYE),
    agreed("możesz powtórzyć", "w piątek całość", "proszę powtórzyć", "tak", BYE),
    agreed("czy to robot", "całość w piątek", "tak", BYE),
    agreed("ile mam do zapłaty", "całość w piątek", "tak", BYE),
    agreed("na jakie konto mam zapłacić", "całość w piątek", "tak", BYE),
    agreed("a co jak nie zapłacę", "całość w piątek", "tak", BYE),
    agreed("całość w piątek", "tak", "tak", "proszę o konsultanta"),
    agreed("nie", "zapłacę jednak", "całość w piątek", "tak", BYE),
    agreed("nie zgadzam się na nagrywanie", "całość w piątek", "tak", BYE),
    agreed("całość w piątek", "tak", "…"),
)

NOT_PROMISED = (
    ended("całość w piątek", "mhm", "no", disposition=D.CALLBACK, callback="bez potwierdzenia"),
    ended(
        "całość w piątek", "może", "nie wiem", disposition=D.CALLBACK, callback="bez potwierdzenia"
    ),
    ended("całość w piątek", "konsultant", disposition=D.CALLBACK, callback="konsultanta"),
    ended("całość w piątek", "…", "…", "…", disposition=D.NO_INPUT),
    ended("za pół roku", "za trzy miesiące", "za rok", disposition=D.CALLBACK, callback="decyzję"),
    ended("ja to już zapłaciłem", disposition=D.CLAIMS_PAID, callback="wpłatę"),
    ended("zapłaciłem wczoraj trzysta złotych", disposition=D.CLAIMS_PAID, callback="wpłatę"),
    ended("w poniedzialek poszed przelew", disposition=D.CLAIMS_PAID, callback="wpłatę"),
    ended("chciałbym to rozłożyć na raty", "nie", disposition=D.PLAN_PROPOSED, callback="decyzję"),
    ended("a umorzycie mi odsetki", disposition=D.SETTLEMENT_PROPOSED, callback="decyzję"),
    ended("straciłem pracę", "konsultant", disposition=D.HARDSHIP, callback="trudna sytuacja"),
    ended("straciłem pracę", "nie wiem", disposition=D.HARDSHIP, callback="trudna sytuacja"),
    ended("jestem w szpitalu", disposition=D.VULNERABLE, callback="szczególna sytuacja"),
    ended(
        "nigdy nie podpisywałem takiej umowy", disposition=D.DISPUTE_DEBT, callback="zastrzeżenie"
    ),
    ended("kwota się nie zgadza", disposition=D.DISPUTE_AMOUNT, callback="zastrzeżenie"),
    ended("to jest przedawnione", disposition=D.LIMITATION_CLAIMED, callback="zastrzeżenie"),
    ended("chcę złożyć reklamację", disposition=D.COMPLAINT, callback="reklamacja"),
    ended("nie zapłacę i już", "bo nie", disposition=D.REFUSAL),
    ended(
        "nie zapłacę",
        "nie mam z czego zapłacić",
        "konsultant",
        disposition=D.HARDSHIP,
        callback="trudna",
    ),
    ended("to już jest u komornika", disposition=D.LEGAL_STAGE, callback="komornika"),
    ended("nie chcę już żyć", disposition=D.CRISIS, callback="kryzys"),
    ended(
        "całość w piątek", "skończę ze sobą przez te długi", disposition=D.CRISIS, callback="kryzys"
    ),
    ended("?nie chce mi sie zyc", disposition=D.CRISIS, callback="kryzys"),
    ended("proszę do mnie więcej nie dzwonić", disposition=D.OPT_OUT),
    ended("do widzenia", disposition=D.INFORMED),
    ended(
        "oddzwońcie później", "jutro po szesnastej", disposition=D.CALLBACK, callback="oddzwonienie"
    ),
    ended("odczepcie się ode mnie", "jesteście złodziejami", disposition=D.HOSTILE),
    ended(
        "pies szczeka", "zielony most", "stary zegar", disposition=D.NO_MATCH, callback="zrozumiał"
    ),
)

CASE, BIRTH, POSTCODE = VERIFIED
WRONG_BIRTH = "pierwszy stycznia tysiąc dziewięćset osiemdziesiątego roku"
UNVERIFIED = (
    Scenario(("konsultant",), D.CALLBACK, callback="konsultanta"),
    Scenario(("?konsultant",), D.CALLBACK, callback="konsultanta"),
    Scenario(("#0",), D.CALLBACK, callback="konsultanta"),
    Scenario((CASE, "chcę rozmawiać z człowiekiem"), D.CALLBACK, callback="konsultanta"),
    Scenario((CASE, BIRTH, "dajcie mi kogoś z obsługi"), D.CALLBACK, callback="konsultanta"),
    Scenario(("nie chcę już żyć",), D.CRISIS, callback="kryzys"),
    Scenario((CASE, WRONG_BIRTH, WRONG_BIRTH), D.VERIFICATION_FAILED),
    Scenario(
        (CASE, BIRTH, "jeden jeden jeden jeden jeden", "jeden dwa trzy cztery pięć"),
        D.VERIFICATION_FAILED,
    ),
    Scenario((CASE, WRONG_BIRTH, BIRTH, "#11111", "#22222"), D.VERIFICATION_FAILED),
    Scenario((CASE, "nie pamiętam", POSTCODE, "nie wiem"), D.VERIFICATION_FAILED),
    Scenario((CASE, "nie podaję żadnych danych"), D.VERIFICATION_REFUSED),
    Scenario((CASE, BIRTH, "to pewnie jakieś wyłudzenie"), D.VERIFICATION_REFUSED),
    Scenario(
        ("jeden jeden jeden jeden jeden jeden jeden jeden",) * 3,
        D.VERIFICATION_FAILED,
        callback="nie znaleziono",
    ),
    Scenario(("#11111111", "#22222222", "#33333333"), D.VERIFICATION_FAILED, callback="znaleziono"),
    Scenario(("nie mam numeru sprawy",), D.CALLBACK, callback="brak numeru"),
    Scenario(("pomyłka, przepraszam",), D.WRONG_NUMBER),
    Scenario((CASE, "męża nie ma w domu"), D.THIRD_PARTY),
    Scenario(("mąż nie żyje od marca",), D.DECEASED, callback="śmierci"),
    Scenario((CASE, "pan Kowalski nie żyje"), D.DECEASED, callback="śmierci"),
    Scenario(("…", "…", "…"), D.NO_INPUT),
    Scenario(("yyy", "pies szczeka", "zielony most"), D.NO_MATCH, callback="zrozumiał"),
    Scenario(("ile mam do zapłaty", "zapłacę w piątek", "do widzenia"), D.ABANDONED),
    Scenario(("do you speak English",), D.LANGUAGE, callback="język"),
    Scenario(("jestem w upadłości",), D.BANKRUPTCY, callback="upadłość"),
    Scenario(("skąd macie moje dane",), D.GDPR_REQUEST, callback="dane osobowe"),
    Scenario(("jestem za kierownicą",), D.CALLBACK, callback="rozmawiać"),
)
SCENARIOS = (*PROMISED, *NOT_PROMISED, *UNVERIFIED)

DEBT = re.compile(
    r"dług|zadłuż|zaległ|należnoś|wierzyciel|odsetk|do zapłaty|energia|faktura|tysiąc|złot",
    re.IGNORECASE,
)
"""What nobody may hear before two facts matched."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_call(scenario: Scenario):
    call = Conversation().play(*scenario.turns)
    if call.hung_up is None and call.place in {"anything_else", "how_help"}:
        call.play("…")
    assert call.hung_up is not None, (call.place, call.text)
    assert call.hung_up.disposition is scenario.disposition
    if scenario.promise is None:
        assert call.promises == []
    else:
        (promise,) = call.promises
        assert (promise.amount_gr, promise.due_date) == scenario.promise
        assert promise.disposition is scenario.disposition
    reasons = [callback.reason for callback in call.callbacks]
    if scenario.callback:
        assert scenario.callback in reasons[0]
    assert_nothing_told_too_early(call)
    assert_said_well(call)


def assert_nothing_told_too_early(call: Conversation) -> None:
    for action, n_facts in call.log:
        if isinstance(action, Say) and n_facts < 2:
            assert not DEBT.search(action.text), action.text
        if isinstance(action, RecordPromise):
            assert n_facts >= 2


def assert_said_well(call: Conversation) -> None:
    """Only words, one question at a time, proofs of identity never repeated."""
    for action in call.actions:
        if isinstance(action, Say):
            assert action.text
            assert not re.search(r"[0-9{}]", action.text), action.text
            assert action.text.count("?") <= 1
            assert "siedemdziesiąt" not in action.text or "osiemset" in action.text
    spoken = [call.log[0][0]]
    assert isinstance(spoken[0], Say)
    assert spoken[0].prompt_id == "greeting"
    assert not spoken[0].allow_barge_in


def test_greeting_tells_of_ai_and_recording_before_anything_else():
    call = Conversation()
    assert call.said == ["greeting", "recording_notice", "human_hint", "ask_case_first"]
    notices = [action for action in call.last if isinstance(action, Say)][:2]
    assert [say.allow_barge_in for say in notices] == [False, False]
    assert "Jestem programem komputerowym, nie człowiekiem." in notices[0].text
    assert call.events == ["ai_disclosed", "recording_disclosed"]
    assert notices[0].is_static


def test_without_recording_no_recording_is_announced():
    call = Conversation(given={"company": "Firma", "is_recorded": False, "caller_known": True})
    assert "nagrywana" not in call.text
    assert call.events == ["ai_disclosed"]
    call.play("proszę mnie nie nagrywać")
    assert call.said[0] == "not_recorded"
    assert not call.has_stopped_recording


def test_objection_stops_the_recording_and_the_call_goes_on():
    call = Conversation().play("nie zgadzam się na nagrywanie")
    assert call.has_stopped_recording
    assert "recording_objection" in call.events
    assert call.said == ["recording_stopped", "ask_case"]
    call.play("proszę powtórzyć")
    assert "nagrywana" not in call.text
    call.play("proszę wyłączyć nagranie")
    assert call.said[0] == "not_recorded"


def test_repeating_says_the_same_slower():
    call = Conversation().prove_identity()
    before = [action for action in call.last if isinstance(action, Say)]
    call.play("może pan powtórzyć")
    intro, *repeated = [action for action in call.last if isinstance(action, Say)]
    assert intro.prompt_id == "repeat_intro"
    assert [say.text for say in repeated] == [say.text for say in before]
    assert {say.rate for say in repeated} == {0.85}


@pytest.mark.parametrize("asks_again", ["proszę powtórzyć w piątek", "znaczy w piątek"])
def test_what_comes_with_a_request_to_repeat_is_not_agreed_to_unheard(asks_again: str):
    """The old words are said again, so the old day is what a yes is for."""
    call = Conversation().prove_identity().play("chcę na raty", "na trzy raty", "jutro")
    call.play(asks_again)
    assert "w czwartek, dwunastego marca" in call.text
    call.play("tak")
    [plan] = [action for action in call.last if isinstance(action, RecordPlan)]
    assert plan.first_date == date(2026, 3, 12)


def test_read_back_names_weekday_date_and_amount():
    call = Conversation().prove_identity().play("zapłacę całość w piątek")
    assert call.text == (
        "Podsumuję: wpłata tysiąc dwieście trzydzieści cztery złote i pięćdziesiąt sześć groszy, "
        "w piątek, trzynastego marca. Czy mam to tak zapisać?"
    )
    assert isinstance(call.last[-1], Listen)
    assert call.last[-1].kind == "yes_no"
    assert call.promises == []


def test_weekend_is_mentioned():
    call = Conversation().prove_identity().play("całość w sobotę")
    assert call.said == ["read_back", "weekend_note", "confirm_promise"]


def test_latest_possible_day_is_told():
    call = Conversation().prove_identity().play("całość za miesiąc")
    assert "najpóźniej w środę, dwudziestego piątego marca" in call.text


def test_doubtful_case_number_is_read_back_and_a_clear_one_is_not():
    call = Conversation().play("?" + CASE)
    assert call.said == ["confirm_case"]
    assert "dwa zero dwa sześć zero zero jeden siedem" in call.text
    call.play("tak")
    assert call.place == "ask_birth"
    assert Conversation().play(CASE).place == "ask_birth"


def test_doubtful_fact_is_asked_again_once_and_never_read_back():
    call = Conversation().play(CASE, "?" + BIRTH)
    assert call.said == ["fact_unclear"]
    assert call.place == "ask_birth"
    call.play("?" + BIRTH)
    assert call.place == "ask_postcode"


def _heard(conversation: Conversation, *readings: str, confidence: float = 0.4) -> Conversation:
    text, *others = readings
    conversation.handle(UserTurn(text, confidence=confidence, alternatives=tuple(others)))
    return conversation


def test_a_fact_matches_in_whichever_reading_it_was_heard_right():
    call = Conversation().play(VERIFIED[0])
    _heard(call, "8 maja 1979 roku", "8 maja 1975 roku")
    assert call.said == ["ask_postcode"]
    _heard(call, "1,950", "80-950", "00-950")
    assert call.place == "ask_when"


def test_all_readings_of_one_utterance_are_one_try():
    call = Conversation().play(VERIFIED[0])
    _heard(call, "8 maja 1979 roku", "8 maja 1978 roku", "8 maja 1977 roku", "8 maja 1976 roku")
    assert call.said == ["fact_wrong", "ask_birth"]
    _heard(call, "8 maja 1979 roku", "8 maja 1975 roku")
    assert call.said == ["ask_postcode"]


def test_readings_of_an_earlier_utterance_prove_nothing():
    call = Conversation().play(VERIFIED[0])
    _heard(call, "8 maja 1979 roku", "8 maja 1978 roku")
    call.press("09051975")
    assert call.said[-1] == "verification_failed"


def test_keys_have_no_other_readings():
    call = Conversation().play(VERIFIED[0])
    call.handle(UserTurn(digits="09051975", alternatives=("8 maja 1975 roku",)))
    assert call.said == ["fact_wrong", "ask_birth"]


def test_case_number_is_found_in_whichever_reading_it_was_heard_right():
    call = _heard(Conversation(), "20 26 00 18", "20260017")
    assert call.place == "ask_birth"


def test_a_day_on_another_weekday_is_asked_for_by_its_weekday():
    call = Conversation().prove_identity().play("całość w piątek dwudziestego pierwszego")
    assert call.text == "To w sobotę, dwudziestego pierwszego marca. O który dzień chodzi?"
    call.play("dwudziestego", "tak")
    assert [promise.due_date for promise in call.promises] == [date(2026, 3, 20)]


def test_one_day_or_the_other_is_asked_for():
    call = Conversation().prove_identity().play("całość w piątek albo w sobotę")
    assert call.said == ["one_day"]
    assert [it.due_date for it in call.play("w piątek", "tak").promises] == [FRIDAY]


def test_everything_by_keys():
    call = Conversation().play("#" + CASE_NUMBER, "#08051975", "#00950")
    assert call.place == "ask_when"


def test_pesel_stands_in_for_a_fact_the_caller_does_not_know():
    call = Conversation().play(CASE, BIRTH, "nie pamiętam kodu", "#7834")
    assert call.place == "ask_when"


def test_proofs_of_identity_are_masked_in_what_is_kept():
    call = Conversation().play(CASE, BIRTH)
    understanding = call.engine.last_understanding
    assert understanding is not None
    assert understanding.slots == {"birth_date": "***"}
    assert understanding.state == "verify_identity.ask_birth"
    call.play(POSTCODE)
    assert call.engine.last_understanding is not None
    assert call.engine.last_understanding.slots == {"postcode": "***"}


def test_without_callers_number_it_is_asked_for():
    call = Conversation(given={"company": "F", "is_recorded": True, "caller_known": False})
    call.play("konsultant")
    assert call.said == ["human_callback", "ask_phone"]
    call.play("sześćset jeden dwieście trzydzieści cztery pięćset sześćdziesiąt siedem")
    (callback,) = call.callbacks
    assert "sześć zero jeden dwa trzy cztery pięć sześć siedem" in callback.wanted


def test_time_for_calling_back_is_kept_in_the_callers_words():
    call = Conversation().play("proszę zadzwonić później", "jutro po szesnastej")
    (callback,) = call.callbacks
    assert callback.wanted == "jutro po szesnastej"


def test_crisis_gives_help_numbers_that_cannot_be_talked_over():
    call = Conversation().prove_identity().play("nie chcę już żyć")
    assert "sto szesnaście, sto dwadzieścia trzy" in call.text
    assert "sto dwanaście" in call.text
    says = [action for action in call.last if isinstance(action, Say)]
    assert [say.allow_barge_in for say in says] == [False, False, False, True]
    assert "zapłac" not in call.text


def test_settled_case_is_told_and_nothing_asked():
    call = Conversation(cases=FakeCases(balance_gr=0)).prove_identity()
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.INFORMED
    assert call.said == ["debt_settled"]


def test_payment_not_yet_due_is_not_called_overdue():
    call = Conversation(cases=FakeCases(due_date=date(2026, 3, 20))).prove_identity()
    assert "debt_due" in call.said
    assert "debt_overdue" not in call.said


def test_broken_case_directory_ends_with_a_callback_not_with_silence():
    call = Conversation()
    call.cases.is_broken = True
    call.play(CASE)
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.ERROR
    assert call.callbacks[0].reason == "błąd techniczny"


def test_caller_who_leaves_after_a_promise_keeps_it():
    call = Conversation().prove_identity()
    assert call.engine.disposition is D.INFORMED
    call.play("całość w piątek", "tak")
    assert call.handle(CallerLeft()) == [HangUp("caller left", D.PTP_FULL)]
    assert call.engine.disposition is D.PTP_FULL


def test_caller_who_leaves_at_once_has_abandoned():
    call = Conversation()
    assert call.handle(CallerLeft()) == [HangUp("caller left", D.ABANDONED)]


def test_crisis_words_after_a_promise_are_a_crisis():
    call = Conversation().prove_identity().play("całość w piątek", "tak", "nie chcę już żyć")
    assert call.hung_up is not None
    assert call.hung_up.disposition is D.CRISIS


def utterances() -> list[str]:
    script, _ = infolinia()
    return [text for intent in script.intents.values() for text in intent.examples]


EVENTS = st.one_of(
    st.builds(
        UserTurn,
        text=st.one_of(
            st.deferred(lambda: st.sampled_from(utterances())),
            st.sampled_from(
                [*VERIFIED, "tak", "nie", "mhm", "w piątek", "całość", "sto złotych", "jutro"]
            ),
            st.text(max_size=60),
        ),
        confidence=st.floats(0, 1),
        alternatives=st.lists(st.text(max_size=9), max_size=2).map(tuple),
    ),
    st.builds(UserTurn, digits=st.text("0123456789*#", min_size=1, max_size=9)),
    st.just(UserTurn()),
    st.just(UserTurn(digits=CASE_NUMBER)),
    st.just(NoInput()),
    st.builds(
        QueryAnswered,
        name=st.sampled_from(["find_case", "verify_fact", "case_details", "x"]),
        data=st.dictionaries(
            st.sampled_from(["found", "matches", "balance_gr", "due_date", "error"]),
            st.one_of(st.booleans(), st.integers(), st.text(max_size=5), st.none()),
        ),
    ),
)


@settings(max_examples=60, deadline=None)
@given(start=st.sampled_from(range(len(VERIFIED) + 1)), events=st.lists(EVENTS, max_size=40))
def test_whatever_happens_the_call_stays_proper(start: int, events: list[UserTurn]):
    """Never raises, always ends properly (the driver asserts it), tells nothing early."""
    call = Conversation().play(*VERIFIED[:start])
    for event in events:
        call.handle(event)
    assert_nothing_told_too_early(call)
    assert len(call.promises) <= 1


@settings(max_examples=25, deadline=None)
@given(events=st.lists(EVENTS, min_size=1, max_size=6))
def test_no_call_is_endless(events: list[UserTurn]):
    """The same events over and over lead to an end within the limit of turns."""
    call = Conversation().prove_identity()
    limit = infolinia()[0].limits.turns
    turns = [event for event in events if not isinstance(event, QueryAnswered)] or [NoInput()]
    for n in range(limit + 2):
        if call.hung_up is not None:
            break
        call.handle(turns[n % len(turns)])
    assert call.hung_up is not None


def test_same_events_give_same_actions():
    turns = (*VERIFIED, "całość w piątek", "mhm", "nie, w poniedziałek", "tak", "nie")
    assert Conversation().play(*turns).log == Conversation().play(*turns).log


def test_cry_for_help_is_heard_however_long_the_call_has_been():
    call = Conversation()
    for _ in range(infolinia()[0].limits.turns):
        call.play("proszę powtórzyć")
    call.play("nie chcę już żyć")
    assert "osiemset, siedemdziesiąt" in call.text
