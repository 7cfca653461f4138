"""Finds the event that a payment is to wait for: "po wypłacie", "jak mi zapłacą"."""

from __future__ import annotations

import re

_INCOME = re.compile(
    r"\b(?:po|przy|do|od|przed|w dniu|dniu|"
    r"\w*(?:plac|dam|regul)\w*(?: \w+){0,3} z) (?:\w+ )?(?:wyplac(?:ie|y)|wyplat[aey]|pensj[iae]|"
    r"emerytur(?:ze|y|a)|renci?e|renty|zasilk(?:u|iem|ow)|premi[iae]|zusu?|becikow\w+|odprawie|"
    r"alimentach|diecie|zwrocie|dniowce|tygodniowce|wynagrodzeni\w+|stypendium)\b"
    r"|\bw okolicach (?:wyplaty|pensji|emerytury|renty)\b"
    r"|\bz (?:najblizszej|nastepnej|kolejnej|przyszlej|pierwszej) "
    r"(?:wyplaty|pensji|emerytury|renty)\b"
    r"|\b(?:z|po) (?:trzynast|czternast)[kc]\w+"
    r"|\bz (?:wyplaty|pensji|emerytury|renty|zasilku)(?: \w+)? (?:\w*place|dam|oddam|przeleje)\b"
    r"|\b(?:800|500|osiemset|piecset|1000)(?: plus(?:ie|a|em)?\b| ?\+)"
    r"|\b(?:jak|gdy|kiedy|skoro|az|dopiero|zanim)\b(?: \w+){0,5}? (?:dostane|dostaniemy|otrzymam|"
    r"otrzymamy|przyjdzie|przyjda|wpadnie|wpadna|wplynie|wplyna|zaplaci|zaplaca|przeleje|przeleja|wyplaci|"
    r"wyplaca|zarobie|splynie|splyna|odzyskam|oddadza|odda|zwroci|zwroca|bede mial|bede miala|"
    r"bedziemy mieli|beda pieniadze|"
    r"bedzie (?:wyplata|emerytura|pensja|renta|zasilek|kasa|premia)|ureguluje|"
    r"dadza|przysla)\b"
    r"|\bczekam(?:y)?(?: \w+){0,2} na (?:\w+ )?(?:przelew|pieniadze|wyplat\w+|emerytur\w+|kase|"
    r"zwrot|pensje|zasilek|rente|premie)\b"
)
_OTHER_EVENT = re.compile(
    r"\b(?:jak|gdy|kiedy|dopiero jak)\b(?: \w+){0,3}? (?:wroce|wrocimy|sprzedam|znajde|wyjde|"
    r"skoncze|zalatwie|podpisze|wezme|pozycze|odkuje|"
    r"stane na nogi|dogadam|porozmawiam|wyzdrowieje|bede w)\b"
    r"|\bpo (?:sezonie|zniwach|urlopie|powrocie|rozmowie|sprzedazy|sprawie)\b"
)


def find_anchor(joined: str) -> str:
    """The kind of event, in folded words, that a payment is to wait for; "" without one."""
    if _INCOME.search(joined):
        return "income_event"
    return "other_event" if _OTHER_EVENT.search(joined) else ""
