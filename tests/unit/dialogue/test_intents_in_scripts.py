"""Every intent has its place in every script where it can occur, and does there what it must."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from tests.unit.dialogue.dialogue_driver import Conversation
from tests.unit.dialogue.outbound_driver import (
    BEFORE,
    BROKEN,
    COMPANY,
    CONSUMER,
    HOTLINE,
    OUTBOUND,
    dial,
    reached,
    verified,
)
from voicebot.dialogue.actions import Say
from voicebot.records import Disposition

D = Disposition
SCRIPTS = (*OUTBOUND, HOTLINE)
NOT_UNDERSTOOD = re.compile("nomatch|unclear|not_understood")
DEBT = re.compile(
    r"dług|zadłuż|zaległ|należnoś|wierzyciel|odsetk|do zapłaty|wpłat|rat[aęy]\b|energia|faktur"
    r"|tysiąc|złot|windykac",
    re.IGNORECASE,
)
"""What nobody may hear from a call of ours before two facts matched."""


@dataclass(frozen=True)
class Meant:
    """What follows where somebody says this. stage: right_party, verify or talk."""

    intent: str
    words: str
    stage: str = "talk"
    disposition: Disposition | None = None
    block: str = ""
    dispute: str = ""
    notice: tuple[str, str] | None = None
    event: str = ""
    ends: bool = False
    scripts: tuple[str, ...] = SCRIPTS


SMS = ("sms", "payment_details")
DOCUMENTS = ("email", "documents")
STRANGERS = (
    Meant("confirm_identity", "tak to ja", "right_party"),
    Meant(
        "identity_denied_wrong_number",
        "nie, pomyłka",
        "right_party",
        D.WRONG_NUMBER,
        "WRONG_NUMBER",
        event="wrong_number",
        ends=True,
        scripts=OUTBOUND,
    ),
    Meant(
        "identity_denied_wrong_number",
        "nie, pomyłka",
        "right_party",
        D.WRONG_NUMBER,
        event="wrong_number",
        ends=True,
        scripts=(HOTLINE,),
    ),
    Meant("third_party_available", "już daję męża", "right_party", scripts=OUTBOUND),
    Meant(
        "third_party_not_available", "męża nie ma w domu", "right_party", D.THIRD_PARTY, ends=True
    ),
    Meant("minor_answers", "mam dwanaście lat", "right_party", D.THIRD_PARTY, ends=True),
    Meant("voicemail", "zostaw wiadomość po sygnale", "right_party", D.VOICEMAIL, ends=True,
          scripts=OUTBOUND),
    Meant("ask_who_calls", "a kto mówi", "right_party"),
    Meant("ask_if_bot", "czy to sztuczna inteligencja", "right_party"),
    Meant("deceased", "mąż nie żyje od marca", "right_party", D.DECEASED, "DECEASED", ends=True),
    Meant("language_other", "do you speak English", "right_party", D.LANGUAGE, ends=True),
    Meant("unsafe_to_talk", "jestem za kierownicą", "right_party", D.CALLBACK, ends=True),
    Meant("request_callback", "proszę zadzwonić później", "right_party", D.CALLBACK),
    Meant("distrust_refuse_verification", "nie podaję żadnych danych", "verify",
          D.VERIFICATION_REFUSED, event="verification_refused"),
)  # fmt: skip
STOPS = (
    Meant("crisis_self_harm", "nie chcę już żyć", "any", D.CRISIS, "CRISIS", event="crisis",
          ends=True),
    Meant("ask_human", "chcę rozmawiać z człowiekiem", "any", D.CALLBACK, ends=True),
    Meant("bankruptcy", "ogłosiłem upadłość konsumencką", "any", D.BANKRUPTCY, "BANKRUPTCY",
          ends=True),
    Meant("legal_representative", "moją sprawą zajmuje się adwokat", "any", D.LEGAL_REP,
          "LEGAL_REP", ends=True),
    Meant("vulnerable_life_event", "jestem w szpitalu", "any", D.VULNERABLE, "VULNERABLE",
          event="vulnerable", ends=True),
    Meant("dispute_debt", "nigdy nie podpisywałem takiej umowy", "any", D.DISPUTE_DEBT, "DISPUTE",
          "debt", ends=True),
    Meant("limitation_claim", "to jest przedawnione", "any", D.LIMITATION_CLAIMED, "TIME_BARRED",
          "limitation", ends=True),
    Meant("gdpr_request", "proszę o kopię danych na mój temat", "any", D.GDPR_REQUEST,
          "GDPR_OBJECTION", event="gdpr_request", ends=True),
    Meant("complaint", "chcę złożyć reklamację", "any", D.COMPLAINT, "COMPLAINT_OPEN",
          event="complaint", ends=True),
    Meant("stop_contact", "proszę do mnie więcej nie dzwonić", "any", D.OPT_OUT,
          "OPT_OUT_CHANNEL", event="opt_out", ends=True),
    Meant("object_recording", "proszę mnie nie nagrywać", "any", event="recording_objection"),
    Meant("hostile_abusive", "jesteście złodziejami", "any"),
    Meant("repeat_please", "może pan powtórzyć", "any"),
    Meant("dont_understand", "nie rozumiem o co panu chodzi", "any"),
    Meant("goodbye", "do widzenia", "any", ends=True),
)  # fmt: skip
TALK = (
    Meant("ask_debt_details", "ile mam do zapłaty", disposition=D.INFORMED),
    Meant("promise_full_date", "zapłacę w piątek"),
    Meant("pay_now", "niech pan wyśle link to zapłacę", disposition=D.PAY_NOW, notice=SMS,
          scripts=(CONSUMER, COMPANY, HOTLINE)),
    Meant("request_installments", "chciałbym to rozłożyć na raty", disposition=D.PLAN_PROPOSED),
    Meant("partial_payment", "wpłacę część a resztę później"),
    Meant("request_extension", "czy można przesunąć termin", disposition=D.EXTENSION_REQUESTED,
          scripts=(CONSUMER, COMPANY, HOTLINE)),
    Meant("hardship_financial", "straciłem pracę", disposition=D.HARDSHIP, event="hardship"),
    Meant("dispute_amount", "kwota się nie zgadza", disposition=D.DISPUTE_AMOUNT, block="DISPUTE",
          dispute="amount", ends=True),
    Meant("already_paid", "wczoraj poszedł przelew", disposition=D.CLAIMS_PAID,
          block="CLAIMS_PAID_PENDING", dispute="paid", ends=True),
    Meant("court_or_bailiff", "to już jest u komornika", disposition=D.LEGAL_STAGE, ends=True),
    Meant("refuse_to_pay", "nie zapłacę i już", disposition=D.REFUSAL),
    Meant("request_documents", "chcę zobaczyć fakturę", disposition=D.DOCS_REQUESTED,
          block="DOCS_PENDING", notice=DOCUMENTS),
    Meant("ask_payment_details", "na jakie konto mam zapłacić", notice=SMS),
    Meant("ask_consequences", "co mi zrobicie"),
    Meant("ask_discount", "a umorzycie mi odsetki", disposition=D.SETTLEMENT_PROPOSED, ends=True),
    Meant("b2b_no_invoice", "nie dostaliśmy tej faktury", disposition=D.B2B_ADMIN,
          block="DOCS_PENDING", notice=("email", "invoice"), scripts=(COMPANY,)),
    Meant("b2b_no_invoice", "nie dostaliśmy tej faktury", disposition=D.DOCS_REQUESTED,
          block="DOCS_PENDING", notice=DOCUMENTS, scripts=(CONSUMER, BEFORE, BROKEN, HOTLINE)),
    Meant("b2b_cashflow", "czekamy na przelew od kontrahenta", disposition=D.B2B_CASHFLOW,
          scripts=(COMPANY,)),
    Meant("b2b_cashflow", "czekamy na przelew od kontrahenta", disposition=D.HARDSHIP,
          scripts=(CONSUMER, BEFORE, BROKEN, HOTLINE)),
    Meant("b2b_goods_dispute", "towar przyszedł uszkodzony", disposition=D.DISPUTE_QUALITY,
          block="DISPUTE", dispute="quality"),
    Meant("change_contact_data", "zmieniłem adres", disposition=D.CALLBACK, ends=True),
    Meant("affirm", "tak", scripts=(CONSUMER, COMPANY, HOTLINE)),
    # "Czy wysłać SMS-em dane do wpłaty?" and "Czy wpłata już wyszła?"
    Meant("affirm", "tak", notice=SMS, ends=True, scripts=(BEFORE,)),
    Meant("affirm", "tak", disposition=D.CLAIMS_PAID, block="CLAIMS_PAID_PENDING",
          dispute="paid", scripts=(BROKEN,)),
    Meant("deny", "nie"),
)  # fmt: skip


def staged(stage: str, script: str) -> Conversation:
    if stage == "right_party":
        return dial(script)
    return reached(script) if stage == "verify" else verified(script)


def cases() -> list[object]:
    found = []
    for meant in (*STRANGERS, *STOPS, *TALK):
        stages = ("right_party", "verify", "talk") if meant.stage == "any" else (meant.stage,)
        for stage in stages:
            found += [
                pytest.param(meant, stage, script, id=f"{script}-{stage}-{meant.intent}")
                for script in meant.scripts
            ]
    return found


@pytest.mark.parametrize(("meant", "stage", "script"), cases())
def test_intent_has_its_place(meant: Meant, stage: str, script: str):
    call = staged(stage, script)
    before = len(call.log)
    call.play(meant.words)
    said = [action for action, _ in call.log[before:] if isinstance(action, Say)]
    assert said
    assert not any(NOT_UNDERSTOOD.match(say.prompt_id) for say in said), [s.text for s in said]
    if meant.disposition is not None:
        assert call.engine.disposition is meant.disposition
    assert (call.hung_up is not None) >= meant.ends
    assert call.blocks == ([meant.block] if meant.block else [])
    assert call.disputes == ([meant.dispute] if meant.dispute else [])
    assert call.notices == ([meant.notice] if meant.notice else [])
    assert not meant.event or meant.event in call.events
    if stage != "talk":
        for say in said if script != HOTLINE else ():
            assert not DEBT.search(say.text), say.text


@pytest.mark.parametrize("script", OUTBOUND)
def test_all_intents_of_the_domain_are_tried(script: str):
    tried = {meant.intent for meant in (*STRANGERS, *STOPS, *TALK)}
    # Silence and the mailbox's beep are no words; silence is tried in each script's own tests.
    assert len(tried) >= 49, len(tried)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("stage", ["right_party", "verify", "talk"])
def test_silence_ends_the_call_politely(stage: str, script: str):
    call = staged(stage, script).play("…", "…", "…")
    assert call.hung_up is not None
    assert call.hung_up.disposition in {D.NO_INPUT, D.INFORMED}
    assert not call.callbacks
