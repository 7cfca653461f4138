"""What words of the bot may never be heard when: the observer's own reading of what is said.

Apart from the engine and from what a script says of its prompts, so that neither can hide anything.
"""

from __future__ import annotations

import re

AI_NOTICE = re.compile(
    r"automat|programem komputerowym|program komputerowy|tu program|sztuczn\w+ inteligenc|\bbot\b|"
    r"wirtualn\w+ asystent|asystent głosow|asystentk\w+ głosow",
    re.IGNORECASE,
)
RECORDING_NOTICE = re.compile(r"nagrywan|rejestrowan|jest nagrywana", re.IGNORECASE)
EMOTION_NOTICE = re.compile(r"emocj", re.IGNORECASE)
DEBT = re.compile(
    r"\b(dług(?!o\b|ie|a\b|i\b)|zadłuż|zaleg|należnoś|niezapłac|nieopłac|wierzyciel|odset|komornik"
    r"|do zapłaty|przetermin|spłat|spłac|faktur|rat[aęy]?\b|pożyczk|kredyt|windykac)",
    re.IGNORECASE,
)
"""What tells a stranger that somebody owes (rules.md: neutral until identity is proven)."""
MONEY = re.compile(r"\b(złot|grosz|zł\b|tysi[ąę]c\w* złot)", re.IGNORECASE)
QUESTION = re.compile(r"\?\s*$|\b[Pp]roszę (podać|powiedzieć|potwierdzić|wpisać)")
PERSUASION = re.compile(
    r"(kiedy|kwot|jaki dzień|na jaki dzień|ile)\b.{0,40}\b(wpłat|zapłac|zapisać|wpłac|ureguluj)"
    r"|(proszę|prosimy|należy|trzeba|warto)\b.{0,30}\b(zapłac|wpłac|uregul|spłac|opłac)"
    r"|wpłata byłaby|możliwa będzie wpłata|w ilu ratach",
    re.IGNORECASE,
)
"""Asks for, or urges, payment."""
HELP_LINES = re.compile(r"sto dwanaście|sto szesnaście|osiemset", re.IGNORECASE)
HUMAN = re.compile(
    r"konsultant|pracowni|człowiek|oddzwon|przełącz|łączę|numer telefonu|opiekun", re.IGNORECASE
)
KEPT = re.compile(r"\bzapisan[eaoy]\b", re.IGNORECASE)
FORBIDDEN = re.compile(
    r"wzrosn\w+ wielokrotnie|zwielokrotni|koszty (wzrosną|się pomnożą)|pomnoż"
    r"|(na pewno|z pewnością|nieuchronnie|niechybnie)\b.{0,30}(sąd|komornik|egzekucj)"
    r"|(koszty|kosztami) (sądowe|sądowymi|komornicze|komorniczymi)"
    r"|wizyt\w+ (w|pod|u)\b.{0,20}(domu|pracy|miejscu|adres|zamieszk)|windykator\w* teren"
    r"|odwiedz\w+ (państwa|pana|panią|w domu|w pracy)"
    r"|wywiad\w* środowiskow|powiadomi\w* (sąsiad|pracodawc|rodzin)"
    r"|przestępstw|odpowiedzialno\w+ karn|prokuratur|policj|więzieni|wyłudzeni"
    r"|ostatni\w* (szans|moment|wezwanie)|tylko (dziś|dzisiaj)"
    r"|do końca dnia albo|natychmiast zapłac",
    re.IGNORECASE,
)
"""rules.md `script.forbidden_claims`: costs that multiply, certain court or bailiff, visits,
community interviews, criminal threats, made-up deadlines (UOKiK RKT-09/2011, RWR 25/2013)."""

AGREEMENT = re.compile(
    r"^\W*((no to|no|mhm|aha|właśnie|naturalnie że|e+|y+|znaczy|tak że) )*"
    r"(tak|ta|owszem|dobrze|dobra|okej|ok|oki|jasne|oczywiście|oczywiscie|zgoda|zgadza|zgadzam|"
    r"potwierdzam|pewnie|jak najbardziej|super|świetnie|może być|moze byc|"
    r"niech (tak )?będzie|niech (tak )?bedzie|spoko|dob rze|pasuje|"
    r"proszę zapisać|poprawnie|dokładnie|dokladnie)\b",
    re.IGNORECASE,
)
REFUSAL = re.compile(
    r"\b(nie|niestety|może|moze|chyba|raczej)\b(?! ma sprawy| być| byc)", re.IGNORECASE
)

WAITING = re.compile(r"\bpoczekam\b", re.IGNORECASE)
"""Somebody else is being fetched to the telephone."""

THIRD_PARTY_INTENTS = frozenset(
    {
        "third_party_available",
        "third_party_not_available",
        "minor_answers",
        "identity_denied_wrong_number",
    }
)
STOP_INTENTS = THIRD_PARTY_INTENTS | {
    "crisis_self_harm",
    "deceased",
    "bankruptcy",
    "legal_representative",
    "vulnerable_life_event",
    "dispute_debt",
    "dispute_amount",
    "limitation_claim",
    "b2b_goods_dispute",
    "stop_contact",
}
"""After one of these nobody is urged to pay any more (rules.md; intents.yaml)."""


def notices_in(text: str) -> frozenset[str]:
    """ai, recording, emotion: what a caller is told of."""
    notices = {"ai": AI_NOTICE, "recording": RECORDING_NOTICE, "emotion": EMOTION_NOTICE}
    return frozenset(name for name, pattern in notices.items() if pattern.search(text))


def agrees(text: str, digits: str) -> bool:
    """A yes that nobody could take for anything else."""
    if digits:
        return digits.rstrip("#") == "1"
    return AGREEMENT.search(text) is not None and REFUSAL.search(text) is None
