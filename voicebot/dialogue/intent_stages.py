"""At which stage of a call each intent is expected; the others may come up at any time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

Stage = Literal["right_party", "verify", "purpose", "negotiate", "amd", "any"]
STAGES: tuple[str, ...] = get_args(Stage)

_ONLY_AT: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            "confirm_identity", "identity_denied_wrong_number", "third_party_available",
            "third_party_not_available", "minor_answers",
        ),
        frozenset({"right_party"}),
    ),
    "distrust_refuse_verification": frozenset({"verify", "right_party"}),
    "use_pesel": frozenset({"verify"}),
    "ask_debt_details": frozenset({"purpose", "negotiate"}),
    **dict.fromkeys(
        (
            "promise_full_date", "pay_now", "request_installments", "partial_payment",
            "request_extension", "hardship_financial", "dispute_amount", "already_paid",
            "court_or_bailiff", "refuse_to_pay", "request_documents", "ask_payment_details",
            "ask_consequences", "ask_discount", "b2b_no_invoice", "b2b_cashflow",
            "b2b_goods_dispute", "dont_know",
        ),
        frozenset({"negotiate", "purpose"}),
    ),
    "voicemail": frozenset({"amd", "right_party"}),
    # Answers to "Co mam zmienić, kwotę czy termin?": only where a script has just asked that.
    **dict.fromkeys(("change_amount", "change_date"), frozenset[str]()),
    # "Tak" to "Czy rozmawiam z ...?" is confirm_identity.
    "affirm": frozenset({"verify", "purpose", "negotiate", "amd", "any"}),
}  # fmt: skip
"""By intent; one that is not here is expected at every stage."""


def intents_at(stage: str, intents: Iterable[str]) -> frozenset[str]:
    """Those of `intents` that make sense at a stage; at "any" those that may come up at every
    stage; all of them where no stage is told ("")."""
    if not stage:
        return frozenset(intents)
    return frozenset(
        intent for intent in intents if stage in _ONLY_AT.get(intent, frozenset({stage}))
    )
