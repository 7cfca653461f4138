"""Who calls: kinds of people a script has to be fair to, as numbers that a caller plays by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Persona:
    """How somebody answers. Shares are of his turns unless said otherwise.

    answers: gives what the question asks for. knows_facts: has the letter and is the debtor, or
    pretends not to be. odd: of his values, how many are ones that policy refuses. says: weights of
    intents he brings up when he does not answer. noise: how much the recogniser spoils. leaves:
    hangs up. angry: share of calls in which his voice sounds angry or distressed.
    """

    name: str
    answers: float = 0.6
    knows_facts: bool = True
    odd: float = 0.15
    agrees: float = 0.7
    silence: float = 0.03
    keys: float = 0.08
    barge_in: float = 0.08
    doubtful: float = 0.06
    noise: float = 0.1
    gibberish: float = 0.03
    leaves: float = 0.005
    angry: float = 0.1
    says: Mapping[str, float] = field(default_factory=dict)


PERSONAS: Mapping[str, Persona] = {
    persona.name: persona
    for persona in (
        Persona(
            "cooperative",
            answers=0.85,
            odd=0.08,
            agrees=0.9,
            angry=0.02,
            says={
                "affirm": 4,
                "confirm_identity": 2,
                "repeat_please": 2,
                "ask_who_calls": 1,
                "ask_if_bot": 1,
                "promise_full_date": 3,
                "pay_now": 2,
                "partial_payment": 2,
                "ask_payment_details": 2,
                "change_date": 2,
                "change_amount": 2,
                "request_installments": 1,
                "goodbye": 1,
            },
        ),
        Persona(
            "evasive",
            answers=0.35,
            odd=0.4,
            agrees=0.4,
            says={
                "dont_know": 4,
                "deny": 3,
                "ask_callback_later": 3,
                "ask_discount": 2,
                "request_installments": 2,
                "request_extension": 2,
                "already_paid": 2,
                "dispute_amount": 1,
                "goodbye": 1,
            },
        ),
        Persona(
            "hostile",
            answers=0.3,
            agrees=0.3,
            barge_in=0.3,
            leaves=0.03,
            angry=0.8,
            says={
                "hostile_abusive": 6,
                "refuse_to_pay": 5,
                "stop_contact": 2,
                "complaint": 2,
                "object_recording": 2,
                "distrust_refuse_verification": 3,
                "dispute_debt": 2,
                "limitation_claim": 1,
                "ask_human": 1,
            },
        ),
        Persona(
            "confused",
            answers=0.4,
            odd=0.3,
            agrees=0.5,
            noise=0.3,
            gibberish=0.15,
            silence=0.12,
            angry=0.2,
            says={
                "dont_understand": 5,
                "repeat_please": 4,
                "ask_who_calls": 3,
                "ask_if_bot": 2,
                "dont_know": 4,
                "hardship_financial": 1,
                "vulnerable_life_event": 1,
                "crisis_self_harm": 0.5,
                "ask_human": 2,
            },
        ),
        Persona(
            "third_party",
            answers=0.4,
            knows_facts=False,
            agrees=0.5,
            says={
                "third_party_available": 4,
                "third_party_not_available": 4,
                "minor_answers": 2,
                "legal_representative": 2,
                "deceased": 2,
                "ask_who_calls": 2,
                "identity_denied_wrong_number": 1,
            },
        ),
        Persona(
            "wrong_number",
            answers=0.2,
            knows_facts=False,
            agrees=0.2,
            says={"identity_denied_wrong_number": 6, "deny": 3, "ask_who_calls": 2, "goodbye": 1},
        ),
        Persona(
            "machine",
            answers=0.0,
            silence=0.4,
            gibberish=0.5,
            barge_in=0.2,
            keys=0.0,
            knows_facts=False,
            says={"voicemail_greeting": 4, "language_other": 1},
        ),
        Persona("silent", answers=0.1, silence=0.85, gibberish=0.05, leaves=0.05),
        Persona(
            "non_native",
            answers=0.5,
            noise=0.6,
            doubtful=0.2,
            gibberish=0.1,
            says={"language_other": 4, "dont_understand": 3, "repeat_please": 3, "ask_human": 1},
        ),
    )
}
