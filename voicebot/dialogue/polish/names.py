"""Declines names where the rules are safe, and says so by None where they are not."""

from __future__ import annotations

from typing import Literal

Sex = Literal["m", "f"]

_VOWELS = "aeiouyąęó"

# First names whose stem changes otherwise than the rules say: instrumental, vocative.
_MALE_FIRST: dict[str, tuple[str, str]] = {
    "Paweł": ("Pawłem", "Pawle"),
    "Aleksander": ("Aleksandrem", "Aleksandrze"),
    "Kacper": ("Kacprem", "Kacprze"),
    "Sylwester": ("Sylwestrem", "Sylwestrze"),
    "Hubert": ("Hubertem", "Hubercie"),
    "Piotr": ("Piotrem", "Piotrze"),
    "Jan": ("Janem", "Janie"),
    "Józef": ("Józefem", "Józefie"),
    "Kajetan": ("Kajetanem", "Kajetanie"),
    "Wiesław": ("Wiesławem", "Wiesławie"),
    "Bruno": ("Brunonem", "Brunonie"),
    "Hugo": ("Hugonem", "Hugonie"),
    "Otto": ("Ottonem", "Ottonie"),
}
_PET_NAMES = ("Maja", "Kaja", "Ola", "Ela", "Ania", "Hania", "Frania", "Mania", "Niunia")
_UNSAFE_ENDINGS = (
    "er", "ier", "el", "eł", "ół", "oł", "ąb", "ąż", "eń", "ec", "ód", "óz", "óg", "ój", "ów", "eo",
    "ey", "ay", "oy", "ie", "ée", "eau", "ou", "x", "q", "v", "'s", "e", "u", "é", "ö",
)  # fmt: skip
# Surnames with a vowel that stays or goes, which no rule tells.
_SURNAMES = {
    "Wróbel": "Wróblem", "Kisiel": "Kisielem", "Majer": "Majerem", "Mayer": "Mayerem",
    "Szczepaniec": "Szczepańcem", "Kupiec": "Kupcem", "Krawiec": "Krawcem", "Szewiec": "Szewcem",
    "Niemiec": "Niemcem", "Marzec": "Marcem", "Stępień": "Stępniem", "Kwiecień": "Kwietniem",
    "Styczeń": "Styczniem", "Jeleń": "Jeleniem", "Kozioł": "Koziołem", "Gołąb": "Gołębiem",
    "Sokół": "Sokołem", "Kocioł": "Kotłem", "Hebel": "Heblem", "Fischer": "Fischerem",
    "Wagner": "Wagnerem", "Werner": "Wernerem", "Miller": "Millerem", "Keller": "Kellerem",
    "Szuster": "Szusterem", "Schulz": "Schulzem", "Szulc": "Szulcem", "Korzec": "Korcem",
    "Starzec": "Starcem", "Grzegorzec": "Grzegorcem", "Kubiec": "Kubcem",
}  # fmt: skip


def person_instrumental(first: str, last: str, sex: Sex | None) -> str | None:
    """ "panem Janem Kowalskim", "panią Marią Wójcik"; None where a form is not certain."""
    if sex is None:
        return None
    declined_first = first_instrumental(first, sex)
    declined_last = last_instrumental(last, sex)
    if declined_first is None or declined_last is None:
        return None
    return f"{'panem' if sex == 'm' else 'panią'} {declined_first} {declined_last}"


def person_vocative(first: str, sex: Sex | None) -> str | None:
    """ "panie Janie", "pani Anno"; None where the form is not certain."""
    if sex is None:
        return None
    declined = first_vocative(first, sex)
    if declined is None:
        return None
    return f"{'panie' if sex == 'm' else 'pani'} {declined}"


def first_instrumental(name: str, sex: Sex) -> str | None:
    """A first name after "z panem" or "z panią"."""
    name = _tidy(name)
    if not name or "-" in name:
        return None
    if sex == "f":
        return _feminine_a(name)
    if name in _MALE_FIRST:
        return _MALE_FIRST[name][0]
    if name.endswith("a"):
        return name[:-1] + "ą"
    if name.endswith(("i", "y")):
        return name + "m"
    return _masculine(name)


def last_instrumental(name: str, sex: Sex) -> str | None:
    """A surname after "z panem" or "z panią". A woman's that ends in a consonant stays."""
    parts = [_last_part(part, sex) for part in _tidy(name).split("-")]
    known = [part for part in parts if part is not None]
    return "-".join(known) if len(known) == len(parts) else None


def _last_part(name: str, sex: Sex) -> str | None:
    if len(name) < 2:
        return None
    if sex == "f":
        # "-owa" and "-a" decline; all else is left as it is.
        return _feminine_a(name) if name.endswith("a") else name
    if name in _SURNAMES:
        return _SURNAMES[name]
    if name.endswith(("ski", "cki", "dzki", "zki")):
        return name + "m"
    if name.endswith("a"):
        return name[:-1] + "ą"
    if name.endswith("ko") and len(name) > 4:
        return name[:-1] + "ą"
    if name.endswith(("ny", "ty", "ły", "wy", "ry", "chy", "szy", "dy")) and len(name) > 4:
        return name + "m"
    return _masculine(name)


def _tidy(name: str) -> str:
    """One name in the usual spelling: "KOWALSKI" is "Kowalski"."""
    name = name.strip()
    if not name or not all(sign.isalpha() or sign == "-" for sign in name):
        return ""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def _feminine_a(name: str) -> str | None:
    return name[:-1] + "ą" if name.endswith("a") and len(name) > 2 else None


def _masculine(name: str) -> str | None:
    """The instrumental of a masculine noun that ends in a consonant."""
    if len(name) < 3 or name[-1] in _VOWELS or name.endswith(_UNSAFE_ENDINGS):
        return None
    if name.endswith("ek"):
        # Marek, Marka; but Bek, Beka: a name of one syllable keeps its vowel.
        has_other_vowel = any(sign in _VOWELS for sign in name[:-2].lower())
        return f"{name[:-2]}kiem" if has_other_vowel else f"{name}iem"
    if name[-1] in "kg":
        return f"{name}iem"
    soft = {"ń": "ni", "ś": "si", "ć": "ci", "ź": "zi"}
    if name[-1] in soft:
        return f"{name[:-1]}{soft[name[-1]]}em"
    return f"{name}em"


def first_vocative(name: str, sex: Sex) -> str | None:
    """A first name as one is called by it: "Janie", "Anno", "Marku"."""
    name = _tidy(name)
    if not name or "-" in name:
        return None
    if sex == "f":
        if not name.endswith("a") or len(name) < 3:
            return None
        is_pet_name = name in _PET_NAMES or name.endswith(("sia", "zia", "cia"))
        return name[:-1] + ("u" if is_pet_name else "o")
    if name in _MALE_FIRST:
        return _MALE_FIRST[name][1]
    if name.endswith("a"):
        return name[:-1] + "o"
    if name.endswith(("i", "y")):
        return name
    if name.endswith(_UNSAFE_ENDINGS) or name[-1] in _VOWELS or len(name) < 3:
        return None
    if name.endswith("ek"):
        return f"{name[:-2]}ku"
    if name.endswith(("k", "g", "ch", "sz", "rz", "cz", "ż", "j", "l", "h")):
        return f"{name}u"
    soft = {"ń": "niu", "ś": "siu", "ć": "ciu", "ź": "ziu"}
    if name[-1] in soft:
        return name[:-1] + soft[name[-1]]
    endings = {"r": "rze", "ł": "le", "t": "cie", "d": "dzie", "st": "ście"}
    if name.endswith("st"):
        return name[:-2] + endings["st"]
    if name[-1] in endings:
        return name[:-1] + endings[name[-1]]
    return f"{name}ie" if name[-1] in "nbmwfpsz" else None
