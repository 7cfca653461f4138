"""The same prompts for readers: amounts and dates in digits, everything else as it is spoken."""

from __future__ import annotations

from datetime import date

import pytest

from voicebot.dialogue.template import FORMS, parse_template
from voicebot.dialogue.written_forms import WRITTEN_FORMS
from voicebot.records import PersonName

KINDS = {
    "balance": "amount",
    "due": "date",
    "case": "digits",
    "n": "number",
    "title": "text",
    "person": "person",
}


@pytest.mark.parametrize(
    ("text", "values", "written"),
    [
        ("Do zapłaty: {balance.nom}.", {"balance": 129490}, "Do zapłaty: 1 294,90 zł."),
        ("Bez {balance.gen}", {"balance": -5}, "Bez -0,05 zł"),
        ("Termin {due.gen}.", {"due": date(2026, 8, 19)}, "Termin 19 sierpnia 2026."),
        ("{due.weekday}", {"due": date(2026, 3, 18)}, "w środę, 18 marca 2026"),
        ("{due.weekday}", {"due": date(2026, 3, 17)}, "we wtorek, 17 marca 2026"),
        ("Numer {case}", {"case": "24681357"}, "Numer 24681357"),
        ("{n.days}, {n.days}", {"n": 1}, "1 dzień, 1 dzień"),
        ("{n.days}", {"n": 22}, "22 dni"),
        ("{title}", {"title": "faktura FV/12/2026\n"}, "faktura FV/12/2026"),
        ("{person.full}", {"person": PersonName("Anna", "Nowak", "f")}, "Anna Nowak"),
        ("Kwota  {balance.acc}   i {due.gen}.", {}, "Kwota i ."),
    ],
)
def test_variables_are_written(text: str, values: dict[str, object], written: str):
    rendered = parse_template(text).render(values, KINDS, is_written=True)
    assert rendered.replace("\u00a0", " ") == written


def test_amount_does_not_break_across_lines():
    rendered = parse_template("{balance.nom}").render({"balance": 129490}, KINDS, is_written=True)
    assert " " not in rendered


def test_only_what_can_be_spoken_can_be_written():
    assert WRITTEN_FORMS.keys() <= FORMS.keys()


def test_spoken_prompts_stay_words():
    spoken = parse_template("{balance.nom}").render({"balance": 200}, KINDS)
    assert spoken == "dwa złote"
