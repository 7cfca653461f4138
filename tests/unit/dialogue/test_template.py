"""Prompts come out as words that can be spoken."""

from __future__ import annotations

from datetime import date

import pytest

from voicebot.dialogue.template import TemplateError, forms_of, parse_template

KINDS = {
    "sum": "amount",
    "day": "date",
    "case": "digits",
    "n": "number",
    "title": "text",
    "company": "setting",
    "known": "flag",
}
SCOPE = {
    "today": date(2026, 3, 11),
    "sum": 123406,
    "day": date(2026, 3, 18),
    "case": "2026",
    "n": 22,
    "title": "faktura FV/2026/03/0012 za 2 lokale",
    "company": "Firma",
}


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Razem {sum.nom}.", "Razem tysiąc dwieście trzydzieści cztery złote i sześć groszy."),
        ("do {sum.gen}", "do tysiąca dwustu trzydziestu czterech złotych i sześciu groszy"),
        ("Wpłata {day.weekday}.", "Wpłata w środę, osiemnastego marca."),
        ("do {day.gen}", "do osiemnastego marca"),
        ("numer {case}", "numer dwa zero dwa sześć"),
        ("za {n.days}", "za dwadzieścia dwa dni"),
        ("{n}", "dwadzieścia dwa"),
        ("{ company }", "Firma"),
        ("bez zmiennych", "bez zmiennych"),
    ],
)
def test_rendered(text: str, spoken: str):
    assert parse_template(text).render(SCOPE, KINDS) == spoken


def test_numbers_in_texts_from_outside_become_words():
    spoken = parse_template("{title}").render(SCOPE, KINDS)
    assert not any(character.isdigit() or character == "/" for character in spoken)
    assert spoken.startswith("faktura F V łamane na ")
    assert spoken.endswith(" za dwa lokale")


def test_a_date_far_away_is_said_with_its_year():
    scope = {**SCOPE, "day": date(2027, 3, 15)}
    spoken = parse_template("{day.gen}").render(scope, KINDS)
    assert spoken == "piętnastego marca dwa tysiące dwudziestego siódmego roku"


def test_unknown_values_and_wrong_kinds_are_left_out():
    template = parse_template("a {sum.nom} b {title} c")
    assert template.render({"sum": "x", "title": 3}, KINDS) == "a b c"


def test_text_from_outside_is_bounded_and_without_control_codes():
    spoken = parse_template("{title}").render({"title": "a\x00\n" + "b" * 999}, KINDS)
    assert spoken == "a" + "b" * 197


@pytest.mark.parametrize("text", ["{sum.nom", "sum}", "{Sum}", "{sum nom}", "{}", "{{sum}}"])
def test_broken_placeholders_are_refused(text: str):
    with pytest.raises(TemplateError):
        parse_template(text)


def test_placeholders_are_known():
    template = parse_template("{sum.nom} i {day.gen}")
    assert template.names == {"sum", "day"}
    assert [(p.name, p.form) for p in template.placeholders] == [("sum", "nom"), ("day", "gen")]
    assert forms_of("amount") == ["nom", "gen", "acc"]
    assert forms_of("flag") == []
