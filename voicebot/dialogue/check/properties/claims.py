# ruff: noqa: E501 (a pattern is read best on one line)
"""Claims that no prompt may make, in any of its wordings.

rules.md §1 script.forbidden_claims (UOKiK RKT-09/2011, RWR 25/2013), thirdparty.ask_for_contact_data
(UOKiK RGD-2/2018), disclosure.ai; intents.yaml: style_rules and the notes of pay_now and ask_if_bot.
A new claim is one more line here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import ScriptReading

FORBIDDEN_CLAIMS: tuple[tuple[str, str], ...] = (
    (
        "multiplied costs",
        r"(koszt|kwot|dług|zadłużeni|należnoś|odset)\w*.{0,40}(wielokrotni|wzroś?nie|wzrosną|urosn|zwielokrotn|podwoi|potroi|lawinow)",
    ),
    (
        "multiplied costs",
        r"(podwoi|potroi|zwielokrotni|wielokrotnie (wyż|więk))\w*.{0,40}(koszt|kwot|dług|należnoś|odset)?",
    ),
    (
        "certain court or bailiff costs",
        r"(zapłaci|poniesi|obciąż|dolicz|pokryj)\w*.{0,50}koszt\w*.{0,20}(sąd|proces|komorni|egzekuc)",
    ),
    (
        "certain court or bailiff costs",
        r"koszt\w* (sądow|proces|komornicz|egzekuc)\w*.{0,40}(zapłaci|poniesi|obciąż|dolicz|pokryj|będą|wyniosą)",
    ),
    (
        "a certain lawsuit or seizure",
        r"(sprawa|wniosek|pozew)\w* (trafi|zostanie skierowan|pójdzie|będzie skierowan)\w*.{0,30}(sąd|komornik)",
    ),
    (
        "a certain lawsuit or seizure",
        r"(pozwiemy|oddamy sprawę|skierujemy sprawę|komornik (zajmie|przyjdzie|wejdzie|ściągnie|zabierze)|zajmiemy)",
    ),
    (
        "field visit",
        r"(windykator|pracownik|przedstawiciel|ktoś|komornik|inspektor|kontroler|doradca)\w*.{0,40}(odwiedzi|przyjedzie|przyjdzie|zapuka|zjawi|pojawi się)",
    ),
    (
        "field visit",
        r"(odwiedzimy|przyjedziemy|przyjdziemy|wizyt\w+ (terenow|windykator|w domu|w miejscu|pod adres)|wizyta\w* naszego)",
    ),
    (
        "interview among neighbours",
        r"(wywiad\w* środowiskow|(zapyta|porozmawia|powiadom|poinformuj|dowie)\w*.{0,40}(sąsi[ae]d|pracodawc|rodzin|znajom|szef))",
    ),
    (
        "criminal threat",
        r"(karn\w+ odpowiedzialnoś|odpowiedzialnoś\w+ karn|prokurat|polic(j|yj)|więzien|areszt|wyłudzeni|oszust|przestępstw|zawiadomieni\w* o podejrzeniu|zgłosimy.{0,20}organ)",
    ),
    (
        "false deadline",
        r"(ostatni\w* (szans|dzień|termin|wezwani|ostrzeż|możliwoś)|tylko (dziś|dzisiaj|teraz)|natychmiast zapłac|(trzeba|należy|proszę|musi\w*) natychmiast|ostateczn\w+ (termin|wezwani|ostrzeż)|w ciągu (godzin|24|dwudziestu czterech)|do końca dnia|później będzie za późno)",
    ),
    (
        "a threat with the debtors' register",
        r"(wpisz|wpisan|trafi|zgłosimy|umieści)\w*.{0,40}(krd|big\b|rejestr\w* dłużnik|list\w* dłużnik|biur\w* informacji gospodarcz)",
    ),
    (
        "asks a stranger for the debtor's contact data",
        r"(numer|telefon|adres|kontakt)\w*.{0,25}(do (tej osoby|dłużnika|męża|żony|syna|córki|niego|niej)|tej osoby|dłużnika|pod którym (ją|jego|go) (zastan|złap))",
    ),
    (
        "asks a stranger for the debtor's contact data",
        r"(gdzie (pracuje|mieszka|przebywa)|proszę przekazać.{0,30}(dług|zapłat|wpłat|zaległ|należnoś))",
    ),
    (
        "claims to be a human",
        r"(jestem (człowiekiem|konsultant|pracowni|doradc|prawdziw)|nie jestem (automat|robot|program|botem|maszyn)|rozmawia\w* .{0,12}z (człowiekiem|konsultantem|konsultantką))",
    ),
    (
        "asks for card data or a BLIK code",
        r"((poda|powie|wpis|przedyktow|dyktow|wprowadz|wystuk)\w*.{0,40}(numer\w* kart|kod\w* blik|kart\w* (płatnicz|kredytow)|cvv|cvc|hasł|pin\b)|(numer|dane) kart\w*.{0,20}(poproszę|proszę))",
    ),
    (
        "powers of court or bailiff",
        r"(mamy prawo (zająć|wejść|zabrać)|jesteśmy (komornik|sąd|policj)|w imieniu (sądu|komornika|policji)|nakaz\w* (wejścia|przeszukan))",
    ),
)
"""What it is, and how it sounds: Polish stems, since endings vary."""

_PATTERNS = tuple(
    (what, re.compile(rf"\b{pattern}", re.IGNORECASE)) for what, pattern in FORBIDDEN_CLAIMS
)
_DENIED = re.compile(
    r"\b(nie (proszę|prosimy|pytamy|pytam|podawa|trzeba podawać)|nigdy nie)\b", re.IGNORECASE
)
"""“We never ask for a card number” is no question for it."""


def _claims(reading: ScriptReading, _: ScriptReading) -> Iterator[Finding]:
    for prompt in reading.script.prompts.values():
        told: set[str] = set()
        for text in reading.wordings(prompt):
            for sentence in re.split(r"(?<=[.!?…])\s+", text):
                for what, pattern in _PATTERNS:
                    found = pattern.search(sentence)
                    is_denied = found and what.startswith("asks") and _DENIED.search(sentence)
                    if found and not is_denied and what not in told:
                        told.add(what)
                        reason = (
                            f"{prompt.prompt_id}: “{found.group().strip()}” is forbidden: {what}"
                        )
                        yield Finding(prompt.line, reason, prompt.file)


PROPERTIES = (Property("forbidden claim", ScriptReading, _claims),)
