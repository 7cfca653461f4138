"""Plays calls by chance over a call script: what callers say, press and keep silent."""

from __future__ import annotations

import random

from voicebot.dialogue.actions import (
    Action,
    CallerLeft,
    DialogueEvent,
    NoInput,
    Query,
    QueryAnswered,
    UserTurn,
)
from voicebot.dialogue.engine import DialogueEngine

_SAID = (
    "tak", "nie", "no dobra", "mhm", "może", "tak, ale nie dzisiaj", "w piątek", "jutro",
    "dwudziestego", "za dwa tygodnie", "w sobotę", "wczoraj", "sto złotych", "całość", "połowę",
    "pięć złotych", "całość w piątek", "sto złotych w poniedziałek", "nie wiem", "nie pamiętam",
    "za pół roku", "pięć tysięcy złotych", "zapłacę część", "już zapłaciłem",
    "chcę zmienić kwotę", "inny termin", "proszę powtórzyć", "nie rozumiem", "kto mówi",
    "proszę nie nagrywać", "nie zapłacę", "na raty", "wy złodzieje", "ile mam do zapłaty",
    "dlaczego mam podawać dane", "bla bla bla", "proszę oddzwonić", "po wypłacie", "do widzenia",
)  # fmt: skip
_RARELY_SAID = ("konsultant", "pomyłka", "nie chcę żyć", "mąż zmarł")
_KEYS = ("1", "2", "0", "*", "20260017", "2903")
_CASE = ("dwa zero dwa sześć zero zero jeden siedem",)
_ANSWERS = {
    "greeting": _CASE,
    "ask_case": _CASE,
    "confirm_case": ("tak", "nie"),
    "ask_birth": ("ósmy maja siedemdziesiąty piąty",),
    "ask_postcode": ("zero zero dziewięćset pięćdziesiąt",),
    "ask_pesel": ("siedem osiem trzy cztery",),
    "details": ("w piątek", "całość", "sto złotych w poniedziałek", "za pół roku", "tak", "nie"),
    "ask_date": ("w piątek", "jutro", "dwudziestego", "za dwa tygodnie", "za pół roku", "wczoraj"),
    "ask_amount": ("całość", "połowę", "sto złotych", "pięć tysięcy złotych", "pięć złotych"),
    "read_back": ("tak", "nie", "tak, zgadza się", "nie, w poniedziałek"),
}  # fmt: skip
"""What is mostly said to a question, so that calls get on."""


def random_event(
    chance: random.Random, engine: DialogueEngine, actions: list[Action]
) -> DialogueEvent:
    """What may happen next. actions: the engine's last answer."""
    last = actions[-1]
    if isinstance(last, Query):
        return QueryAnswered(last.name, _answer(chance, last))
    roll = chance.random()
    if roll < 0.05:
        return NoInput()
    if roll < 0.12:
        return UserTurn(digits=chance.choice(_KEYS))
    if roll < 0.125:
        return CallerLeft()
    words: tuple[str, ...] = _RARELY_SAID if roll < 0.135 else _SAID
    if roll < 0.85:
        words = _ANSWERS.get(engine.state_name.rpartition(".")[2], words)
    return UserTurn(
        text=chance.choice(words),
        confidence=0.1 if chance.random() < 0.1 else 0.9,
        alternatives=(chance.choice(words),) if chance.random() < 0.2 else (),
        has_barged_in=chance.random() < 0.1,
        has_heard_question=chance.random() < 0.5,
        over=chance.choice(("prompt", "disclosure")) if chance.random() < 0.05 else "",
    )


def _answer(chance: random.Random, query: Query) -> dict[str, object]:
    if chance.random() < 0.02:
        return {}
    match query.name:
        case "find_case":
            return {"found": chance.random() < 0.95, "is_company": False}
        case "verify_fact":
            return {"matches": chance.random() < 0.95}
    return {
        "creditor": "Energia Północ",
        "title": "faktura FV/2026/01/0012",
        "balance_gr": chance.choice((123456, 50000, 123456, 0)),
        "due_date": "2026-02-01",
        "principal_gr": 50000,
        "interest_gr": 0,
        "gender": chance.choice(("f", "m", "")),
        "promised_date": None,
        "promised_gr": None,
        "n_promises": 0,
    }
