"""Prompt texts with variables, spoken in Polish forms: `{balance.acc}`, `{due_date.gen}`.

A text becomes words here, so nothing after this file needs to know a number or a date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from voicebot.dialogue.person_words import PERSON_CASES, speak_person
from voicebot.dialogue.polish import readout
from voicebot.dialogue.polish.cases import Case
from voicebot.dialogue.written_forms import WRITTEN_FORMS
from voicebot.records import PersonName

_PLACEHOLDER = re.compile(r"\{\s*([a-z_][a-z0-9_]*)(?:\.([a-z]+))?\s*\}")
_DOCUMENT_NUMBER = re.compile(r"\b(?:[A-Z]{1,5}/)?[0-9A-Z]+(?:/[0-9A-Z]+)+\b")
_NUMBER = re.compile(r"\b[0-9]{1,9}\b")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
_SPACES = re.compile(r"[ \t\r\n]+")
_MAX_TEXT_LENGTH = 200


class TemplateError(ValueError):
    """The text has a placeholder that can't be read; says which."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    name: str
    form: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text cut into plain parts and placeholders."""

    text: str
    parts: tuple[str | Placeholder, ...]

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        return tuple(part for part in self.parts if isinstance(part, Placeholder))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(part.name for part in self.placeholders)

    def sentences(self) -> list[Template]:
        """The text cut where a sentence ends, as it is cut for synthesis once it is rendered."""
        return [parse_template(text) for text in _SENTENCE_END.split(self.text.strip()) if text]

    def render(
        self, scope: Mapping[str, object], kinds: Mapping[str, str], is_written: bool = False
    ) -> str:
        """The text with every variable in words, or in digits where it is to be read. Unknown
        values are left out."""
        put = _write if is_written else _speak
        text = "".join(
            part if isinstance(part, str) else put(part, scope, kinds) for part in self.parts
        )
        # What must not break across lines stays together where it is read.
        words = _SPACES.split(text) if is_written else text.split()
        return " ".join(word for word in words if word)


def parse_template(text: str) -> Template:
    """Cut a prompt at its placeholders. Raises TemplateError."""
    parts: list[str | Placeholder] = []
    position = 0
    for match in _PLACEHOLDER.finditer(text):
        if match.start() > position:
            parts.append(text[position : match.start()])
        parts.append(Placeholder(match.group(1), match.group(2) or ""))
        position = match.end()
    parts.append(text[position:])
    for part in parts:
        if isinstance(part, str) and ("{" in part or "}" in part):
            raise TemplateError(
                f"a variable is written {{name}} or {{name.form}}: {part.strip()!r}"
            )
    return Template(text=text, parts=tuple(parts))


def _speak_amount(value: object, case: readout.Case) -> str:
    return readout.amount(value, case) if isinstance(value, int) else ""


def _speak_date(value: object, today: object) -> str:
    if not isinstance(value, date):
        return ""
    return readout.date_(value, today=today if isinstance(today, date) else None)


def _speak_number(value: object) -> str:
    return readout.cardinal(value) if isinstance(value, int) else ""


def _speak_days(value: object) -> str:
    return readout.count(value, "dzień") if isinstance(value, int) else ""


Speaker = Callable[[object, Mapping[str, object]], str]


def _person_speaker(case: Case | None) -> Speaker:
    return lambda value, _: (
        _plain(speak_person(value, case)) if isinstance(value, PersonName) else ""
    )


FORMS: Mapping[tuple[str, str], Speaker] = {
    ("amount", "nom"): lambda value, _: _speak_amount(value, "nom"),
    ("amount", "gen"): lambda value, _: _speak_amount(value, "gen"),
    ("amount", "acc"): lambda value, _: _speak_amount(value, "acc"),
    ("date", "gen"): lambda value, scope: _speak_date(value, scope.get("today")),
    ("date", "weekday"): lambda value, _: (
        readout.weekday_date(value) if isinstance(value, date) else ""
    ),
    ("digits", ""): lambda value, _: readout.digits(value) if isinstance(value, str) else "",
    ("number", ""): lambda value, _: _speak_number(value),
    ("number", "days"): lambda value, _: _speak_days(value),
    ("text", ""): lambda value, _: _plain(value),
    ("setting", ""): lambda value, _: _plain(value),
    ("person", "full"): _person_speaker(None),
    **{("person", case): _person_speaker(case) for case in PERSON_CASES},
}
"""How each kind of variable can be spoken: (kind, form)."""


def forms_of(kind: str) -> list[str]:
    return [form for known, form in FORMS if known == kind]


def _plain(value: object) -> str:
    """Text from outside (a creditor's name, an invoice): bounded, its numbers in words."""
    if not isinstance(value, str):
        return ""
    text = "".join(c for c in value[:_MAX_TEXT_LENGTH] if c.isprintable())
    text = _DOCUMENT_NUMBER.sub(lambda match: readout.invoice_number(match.group()), text)
    return _NUMBER.sub(lambda match: readout.cardinal(int(match.group())), text)


def _speak(part: Placeholder, scope: Mapping[str, object], kinds: Mapping[str, str]) -> str:
    speaker = FORMS.get((kinds.get(part.name, ""), part.form))
    return "" if speaker is None else speaker(scope.get(part.name), scope)


def _write(part: Placeholder, scope: Mapping[str, object], kinds: Mapping[str, str]) -> str:
    writer = WRITTEN_FORMS.get((kinds.get(part.name, ""), part.form))
    if writer is None:
        return _speak(part, scope, kinds)
    return writer(scope.get(part.name), scope)
