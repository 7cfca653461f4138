"""First names in the seven cases; None where a form isn't certain."""

from __future__ import annotations

from voicebot.dialogue.polish import declension
from voicebot.dialogue.polish.cases import Case, Sex, spelled
from voicebot.dialogue.polish.declension import VOWELS, Forms

# What stands before an ending, where the ending alone doesn't tell.
_STEMS = {
    "Paweł": "Pawł", "Gaweł": "Gawł", "Aleksander": "Aleksandr", "Kacper": "Kacpr",
    "Kasper": "Kaspr", "Sylwester": "Sylwestr", "Leander": "Leandr", "Lew": "Lw",
    "Bruno": "Brunon", "Hugo": "Hugon", "Otto": "Otton", "Iwo": "Iwon", "Gwido": "Gwidon",
    "Mieszko": "Mieszk", "Max": "Maks", "Alex": "Aleks", "Felix": "Feliks",
}  # fmt: skip
# In -i and -y only these are sure to be adjectives; "Andy" and "Andrii" are not.
_ADJECTIVES = spelled(
    "Antoni Idzi Jerzy Ignacy Konstanty Walenty Wincenty Alojzy Maurycy Cezary Hilary Ambroży "
    "Ksawery Jeremi Innocenty Bazyli Aleksy Atanazy Pankracy Serwacy Bonifacy Dionizy Gerwazy "
    "Metody Protazy Apolinary Makary Onufry Remigi Zachary Horacy"
)
# With an -e- that stays.
_IN_ER_AND_EL = ("ier", "wer", "ger", "ter", "ner", "cer", "iel", "cel", "uel", "ael", "nel", "bel")
# Called with -u, as a child is: "Basiu", "Olu".
_CALLED_WITH_U = spelled(
    "Maja Kaja Gaja Ola Ela Ala Ula Hela Fela Lola Tola Jola Mela Lila Ania Hania Frania Mania "
    "Niunia Bronia Genia Gienia Henia Stenia Wania Sonia Tania Jania Dania Renia"
)


def first_name_forms(name: str, sex: Sex) -> Forms:
    """Every form of one first name in its usual spelling."""
    if len(name) < 2:
        return declension.unknown(name)
    if name.endswith("a") and len(name) > 2:
        return declension.noun_in_a(name, vocative=_vocative_in_a(name))
    if sex == "f":
        # "Nicole", "Noemi", "Beatrycze", "Karen": a woman's name without -a stays as it is.
        return declension.undeclined(name)
    if name in _STEMS:
        return declension.masculine_noun(name, _STEMS[name])
    if name in _ADJECTIVES:
        return declension.masculine_adjective(name)
    stem = _stem(name)
    return declension.unknown(name) if stem is None else declension.masculine_noun(name, stem)


def first_name_form(name: str, sex: Sex, case: Case) -> str | None:
    """One first name in one case; of a hyphened one both parts decline."""
    parts = [first_name_forms(part, sex)[case] for part in name.split("-")]
    known = [part for part in parts if part is not None]
    return "-".join(known) if len(known) == len(parts) else None


def _vocative_in_a(name: str) -> str | None:
    is_pet_name = name in _CALLED_WITH_U or name.endswith(("sia", "zia", "cia"))
    return f"{name[:-1]}u" if is_pet_name else None


def _stem(name: str) -> str | None:
    """What stands before an ending of a man's first name on a consonant."""
    if len(name) < 3 or name[-1] in VOWELS or name[-1] in "xqé'":
        return None
    if name.endswith("ek"):
        return declension.without_fleeting_e(name)
    if name.endswith(("er", "el")):
        return name if name.endswith(_IN_ER_AND_EL) else None
    return None if name.endswith(("eł", "ey", "ay", "oy", "ó", "ec")) else name
