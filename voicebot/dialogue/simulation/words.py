"""The words of simulated callers: for intents, for what a question wants, and for mistakes."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date

from voicebot.dialogue.polish import readout
from voicebot.dialogue.script import Script, SlotSpec
from voicebot.dialogue.simulation.truth import CaseTruth

DATES = (
    "w piątek", "jutro", "pojutrze", "w poniedziałek", "za tydzień", "dwudziestego", "w sobotę",
    "za trzy dni", "do piątku", "do końca tygodnia", "za dziesięć dni", "dzisiaj",
)  # fmt: skip
LATE_DATES = ("za pół roku", "za dwa miesiące", "za pięć tygodni", "pod koniec przyszłego miesiąca")
AMOUNTS = ("całość", "połowę", "sto złotych", "pięćset złotych", "dwieście złotych", "trzysta")
BAD_AMOUNTS = ("pięć złotych", "dwa złote", "milion złotych", "sto tysięcy złotych")
PLANS = (
    "w trzech ratach", "na cztery raty", "po sto złotych miesięcznie", "w dwóch ratach",
    "na sześć rat", "po dwieście złotych co miesiąc", "w dwunastu ratach", "na sto rat",
    "po pięć złotych miesięcznie", "na pięć rat",
)  # fmt: skip
TIMES = (
    "jutro o dziesiątej",
    "po piętnastej",
    "w środę rano",
    "o osiemnastej",
    "jutro po południu",
)
FREE_WORDS = (
    "nie zgadzam się z tą kwotą", "towar był uszkodzony", "pisałem już do państwa",
    "po szesnastej", "rano", "faktura jest nie moja", "umowa była wypowiedziana",
)  # fmt: skip
PROBLEMS: Mapping[str, tuple[str, ...]] = {
    "past": (
        "wczoraj",
        "w zeszłym tygodniu",
        "przedwczoraj",
        "dwudziestego lutego dwa tysiące dwudziestego szóstego",
        "pierwszego stycznia tego roku",
    ),
    "no_such_date": ("trzydziestego pierwszego kwietnia", "trzydziestego lutego"),
    "weekday_mismatch": ("we wtorek dwunastego marca", "w piątek dwudziestego czwartego marca"),
    "two_dates": ("w piątek albo w poniedziałek", "jutro albo pojutrze"),
    "ask_date": ("po wypłacie", "jak dostanę pieniądze", "po dziesiątym"),
}
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "yes": ("tak", "tak, zgadza się", "dobrze", "oczywiście"),
    "no": ("nie", "nie zgadzam się", "nie, nie"),
    "weak_yes": ("mhm", "no"),
    "weak_no": ("raczej nie", "chyba nie"),
    "unsure": ("może", "nie jestem pewien", "może tak, może nie"),
}
GIBBERISH = (
    "bla bla bla",
    "ble ble",
    "tramwaj numer siedem",
    "e e e",
    "śpiewam piosenkę",
    "gul gul",
)
KEYS_FOR = {"yes": "1", "no": "2"}
WRONG_BIRTH_DATE = date(1970, 2, 3)


def intent_words(script: Script, intent: str, chance: random.Random, *, heard: bool = False) -> str:
    """One of the intent's examples; heard: maybe as a recogniser writes it."""
    examples = script.intents[intent]
    pool = examples.examples + (examples.heard if heard else ())
    pool = pool or tuple(map(pattern_words, examples.always))
    return chance.choice(pool) if pool else ""


def pattern_words(pattern: str) -> str:
    """Words that fit a pattern of an intent (nlu.compile_pattern)."""
    words = (word.split("|")[0].removesuffix("*") for word in pattern.split() if word != "...")
    return " ".join(words)


def number_words(digits: str, chance: random.Random) -> str:
    """Digit by digit; sometimes in pairs, as people read numbers out."""
    if chance.random() < 0.15 and len(digits) % 2 == 0 and "0" not in digits[::2]:
        return " ".join(
            readout.cardinal(int(digits[start : start + 2])) for start in range(0, len(digits), 2)
        )
    return readout.digits(digits)


def fact_words(kind: str, value: str, chance: random.Random) -> str:
    """A proof of identity as it is said. value: as CaseTruth.facts has it."""
    if kind == "birth_date":
        return readout.date_(date.fromisoformat(value))
    return number_words(value.replace("-", ""), chance)


def fact_keys(kind: str, value: str) -> str:
    """The same as it is keyed: dates as DDMMRRRR."""
    if kind == "birth_date":
        year, month, day = value.split("-")
        return f"{day}{month}{year}"
    return value.replace("-", "")


def slot_words(slot: SlotSpec, chance: random.Random, *, is_odd: bool = False) -> str:
    """Words that fill a slot which no case knows. is_odd: with what policy refuses."""
    match slot.kind:
        case "amount":
            return chance.choice(BAD_AMOUNTS if is_odd else AMOUNTS)
        case "date":
            return chance.choice(LATE_DATES if is_odd else DATES)
        case "time":
            return chance.choice(TIMES)
        case "plan":
            return chance.choice(PLANS)
        case "yes_no":
            return chance.choice(
                ANSWERS[chance.choice(tuple(ANSWERS) if is_odd else ("yes", "no"))]
            )
        case "words":
            return chance.choice(FREE_WORDS)
        case "digits" | "case_number":
            length = slot.length or 4
            return number_words(f"{chance.randrange(10 ** (length - 1), 10**length)}", chance)
        case "birth_date":
            return readout.date_(WRONG_BIRTH_DATE)
        case "postcode":
            return number_words("99999", chance)
    return chance.choice(FREE_WORDS)


def slot_keys(slot: SlotSpec, chance: random.Random) -> str:
    """Keys that may fill a slot."""
    match slot.kind:
        case "digits" | "case_number":
            length = slot.length or 4
            return f"{chance.randrange(10 ** (length - 1), 10**length)}"
        case "yes_no":
            return chance.choice(("1", "2"))
        case "postcode":
            return "99999"
        case "birth_date":
            return "03021970"
        case "amount":
            return chance.choice(("100", "500", "5", "999999"))
        case "date":
            return chance.choice(("2003", "3112", "1303"))
    return chance.choice(("1", "2", "12"))


class FactIndex:
    """Which of a script's slots ask for what the case knows: its number, or a proof of identity."""

    def __init__(self, script: Script) -> None:
        self._fact_of: dict[str, str] = {}
        for state in script.states.values():
            query = state.query
            if query is None:
                continue
            for key, value in query.args.items():
                variable = getattr(value, "variable", "")
                if query.name == "find_case" and variable:
                    self._fact_of[variable] = "case_number"
                elif query.name == "verify_fact" and key == "value" and variable:
                    self._fact_of[variable] = str(query.args.get("fact", ""))

        self.n_case_digits = next(
            (
                slot.length
                for state in script.states.values()
                for name, slot in (state.listen.slots if state.listen else {}).items()
                if self._fact_of.get(name) == "case_number" and slot.length
            ),
            8,
        )

    def fact(self, variable: str) -> str:
        """case_number, birth_date, postcode …; empty where the case knows no answer."""
        return self._fact_of.get(variable, "")

    def value(self, variable: str, truth: CaseTruth) -> str:
        fact = self.fact(variable)
        return truth.case_number if fact == "case_number" else truth.facts.get(fact, "")
