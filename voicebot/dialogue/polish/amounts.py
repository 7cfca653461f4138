"""Finds amounts of money in what a caller said, and never a date, an hour or a count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.dialogue.polish.amount_references import PAYING, find_reference
from voicebot.dialogue.polish.corrections import without_corrected
from voicebot.dialogue.polish.grosze import (
    COUNTED,
    GROSZE,
    ZLOTY,
    read_after_comma,
    read_grosze,
    read_unnamed_grosze,
)
from voicebot.dialogue.polish.numerals import (
    CARDINALS,
    ORDINALS,
    SLANG_MONEY,
    Cardinal,
    read_cardinal,
    read_ordinal,
    scale_of,
)
from voicebot.dialogue.polish.words import MONTH_FORMS, Token, tokenize, word_set


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount that was said.

    reference: what it was said relative to, "" for a plain number: "balance" (all of it),
    "half_balance", "third_balance", "quarter_balance", "part_balance" ("trzy czwarte"),
    "percent_balance", "principal" (without interest), "rest". `amount_gr` is 0 where such an
    amount depends on what was not given.
    """

    amount_gr: int
    is_approximate: bool = False
    reference: str = ""


@dataclass(frozen=True, slots=True)
class FoundAmount:
    """An amount and where its words begin and end in the tokens of the text."""

    amount: Amount
    start: int
    end: int


_OTHER_CURRENCY = word_set("euro eur dolar dolary dolarow dolara usd funt funty funtow frankow chf")

_NOT_COUNTED = word_set("z")
# Before a number these say that it is an hour, a label or a reference.
_LABELS = word_set(
    "numer nr numerze numeru numerem godzina godzinie godziny godzine godz sprawa sprawy sygnatura "
    "faktura fakture faktury pesel kod ulica mieszkania domu lokal pokoj pietro rok roku art "
    "artykul paragraf punkt wiek telefon konto"
)
_ABOUT = word_set(
    "ze okolo kolo gdzies jakies jakie niecale niecala niecaly "
    "prawie ponad blisko circa orientacyjnie mniej "
    "wiecej przynajmniej minimum maksymalnie maksimum maks max najwyzej najmniej ok "
    "rzedu moze powiedzmy do od z okolicach okolice jakas jakis jakos"
)
_ABOUT_AFTER = (
    "z hakiem",
    "z groszami",
    "z kawalkiem",
    "z czyms",
    "mniej wiecej",
    "plus minus",
    "cos",
)
_LINKS = word_set(", do - – albo lub czy")
_REFUSED_VERBS = word_set(
    "mam mamy dam damy zaplace zaplacimy moge mozemy place wplace przeleje oddam bede stac splace"
)


def parse_amount(text: str, balance_gr: int | None = None) -> Amount | None:
    """The amount said; None without one, or where two were offered without saying which.

    balance_gr: what is owed, to work out "całość" and "połowę". Of several amounts in one
    sentence ("tysiąc teraz i pięćset za miesiąc") this is the first; see `parse_amounts`.
    """
    tokens = meant_tokens(text)
    found = _find(tokens, balance_gr)
    if not found:
        return None
    for other in found:
        if other.amount.reference == "principal" and all(item.amount.reference for item in found):
            # "całość bez odsetek"
            return other.amount
    together = _slang_sum(tokens, found)
    if together is not None:
        return together
    if len(found) > 1 and _is_choice(tokens, found[0], found[1]):
        return None
    if _is_sum(tokens):
        return None
    return found[0].amount


def _slang_sum(tokens: Sequence[Token], found: Sequence[FoundAmount]) -> Amount | None:
    """ "stówę i pięć dych" is one amount: the second counts in a smaller note."""
    if len(found) != 2:
        return None
    first, second = found
    if [token.text for token in tokens[first.end : second.start]] != ["i"]:
        return None
    scales = [scale_of(_word(tokens, part.end - 1)) for part in found]
    if not scales[0] > scales[1] > 0 or _word(tokens, second.end - 1) not in SLANG_MONEY:
        return None
    if second.amount.amount_gr >= scales[0] * 100:
        return None
    is_approximate = first.amount.is_approximate or second.amount.is_approximate
    return Amount(first.amount.amount_gr + second.amount.amount_gr, is_approximate)


def parse_amounts(text: str, balance_gr: int | None = None) -> list[Amount]:
    """Every amount said, in order."""
    return [found.amount for found in _find(meant_tokens(text), balance_gr)]


def find_amounts(tokens: Sequence[Token], balance_gr: int | None = None) -> list[FoundAmount]:
    """Every amount in the tokens, with its place."""
    return _find(tokens, balance_gr)


def _is_choice(tokens: Sequence[Token], first: FoundAmount, second: FoundAmount) -> bool:
    """Whether two amounts are a doubt ("sto, dwieście", "od dwustu do trzystu"), not two sums."""
    if first.amount == second.amount:
        return False
    before = _word(tokens, first.start - 1)
    if before in ("miedzy", "pomiedzy"):
        return True
    between = [token.text for token in tokens[first.end : second.start] if not token.is_mark]
    # "dwa tysiące i pięćset" may be one sum or two.
    return between in ([], ["i"]) or bool(
        {"albo", "lub", "czy", "do", "ewentualnie", "moze", "gora"} & set(between)
    )


def _is_sum(tokens: Sequence[Token]) -> bool:
    """Whether the caller adds up: "trzysta plus dwieście"."""
    return any(
        token.text in ("plus", "minus")
        and read_cardinal(tokens, at + 1) is not None
        and _word(tokens, at - 1) != "plus"
        for at, token in enumerate(tokens)
    )


def meant_tokens(text: str) -> Sequence[Token]:
    """The tokens of a text less the amounts that were taken back."""
    return without_corrected(tokenize(text), lambda part: bool(_find(part, None)))


def _find(tokens: Sequence[Token], balance_gr: int | None) -> list[FoundAmount]:
    found: list[FoundAmount] = []
    at = 0
    while at < len(tokens):
        match = _reference_at(tokens, at, balance_gr) or _number_at(tokens, at)
        if isinstance(match, int):
            at = match
        elif match is None:
            at += 1
        else:
            found.append(match)
            at = match.end
            second = _counted_again(tokens, match)
            if second is not None:
                found.append(second)
                at = second.end
    return found


def _counted_again(tokens: Sequence[Token], first: FoundAmount) -> FoundAmount | None:
    """The second of "stówę albo dwie", which is so many of the same."""
    scale = scale_of(_word(tokens, first.start))
    link = _word(tokens, first.end)
    if not scale or first.end != first.start + 1 or link not in _LINKS:
        return None
    number = read_cardinal(tokens, first.end + 1)
    if number is None or number.whole is None or not 2 <= number.whole <= 9:
        return None
    if link == "," and number.whole > 3:
        return None
    following = _word(tokens, number.end)
    if following in COUNTED | ZLOTY or number.has_scale:
        return None
    return FoundAmount(Amount(number.whole * scale * 100), first.end + 1, number.end)


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


# ---- numbers -------------------------------------------------------------------------------


def _number_at(tokens: Sequence[Token], at: int) -> FoundAmount | int | None:
    """The amount whose number begins at `at`; the index to go on from for another number."""
    ordinal = read_ordinal(tokens, at)
    if ordinal is not None:
        if ordinal.form.startswith("f"):
            # The minutes of "o szesnastej trzydzieści".
            minutes = read_cardinal(tokens, ordinal.end)
            if minutes is not None and (minutes.whole or 100) < 60:
                return minutes.end
        return _skip_date(tokens, ordinal.end)
    number = read_cardinal(tokens, at)
    if number is None:
        # A written time or date.
        return at + 1 if tokens[at].is_digits else None
    zlote = number.hundredths
    end = number.end
    following = _word(tokens, end)
    if following == "-" and _word(tokens, end + 1) in ZLOTY:
        end += 1
        following = _word(tokens, end)
    if following in GROSZE:
        if number.whole is None:
            return end + 1
        return _found(tokens, at, end + 1, number.whole)
    if following in ZLOTY:
        end, grosze = read_grosze(tokens, end + 1)
        return _found(tokens, at, end, zlote + grosze)
    if following in _OTHER_CURRENCY:
        return end + 1
    scale = _shared_scale(tokens, number)
    if scale:
        return _found(tokens, at, end, zlote * scale)
    if following == "przecinek":
        hundredths = read_after_comma(tokens, end + 1)
        if hundredths is not None:
            return _found(tokens, at, hundredths[1], zlote + hundredths[0])
    if _is_other_number(tokens, at, number):
        after = read_cardinal(tokens, end)
        if number.is_spoken and after is not None and following in ("sto", "stu"):
            # "dwa sto" is nothing that anybody can be sure of.
            return after.end
        return _skip_date(tokens, end)
    second = read_cardinal(tokens, end + 1 if following == "i" else end)
    if second is not None and _word(tokens, second.end) in GROSZE and second.whole is not None:
        return _found(tokens, at, second.end + 1, zlote + second.whole)
    pair = read_unnamed_grosze(tokens, number)
    if pair is not None:
        return _found(tokens, at, pair[1], zlote + pair[0])
    return _found(tokens, at, end, zlote)


def _shared_scale(tokens: Sequence[Token], number: Cardinal) -> int:
    """The scale of "dwie, trzy stówy", which is said with the second number; 0 without."""
    if number.whole is None or not 0 < number.whole < 100 or number.has_scale:
        return 0
    at = number.end + (_word(tokens, number.end) in _LINKS)
    second = _word(tokens, at)
    value = int(second) if second.isdecimal() and len(second) < 3 else CARDINALS.get(second, 0)
    return scale_of(_word(tokens, at + 1)) if value > number.whole else 0


def _skip_date(tokens: Sequence[Token], at: int) -> int:
    """Past what belongs to a date: the month, its number, the year."""
    if _word(tokens, at) in MONTH_FORMS:
        at += 1
        number = read_cardinal(tokens, at)
        if number is not None and number.whole is not None and 1900 <= number.whole < 2100:
            return number.end
        if number is not None and _word(tokens, number.end) in ORDINALS:
            return number.end
    return at


def _is_other_number(tokens: Sequence[Token], at: int, number: Cardinal) -> bool:
    """Whether a number without a currency counts, dates or names something else."""
    words = {token.text for token in tokens[at : number.end]}
    if words & SLANG_MONEY:
        return False
    following = _word(tokens, number.end)
    before = _word(tokens, at - 1)
    if following in ("+", "%"):
        return True
    if following in ORDINALS and number.whole in (1000, 1900, 2000):
        return True
    if following in COUNTED and following not in _NOT_COUNTED:
        return True
    if before == "-" and _word(tokens, at - 2).startswith("0"):
        # "00-950"
        return True
    if before in _LABELS or (
        before in ("w", "z") and number.whole and 1900 <= number.whole <= 2100
    ):
        return True
    if number.whole is None:
        # "2,5" alone may be thousands; "15.03" may be a date; "1200,50" is money.
        text = tokens[at].text
        is_price = re.fullmatch(r"\d+,\d\d", text) and not _is_day_and_month(text.replace(",", "."))
        is_small = number.hundredths < 10_000 and not is_price
        return number.is_spoken or is_small or _is_day_and_month(text)
    text = tokens[at].text
    if not number.is_spoken and text.isdigit() and len(text) > 1 and text.startswith("0"):
        return True
    if not number.is_spoken and number.whole <= 31:
        is_day = before in ("do", "po", "przed", "od", "o", "na", "w", "miedzy", "a", "godzinie")
        if is_day or following in (".", "-", "/", ":"):
            return True
    if before in ("o", "godzinie"):
        return True
    if before == "minus" and _word(tokens, at - 2) != "plus":
        return True
    return number.whole < 10 or _is_range_part(tokens, at, number)


def _is_day_and_month(text: str) -> bool:
    day, mark, month = text.partition(".")
    if not mark or not day.isdigit() or not month.isdigit():
        return False
    return len(month) == 2 and int(day) <= 31 and int(month) <= 12


def _is_range_part(tokens: Sequence[Token], at: int, number: Cardinal) -> bool:
    """Whether the number is the "dwa" of "dwa trzy dni"."""
    second = read_cardinal(tokens, number.end)
    return second is not None and _word(tokens, second.end) in COUNTED and (number.whole or 0) < 32


def _found(tokens: Sequence[Token], start: int, end: int, amount_gr: int) -> FoundAmount | int:
    if amount_gr <= 0 or _is_refused(tokens, start, end):
        return end
    is_approximate = _is_approximate(tokens, start, end)
    return FoundAmount(Amount(amount_gr, is_approximate), start, end)


def _is_refused(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether it is what the caller has not or will not pay: "nie mam tysiąca"."""
    before = [_word(tokens, at) for at in range(max(start - 4, 0), start)]
    after = [_word(tokens, at) for at in range(end, end + 4)]
    if after[:2] == ["za", "duzo"] or after[:3] == ["to", "za", "duzo"]:
        return True
    for at, word in enumerate(before):
        if word == "nie" and at + 1 < len(before) and before[at + 1] in _REFUSED_VERBS:
            return not {",", ".", "ale", "tylko", "bo"} & set(before[at + 2 :])
    is_limit = "niz" in before
    return not is_limit and _word(tokens, end) == "nie" and _word(tokens, end + 1) in _REFUSED_VERBS


def _is_approximate(tokens: Sequence[Token], start: int, end: int) -> bool:
    before = _word(tokens, start - 1)
    if before == "niz" and _word(tokens, start - 2) in ("wiecej", "mniej"):
        return True
    if before == "tak" or (before == "." and _word(tokens, start - 2) == "ok"):
        before = _word(tokens, start - 2)
    if before == "minus":
        # "plus minus trzysta"
        return True
    if before in _ABOUT and not (before == "z" and _word(tokens, start - 2) in PAYING):
        return True
    after = [token.text for token in tokens[end : end + 3] if not token.is_mark]
    return any(after[: len(p.split())] == p.split() for p in _ABOUT_AFTER)


def _reference_at(tokens: Sequence[Token], at: int, balance_gr: int | None) -> FoundAmount | None:
    reference = find_reference(tokens, at)
    if reference is None:
        return None
    amount_gr = 0
    if balance_gr is not None and reference.denominator:
        # Rounded up, so that the parts are never short of the whole.
        amount_gr = -(-balance_gr * reference.numerator // reference.denominator)
    return FoundAmount(Amount(amount_gr, False, reference.name), at, reference.end)
