"""Finds an amount with its limits: "od dwustu do trzystu", "nie więcej niż pięćset"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from voicebot.dialogue.polish.amounts import (
    Amount,
    FoundAmount,
    find_amounts,
    meant_tokens,
    parse_amount,
)
from voicebot.dialogue.polish.words import Token, word_set

AmountOp = Literal["exactly", "at_most", "at_least"]

_AT_MOST = (
    "nie wiecej niz", "maksymalnie", "maksimum", "maks", "max", "najwyzej", "co najwyzej",
    "gora", "do", "ponizej", "mniej niz", "nie przekraczajac",
)  # fmt: skip
_AT_LEAST = (
    "nie mniej niz", "co najmniej", "przynajmniej", "minimum", "ponad", "powyzej", "wiecej niz",
    "najmniej", "od",
)  # fmt: skip
_DOUBT = word_set("do albo lub czy ewentualnie moze gora a i - – , zlotych")


@dataclass(frozen=True, slots=True)
class BoundedAmount:
    """An amount as it was said. to_gr: the larger one where two are possible, else 0."""

    amount: Amount
    op: AmountOp = "exactly"
    to_gr: int = 0


def parse_bounded_amount(text: str, balance_gr: int | None = None) -> BoundedAmount | None:
    """The amount, or two between which the caller did not choose; None without any."""
    tokens = meant_tokens(text)
    found = find_amounts(tokens, balance_gr)
    amount = parse_amount(text, balance_gr)
    if amount is None:
        return _between(tokens, found)
    return BoundedAmount(amount, _op(tokens, found[0].start, found[0].end))


def _between(tokens: Sequence[Token], found: Sequence[FoundAmount]) -> BoundedAmount | None:
    if len(found) < 2:
        return None
    first, second = found[0], found[1]
    between = {token.text for token in tokens[first.end : second.start]}
    amounts = sorted((first.amount.amount_gr, second.amount.amount_gr))
    if not between <= _DOUBT or not amounts[0]:
        return None
    return BoundedAmount(Amount(amounts[0], True), to_gr=amounts[1])


def _op(tokens: Sequence[Token], start: int, end: int) -> AmountOp:
    before = f" {' '.join(token.text for token in tokens[max(start - 3, 0) : start])} "
    for phrase in _AT_LEAST:
        if before.endswith(f" {phrase} "):
            is_denied = before.endswith(f" nie {phrase} ") or _begins_with_no(tokens[end:])
            return "at_most" if is_denied else "at_least"
    if any(before.endswith(f" {phrase} ") for phrase in _AT_MOST):
        return "at_most"
    return "exactly"


def _begins_with_no(tokens: Sequence[Token]) -> bool:
    """ "więcej niż stówę nie dam" """
    return bool(tokens) and tokens[0].text == "nie"
