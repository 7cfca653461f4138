"""The three ways in which Polish names decline: as -a nouns, as masculine nouns, as adjectives.

A form that the ending alone doesn't tell is None, case by case: of "Smith" the instrumental is
certain and the locative is not.
"""

from __future__ import annotations

from voicebot.dialogue.polish.cases import CASES, Case

Forms = dict[Case, str | None]

VOWELS = "aeiouyąęó"

_SOFTENED = {
    "st": "ści", "zd": "ździ", "sł": "śl", "zł": "źl", "sn": "śni", "zn": "źni",
    "b": "bi", "p": "pi", "m": "mi", "w": "wi", "f": "fi", "v": "vi", "n": "ni", "s": "si",
    "z": "zi", "t": "ci", "d": "dzi", "r": "rz", "ł": "l",
}  # fmt: skip
_SOFTENED_BEFORE_A = {"ch": "sz", "k": "c", "g": "dz"}
_HARDENED = ("rz", "sz", "cz", "dz", "ż", "c")
_ACUTE = {"ń": "ni", "ś": "si", "ć": "ci", "ź": "zi"}
# German spellings in which "z" is said as "c", a sound that takes -u.
_SAID_AS_C = ("tz", "lz", "nz")


def undeclined(name: str) -> Forms:
    """The same in each case, as a woman's surname that ends in a consonant."""
    return dict.fromkeys(CASES, name)


def unknown(name: str) -> Forms:
    """Only the nominative is certain."""
    forms: Forms = dict.fromkeys(CASES, None)
    forms["nom"] = name
    return forms


def softened(stem: str, *, before_a: bool = False) -> str | None:
    """A hard stem as it is before -e: "Rober-t" gives "Roberci", "Ann" gives "Anni".

    before_a: the stem of a noun in -a, where k, g and ch change too: "Srok", "Sroc".
    None where the change isn't certain.
    """
    if stem.endswith(("th", "sm", "sw", "zm")):
        return None
    if stem.endswith("łł"):
        return f"{stem[:-2]}ll"
    changes = {**_SOFTENED, **_SOFTENED_BEFORE_A} if before_a else _SOFTENED
    for length in (2, 1):
        if stem[-length:] in changes:
            return stem[:-length] + changes[stem[-length:]]
    return None


def noun_in_a(name: str, nominative: str = "", vocative: str | None = None) -> Forms:
    """A noun in -a, a man's too: "Anna", "Zofia", "Zaręba", "Kania".

    nominative: where it isn't `name`, as with "Kościuszko", declined as if in -a.
    vocative: where it isn't in -o.
    """
    stem = name[:-1]
    genitive: str | None
    dative: str | None
    if stem.endswith("i"):
        # Of foreign names the -i- is said ("Marii"), of Polish ones it marks a soft sound.
        genitive = dative = stem if _is_soft_mark(stem) else f"{stem}i"
    elif stem.endswith("j"):
        has_vowel = stem[-2:-1].lower() in VOWELS
        genitive = dative = f"{stem[:-1]}i" if has_vowel else f"{stem}i"
    elif stem.endswith("l"):
        genitive = dative = f"{stem}i"
    elif stem.endswith(_HARDENED):
        genitive = dative = f"{stem}y"
    elif stem.endswith("e"):
        genitive = dative = f"{stem}i"
    elif stem[-1:].lower() in VOWELS or stem[-1:].lower() in "qxv":
        genitive = dative = None
    else:
        genitive = f"{stem}i" if stem[-1] in "kg" else f"{stem}y"
        root = softened(stem, before_a=True)
        dative = None if root is None else f"{root}e"
    return {
        "nom": nominative or name,
        "gen": genitive,
        "dat": dative,
        "acc": f"{stem}ę",
        "ins": f"{stem}ą",
        "loc": dative,
        "voc": vocative or f"{stem}o",
    }


# In these names -ni- is a sound and a vowel of its own: "Stefanii", not "Stefani".
_FOREIGN_NIA = (
    "antonia", "eugenia", "stefania", "apolonia", "melania", "ksenia", "celestynia", "hermenia",
    "hortensia", "pelania", "lawinia", "virginia", "wirginia", "fremonia", "petronia", "urania",
)  # fmt: skip


def _is_soft_mark(stem: str) -> bool:
    if stem.lower() + "a" in _FOREIGN_NIA:
        return False
    return stem.endswith(("ni", "si", "zi", "ci"))


def masculine_noun(name: str, stem: str) -> Forms:
    """A man's name on a consonant. stem: as it is before an ending: "Mark" of "Marek"."""
    plain = stem
    if stem[-1] in _ACUTE:
        plain = stem[:-1] + _ACUTE[stem[-1]]
    instrumental = f"{plain}iem" if plain[-1] in "kg" else f"{plain}em"
    locative: str | None
    is_hard = stem[-1] in "bpmwfvnsztdrł" and not stem.endswith((*_HARDENED, *_SAID_AS_C))
    if is_hard:
        root = softened(stem)
        locative = None if root is None else f"{root}e"
    elif stem.endswith("th"):
        locative = None
    else:
        locative = f"{plain}u"
    return {
        "nom": name,
        "gen": f"{plain}a",
        "dat": f"{plain}owi",
        "acc": f"{plain}a",
        "ins": instrumental,
        "loc": locative,
        "voc": locative,
    }


def masculine_adjective(name: str) -> Forms:
    """A man's name in -i or -y that declines as an adjective: "Kowalski", "Jerzy", "Antoni"."""
    root = name if name.endswith("i") else name[:-1]
    return {
        "nom": name,
        "gen": f"{root}ego",
        "dat": f"{root}emu",
        "acc": f"{root}ego",
        "ins": f"{name}m",
        "loc": f"{name}m",
        "voc": name,
    }


def feminine_adjective(name: str) -> Forms:
    """A woman's surname in -a that declines as an adjective: "Kowalska", "Biała"."""
    stem = name[:-1]
    oblique = f"{stem}iej" if stem[-1] in "kg" else f"{stem}ej"
    return {
        "nom": name,
        "gen": oblique,
        "dat": oblique,
        "acc": f"{stem}ą",
        "ins": f"{stem}ą",
        "loc": oblique,
        "voc": name,
    }


def without_fleeting_e(name: str) -> str | None:
    """The stem of a name in -ek or -ec before an ending: "Mark", "Maćk", "Krawc", "Marc".

    None where the -e- may as well stay.
    """
    root, last = name[:-2], name[-1]
    is_soft = root.endswith("i")
    if is_soft:
        root = root[:-1]
    if not any(sign in VOWELS for sign in root.lower()):
        # A name of one syllable keeps its only vowel: Bek, Beka.
        return name if last == "k" else None
    has_vowel = root[-2:-1].lower() in VOWELS
    if not is_soft:
        if last == "k":
            return f"{root}k"
        if root.endswith("rz"):
            return f"{root[:-1]}c"
        return f"{root}c" if root.endswith("l") and has_vowel else None
    hard = {"s": "ś", "z": "ź", "c": "ć", "n": "ń"}
    if root[-1:] in hard and has_vowel and (last == "k" or root.endswith("n")):
        return f"{root[:-1]}{hard[root[-1]]}{last}"
    return f"{root}c" if last == "c" and root[-1:] in tuple("wpbmf") else None
