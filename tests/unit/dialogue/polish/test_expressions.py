"""The shared table of expressions and the utterances of the shared intents."""

from __future__ import annotations

import csv
import datetime as dt
import json
import time
from zoneinfo import ZoneInfo

import yaml

from tests.shared import shared_path
from voicebot.dialogue.polish.amounts import parse_amount
from voicebot.dialogue.polish.counts import parse_installments
from voicebot.dialogue.polish.dates import DateExpression, parse_date
from voicebot.dialogue.polish.times import parse_datetime
from voicebot.dialogue.polish.yes_no import parse_yes_no

NOW = dt.datetime(2026, 3, 11, 10, 15, tzinfo=ZoneInfo("Europe/Warsaw"))


def _as_json(kind: str, text: str, balance_gr: int | None) -> dict[str, object]:
    """What the parser for the kind says, in the keys of the table."""
    if kind == "amount":
        amount = parse_amount(text, balance_gr)
        assert amount is not None
        return {
            "amount_gr": amount.amount_gr,
            "approx": amount.is_approximate,
            "ref": amount.reference,
        }
    if kind == "plan":
        plan = parse_installments(text, balance_gr)
        assert plan is not None
        return {
            "installments": plan.installments,
            "amount_gr": plan.amount_gr,
            "frequency": plan.frequency,
        }
    is_moment = kind.startswith("datetime")
    found = parse_datetime(text, NOW) if is_moment else parse_date(text, NOW)
    assert found is not None
    assert found.kind == kind
    return _date_as_json(found)


def _date_as_json(found: DateExpression) -> dict[str, object]:
    result: dict[str, object] = {
        "op": found.op,
        "approx": found.is_approximate,
        "confirm": found.needs_confirmation,
        "direction": found.direction,
        "ask": found.ask,
        "anchor": found.anchor,
    }
    if found.kind == "date":
        result["date"] = found.date.isoformat() if found.date else None
    elif found.kind == "date_range" and found.start and found.end:
        result |= {"from": found.start.isoformat(), "to": found.end.isoformat()}
    elif found.kind == "datetime" and found.start_at:
        result["datetime"] = f"{found.start_at:%Y-%m-%dT%H:%M}"
    elif found.start_at and found.end_at:
        result |= {
            "from": f"{found.start_at:%Y-%m-%dT%H:%M}",
            "to": f"{found.end_at:%Y-%m-%dT%H:%M}",
        }
    return result


_DEFAULTS = {
    "op": "on", "approx": False, "confirm": False, "direction": "future", "ask": "", "anchor": "",
    "ref": "",
}  # fmt: skip


def test_the_shared_table():
    with shared_path("domain/expressions_dev.tsv").open(encoding="utf-8") as file:
        rows = list(
            csv.DictReader(
                (line for line in file if not line.startswith("#")),
                delimiter="\t",
                quoting=csv.QUOTE_NONE,
            )
        )
    assert len(rows) == 30
    for row in rows:
        context = row["context"] or ""
        balance = int(context.removeprefix("balance_gr=")) if "balance_gr" in context else None
        expected = json.loads(row["expected_json"])
        said = _as_json(row["kind"], row["utterance"], balance)
        for key, value in said.items():
            assert value == expected.get(key, _DEFAULTS.get(key)), (row["id"], key)
        assert expected.keys() <= said.keys(), row["id"]


# Every utterance of the intents in which something is to be found; in all others nothing is.
_WITH_DATE = {
    "zapłacę w piątek", "do końca tygodnia przeleję całość", "ureguluję to do piętnastego",
    "jutro zrobię przelew", "w przyszłym tygodniu zapłacę wszystko",
    "do końca miesiąca będzie zapłacone", "piątego mam wypłatę to wtedy", "obiecuję że w środę",
    "zrobię to pojutrze jak wrócę z delegacji", "zaplace do konca miesionca",
    "w pionteg przeleje", "mogę zapłacić teraz", "zapłacę w tej chwili tylko gdzie",
    "moge teraz zaplacic bliki em", "zaraz zaplace prosze link",
    "mogę dać teraz pięćset złotych", "połowę zapłacę w piątek", "polowe teraz polowe pozniej",
    "zapłacę tysiąc teraz i tysiąc za miesiąc", "stówę mogę rzucić od ręki",
    "dajcie mi dwa miesiące", "poczekajcie do wiosny", "czy dałoby się wstrzymać do maja",
    "wczoraj poszedł przelew", "płaciłem tydzień temu sprawdźcie",
    "księgowa puściła to przedwczoraj", "juz zaplacilem w zeszlym tygodniu",
    "w poniedzialek poszed przelew", "mama odeszła w zeszłym miesiącu",
    "córka zmarła dwa lata temu", "tata zmar w styczniu", "zona mi zmarla w zeszlym tygodniu",
    "wypowiedziałem tę umowę rok temu", "oddzwońcie jutro rano",
    "czekamy na przelew od kontrahenta", "jak nam zapłacą to my zapłacimy",
    "czekamy na przelew od klijenta",
}  # fmt: skip
_WITH_AMOUNT = {
    "do końca tygodnia przeleję całość", "w przyszłym tygodniu zapłacę wszystko",
    "nie mam tyle naraz ale po stówce mogę", "po 200 zlotych miesiecznie moge",
    "mogę dać teraz pięćset złotych", "wpłacę część a resztę później", "połowę zapłacę w piątek",
    "tyle co mam to dwieście", "zapłacę tysiąc teraz i tysiąc za miesiąc",
    "stówę mogę rzucić od ręki", "zapłacę samą należność bez odsetek",
    "polowe teraz polowe pozniej", "moge 500 zlotych narazie",
    "miało być sto pięćdziesiąt a nie trzysta", "zapłacę połowę i zamykamy sprawę",
    "polowe zaplace i koniec",
}  # fmt: skip


def _utterances() -> list[tuple[str, str]]:
    with shared_path("domain/intents.yaml").open(encoding="utf-8") as file:
        intents = yaml.safe_load(file)["intents"]
    return [
        (intent["id"], str(text))
        for intent in intents
        for text in [*intent.get("utterances", []), *intent.get("asr", [])]
    ]


def test_in_what_people_say_dates_are_found_where_they_are_and_nowhere_else():
    for _, text in _utterances():
        assert (parse_date(text, NOW) is not None) == (text in _WITH_DATE), text


def test_in_what_people_say_amounts_are_found_where_they_are_and_nowhere_else():
    for _, text in _utterances():
        assert (parse_amount(text, 123456) is not None) == (text in _WITH_AMOUNT), text


def test_the_answers_of_the_intents_affirm_and_deny():
    for intent, text in _utterances():
        answer = parse_yes_no(text)
        if intent == "affirm":
            assert answer is not None, text
            assert answer.is_yes, text
            assert answer.strength == ("weak" if text in ("mhm", "no") else "clear"), text
        elif intent == "deny":
            assert answer is not None, text
            assert not answer.is_yes, text


def test_a_parse_takes_less_than_two_milliseconds():
    texts = [text for _, text in _utterances()]
    started = time.process_time()
    for text in texts:
        parse_amount(text, 123456)
        parse_date(text, NOW)
        parse_datetime(text, NOW)
        parse_installments(text, 123456)
        parse_yes_no(text)
    assert (time.process_time() - started) / (5 * len(texts)) < 0.002
