"""Finds amounts told as a part of what is owed: "całość", "połowę", "bez odsetek", "resztę"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.dialogue.polish.numerals import read_cardinal
from voicebot.dialogue.polish.words import MONTH_FORMS, Token, word_set


@dataclass(frozen=True, slots=True)
class Reference:
    """A part of what is owed: its name, the index after its words, and the fraction of the
    balance that it is (0/0: not a part of the balance)."""

    name: str
    end: int
    numerator: int
    denominator: int


PAYING = word_set(
    "zaplace zaplacimy placa place przeleje przelejemy wplace wplacimy ureguluje uregulujemy "
    "splace splacimy oddam oddamy pokryje przelac zaplacic wplacic splacic uregulowac oddac dam "
    "moge mozemy zrobie puszcze rzuce rzucic wysle dac pokryc zaplacilem zaplacilam wplacilem "
    "wplacilam przelalem przelalam splacilem splacilam uregulowalem uregulowalam"
)
_WHOLE = word_set("calosc calosci calosciowo calego calutka")
_WHOLE_OF = word_set("cala calej cale caly calego pelna pelnej pelny pelne")
_DEBT = word_set(
    "kwota kwote kwoty suma sume sumy dlug dlugu zadluzenie zadluzenia naleznosc naleznosci "
    "zaleglosc zaleglosci faktura fakture splata splate rachunek saldo"
)
_PARTS = {
    "polowa": 2, "polowe": 2, "polowke": 2, "polowka": 2, "pol": 2,
    "cwierc": 4, "cwiartke": 4,
}  # fmt: skip
_PART_NAMES = {2: "half_balance", 3: "third_balance", 4: "quarter_balance"}
# After "pół" or "połowę" these make it half of something else.
_NOT_OF_DEBT = word_set(
    "wyplaty pensji emerytury renty zasilku roku godziny dnia miesiaca tygodnia ceny etatu "
    "zycia rodziny domu mieszkania odsetek kwartalu darmo na nocy tego"
) | frozenset(MONTH_FORMS)
_FRACTIONS: dict[tuple[str, str], tuple[int, int]] = {
    (count, part): (n, denominator)
    for n, counts in {1: "jedna jednej", 2: "dwie dwoch", 3: "trzy trzech"}.items()
    for count in counts.split()
    for denominator, parts in {
        3: "trzecia trzeciej trzecie trzecich", 4: "czwarta czwartej czwarte czwartych",
        5: "piata piatej piate piatych",
    }.items()
    for part in parts.split()
    if n < denominator
}  # fmt: skip
_SHARES = {"trzecia": 3, "czwarta": 4, "piata": 5, "dziesiata": 10}
_FRACTION_COUNTS = {count for count, _ in _FRACTIONS}
_FRACTION_NAMES = {(1, 3): "third_balance", (1, 4): "quarter_balance"}
_MAIN_DEBT = word_set("naleznosc naleznosci kwote kapital kapitalu pozyczke dlug")
_REST_OF = word_set("kwote kwota czesc czesci sume suma naleznosc zadluzenie")
_PART_ENDS = word_set("teraz w we i a , . dzisiaj dzis jutro calosci pozniej od na zaplace")


def find_reference(tokens: Sequence[Token], at: int) -> Reference | None:
    """The part of what is owed that is named at `at`, unless it is refused."""
    is_refused = "nie" in (
        _word(tokens, at - 1),
        _word(tokens, at - 2) if _word(tokens, at - 1) == "w" else "",
    )
    if is_refused:
        return None
    found = _whole(tokens, at) or _part(tokens, at) or _remainder(tokens, at)
    return found or _percent(tokens, at)


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) else ""


def _whole(tokens: Sequence[Token], at: int) -> Reference | None:
    word, following = _word(tokens, at), _word(tokens, at + 1)
    if word in _WHOLE and following not in ("miesiaca", "roku", "tygodnia"):
        return Reference("balance", at + 1, 1, 1)
    if word in _WHOLE_OF and following in _DEBT:
        return Reference("balance", at + 2, 1, 1)
    if word in _WHOLE_OF and following in ("te", "ta", "ten") and _word(tokens, at + 2) in _DEBT:
        return Reference("balance", at + 3, 1, 1)
    if word == "cale" and following in ("", ",", "."):
        return Reference("balance", at + 1, 1, 1)
    if word == "wszystko" and _is_about_paying(tokens, at):
        return Reference("balance", at + 1, 1, 1)
    return None


def _part(tokens: Sequence[Token], at: int) -> Reference | None:
    """ "połowę", "jedną trzecią", "trzy czwarte"."""
    word, following = _word(tokens, at), _word(tokens, at + 1)
    if word in _PARTS and _is_part_of_debt(tokens, at):
        denominator = _PARTS[word]
        end = at + 2 if following in _DEBT or following == "calosci" else at + 1
        return Reference(_PART_NAMES[denominator], end, 1, denominator)
    share = _SHARES.get(word)
    if share and following in ("czesc", "czesci") and _word(tokens, at - 1) not in _FRACTION_COUNTS:
        return Reference(_FRACTION_NAMES.get((1, share), "part_balance"), at + 2, 1, share)
    fraction = _FRACTIONS.get((word, following))
    if fraction is None or (fraction[0] > 1 and not _stands_for_part(tokens, at)):
        return None
    name = _FRACTION_NAMES.get(fraction, "part_balance")
    return Reference(name, at + 2, *fraction)


def _stands_for_part(tokens: Sequence[Token], at: int) -> bool:
    """Whether "trzy czwarte" is a part, not three of something: nothing or the debt follows."""
    following = _word(tokens, at + 2)
    return not following or following in PAYING | _DEBT | _PART_ENDS


def _remainder(tokens: Sequence[Token], at: int) -> Reference | None:
    """ "resztę", "bez odsetek", "samą należność"."""
    word, following = _word(tokens, at), _word(tokens, at + 1)
    is_alone = all(token.is_mark for token in (*tokens[:at], *tokens[at + 1 :]))
    if word == "reszte" or (word == "reszta" and is_alone):
        return Reference("rest", at + 1, 0, 0)
    if word == "to" and following == "co" and _word(tokens, at + 2) in ("zostalo", "zostanie"):
        return Reference("rest", at + 3, 0, 0)
    if word in ("pozostala", "pozostale") and following in _REST_OF:
        return Reference("rest", at + 2, 0, 0)
    if word in ("sama", "tylko", "same", "sam") and following in _MAIN_DEBT:
        end = at + 3 if _word(tokens, at + 2) in ("glowna", "glowny") else at + 2
        return Reference("principal", end, 0, 0)
    is_main = following in ("glowna", "glownej", "glowny") and word in _MAIN_DEBT
    if is_main or (word == "bez" and following in ("odsetek", "odsetkow", "procentow")):
        return Reference("principal", at + 2, 0, 0)
    return None


def _percent(tokens: Sequence[Token], at: int) -> Reference | None:
    percent = read_cardinal(tokens, at)
    if (
        percent is not None
        and 0 < percent.hundredths <= 10_000
        and _word(tokens, percent.end) in ("procent", "procenta", "%", "proc")
    ):
        return Reference("percent_balance", percent.end + 1, percent.hundredths, 10_000)
    return None


def _is_about_paying(tokens: Sequence[Token], at: int) -> bool:
    """Whether "wszystko" is what is paid, not "to już wszystko, dziękuję"."""
    words = {token.text for token in tokens if not token.is_mark}
    if words <= {"wszystko", "na", "raz", "od", "razu", "jednym", "przelewem", "wplata"}:
        return True
    if _word(tokens, at - 1) in ("to", "juz"):
        return False
    return any(token.text in PAYING or token.text in ("zaplaty", "grosza") for token in tokens)


def _is_part_of_debt(tokens: Sequence[Token], at: int) -> bool:
    word, following = _word(tokens, at), _word(tokens, at + 1)
    if following in _NOT_OF_DEBT or _word(tokens, at - 1) in ("w", "we", "do", "i", "za", "od"):
        return False
    if word in ("pol", "cwierc"):
        # "pół" goes with a noun of its own ("pół etatu"), unless something else follows.
        return not following or following in PAYING | _DEBT | _PART_ENDS
    if word == "polowa":
        return following in _DEBT or not following
    return True
