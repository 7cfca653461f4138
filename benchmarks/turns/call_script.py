"""Writes the benchmark's dialogue as a call script of ours: a chain, on with any answer."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, get_args

import yaml

from benchmarks.turns.dialogue import Dialogue, Question
from voicebot.dialogue.actions import QuestionKind

GREETING = "Dzień dobry, tu automatyczny asystent głosowy, program komputerowy."
GOODBYE = "Dziękuję za rozmowę. Do widzenia."
LONG_PROMPT = (
    "Zanim zaczniemy, kilka słów o tym, jak przebiega ankieta i ile to potrwa.",
    "Pytania dotyczą codziennych spraw, nie ma tu dobrych ani złych odpowiedzi.",
    "Można odpowiadać krótko albo dłużej, jak komu wygodnie.",
    "Na końcu powiem, co dalej stanie się z odpowiedziami i kto je przeczyta.",
)
"""What is spoken over when barge-in is measured; about 18 s."""

_SLOTS: dict[str, dict[str, Any]] = {
    "yes_no": {"odpowiedz": "yes_no"},
    "choice": {"slowa": "words"},
    "amount": {"kwota": {"kind": "amount", "balance": "wszystko"}},
    "date": {"dzien": "date"},
    "open": {"slowa": "words"},
}


def write_script(dialogue: Dialogue, path: Path, *, with_long_prompt: bool = False) -> None:
    """with_long_prompt: LONG_PROMPT comes before the first question."""
    path.write_text(
        yaml.safe_dump(_script(dialogue, with_long_prompt), allow_unicode=True, sort_keys=False),
        encoding="utf-8",
    )


def _script(dialogue: Dialogue, with_long_prompt: bool) -> dict[str, Any]:
    first = dialogue.questions[0]
    opening: list[Any] = ["greeting", {"prompt": "recording_notice", "if": "is_recorded"}]
    prompts: dict[str, Any] = {
        "greeting": {"text": GREETING, "barge_in": False, "discloses": ["ai"]},
        "recording_notice": {
            "text": "Rozmowa jest nagrywana.",
            "barge_in": False,
            "discloses": ["recording"],
        },
        "zapisuje": dialogue.lead_in.format(kwota="{kwota.acc}"),
        "goodbye": GOODBYE,
        "halo": "Halo, czy mnie słychać?",
        "jeszcze_raz": "Przepraszam, to nie było jasne.",
        "konsultant": "Konsultant oddzwoni. Do widzenia.",
    }
    if with_long_prompt:
        for number, sentence in enumerate(LONG_PROMPT):
            prompts[f"wstep_{number}"] = sentence
            opening.append(f"wstep_{number}")
    prompts |= {question.question_id: question.text for question in dialogue.questions}
    states: dict[str, Any] = {}
    for number, question in enumerate(dialogue.questions):
        is_last = number + 1 == len(dialogue.questions)
        following = "koniec" if is_last else dialogue.questions[number + 1].question_id
        before = opening if question is first else []
        states[question.question_id] = _state(question, following, before)
    states["koniec"] = {"say": "goodbye", "hang_up": "the survey is over"}
    states["konsultant"] = {
        "do": [{"callback": "prośba o konsultanta"}],
        "say": "konsultant",
        "hang_up": "a human calls back",
    }
    return {
        "script": "turns",
        "start": first.question_id,
        # Any answer will do: turn-taking is measured here, not understanding.
        "limits": {"turns": 1000, "min_confidence": 0.0},
        "given": {"is_recorded": "flag"},
        "variables": {
            "odpowiedz": "text",
            "slowa": "text",
            "kwota": "amount",
            "wszystko": "amount",
            "dzien": "date",
            "cyfry": "digits",
        },
        "prompts": prompts,
        "no_input": {"prompts": ["halo", "halo"], "then": "konsultant", "per_call": 100},
        "no_match": {"prompts": ["jeszcze_raz"], "then": "konsultant", "per_call": 100},
        "unclear": "jeszcze_raz",
        "failure": "konsultant",
        "too_long": "konsultant",
        "intents": {
            "crisis_self_harm": {"examples": ["nie chcę już żyć"], "always": ["nie chce juz zyc"]},
            "ask_human": {"examples": ["proszę z człowiekiem"], "always": ["prosze z czlowiekiem"]},
            "repeat_please": {"examples": ["proszę powtórzyć"], "always": ["prosze powtorzyc"]},
            "other": {"examples": ["ładna dziś pogoda"]},
        },
        "anywhere": [
            {"intent": "crisis_self_harm", "priority": True, "go": "konsultant"},
            {"intent": "ask_human", "priority": True, "go": "konsultant"},
            {"intent": "repeat_please", "priority": True, "go": "repeat"},
        ],
        "states": states,
    }


def _state(question: Question, following: str, before: list[Any]) -> dict[str, Any]:
    say: list[Any] = [*before]
    if question.is_variable:
        say.append({"prompt": "zapisuje", "if": "kwota != none"})
    # A copy for each: the script's YAML knows no anchors.
    slots = copy.deepcopy(_SLOTS.get(question.kind))
    if slots is None:
        slots = {"cyfry": {"kind": "digits", "length": question.length}}
    kind = question.kind if question.kind in get_args(QuestionKind) else "open"
    return {
        "say": [*say, question.question_id],
        "reask": question.question_id,
        "listen": {
            "kind": kind,
            "no_input_s": 8,
            "slots": slots,
            "max_digits": question.length if kind == "digits" else 0,
        },
        "on": [{"if": "confidence >= 0", "go": following}],
    }
